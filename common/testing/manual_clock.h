// A clock that tests move by hand.
#pragma once

#include <atomic>
#include <cstdint>

#include "common/clock.h"

namespace cairn {

// Thread-safe. Wall and monotonic time stand still until Advance moves both, or SetWallMs makes the
// wall clock jump.
class ManualClock : public Clock {
 public:
  explicit ManualClock(int64_t wall_ms = 1'700'000'000'000, int64_t monotonic_ms = 1'000'000)
      : wall_ms_(wall_ms), monotonic_ms_(monotonic_ms) {}

  int64_t WallMs() const override { return wall_ms_.load(); }
  int64_t MonotonicMs() const override { return monotonic_ms_.load(); }

  void Advance(int64_t ms) {
    wall_ms_ += ms;
    monotonic_ms_ += ms;
  }
  void SetWallMs(int64_t wall_ms) { wall_ms_ = wall_ms; }

 private:
  std::atomic<int64_t> wall_ms_;
  std::atomic<int64_t> monotonic_ms_;
};

}  // namespace cairn
