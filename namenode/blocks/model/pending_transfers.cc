// Bookkeeping of ordered copies.
#include "namenode/blocks/model/pending_transfers.h"

#include <algorithm>

namespace cairn::namenode {

void PendingTransfers::Add(BlockId block, NodeIndex source, const std::vector<NodeIndex>& targets,
                           int64_t now_ms) {
  if (targets.empty()) return;
  auto& transfers = transfers_[block];
  for (const NodeIndex target : targets) transfers.push_back({source, target, now_ms});
}

void PendingTransfers::Remove(BlockId block, NodeIndex target) {
  const auto it = transfers_.find(block);
  if (it == transfers_.end()) return;
  std::erase_if(it->second, [&](const Transfer& t) { return t.target == target; });
  if (it->second.empty()) transfers_.erase(it);
}

int PendingTransfers::Count(BlockId block) const {
  const auto it = transfers_.find(block);
  return it == transfers_.end() ? 0 : static_cast<int>(it->second.size());
}

bool PendingTransfers::Targets(BlockId block, NodeIndex node) const {
  const auto it = transfers_.find(block);
  return it != transfers_.end() && std::any_of(it->second.begin(), it->second.end(),
                                               [&](const Transfer& t) { return t.target == node; });
}

std::vector<NodeIndex> PendingTransfers::TargetsOf(BlockId block) const {
  std::vector<NodeIndex> targets;
  const auto it = transfers_.find(block);
  if (it != transfers_.end()) {
    for (const Transfer& transfer : it->second) targets.push_back(transfer.target);
  }
  return targets;
}

template <typename Drop>
std::vector<BlockId> PendingTransfers::DropIf(Drop drop) {
  std::vector<BlockId> blocks;
  for (auto it = transfers_.begin(); it != transfers_.end();) {
    if (std::erase_if(it->second, drop) > 0) blocks.push_back(it->first);
    if (it->second.empty()) {
      transfers_.erase(it++);
    } else {
      ++it;
    }
  }
  return blocks;
}

std::vector<BlockId> PendingTransfers::Expire(int64_t before_ms) {
  return DropIf([&](const Transfer& t) { return t.begun_ms < before_ms; });
}

std::vector<BlockId> PendingTransfers::DropNode(NodeIndex node) {
  return DropIf([&](const Transfer& t) { return t.source == node || t.target == node; });
}

}  // namespace cairn::namenode
