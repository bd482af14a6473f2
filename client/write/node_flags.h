// What DataNodes of a pipeline say of themselves in acknowledgements: slow, congested. No threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/random.h"
#include "wire/transfer/ack.h"

namespace cairn::client {

// Counts how often in a row each node of one pipeline called itself slow. Thread-compatible.
class SlowNodes {
 public:
  SlowNodes(size_t nodes, int32_t threshold) : counts_(nodes), threshold_(threshold) {}
  // The node to treat as failed: slow in `threshold` acknowledgements one after another. Never the
  // only one of a pipeline: slow is better than nothing.
  std::optional<size_t> Note(const wire::PipelineAck& ack);

 private:
  std::vector<int32_t> counts_;
  const int32_t threshold_;
};

// Pauses that grow threefold up to a maximum, with a random part, as in HDFS's client.
// Thread-compatible.
class CongestionBackoff {
 public:
  CongestionBackoff(int64_t mean_ms, int64_t max_ms) : mean_ms_(mean_ms), max_ms_(max_ms) {}
  int64_t NextPauseMs(Random& random);
  // Nobody is congested any more.
  void Reset() { last_ms_ = 0; }

 private:
  const int64_t mean_ms_;
  const int64_t max_ms_;
  int64_t last_ms_ = 0;
};

}  // namespace cairn::client
