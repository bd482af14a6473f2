// Health.
#include "common/server/health.h"

namespace cairn {

void Health::Set(const std::string& part, const absl::Status& status) {
  MutexLock lock(mu_);
  parts_[part] = status;
}

void Health::Remove(const std::string& part) {
  MutexLock lock(mu_);
  parts_.erase(part);
}

absl::Status Health::Overall() const {
  MutexLock lock(mu_);
  for (const auto& [part, status] : parts_) {
    if (!status.ok()) {
      return {status.code(), fmt::format("{}: {}", part, std::string(status.message()))};
    }
  }
  return absl::OkStatus();
}

std::map<std::string, absl::Status> Health::Parts() const {
  MutexLock lock(mu_);
  return parts_;
}

}  // namespace cairn
