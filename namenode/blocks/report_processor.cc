// Sorted chunks against sorted sets.
#include "namenode/blocks/report_processor.h"

#include <limits>
#include <vector>

#include <fmt/format.h>

#include "common/types/errors.h"

namespace cairn::namenode {

constexpr BlockId kMaxId = std::numeric_limits<BlockId>::max();

absl::Status ReportProcessor::Check(const ReportChunk& chunk) {
  const BlockId* previous = nullptr;
  for (const ReportedReplica& replica : chunk.replicas) {
    const BlockId id = replica.block.id;
    if (id < chunk.first_id || id > chunk.last_id || (previous != nullptr && id <= *previous)) {
      return errors::Io(fmt::format("Block report of storage {}: {} is out of order in [{}, {}]",
                                    chunk.storage_id, replica.block.ToString(), chunk.first_id,
                                    chunk.last_id));
    }
    previous = &replica.block.id;
  }
  return absl::OkStatus();
}

// Whether the storage has a replica with `after` < id < `before`.
bool ReportProcessor::HoldsBetween(StorageIndex storage, BlockId after, BlockId before) const {
  const auto& stored = state_.blocks.Stored(storage);
  const auto it = stored.upper_bound(after);
  return it != stored.end() && *it < before;
}

std::optional<ReportProcessor::Cursor> ReportProcessor::Begin(StorageIndex storage,
                                                              const ReportChunk& chunk) {
  StorageState& state = state_.nodes.storage(storage);
  if (!state.sequence.Usable(chunk.sequence) || chunk.sequence < state.report_number) {
    if (chunk.sequence >= state.report_number) {
      state_.nodes.node(state.node).report_wanted = true;
    }
    return std::nullopt;
  }
  const auto& stored = state_.blocks.Stored(storage);
  if (chunk.sequence != state.report_number) {
    state.report_number = chunk.sequence;
    state.report_gapless = stored.empty() || *stored.begin() >= chunk.first_id;
  } else if (chunk.first_id > state.report_last_id &&
             HoldsBetween(storage, state.report_last_id, chunk.first_id)) {
    state.report_gapless = false;
  }
  state.report_last_id = chunk.last_id;
  return Cursor{0, chunk.first_id, false};
}

void ReportProcessor::Step(StorageIndex storage, const ReportChunk& chunk, Cursor& cursor,
                           int limit) {
  const auto& stored = state_.blocks.Stored(storage);
  std::vector<BlockId> absent;
  const size_t first = cursor.next_replica;
  auto it = stored.lower_bound(cursor.next_id);
  BlockId last_seen = cursor.next_id;
  for (; limit > 0; --limit) {
    const bool listed = cursor.next_replica < chunk.replicas.size();
    const BlockId listed_id = listed ? chunk.replicas[cursor.next_replica].block.id : kMaxId;
    if (it != stored.end() && *it <= chunk.last_id && (!listed || *it < listed_id)) {
      last_seen = *it++;
      absent.push_back(last_seen);
    } else if (listed) {
      if (it != stored.end() && *it == listed_id) ++it;
      last_seen = listed_id;
      ++cursor.next_replica;
    } else {
      cursor.done = true;
      break;
    }
    if (last_seen == kMaxId) cursor.done = true;
    if (cursor.done) break;
    cursor.next_id = last_seen + 1;
  }
  const ReportSequence& sequence = state_.nodes.storage(storage).sequence;
  for (const BlockId id : absent) {
    if (sequence.MaySpeakOf(id, chunk.sequence)) ledger_.Removed(id, storage);
  }
  for (size_t i = first; i < cursor.next_replica; ++i) {
    const ReportedReplica& replica = chunk.replicas[i];
    if (sequence.MaySpeakOf(replica.block.id, chunk.sequence)) {
      ledger_.Reported(storage, replica, std::nullopt);
    }
  }
}

bool ReportProcessor::End(StorageIndex storage, const ReportChunk& chunk, int64_t wall_ms) {
  StorageState& state = state_.nodes.storage(storage);
  if (!chunk.last_chunk || state.report_number != chunk.sequence) return false;
  DatanodeState& node = state_.nodes.node(state.node);
  if (!state.report_gapless ||
      (chunk.last_id < kMaxId && HoldsBetween(storage, chunk.last_id, kMaxId))) {
    node.report_wanted = true;
    return false;
  }
  state.sequence.Finish(chunk.sequence);
  node.last_report_ms = wall_ms;
  const bool was_stale = !state.reported;
  state.reported = true;
  return was_stale;
}

void ReportProcessor::Change(StorageIndex storage, const ReplicaChange& change) {
  if (!state_.nodes.storage(storage).sequence.NoteChange(change.block.id, change.sequence)) return;
  switch (change.kind) {
    case ReplicaChangeKind::kDeleted:
      return ledger_.Removed(change.block.id, storage);
    case ReplicaChangeKind::kReceiving:
      return ledger_.Reported(storage, {change.block, ReplicaState::kBeingWritten}, std::nullopt);
    case ReplicaChangeKind::kReceived:
      return ledger_.Reported(storage, {change.block, ReplicaState::kFinalized},
                              state_.nodes.FindByUuid(change.delete_hint));
  }
}

}  // namespace cairn::namenode
