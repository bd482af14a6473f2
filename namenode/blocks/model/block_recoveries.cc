// Attempts to recover blocks.
#include "namenode/blocks/model/block_recoveries.h"

#include <utility>

namespace cairn::namenode {

using Phase = BlockRecovery::Phase;

void BlockRecoveries::Put(const BlockRow& row, Txid txid) {
  if (row.state != BlockState::kUnderRecovery) {
    recoveries_.erase(row.id);
    return;
  }
  BlockRecovery& recovery = recoveries_[row.id];
  recovery.truncate_to = row.truncate_to;
  if (recovery.id == row.recovery_id) return;
  recovery.id = row.recovery_id;
  recovery.txid = txid;
  recovery.phase = Phase::kPrimary;
  recovery.loss_is_certain = false;
}

void BlockRecoveries::Restore(const BlockRow& row) {
  if (row.state != BlockState::kUnderRecovery) return;
  Put(row, 0);
  recoveries_[row.id].phase = Phase::kLost;
}

const BlockRecovery* BlockRecoveries::Find(BlockId block) const {
  const auto it = recoveries_.find(block);
  return it == recoveries_.end() ? nullptr : &it->second;
}

bool BlockRecoveries::Pending(BlockId block, int64_t now_ms) const {
  const BlockRecovery* recovery = Find(block);
  if (recovery == nullptr || recovery->phase == Phase::kLost) return false;
  return recovery->phase != Phase::kResult || now_ms - recovery->since_ms <= timeout_ms_;
}

void BlockRecoveries::Assign(BlockId block, NodeIndex node) {
  BlockRecovery& recovery = recoveries_.at(block);
  recovery.phase = Phase::kHeartbeat;
  recovery.primary = node;
  recovery.tried.push_back(node);
  recovery.waits_for.clear();
}

bool BlockRecoveries::Waits(BlockId block, std::string what) {
  BlockRecovery& recovery = recoveries_.at(block);
  if (recovery.waits_for == what) return false;
  recovery.waits_for = std::move(what);
  return true;
}

void BlockRecoveries::SetLossIsCertain(BlockId block, bool certain) {
  recoveries_.at(block).loss_is_certain = certain;
}

void BlockRecoveries::ForgetTried(BlockId block) { recoveries_.at(block).tried.clear(); }

std::vector<BlockId> BlockRecoveries::Take(NodeIndex node, Txid durable, int64_t now_ms) {
  std::vector<BlockId> blocks;
  for (auto& [block, recovery] : recoveries_) {
    if (recovery.phase != Phase::kHeartbeat || recovery.primary != node ||
        recovery.txid > durable) {
      continue;
    }
    recovery.phase = Phase::kResult;
    recovery.since_ms = now_ms;
    blocks.push_back(block);
  }
  return blocks;
}

void BlockRecoveries::DropNode(NodeIndex node) {
  for (auto& [block, recovery] : recoveries_) {
    if (recovery.primary != node) continue;
    if (recovery.phase == Phase::kHeartbeat) recovery.phase = Phase::kPrimary;
    if (recovery.phase == Phase::kResult) recovery.phase = Phase::kLost;
  }
}

}  // namespace cairn::namenode
