// Counting slow nodes, and the growth of pauses.
#include "client/write/node_flags.h"

#include <algorithm>
#include <cstdlib>

namespace cairn::client {

std::optional<size_t> SlowNodes::Note(const wire::PipelineAck& ack) {
  std::optional<size_t> bad;
  for (size_t i = 0; i < counts_.size(); ++i) {
    counts_[i] = ack.IsSlow(i) ? counts_[i] + 1 : 0;
    if (counts_[i] >= threshold_ && counts_.size() > 1 && !bad) bad = i;
  }
  return bad;
}

int64_t CongestionBackoff::NextPauseMs(Random& random) {
  const int64_t base_ms = std::min(last_ms_ * 3, mean_ms_);
  const int64_t range_ms = std::abs(last_ms_ * 3 - mean_ms_);
  const auto random_ms = static_cast<int64_t>(random.Uniform(static_cast<uint64_t>(range_ms) + 1));
  last_ms_ = std::min(max_ms_, base_ms + random_ms);
  return last_ms_;
}

}  // namespace cairn::client
