// Reads a daemon's configuration again and applies what has changed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/config/configuration.h"
#include "common/server/reconfiguration.h"
#include "common/threads.h"

namespace cairn {

// Thread-safe. One task at a time, on a thread of its own.
class Reconfigurator final : public Reconfiguration {
 public:
  // A key that can be changed, and how: `apply` takes the new value from the configuration.
  struct Property {
    std::string name;
    std::function<absl::Status(const Configuration&)> apply;
  };
  using Load = std::function<absl::StatusOr<Configuration>()>;

  // `current` is what the daemon runs with, `load` reads it again. `clock` must outlive this.
  Reconfigurator(Configuration current, Load load, std::vector<Property> properties,
                 const Clock& clock);
  // Waits for the task.
  ~Reconfigurator() override;

  std::vector<std::string> Properties() const override;
  ReconfigurationStatus Status() const override EXCLUDES(mu_);
  absl::Status Start() override EXCLUDES(mu_);

 private:
  void Run() EXCLUDES(mu_);

  const Load load_;
  const std::vector<Property> properties_;
  const Clock& clock_;
  std::vector<std::string> values_;  // in use, by property; the worker's
  mutable Mutex mu_;
  ReconfigurationStatus status_ GUARDED_BY(mu_);
  Executor worker_;
};

}  // namespace cairn
