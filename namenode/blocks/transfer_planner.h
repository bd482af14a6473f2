// Decides which DataNode copies which block where.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "common/random.h"
#include "namenode/blocks/model/cluster_state.h"
#include "namenode/blocks/policy/placement_policy.h"

namespace cairn::namenode {

// One copy: the source sends the block to the targets as one pipeline.
struct TransferPlan {
  NodeIndex source = 0;
  Block block;
  std::vector<StorageIndex> targets;
};

// Pure: looks at the state, changes nothing. Thread-compatible.
class TransferPlanner {
 public:
  // All must outlive this.
  TransferPlanner(const PlacementPolicy& placement, Random& random)
      : placement_(placement), random_(random) {}

  enum class Outcome {
    kPlanned,
    kNotNeeded,  // has enough replicas, or they are on their way
    kNoSource,   // no good replica, or all their nodes are busy: later
    kNoTarget,   // no node could take it
  };
  // Plans one round for one block. `now_ms` is monotonic.
  Outcome Plan(const ClusterState& state, BlockId block, int64_t now_ms, TransferPlan& plan) const;

  // Copies ordered from the node: running, and queued for its heartbeat.
  static int Streams(const ClusterState& state, NodeIndex node);

 private:
  std::optional<NodeIndex> ChooseSource(const ClusterState& state, const BlockRecord& record,
                                        int stream_limit, int64_t now_ms) const;

  const PlacementPolicy& placement_;
  Random& random_;
};

}  // namespace cairn::namenode
