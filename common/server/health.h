// What a daemon's parts say about themselves, for probes and admin reports.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "common/threads.h"

namespace cairn {

// The state of named parts ("journal", "volume /data1"). Thread-safe.
class Health {
 public:
  // Records the state of `part`; OK means it works.
  void Set(const std::string& part, const absl::Status& status);
  // Forgets a part that is gone for good.
  void Remove(const std::string& part);
  // OK when every part is; else the first failing part's error with its name in front.
  absl::Status Overall() const;
  std::map<std::string, absl::Status> Parts() const;

 private:
  mutable Mutex mu_;
  std::map<std::string, absl::Status> parts_ GUARDED_BY(mu_);
};

}  // namespace cairn
