// Changes of blocks and replicas with their bookkeeping.
#include "namenode/blocks/replica_ledger.h"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "namenode/blocks/policy/excess_policy.h"
#include "namenode/blocks/policy/replica_rules.h"

namespace cairn::namenode {

bool ReplicaLedger::HasMinReplicas(const BlockRow& row) const {
  const BlockRecord* record = state_.blocks.Find(row.id);
  if (record == nullptr) return false;
  if (record->committed()) {
    return record->generation_stamp() == row.generation_stamp && record->length() == row.length &&
           state_.Count(*record).running() >= options_.min_replication;
  }
  const auto open = state_.open.find(row.id);
  if (open == state_.open.end()) return false;
  const auto good =
      std::count_if(open->second.begin(), open->second.end(), [&](const OpenReplica& place) {
        const StorageState& storage = state_.nodes.storage(place.storage);
        return place.reported == ReplicaState::kFinalized && storage.usable &&
               place.generation_stamp == row.generation_stamp && place.length == row.length &&
               state_.nodes.node(storage.node).alive &&
               state_.FindCorrupt(row.id, place.storage) == nullptr;
      });
  return good >= options_.min_replication;
}

// Counts by flags alone, not by the nodes' liveness, which changes without passing here: replicas
// of dead nodes are taken away one by one soon after.
ReplicaLedger::Totals ReplicaLedger::Contribution(BlockId block) const {
  const BlockRecord* record = state_.blocks.Find(block);
  if (record == nullptr || !record->complete() || record->unlinked()) return {};
  const auto replicas = record->replicas();
  const auto good = std::count_if(replicas.begin(), replicas.end(),
                                  [](const StoredReplica& replica) { return replica.good(); });
  return {1, good >= options_.min_replication ? 1 : 0};
}

template <typename Change>
void ReplicaLedger::Book(BlockId block, Change change) {
  const Totals before = Contribution(block);
  change();
  const Totals after = Contribution(block);
  state_.complete_blocks += after.complete - before.complete;
  state_.safe_blocks += after.safe - before.safe;
}

void ReplicaLedger::PutBlock(const BlockRow& row) {
  Book(row.id, [&] {
    const BlockRecord* old = state_.blocks.Find(row.id);
    const std::optional<BlockRow> old_row =
        old == nullptr ? std::nullopt : std::optional(old->Row(row.id));
    BlockRecord& record = state_.blocks.Put(row);
    if (!old_row) return;
    const bool was_committed =
        old_row->state == BlockState::kCommitted || old_row->state == BlockState::kComplete;
    const bool completed =
        row.state == BlockState::kComplete && old_row->state != BlockState::kComplete;
    if (was_committed && !record.committed()) {
      Reopen(record, *old_row);
    } else if (!was_committed && record.committed()) {
      JudgeOpenReplicas(row.id);
    }
    if (completed) {
      JudgeUnfinished(row.id);
      AwaitWriters(row.id);
    }
  });
  Reevaluate(row.id);
}

// The block is written again (append, recovery): its replicas are places of the new pipeline, and
// copies of it are of no use.
void ReplicaLedger::Reopen(BlockRecord& record, const BlockRow& old_row) {
  state_.pending.Erase(old_row.id);
  auto& places = state_.open[old_row.id];
  for (StoredReplica& replica : record.replicas()) {
    if (replica.Has(StoredReplica::kExcess) && !replica.Has(StoredReplica::kCorrupt) &&
        state_.invalidations.Cancel(state_.nodes.NodeOf(replica.storage()), old_row.id)) {
      replica.Clear(StoredReplica::kExcess);
    }
    if (!replica.good()) continue;
    replica.Set(StoredReplica::kUnderConstruction);
    std::erase_if(places, [&](const OpenReplica& p) { return p.storage == replica.storage(); });
    places.push_back({replica.storage(), ReplicaState::kFinalized, old_row.generation_stamp,
                      old_row.length, true, old_row.generation_stamp});
  }
  if (places.empty()) state_.open.erase(old_row.id);
}

// Length and generation stamp are final now: what was reported before is good or bad by them.
void ReplicaLedger::JudgeOpenReplicas(BlockId block) {
  const auto it = state_.open.find(block);
  if (it == state_.open.end()) return;
  const BlockRow row = state_.blocks.Find(block)->Row(block);
  const std::vector<OpenReplica> places = it->second;
  for (const OpenReplica& place : places) {
    if (!place.reported) continue;
    if (HasWrongBytes(block, place.storage, place.generation_stamp)) continue;
    DropFromMap(block, place.storage);
    if (place.expected && place.pipeline_stamp == row.generation_stamp &&
        place.generation_stamp < row.generation_stamp) {
      continue;  // it was in the pipeline to the end: its finalization will be reported
    }
    const Block reported{block, place.generation_stamp, place.length};
    switch (JudgeReplica(&row, {reported, *place.reported}, false, -1)) {
      case ReplicaVerdict::kGood:
        AddGood(block, place.storage);
        break;
      case ReplicaVerdict::kCorrupt:
        AddCorrupt(reported, place.storage, CorruptReason::kMismatch);
        break;
      case ReplicaVerdict::kOpen:
        state_.blocks.AddReplica(block,
                                 StoredReplica(place.storage, StoredReplica::kUnderConstruction));
        break;
      default:
        break;  // still being written: its finalization will be reported
    }
  }
}

// The block is complete: what is not finalized by now is bad, or about to be reported.
void ReplicaLedger::JudgeUnfinished(BlockId block) {
  const auto it = state_.open.find(block);
  if (it == state_.open.end()) return;
  const BlockRow row = state_.blocks.Find(block)->Row(block);
  for (const OpenReplica& place : it->second) {
    const StoredReplica* known = state_.blocks.Find(block)->Find(place.storage);
    if (known == nullptr || !known->Has(StoredReplica::kUnderConstruction)) continue;
    DropFromMap(block, place.storage);
    const Block reported{block, place.generation_stamp, place.length};
    if (place.reported &&
        JudgeReplica(&row, {reported, *place.reported}, false, -1) == ReplicaVerdict::kCorrupt) {
      AddCorrupt(reported, place.storage, CorruptReason::kMismatch);
    }
  }
}

// The rest of the pipeline will report soon: meanwhile nothing is copied in its place.
void ReplicaLedger::AwaitWriters(BlockId block) {
  const auto it = state_.open.find(block);
  if (it == state_.open.end()) return;
  const BlockRecord* record = state_.blocks.Find(block);
  std::vector<NodeIndex> awaited;
  for (const OpenReplica& place : it->second) {
    const NodeIndex node = state_.nodes.NodeOf(place.storage);
    if (place.expected && record->Find(place.storage) == nullptr && state_.nodes.node(node).alive) {
      awaited.push_back(node);
    }
  }
  state_.open.erase(it);
  state_.pending.Add(block, PendingTransfers::kNoSource, awaited, clock_.MonotonicMs());
}

void ReplicaLedger::EraseBlock(BlockId block) {
  const BlockRecord* record = state_.blocks.Find(block);
  if (record == nullptr) return;
  const BlockRow row = record->Row(block);
  for (const StoredReplica& replica : record->replicas()) {
    Block stored{block, row.generation_stamp, row.length};
    if (const CorruptReplica* bad = state_.FindCorrupt(block, replica.storage())) {
      stored = bad->reported;
    } else if (const OpenReplica* place = state_.FindOpen(block, replica.storage())) {
      stored.generation_stamp = place->generation_stamp;
      stored.num_bytes = place->length;
    }
    Invalidate(stored, replica.storage());
  }
  const auto open = state_.open.find(block);
  if (open != state_.open.end()) {
    for (const OpenReplica& place : open->second) {
      NoLongerWriting(place);
      // Those that have not reported yet.
      if (record->Find(place.storage) == nullptr) {
        Invalidate({block, row.generation_stamp, row.length}, place.storage);
      }
    }
  }
  Book(block, [&] { state_.blocks.Erase(block); });
  state_.open.erase(block);
  state_.corrupt.erase(block);
  state_.pending.Erase(block);
  state_.needed.Remove(block);
  state_.postponed.erase(block);
}

void ReplicaLedger::NoLongerWriting(const OpenReplica& place) {
  if (place.expected && place.reported != ReplicaState::kFinalized) {
    state_.nodes.Arrived(state_.nodes.NodeOf(place.storage));
  }
}

void ReplicaLedger::SetExpected(BlockId block, const std::vector<StorageIndex>& storages) {
  const BlockRecord* record = state_.blocks.Find(block);
  if (record == nullptr || record->complete()) return;
  auto& places = state_.open[block];
  for (OpenReplica& place : places) {
    if (std::find(storages.begin(), storages.end(), place.storage) == storages.end()) {
      NoLongerWriting(place);
    }
    place.expected = false;
  }
  for (const StorageIndex storage : storages) {
    OpenReplica* place = state_.FindOpen(block, storage);
    if (place == nullptr) {
      place = &places.emplace_back();
      place->storage = storage;
    }
    place->expected = true;
    place->pipeline_stamp = record->generation_stamp();
  }
  std::erase_if(places, [](const OpenReplica& p) { return !p.expected && !p.reported; });
  if (places.empty()) state_.open.erase(block);
}

void ReplicaLedger::Recovered(const Block& block, const std::vector<StorageIndex>& storages) {
  const BlockRecord* record = state_.blocks.Find(block.id);
  if (record == nullptr || record->committed()) return;
  SetExpected(block.id, storages);
  for (const StorageIndex storage : storages) {
    AddOpen(storage, {block, ReplicaState::kFinalized});
  }
}

void ReplicaLedger::MarkUnlinked(BlockId block) {
  if (state_.blocks.Find(block) == nullptr) return;
  Book(block, [&] { state_.blocks.Find(block)->set_unlinked(); });
  Reevaluate(block);
}

void ReplicaLedger::Reported(StorageIndex storage, const ReportedReplica& replica,
                             std::optional<NodeIndex> hint) {
  const BlockId block = replica.block.id;
  const BlockRecord* record = state_.blocks.Find(block);
  const std::optional<BlockRow> row =
      record == nullptr ? std::nullopt : std::optional(record->Row(block));
  const GenerationStamp highest =
      options_.highest_generation_stamp ? options_.highest_generation_stamp() : -1;
  const NodeIndex node = state_.nodes.NodeOf(storage);
  switch (JudgeReplica(row ? &*row : nullptr, replica, state_.loading, highest)) {
    case ReplicaVerdict::kGood:
      state_.pending.Remove(block, node);
      if (const StoredReplica* known = record->Find(storage)) {
        if (known->good()) {
          if (hint) Reevaluate(block, hint);
          return;
        }
        if (known->Has(StoredReplica::kCorrupt)) {
          const CorruptReplica* bad = state_.FindCorrupt(block, storage);
          if (bad != nullptr && bad->reason == CorruptReason::kChecksum) {
            return StillCorrupt(block, storage);
          }
        } else if (known->Has(StoredReplica::kExcess)) {
          // Its deletion was lost, or is under way. Kept only when it is needed.
          const ReplicaCounts counts = state_.Count(*record);
          if (counts.live >= record->replication()) {
            if (!state_.invalidations.Contains(node, block)) Invalidate(replica.block, storage);
            return;
          }
        }
      }
      state_.invalidations.Cancel(node, block);
      state_.nodes.Arrived(node);
      Book(block, [&] { AddGood(block, storage); });
      return Reevaluate(block, hint);
    case ReplicaVerdict::kOpen:
      return AddOpen(storage, replica);
    case ReplicaVerdict::kCorrupt:
      if (CorruptReplica* bad = state_.FindCorrupt(block, storage); bad == nullptr) {
        Book(block, [&] { AddCorrupt(replica.block, storage, CorruptReason::kMismatch); });
      } else if (bad->reported != replica.block) {
        // Known as another version, as after a pipeline recovery that was not reported: its
        // deletion must name the one that is there.
        bad->reported = replica.block;
        state_.invalidations.Cancel(node, block);
      }
      return StillCorrupt(block, storage);
    case ReplicaVerdict::kInvalidate:
      return Invalidate(replica.block, storage);
    case ReplicaVerdict::kFuture:
      if (state_.future.emplace(FutureReplica{block, storage}, replica.block.num_bytes).second) {
        spdlog::warn("{} on {} has a generation stamp from the future", replica.block.ToString(),
                     state_.nodes.node(node).id.uuid);
      }
      return;
    case ReplicaVerdict::kIgnore:
    case ReplicaVerdict::kUnknown:
      return;
  }
}

void ReplicaLedger::AddGood(BlockId block, StorageIndex storage) {
  DropElsewhereOnNode(block, storage);
  DropFromMap(block, storage);
  state_.blocks.AddReplica(block, StoredReplica(storage));
}

void ReplicaLedger::AddOpen(StorageIndex storage, const ReportedReplica& replica) {
  const BlockId block = replica.block.id;
  const BlockRecord& record = *state_.blocks.Find(block);
  if (const StoredReplica* known = record.Find(storage);
      record.committed() && known != nullptr && !known->Has(StoredReplica::kUnderConstruction)) {
    return;  // of a committed block a finalized replica, or a bad one, is known there
  }
  DropElsewhereOnNode(block, storage);
  OpenReplica* place = state_.FindOpen(block, storage);
  if (place == nullptr) {
    place = &state_.open[block].emplace_back();
    place->storage = storage;
  }
  if (place->reported == ReplicaState::kFinalized && replica.state != ReplicaState::kFinalized &&
      replica.block.generation_stamp <= place->generation_stamp) {
    return;  // an older message
  }
  place->reported = replica.state;
  place->generation_stamp = replica.block.generation_stamp;
  place->length = replica.block.num_bytes;
  Book(block, [&] {
    if (HasWrongBytes(block, storage, replica.block.generation_stamp)) return;
    const StoredReplica* known = state_.blocks.Find(block)->Find(storage);
    if (known != nullptr && known->Has(StoredReplica::kCorrupt)) {
      state_.EraseCorrupt(block, storage);
      state_.blocks.RemoveReplica(block, storage);
    }
    state_.blocks.AddReplica(block, StoredReplica(storage, StoredReplica::kUnderConstruction));
  });
  if (replica.state == ReplicaState::kFinalized) {
    state_.nodes.Arrived(state_.nodes.NodeOf(storage));
  }
}

bool ReplicaLedger::HasWrongBytes(BlockId block, StorageIndex storage,
                                  GenerationStamp stamp) const {
  const CorruptReplica* bad = state_.FindCorrupt(block, storage);
  return bad != nullptr && bad->reason == CorruptReason::kChecksum &&
         bad->reported.generation_stamp >= stamp;
}

void ReplicaLedger::AddCorrupt(const Block& reported, StorageIndex storage, CorruptReason reason) {
  const BlockId block = reported.id;
  const StoredReplica* known = state_.blocks.Find(block)->Find(storage);
  if (known != nullptr && known->Has(StoredReplica::kCorrupt)) {
    *state_.FindCorrupt(block, storage) = {storage, reported, reason};
    return;
  }
  spdlog::warn("Replica {} ({} bytes) on {} is corrupt: {}", reported.ToString(),
               reported.num_bytes, state_.nodes.node(state_.nodes.NodeOf(storage)).id.uuid,
               reason == CorruptReason::kChecksum ? "wrong bytes" : "length or stamp differ");
  state_.invalidations.Cancel(state_.nodes.NodeOf(storage), block);
  DropFromMap(block, storage);
  state_.blocks.AddReplica(block, StoredReplica(storage, StoredReplica::kCorrupt));
  state_.corrupt[block].push_back({storage, reported, reason});
}

// A replica that is known to be bad was reported again. If its deletion had been ordered, that was
// lost or is under way.
void ReplicaLedger::StillCorrupt(BlockId block, StorageIndex storage) {
  StoredReplica* known = state_.blocks.Find(block)->Find(storage);
  if (!state_.invalidations.Contains(state_.nodes.NodeOf(storage), block)) {
    known->Clear(StoredReplica::kExcess);
  }
  Reevaluate(block);
}

void ReplicaLedger::MarkCorrupt(const Block& block, StorageIndex storage) {
  const BlockRecord* record = state_.blocks.Find(block.id);
  if (record == nullptr || record->Find(storage) == nullptr) return;
  // What a client read was the version it was given; a newer one there is not what it complains of.
  if (block.generation_stamp != record->generation_stamp()) return;
  Block stored{block.id, record->generation_stamp(), record->length()};
  if (const OpenReplica* place = state_.FindOpen(block.id, storage)) {
    stored.generation_stamp = place->generation_stamp;
    stored.num_bytes = place->length;
  }
  Book(block.id, [&] { AddCorrupt(stored, storage, CorruptReason::kChecksum); });
  Reevaluate(block.id);
}

void ReplicaLedger::Removed(BlockId block, StorageIndex storage) {
  const NodeIndex node = state_.nodes.NodeOf(storage);
  if (const auto it = state_.future.find(FutureReplica{block, storage});
      it != state_.future.end()) {
    state_.future.erase(it);
  }
  const BlockRecord* record = state_.blocks.Find(block);
  if (record == nullptr || record->Find(storage) == nullptr) return;
  state_.invalidations.Cancel(node, block);
  Book(block, [&] { DropFromMap(block, storage); });
  if (OpenReplica* place = state_.FindOpen(block, storage)) {
    *place = OpenReplica{storage, std::nullopt, 0, 0, place->expected};
  }
  Reevaluate(block);
}

void ReplicaLedger::DropFromMap(BlockId block, StorageIndex storage) {
  state_.EraseCorrupt(block, storage);
  state_.blocks.RemoveReplica(block, storage);
}

// A node has a block once: a replica found on another of its volumes has been moved.
void ReplicaLedger::DropElsewhereOnNode(BlockId block, StorageIndex storage) {
  for (const StorageIndex other : state_.nodes.node(state_.nodes.NodeOf(storage)).storages) {
    if (other == storage) continue;
    DropFromMap(block, other);
    state_.EraseOpen(block, other);
  }
}

void ReplicaLedger::Invalidate(const Block& replica, StorageIndex storage) {
  const NodeIndex node = state_.nodes.NodeOf(storage);
  if (!state_.nodes.node(node).alive) return;  // its next full report tells what it still has
  state_.invalidations.Add(node, {replica, storage, state_.last_applied});
}

void ReplicaLedger::Reevaluate(BlockId block, std::optional<NodeIndex> hint) {
  if (!state_.queues_active) return;
  BlockRecord* record = state_.blocks.Find(block);
  if (record == nullptr || !record->complete() || record->unlinked()) {
    state_.needed.Remove(block);
    state_.postponed.erase(block);
    return;
  }
  const int wanted = record->replication();
  ReplicaCounts counts = state_.Count(*record);
  if (counts.live < state_.LiveWanted(wanted, counts) && counts.excess > 0) {
    CancelExcess(block, *record);
    counts = state_.Count(*record);
  }
  const int needed = state_.LiveWanted(wanted, counts);
  const int expected = counts.live + state_.pending.Count(block);
  if (expected < needed || (counts.live == 0 && counts.maintenance == 0)) {
    // What only leaving DataNodes have is not lost, but nothing is more urgent.
    const int live = counts.live == 0 && counts.usable() > 0 ? 1 : counts.live;
    state_.needed.Put(block, PriorityOf(live, needed), wanted == 1);
  } else if (counts.live > 0 && expected == counts.live && counts.maintenance == 0 &&
             counts.racks < state_.RacksWanted(wanted)) {
    state_.needed.Put(block, ReplicationPriority::kBadlyPlaced);
  } else {
    state_.needed.Remove(block);
  }
  const bool surplus = counts.live > wanted || (counts.corrupt > 0 && counts.live >= wanted);
  if (!surplus) {
    state_.postponed.erase(block);
  } else if (counts.unsure) {
    state_.postponed.insert(block);
  } else {
    state_.postponed.erase(block);
    if (counts.live > wanted) TrimExcess(block, *record, hint);
    DeleteCorrupt(block, *record);
  }
}

void ReplicaLedger::TrimExcess(BlockId block, BlockRecord& record, std::optional<NodeIndex> hint) {
  std::vector<ExcessCandidate> candidates;
  for (const StoredReplica& replica : record.replicas()) {
    const StorageState& storage = state_.nodes.storage(replica.storage());
    const DatanodeState& node = state_.nodes.node(storage.node);
    if (!replica.good() || !node.alive || !storage.usable) continue;
    if (node.admin != AdminState::kNormal) continue;
    candidates.push_back({replica.storage(), node.rack, node.last_heartbeat_ms, storage.remaining,
                          hint == storage.node});
  }
  const auto chosen =
      ChooseExcess(std::move(candidates), static_cast<size_t>(record.replication()),
                   clock_.MonotonicMs(), state_.nodes.liveness().heartbeat_interval_ms);
  Book(block, [&] {
    for (const StorageIndex storage : chosen) {
      record.Find(storage)->Set(StoredReplica::kExcess);
      Invalidate({block, record.generation_stamp(), record.length()}, storage);
    }
  });
}

// Too few replicas again: those whose deletion has not been ordered yet stay.
void ReplicaLedger::CancelExcess(BlockId block, BlockRecord& record) {
  Book(block, [&] {
    for (StoredReplica& replica : record.replicas()) {
      if (!replica.Has(StoredReplica::kExcess) || replica.Has(StoredReplica::kCorrupt)) continue;
      if (state_.invalidations.Cancel(state_.nodes.NodeOf(replica.storage()), block)) {
        replica.Clear(StoredReplica::kExcess);
      }
    }
  });
}

bool ReplicaLedger::IsAlive(const StoredReplica& replica) const {
  return state_.nodes.node(state_.nodes.NodeOf(replica.storage())).alive;
}

void ReplicaLedger::DeleteCorrupt(BlockId block, BlockRecord& record) {
  for (StoredReplica& replica : record.replicas()) {
    if (!replica.Has(StoredReplica::kCorrupt) || replica.Has(StoredReplica::kExcess)) continue;
    if (!IsAlive(replica)) continue;
    const CorruptReplica* bad = state_.FindCorrupt(block, replica.storage());
    if (bad == nullptr) continue;
    replica.Set(StoredReplica::kExcess);
    Invalidate(bad->reported, replica.storage());
  }
}

void ReplicaLedger::MakeRoomForCopy(BlockId block) {
  BlockRecord* record = state_.blocks.Find(block);
  if (record == nullptr || !record->complete()) return;
  const ReplicaCounts counts = state_.Count(*record);
  if (counts.corrupt == 0 || counts.unsure) return;
  if (counts.live >= 2) return DeleteCorrupt(block, *record);
  if (counts.live == 1) DeleteOneStale(block, *record);
}

void ReplicaLedger::DeleteOneStale(BlockId block, BlockRecord& record) {
  StoredReplica* stale = nullptr;
  for (StoredReplica& replica : record.replicas()) {
    // One that is down, for maintenance, makes no room.
    if (!replica.Has(StoredReplica::kCorrupt) || !IsAlive(replica)) continue;
    if (replica.Has(StoredReplica::kExcess)) return;  // one is on its way out
    const CorruptReplica* bad = state_.FindCorrupt(block, replica.storage());
    if (bad != nullptr && bad->reported.generation_stamp < record.generation_stamp())
      stale = &replica;
  }
  if (stale == nullptr) return;
  const Block reported = state_.FindCorrupt(block, stale->storage())->reported;
  stale->Set(StoredReplica::kExcess);
  Invalidate(reported, stale->storage());
}

bool ReplicaLedger::StillToDelete(NodeIndex node, const Invalidation& invalidation) {
  const BlockId block = invalidation.block.id;
  BlockRecord* record = state_.blocks.Find(block);
  if (record == nullptr) return true;  // the block is gone altogether
  StoredReplica* replica = record->Find(invalidation.storage);
  // The node holds, or has moved, another version that is not counted: only that may go.
  if (replica == nullptr) return invalidation.block.generation_stamp < record->generation_stamp();
  if (!replica->Has(StoredReplica::kExcess)) return false;
  const ReplicaCounts counts = state_.Count(*record);
  int needed = record->replication();
  if (replica->Has(StoredReplica::kCorrupt)) {
    const bool stale = invalidation.block.generation_stamp < record->generation_stamp();
    needed = std::min(stale ? 1 : 2, needed);
  }
  // A node that came back may have lost what it held: nothing goes before it has reported, nor
  // while the block is written again.
  if (record->complete() && !counts.unsure && counts.live >= std::max(1, needed)) return true;
  Book(block, [&] { replica->Clear(StoredReplica::kExcess); });
  Reevaluate(block);
  return false;
}

}  // namespace cairn::namenode
