// Blocks that want more or better placed replicas, by urgency.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "common/types/ids.h"

namespace cairn::namenode {

// HDFS's LowRedundancyBlocks: lower numbers go first.
enum class ReplicationPriority : uint8_t {
  kHighest = 0,              // one replica is left
  kVeryUnderReplicated = 1,  // fewer than a third of the wanted ones
  kUnderReplicated = 2,
  kBadlyPlaced = 3,  // enough, but all in one rack
  kMissing = 4,      // none left that is good: nothing to copy from
};
inline constexpr int kReplicationPriorities = 5;

// The urgency of a block with `live` good replicas of `wanted`; live must be below wanted.
ReplicationPriority PriorityOf(int live, int wanted);

// Thread-compatible.
class ReplicationQueues {
 public:
  // Queues the block, or moves it to another priority. `single`: only one replica is wanted.
  void Put(BlockId block, ReplicationPriority priority, bool single = false);
  void Remove(BlockId block);
  bool Contains(BlockId block) const { return priorities_.contains(block); }
  // Up to `limit` blocks that could be copied, most urgent first (kMissing never). They stay
  // queued; within a priority every call goes on where the last one ended, so that blocks that
  // cannot be helped now do not hold up the others.
  std::vector<BlockId> Next(size_t limit);
  // Some blocks of kMissing, likewise in turn: to find those whose files are gone.
  std::vector<BlockId> NextMissing(size_t limit);
  // Up to `limit` blocks of kMissing with ids above `after`, ascending.
  std::vector<BlockId> MissingAfter(BlockId after, size_t limit) const;

  // Up to `limit` blocks of the priorities from `first` to `last`, most urgent first.
  std::vector<BlockId> List(ReplicationPriority first, ReplicationPriority last,
                            size_t limit) const;

  size_t size(ReplicationPriority priority) const {
    return queues_[static_cast<int>(priority)].size();
  }
  size_t size() const { return priorities_.size(); }
  // Blocks of kMissing of which only one replica is wanted.
  size_t missing_single() const { return missing_single_.size(); }

 private:
  void TakeFrom(int priority, size_t limit, std::vector<BlockId>& out);

  std::array<absl::btree_set<BlockId>, kReplicationPriorities> queues_;
  std::array<BlockId, kReplicationPriorities> cursors_ = {};  // last block given out
  absl::flat_hash_map<BlockId, ReplicationPriority> priorities_;
  absl::flat_hash_set<BlockId> missing_single_;
};

}  // namespace cairn::namenode
