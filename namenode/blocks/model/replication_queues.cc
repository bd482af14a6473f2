// Five ordered sets and who is in which.
#include "namenode/blocks/model/replication_queues.h"

namespace cairn::namenode {

ReplicationPriority PriorityOf(int live, int wanted) {
  if (live == 0) return ReplicationPriority::kMissing;
  if (live == 1) return ReplicationPriority::kHighest;
  if (live * 3 < wanted) return ReplicationPriority::kVeryUnderReplicated;
  return ReplicationPriority::kUnderReplicated;
}

void ReplicationQueues::Put(BlockId block, ReplicationPriority priority, bool single) {
  if (single && priority == ReplicationPriority::kMissing) {
    missing_single_.insert(block);
  } else {
    missing_single_.erase(block);
  }
  auto [it, inserted] = priorities_.try_emplace(block, priority);
  if (!inserted) {
    if (it->second == priority) return;
    queues_[static_cast<int>(it->second)].erase(block);
    it->second = priority;
  }
  queues_[static_cast<int>(priority)].insert(block);
}

void ReplicationQueues::Remove(BlockId block) {
  missing_single_.erase(block);
  const auto it = priorities_.find(block);
  if (it == priorities_.end()) return;
  queues_[static_cast<int>(it->second)].erase(block);
  priorities_.erase(it);
}

void ReplicationQueues::TakeFrom(int priority, size_t limit, std::vector<BlockId>& out) {
  const auto& queue = queues_[priority];
  BlockId& cursor = cursors_[priority];
  auto it = queue.upper_bound(cursor);
  for (size_t seen = 0; seen < queue.size() && out.size() < limit; ++seen, ++it) {
    if (it == queue.end()) it = queue.begin();
    out.push_back(*it);
    cursor = *it;
  }
}

std::vector<BlockId> ReplicationQueues::Next(size_t limit) {
  std::vector<BlockId> out;
  for (int priority = 0; priority < static_cast<int>(ReplicationPriority::kMissing); ++priority) {
    TakeFrom(priority, limit, out);
  }
  return out;
}

std::vector<BlockId> ReplicationQueues::NextMissing(size_t limit) {
  std::vector<BlockId> out;
  TakeFrom(static_cast<int>(ReplicationPriority::kMissing), limit, out);
  return out;
}

std::vector<BlockId> ReplicationQueues::List(ReplicationPriority first, ReplicationPriority last,
                                             size_t limit) const {
  std::vector<BlockId> blocks;
  for (int priority = static_cast<int>(first); priority <= static_cast<int>(last); ++priority) {
    for (const BlockId block : queues_[priority]) {
      if (blocks.size() == limit) return blocks;
      blocks.push_back(block);
    }
  }
  return blocks;
}

std::vector<BlockId> ReplicationQueues::MissingAfter(BlockId after, size_t limit) const {
  const auto& queue = queues_[static_cast<int>(ReplicationPriority::kMissing)];
  std::vector<BlockId> out;
  for (auto it = queue.upper_bound(after); it != queue.end() && out.size() < limit; ++it) {
    out.push_back(*it);
  }
  return out;
}

}  // namespace cairn::namenode
