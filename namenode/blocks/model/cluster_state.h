// Everything the block manager knows, in one place: what its single-purpose classes work on, under
// its lock.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "common/types/block.h"
#include "namenode/blocks/model/block_map.h"
#include "namenode/blocks/model/block_recoveries.h"
#include "namenode/blocks/model/datanode_registry.h"
#include "namenode/blocks/model/invalidation_queues.h"
#include "namenode/blocks/model/pending_transfers.h"
#include "namenode/blocks/model/replication_queues.h"
#include "namenode/blocks/options.h"

namespace cairn::namenode {

// A place of an unfinished block's pipeline: given out by addBlock or found by a report.
struct OpenReplica {
  StorageIndex storage = kNoStorage;
  std::optional<ReplicaState> reported;  // empty: its DataNode has said nothing yet
  GenerationStamp generation_stamp = 0;  // as reported
  int64_t length = 0;                    // as reported
  bool expected = true;  // false: was reported, but a recovery left it out of the pipeline
  // Stamp of the pipeline it was told to belong to; what was reported below is out of date, not
  // bad.
  GenerationStamp pipeline_stamp = 0;
};

// Why a replica is bad.
enum class CorruptReason : uint8_t {
  kChecksum,  // a reader or scanner found wrong bytes: only deletion ends it
  kMismatch,  // length or generation stamp differ: a better report ends it
};

// A bad replica.
struct CorruptReplica {
  StorageIndex storage = kNoStorage;
  Block reported;
  CorruptReason reason = CorruptReason::kChecksum;
};

// A replica of a block of a generation this metadata has never given out.
struct FutureReplica {
  BlockId block = 0;
  StorageIndex storage = kNoStorage;
  friend bool operator==(const FutureReplica&, const FutureReplica&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const FutureReplica& replica) {
    return H::combine(std::move(h), replica.block, replica.storage);
  }
};

// A copy that was decided and waits for its source's heartbeat.
struct QueuedTransfer {
  Block block;
  std::vector<StorageIndex> targets;
  Txid txid = 0;  // not before this change is durable
};

// How a block's replicas stand.
struct ReplicaCounts {
  int live = 0;         // good, to be kept, on live DataNodes in service
  int leaving = 0;      // the same on DataNodes that leave the cluster or have left it
  int maintenance = 0;  // the same on DataNodes in maintenance, which may be dead
  int down = 0;         // of those in maintenance, the ones on dead DataNodes
  int corrupt = 0;      // bad ones
  int excess = 0;       // good ones whose deletion was decided
  int open = 0;         // of an unfinished block
  int racks = 0;        // racks of the live ones
  int usable() const { return live + leaving + maintenance; }
  int running() const { return usable() - down; }
  bool unsure = false;  // some replica's storage has not reported since its node registered
};

// Thread-compatible.
struct ClusterState {
  explicit ClusterState(const Liveness& liveness) : nodes(liveness) { SetLiveness(liveness); }

  // Also says how long an attempt to recover a block may take: so many heartbeats.
  void SetLiveness(const Liveness& liveness) {
    constexpr int64_t kRecoveryTimeoutHeartbeats = 30;
    nodes.SetLiveness(liveness);
    recoveries.SetTimeout(kRecoveryTimeoutHeartbeats * liveness.heartbeat_interval_ms);
  }

  BlockMap blocks;
  DatanodeRegistry nodes;
  absl::flat_hash_map<BlockId, std::vector<OpenReplica>> open;  // unfinished blocks' places
  // The DataNodes, by uuid, of blocks that are not complete, as their rows have them.
  absl::flat_hash_map<BlockId, std::vector<std::string>> pipelines;
  absl::flat_hash_map<BlockId, std::vector<CorruptReplica>> corrupt;
  ReplicationQueues needed;
  PendingTransfers pending;
  absl::flat_hash_map<NodeIndex, std::vector<QueuedTransfer>> transfers;  // by source
  InvalidationQueues invalidations;
  BlockRecoveries recoveries;
  absl::flat_hash_set<BlockId> postponed;  // in excess, but a replica's storage is not sure yet
  absl::flat_hash_map<FutureReplica, int64_t> future;  // → bytes

  RedundancyPace pace;
  int maintenance_min_replication = 1;  // dfs.namenode.maintenance.replication.min

  Txid last_applied = 0;  // the newest change taken over from the namespace
  bool loading = true;
  // Set when the first safe mode ends: before, every block looks under-replicated.
  bool queues_active = false;
  int64_t complete_blocks = 0;
  int64_t safe_blocks = 0;  // complete ones with at least min_replication good replicas

  // The entry about `storage`; null if there is none.
  OpenReplica* FindOpen(BlockId block, StorageIndex storage);
  CorruptReplica* FindCorrupt(BlockId block, StorageIndex storage);
  const CorruptReplica* FindCorrupt(BlockId block, StorageIndex storage) const {
    return const_cast<ClusterState*>(this)->FindCorrupt(block, storage);
  }
  void EraseOpen(BlockId block, StorageIndex storage);
  void EraseCorrupt(BlockId block, StorageIndex storage);

  ReplicaCounts Count(const BlockRecord& record) const;
  // How many replicas must be in service: those in maintenance stand for others, down to a minimum.
  int LiveWanted(int replication, const ReplicaCounts& counts) const {
    return std::max(std::min(maintenance_min_replication, replication),
                    replication - counts.maintenance);
  }
  // Racks that a block with `replication` wanted replicas must be spread over.
  int RacksWanted(int replication) const {
    return nodes.ever_multi_rack() && replication > 1 ? 2 : 1;
  }
  // The replica's place, as clients see it.
  ReplicaLocation Location(StorageIndex storage, int64_t now_ms) const;
  // Replicas on all storages of the node, good or not.
  int64_t BlocksOn(NodeIndex node) const;
};

}  // namespace cairn::namenode
