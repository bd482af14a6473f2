// The lease renewal loop.
#include "client/base/lease_renewer.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "common/types/errors.h"

namespace cairn::client {

LeaseRenewer::LeaseRenewer(int64_t interval_ms, const Clock& clock,
                           std::function<absl::Status()> renew)
    : interval_ms_(interval_ms), clock_(clock), renew_(std::move(renew)) {}

LeaseRenewer::~LeaseRenewer() { Stop(); }

void LeaseRenewer::Add(LeaseHolder* holder) {
  MutexLock lock(mu_);
  if (holders_.empty()) last_renewed_ms_ = clock_.MonotonicMs();
  holders_.insert(holder);
  if (thread_ == nullptr && !stopped_) {
    thread_ =
        std::make_unique<PeriodicThread>("lease-renewer", interval_ms_, [this] { RunOnce(); });
  }
}

void LeaseRenewer::Remove(LeaseHolder* holder) {
  MutexLock lock(mu_);
  holders_.erase(holder);
}

void LeaseRenewer::RunOnce() {
  {
    MutexLock lock(mu_);
    if (holders_.empty()) return;
  }
  const int64_t asked_ms = clock_.MonotonicMs();
  const absl::Status renewed = renew_();
  MutexLock lock(mu_);
  if (renewed.ok()) {
    if (failing_) spdlog::info("lease renewed again");
    failing_ = false;
    last_renewed_ms_ = asked_ms;
    return;
  }
  if (!failing_) spdlog::warn("cannot renew the lease: {}", std::string(renewed.message()));
  failing_ = true;
  if (clock_.MonotonicMs() - last_renewed_ms_ <= kLeaseHardLimitMs) return;
  const absl::Status lost = errors::Io(fmt::format(
      "Failed to renew lease for {} seconds. Aborting all files being written; last error: {}",
      kLeaseHardLimitMs / 1000, std::string(renewed.message())));
  for (LeaseHolder* holder : holders_) holder->Abort(lost);
  holders_.clear();
}

void LeaseRenewer::Stop() {
  std::unique_ptr<PeriodicThread> thread;
  {
    MutexLock lock(mu_);
    stopped_ = true;
    thread = std::move(thread_);
  }
}

}  // namespace cairn::client
