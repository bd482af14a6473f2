// Time, injected everywhere so that tests decide what time it is.
#pragma once

#include <cstdint>

namespace cairn {

// Thread-safe. Wall time is only ever stored and shown; every timeout, lease and liveness decision
// uses monotonic time, so that a jump of the wall clock expires nothing.
class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds since the Unix epoch; may jump.
  virtual int64_t WallMs() const = 0;
  // Milliseconds since an arbitrary point; never goes back.
  virtual int64_t MonotonicMs() const = 0;
};

// The machine's clocks. Lives for the whole process.
const Clock& SystemClock();

}  // namespace cairn
