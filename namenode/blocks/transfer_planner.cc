// Source and targets of one copy.
#include "namenode/blocks/transfer_planner.h"

#include <algorithm>
#include <tuple>

namespace cairn::namenode {

int TransferPlanner::Streams(const ClusterState& state, NodeIndex node) {
  const auto queued = state.transfers.find(node);
  return state.nodes.node(node).transfers_in_progress +
         (queued == state.transfers.end() ? 0 : static_cast<int>(queued->second.size()));
}

// The least busy node with a good replica; one in maintenance only if there is no other, and one
// not stale if possible; ties at random.
std::optional<NodeIndex> TransferPlanner::ChooseSource(const ClusterState& state,
                                                       const BlockRecord& record, int stream_limit,
                                                       int64_t now_ms) const {
  std::optional<NodeIndex> best;
  std::tuple<bool, bool, int> best_rank;
  uint64_t ties = 0;
  for (const StoredReplica& replica : record.replicas()) {
    const StorageState& storage = state.nodes.storage(replica.storage());
    const NodeIndex node = storage.node;
    if (!replica.good() || !storage.usable || !state.nodes.node(node).alive) continue;
    const int streams = Streams(state, node);
    if (streams >= stream_limit) continue;
    const bool maintained = state.nodes.node(node).admin == AdminState::kInMaintenance;
    const std::tuple<bool, bool, int> rank{maintained, state.nodes.IsStale(node, now_ms), streams};
    if (best && rank > best_rank) continue;
    ties = best && rank == best_rank ? ties + 1 : 1;
    if (ties == 1 || random_.Uniform(ties) == 0) best = node;
    best_rank = rank;
  }
  return best;
}

TransferPlanner::Outcome TransferPlanner::Plan(const ClusterState& state, BlockId block,
                                               int64_t now_ms, TransferPlan& plan) const {
  const BlockRecord* record = state.blocks.Find(block);
  if (record == nullptr || !record->complete() || record->unlinked()) return Outcome::kNotNeeded;
  const ReplicaCounts counts = state.Count(*record);
  const int wanted = state.LiveWanted(record->replication(), counts);
  const int expected = counts.live + state.pending.Count(block);
  const bool badly_placed = expected >= wanted && expected == counts.live && counts.live > 0 &&
                            counts.maintenance == 0 && counts.racks < state.RacksWanted(wanted);
  if (expected >= wanted && !badly_placed) return Outcome::kNotNeeded;
  const auto source =
      ChooseSource(state, *record,
                   counts.live <= 1 && !badly_placed ? state.pace.max_streams_hard_limit
                                                     : state.pace.max_streams,
                   now_ms);
  if (!source) return Outcome::kNoSource;

  PlacementQuery query;
  query.wanted = badly_placed ? 1 : wanted - expected;
  query.block_size = record->length();
  query.writer = {*source};
  query.existing = {*source};
  for (const StoredReplica& replica : record->replicas()) {
    const NodeIndex node = state.nodes.NodeOf(replica.storage());
    if (node == *source || !state.nodes.node(node).alive) continue;
    if (replica.good() && state.nodes.node(node).admin == AdminState::kNormal) {
      query.existing.push_back(node);
    } else {
      query.excluded.insert(node);
    }
  }
  for (const NodeIndex target : state.pending.TargetsOf(block)) {
    if (std::count(query.existing.begin(), query.existing.end(), target) == 0) {
      query.existing.push_back(target);
    }
  }
  plan.source = *source;
  plan.block = {block, record->generation_stamp(), record->length()};
  plan.targets = placement_.Choose(state.nodes, query, now_ms).chosen;
  if (badly_placed) {  // only another rack helps
    const std::string& rack = state.nodes.node(*source).rack;
    std::erase_if(plan.targets, [&](StorageIndex target) {
      return state.nodes.node(state.nodes.NodeOf(target)).rack == rack;
    });
  }
  return plan.targets.empty() ? Outcome::kNoTarget : Outcome::kPlanned;
}

}  // namespace cairn::namenode
