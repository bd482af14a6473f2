// What administrators and the balancer ask.
#include <limits>

#include "namenode/blocks/block_manager_impl.h"

namespace cairn::namenode {

// The ranges of the walk: from a random block of a random storage on, through the other storages,
// and from the first storage's beginning up to that block.
void BlockManagerImpl::BeginWalk(BlockWalk& walk) const {
  walk.begun = true;
  const auto node = state_.nodes.FindByUuid(walk.datanode_uuid);
  if (!node) return;
  std::vector<StorageIndex> storages;
  for (const StorageIndex index : state_.nodes.node(*node).storages) {
    const StorageState& storage = state_.nodes.storage(index);
    const bool asked_for = !walk.storage_type || *walk.storage_type == storage.type;
    if (asked_for && storage.usable && storage.reported && !state_.blocks.Stored(index).empty()) {
      storages.push_back(index);
    }
  }
  if (storages.empty()) return;
  std::swap(storages.front(), storages[random_.Uniform(storages.size())]);
  const auto& first = state_.blocks.Stored(storages.front());
  const auto span = static_cast<uint64_t>(*first.rbegin() - *first.begin()) + 1;
  const BlockId start = *first.begin() + static_cast<BlockId>(random_.Uniform(span));
  constexpr BlockId kLowest = std::numeric_limits<BlockId>::min();
  constexpr BlockId kHighest = std::numeric_limits<BlockId>::max();
  // In the opposite order: the next one is at the end.
  walk.left.push_back({storages.front(), kLowest, start});
  for (size_t i = storages.size(); i-- > 1;) {
    walk.left.push_back({storages[i], kLowest, kHighest});
  }
  walk.left.push_back({storages.front(), start, kHighest});
}

std::vector<ReplicaPlace> BlockManagerImpl::GoodPlaces(const BlockRecord& record) const {
  std::vector<ReplicaPlace> places;
  for (const StoredReplica& replica : record.replicas()) {
    const StorageState& storage = state_.nodes.storage(replica.storage());
    const DatanodeState& node = state_.nodes.node(storage.node);
    if (replica.good() && storage.usable && node.alive) {
      places.push_back({node.id.uuid, storage.id, storage.type});
    }
  }
  return places;
}

std::vector<BlockPlaces> BlockManagerImpl::NextBlocks(BlockWalk& walk) const {
  MutexLock lock(mu_);
  if (!walk.begun) BeginWalk(walk);
  std::vector<BlockPlaces> blocks;
  int looked_at = 0;
  while (!walk.left.empty()) {
    BlockWalk::Range& range = walk.left.back();
    const auto& stored = state_.blocks.Stored(range.storage);
    auto next = stored.lower_bound(range.begin);
    for (; next != stored.end() && *next < range.end; ++next) {
      if (looked_at++ == options_.lock_yield_items) {
        range.begin = *next;
        return blocks;
      }
      const BlockRecord* record = state_.blocks.Find(*next);
      if (record == nullptr || !record->complete() || record->unlinked()) continue;
      if (record->length() < walk.min_block_bytes) continue;
      const StoredReplica* here = record->Find(range.storage);
      if (here == nullptr || !here->good()) continue;
      std::vector<ReplicaPlace> places = GoodPlaces(*record);
      if (places.empty()) continue;
      blocks.push_back({{*next, record->generation_stamp(), record->length()},
                        record->inode(),
                        std::move(places)});
    }
    walk.left.pop_back();
  }
  return blocks;
}

BlockWork BlockManagerImpl::Work(size_t limit) const {
  MutexLock lock(mu_);
  BlockWork work;
  using Priority = ReplicationPriority;
  work.waiting = state_.needed.List(Priority::kHighest, Priority::kBadlyPlaced, limit);
  work.missing = state_.needed.List(Priority::kMissing, Priority::kMissing, limit);
  work.missing_count = state_.needed.size(Priority::kMissing);
  work.waiting_count = state_.needed.size() - work.missing_count;
  for (const BlockId block : state_.postponed) {
    if (work.postponed.size() < limit) work.postponed.push_back(block);
  }
  work.copying_count = state_.pending.size();
  state_.pending.Scan(limit, [&](BlockId block, int64_t begun_ms, int targets) {
    work.copying.push_back({block, begun_ms, targets});
  });
  work.deletions_count = state_.invalidations.size();
  std::vector<std::pair<NodeIndex, Block>> deletions;
  state_.invalidations.Scan(
      limit, [&](NodeIndex node, const Block& block) { deletions.emplace_back(node, block); });
  std::optional<NodeIndex> last;
  for (const auto& [node, block] : deletions) {
    if (last != node) work.deletions.push_back({state_.nodes.node(node).id.XferAddress(), {}});
    last = node;
    work.deletions.back().blocks.push_back(block);
  }
  for (const auto& [block, replicas] : state_.corrupt) {
    if (work.corrupt.size() < limit) work.corrupt.push_back(block);
  }
  return work;
}

std::optional<BlockDetail> BlockManagerImpl::Describe(BlockId id) const {
  MutexLock lock(mu_);
  const BlockRecord* record = state_.blocks.Find(id);
  if (record == nullptr) return std::nullopt;
  const ReplicaCounts counts = state_.Count(*record);
  BlockDetail detail{.block = {id, record->generation_stamp(), record->length()},
                     .inode = record->inode(),
                     .live = counts.live,
                     .leaving = counts.leaving,
                     .corrupt = counts.corrupt,
                     .excess = counts.excess};
  for (const StoredReplica& replica : record->replicas()) {
    const StorageState& storage = state_.nodes.storage(replica.storage());
    ReplicaDetail& out =
        detail.replicas.emplace_back(state_.nodes.node(storage.node).id.XferAddress(), storage.id);
    out.storage_failed = !storage.usable;
    out.unsure = !storage.reported;
    out.excess = replica.Has(StoredReplica::kExcess);
    if (const CorruptReplica* bad = state_.FindCorrupt(id, replica.storage()); bad != nullptr) {
      out.corrupt = true;
      out.reason =
          bad->reason == CorruptReason::kChecksum
              ? "CORRUPTION_REPORTED"
              : (bad->reported.generation_stamp != record->generation_stamp() ? "GENSTAMP_MISMATCH"
                                                                              : "SIZE_MISMATCH");
    }
  }
  return detail;
}

void BlockManagerImpl::SetPace(const RedundancyPace& pace) {
  MutexLock lock(mu_);
  state_.pace = pace;
}

void BlockManagerImpl::SetLiveness(const Liveness& liveness) {
  MutexLock lock(mu_);
  state_.SetLiveness(liveness);
}

RedundancyPace BlockManagerImpl::pace() const {
  MutexLock lock(mu_);
  return state_.pace;
}

void BlockManagerImpl::SetBalancerBandwidth(int64_t bytes_per_second) {
  MutexLock lock(mu_);
  for (NodeIndex node = 0; node < state_.nodes.size(); ++node) {
    DatanodeState& state = state_.nodes.node(node);
    if (state.alive) state.balancer_bandwidth = bytes_per_second;
  }
}

}  // namespace cairn::namenode
