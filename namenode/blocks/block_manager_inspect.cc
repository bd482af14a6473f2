// What fsck asks: every replica of a block, and another look at badly placed ones.
#include <algorithm>

#include "namenode/blocks/block_manager_impl.h"

namespace cairn::namenode {
namespace {

// HDFS's CorruptReplicasMap.Reason.
std::string_view ReasonOf(const CorruptReplica* bad, const BlockRow& row) {
  if (bad == nullptr || bad->reason == CorruptReason::kChecksum) return "CORRUPTION_REPORTED";
  return bad->reported.generation_stamp != row.generation_stamp ? "GENSTAMP_MISMATCH"
                                                                : "SIZE_MISMATCH";
}

}  // namespace

std::optional<BlockInspection> BlockManagerImpl::Inspect(BlockId id) const {
  MutexLock lock(mu_);
  const BlockRecord* record = state_.blocks.Find(id);
  if (record == nullptr) return std::nullopt;
  const int64_t now_ms = clock_.MonotonicMs();
  BlockInspection inspection;
  inspection.row = record->Row(id);
  inspection.multi_rack = state_.nodes.ever_multi_rack();
  const ReplicaCounts counts = state_.Count(*record);
  inspection.live = counts.live;
  inspection.corrupt = counts.corrupt;
  inspection.excess = counts.excess;
  const auto open = state_.open.find(id);
  if (!record->complete() && open != state_.open.end()) {
    for (const OpenReplica& place : open->second) {
      if (place.expected) {
        inspection.replicas.push_back({.place = state_.Location(place.storage, now_ms)});
      }
    }
    return inspection;
  }
  for (const StoredReplica& replica : record->replicas()) {
    const StorageState& storage = state_.nodes.storage(replica.storage());
    const AdminState admin = state_.nodes.node(storage.node).admin;
    if (storage.usable && replica.good()) {
      inspection.entering_maintenance += admin == AdminState::kEnteringMaintenance;
      inspection.in_maintenance += admin == AdminState::kInMaintenance;
    }
    if (!storage.usable || !state_.nodes.node(storage.node).alive) continue;
    ReplicaView view{.place = state_.Location(replica.storage(), now_ms),
                     .corrupt = replica.Has(StoredReplica::kCorrupt),
                     .excess = replica.Has(StoredReplica::kExcess),
                     .unsure = !storage.reported};
    inspection.unsure += view.unsure;
    if (replica.good()) {
      inspection.decommissioning += admin == AdminState::kDecommissioning;
      inspection.decommissioned += admin == AdminState::kDecommissioned;
    }
    if (view.corrupt) {
      view.corrupt_reason = ReasonOf(state_.FindCorrupt(id, replica.storage()), inspection.row);
    }
    inspection.replicas.push_back(std::move(view));
  }
  return inspection;
}

int64_t BlockManagerImpl::LookAgain(absl::Span<const BlockId> blocks) {
  MutexLock lock(mu_);
  int64_t waiting = 0;
  for (const BlockId block : blocks) {
    ledger_.Reevaluate(block);
    waiting += state_.needed.Contains(block);
  }
  return waiting;
}

}  // namespace cairn::namenode
