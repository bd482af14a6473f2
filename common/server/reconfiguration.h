// Changing properties of a running daemon (dfsadmin -reconfig).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace cairn {

// What became of one property.
struct PropertyChange {
  std::string name;
  std::string old_value;
  std::optional<std::string> new_value;  // empty: no longer set
  absl::Status result;                   // an error: it was not changed
};

// The last task, or the one that runs.
struct ReconfigurationStatus {
  std::optional<int64_t> started_ms;  // empty: there was none
  std::optional<int64_t> ended_ms;    // empty: it runs
  std::vector<PropertyChange> changes;
};

// Thread-safe.
class Reconfiguration {
 public:
  virtual ~Reconfiguration() = default;
  // Names of the properties that can be changed, in order.
  virtual std::vector<std::string> Properties() const = 0;
  virtual ReconfigurationStatus Status() const = 0;
  // Reads the configuration again and changes what differs, in the background. kIo while a task
  // runs.
  virtual absl::Status Start() = 0;
};

}  // namespace cairn
