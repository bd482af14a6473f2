// Periodic work: liveness, timeouts, deletions, copies.
#include <algorithm>
#include <cmath>

#include <spdlog/spdlog.h>

#include "namenode/blocks/block_manager_impl.h"

namespace cairn::namenode {
namespace {

constexpr int64_t kScheduledWindowMs = 300'000;
constexpr size_t kPostponedPerTick = 10'000;
constexpr size_t kMissingPerRound = 32;

}  // namespace

void BlockManagerImpl::Tick() {
  {
    MutexLock lock(mu_);
    const int64_t now_ms = clock_.MonotonicMs();
    for (const NodeIndex node : state_.nodes.ExpireDead(now_ms)) {
      const bool returns = IsMaintenance(state_.nodes.node(node).admin);
      returns ? ForgetWork(node) : NodeLost(node);
    }
    for (const BlockId block : state_.pending.Expire(now_ms - state_.pace.pending_timeout_ms)) {
      spdlog::warn("Copying blk_{} was not done in time", block);
      ledger_.Reevaluate(block);
    }
    if (now_ms - scheduled_rolled_ms_ >= kScheduledWindowMs) {
      state_.nodes.RollScheduled();
      scheduled_rolled_ms_ = now_ms;
    }
    UpdateSafeMode();
    AssignPrimaries();
    if (!safe_mode_.on() && now_ms - released_ms_ >= options_.redundancy_interval_ms) {
      released_ms_ = now_ms;
      const double nodes = std::ceil(state_.nodes.live() * options_.invalidate_work_fraction);
      state_.invalidations.Release(static_cast<size_t>(nodes), state_.pace.invalidate_limit);
    }
  }
  PruneLostStorages();
  LookAtAllBlocks();
  LookAtPostponed();
  LookAtNodes();
}

void BlockManagerImpl::PruneLostStorages() {
  while (true) {
    MutexLock lock(mu_);
    if (!PruneStep()) return;
  }
}

// Forgets some replicas of one lost storage; false when there is nothing more to do.
bool BlockManagerImpl::PruneStep() {
  if (lost_.empty()) return false;
  const StorageIndex storage = lost_.back();
  const StorageState& state = state_.nodes.storage(storage);
  if (state.usable && state_.nodes.node(state.node).alive) {  // it is back and will report
    lost_.pop_back();
    return true;
  }
  std::vector<BlockId> blocks;
  for (const BlockId block : state_.blocks.Stored(storage)) {
    if (blocks.size() == static_cast<size_t>(options_.lock_yield_items)) break;
    blocks.push_back(block);
  }
  if (blocks.empty()) {
    lost_.pop_back();
    return true;
  }
  for (const BlockId block : blocks) ledger_.Removed(block, storage);
  return true;
}

void BlockManagerImpl::LookAt(const std::vector<BlockId>& blocks) {
  for (size_t begin = 0; begin < blocks.size(); begin += options_.lock_yield_items) {
    MutexLock lock(mu_);
    const size_t end = std::min(blocks.size(), begin + options_.lock_yield_items);
    for (size_t i = begin; i < end; ++i) ledger_.Reevaluate(blocks[i]);
  }
}

// Once, when startup's safe mode ends: finds what is under-replicated, in excess or missing.
void BlockManagerImpl::LookAtAllBlocks() {
  while (true) {
    MutexLock lock(mu_);
    if (!first_look_) return;
    std::vector<BlockId> blocks;
    const BlockId last =
        state_.blocks.Scan(*first_look_, options_.lock_yield_items,
                           [&](BlockId id, const BlockRecord&) { blocks.push_back(id); });
    for (const BlockId block : blocks) ledger_.Reevaluate(block);
    first_look_ = last;
    if (!blocks.empty()) continue;
    first_look_.reset();
    spdlog::info("First look at {} blocks: {} need copies, {} of them have no good replica",
                 state_.blocks.size(), state_.needed.size(),
                 state_.needed.size(ReplicationPriority::kMissing));
  }
}

void BlockManagerImpl::LookAtPostponed() {
  std::vector<BlockId> blocks;
  {
    MutexLock lock(mu_);
    for (const BlockId block : state_.postponed) {
      if (blocks.size() == kPostponedPerTick) break;
      blocks.push_back(block);
    }
  }
  LookAt(blocks);
}

std::vector<ReplicationCandidate> BlockManagerImpl::ReplicationCandidates() {
  MutexLock lock(mu_);
  std::vector<ReplicationCandidate> candidates;
  if (safe_mode_.on() || !state_.queues_active) return candidates;
  const auto limit = static_cast<size_t>(state_.nodes.live() * state_.pace.work_multiplier);
  std::vector<BlockId> blocks = state_.needed.Next(limit);
  // Blocks without a good replica cannot be copied, but may be of deleted files.
  const std::vector<BlockId> missing = state_.needed.NextMissing(kMissingPerRound);
  blocks.insert(blocks.end(), missing.begin(), missing.end());
  for (const BlockId block : blocks) {
    if (const BlockRecord* record = state_.blocks.Find(block)) {
      candidates.push_back({block, record->inode()});
    }
  }
  return candidates;
}

void BlockManagerImpl::ScheduleReplication(absl::Span<const BlockId> linked) {
  MutexLock lock(mu_);
  if (safe_mode_.on()) return;
  const int64_t now_ms = clock_.MonotonicMs();
  for (const BlockId block : linked) {
    TransferPlan plan;
    switch (planner_.Plan(state_, block, now_ms, plan)) {
      case TransferPlanner::Outcome::kNotNeeded:
        break;
      case TransferPlanner::Outcome::kNoSource:
        continue;  // stays queued
      case TransferPlanner::Outcome::kNoTarget:
        ledger_.MakeRoomForCopy(block);
        continue;
      case TransferPlanner::Outcome::kPlanned: {
        std::vector<NodeIndex> targets;
        for (const StorageIndex storage : plan.targets) {
          targets.push_back(state_.nodes.NodeOf(storage));
          state_.nodes.Schedule(targets.back());
        }
        state_.pending.Add(block, plan.source, targets, now_ms);
        state_.transfers[plan.source].push_back({plan.block, plan.targets, state_.last_applied});
        spdlog::info("Copying {} from {} to {} DataNode(s), the first {}", plan.block.ToString(),
                     state_.nodes.node(plan.source).id.uuid, targets.size(),
                     state_.nodes.node(targets.front()).id.uuid);
        break;
      }
    }
    ledger_.Reevaluate(block);
  }
}

std::vector<ReplicationCandidate> BlockManagerImpl::MissingBlocks(BlockId after,
                                                                  size_t limit) const {
  MutexLock lock(mu_);
  std::vector<ReplicationCandidate> missing;
  for (const BlockId block : state_.needed.MissingAfter(after, limit)) {
    if (const BlockRecord* record = state_.blocks.Find(block)) {
      missing.push_back({block, record->inode()});
    }
  }
  return missing;
}

void BlockManagerImpl::MarkUnlinked(absl::Span<const BlockId> blocks) {
  MutexLock lock(mu_);
  for (const BlockId block : blocks) ledger_.MarkUnlinked(block);
}

}  // namespace cairn::namenode
