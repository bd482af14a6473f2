// Sharing of the balancing bandwidth.
#include "datanode/transfer/throttler.h"

#include <algorithm>
#include <cmath>

namespace cairn::datanode {

namespace {
// Unused bandwidth is kept for this long.
constexpr double kBurstMs = 500;
// A change of the clock or of the bandwidth is noticed within this time.
constexpr int64_t kMaxWaitMs = 1000;
}  // namespace

Throttler::Throttler(int64_t bytes_per_second, const Clock& clock)
    : clock_(clock), bytes_per_second_(std::max<int64_t>(1, bytes_per_second)) {}

void Throttler::Acquire(int64_t bytes) {
  MutexLock lock(mu_);
  const auto now = static_cast<double>(clock_.MonotonicMs());
  next_free_ms_ = std::max(next_free_ms_, now - kBurstMs);
  next_free_ms_ += static_cast<double>(bytes) * 1000 / static_cast<double>(bytes_per_second_);
  const double until = next_free_ms_;
  while (!stopped_) {
    const double left = until - static_cast<double>(clock_.MonotonicMs());
    if (left <= 0) return;
    wake_.WaitFor(mu_, std::min(kMaxWaitMs, static_cast<int64_t>(std::ceil(left))));
  }
}

void Throttler::SetBandwidth(int64_t bytes_per_second) {
  MutexLock lock(mu_);
  bytes_per_second_ = std::max<int64_t>(1, bytes_per_second);
}

int64_t Throttler::bandwidth() const {
  MutexLock lock(mu_);
  return bytes_per_second_;
}

void Throttler::Stop() {
  MutexLock lock(mu_);
  stopped_ = true;
  wake_.NotifyAll();
}

std::shared_ptr<void> MoverSlots::TryTake() {
  int32_t taken = taken_.load();
  while (taken < slots_.load()) {
    if (taken_.compare_exchange_weak(taken, taken + 1)) {
      return {this, [](void* self) { --static_cast<MoverSlots*>(self)->taken_; }};
    }
  }
  return nullptr;
}

}  // namespace cairn::datanode
