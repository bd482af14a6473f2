// When a failed call to the NameNode is made again, and after which pause. No clock, no threads.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "common/random.h"

namespace cairn::client {

// What a retry decision looks at.
enum class FailureClass {
  kFinal,        // the NameNode said no; asking again changes nothing
  kUnreachable,  // no answer: connection refused or lost, deadline passed
  kRetriable,    // the NameNode asks to be called again (starting, standby)
  kSafeMode      // it refuses changes until its blocks are reported
};

FailureClass Classify(const absl::Status& status);

// Bounded retries with a jittered pause. Immutable; thread-safe.
class RetryPolicy {
 public:
  // At most `retries` attempts after the first. Pauses are uniform in [1/2, 3/2) of `interval_ms`,
  // so that the clients of a restarted NameNode do not come back all at once.
  RetryPolicy(int32_t retries, int64_t interval_ms)
      : retries_(retries), interval_ms_(interval_ms) {}

  // Milliseconds to wait before attempt `attempt` + 1, after `attempt` (0 = the first) failed with
  // `status`; empty: give up. Safe mode is waited for only where `through_safe_mode`: by HDFS's
  // rules a client without HA gives up at once, but a file that is already being written would
  // then be lost to every restart of the NameNode.
  std::optional<int64_t> NextPauseMs(const absl::Status& status, int32_t attempt,
                                     bool through_safe_mode, Random& random) const;

 private:
  const int32_t retries_;
  const int64_t interval_ms_;
};

// Pauses between questions about something that is about to be true (a block has its replicas):
// from 10 ms, doubling, in all not longer than HDFS's client waits with `retries` pauses that start
// at `first_ms` and double up to `max_ms`. HDFS's own first pause is 400 ms, which every small file
// would pay whose DataNodes report a moment after its writer. Thread-compatible.
class BoundedPolling {
 public:
  BoundedPolling(int64_t first_ms, int64_t max_ms, int32_t retries);
  // The pause to make now; empty when the time is used up.
  std::optional<int64_t> NextPauseMs();

 private:
  int64_t left_ms_ = 0;
  int64_t next_ms_;
  int64_t max_ms_;
};

}  // namespace cairn::client
