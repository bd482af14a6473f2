// Waiting deletions by node.
#include "namenode/blocks/model/invalidation_queues.h"

#include <algorithm>

namespace cairn::namenode {

void InvalidationQueues::Add(NodeIndex node, const Invalidation& invalidation) {
  size_ += queues_[node].waiting.insert_or_assign(invalidation.block.id, invalidation).second;
}

bool InvalidationQueues::Cancel(NodeIndex node, BlockId block) {
  const auto it = queues_.find(node);
  if (it == queues_.end() || it->second.waiting.erase(block) == 0) return false;
  --size_;
  if (it->second.waiting.empty()) queues_.erase(it);
  return true;
}

bool InvalidationQueues::Contains(NodeIndex node, BlockId block) const {
  const auto it = queues_.find(node);
  return it != queues_.end() && it->second.waiting.contains(block);
}

void InvalidationQueues::DropNode(NodeIndex node) {
  const auto it = queues_.find(node);
  if (it == queues_.end()) return;
  size_ -= it->second.waiting.size();
  queues_.erase(it);
}

void InvalidationQueues::Release(size_t nodes, size_t limit) {
  auto it = queues_.lower_bound(cursor_);
  for (size_t i = std::min(nodes, queues_.size()); i > 0; --i, ++it) {
    if (it == queues_.end()) it = queues_.begin();
    it->second.released = std::max(it->second.released, limit);
    cursor_ = it->first + 1;
  }
}

std::vector<Invalidation> InvalidationQueues::Take(NodeIndex node, size_t limit, Txid durable) {
  std::vector<Invalidation> taken;
  const auto it = queues_.find(node);
  if (it == queues_.end()) return taken;
  Queue& queue = it->second;
  limit = std::min(limit, queue.released);
  for (auto next = queue.waiting.begin(); next != queue.waiting.end() && taken.size() < limit;) {
    if (next->second.txid > durable) {
      ++next;
      continue;
    }
    taken.push_back(next->second);
    next = queue.waiting.erase(next);
  }
  queue.released -= taken.size();
  size_ -= taken.size();
  if (queue.waiting.empty()) queues_.erase(it);
  return taken;
}

}  // namespace cairn::namenode
