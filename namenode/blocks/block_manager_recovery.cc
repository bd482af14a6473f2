// Recovery of blocks whose writer is gone: who is the primary, and what became of the replicas.
#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "common/types/errors.h"
#include "namenode/blocks/block_manager_impl.h"

namespace cairn::namenode {

// Storages of live DataNodes that may have a replica of an unfinished block.
std::vector<StorageIndex> BlockManagerImpl::RecoverablePlaces(BlockId block) const {
  std::vector<StorageIndex> places;
  const auto open = state_.open.find(block);
  if (open == state_.open.end()) return places;
  for (const OpenReplica& place : open->second) {
    const StorageState& storage = state_.nodes.storage(place.storage);
    if (place.expected && storage.usable && state_.nodes.node(storage.node).alive &&
        state_.FindCorrupt(block, place.storage) == nullptr) {
      places.push_back(place.storage);
    }
  }
  return places;
}

// Whether a recovery may begin with the places known now. Those of a pipeline that this NameNode
// has seen are all there are. Of one from before its start only the reported ones are known: a
// recovery among a few would cut the block to what they have, and what the others hold would be
// stale. Then it waits until as many as the block should have told of one, good or bad, or until
// everyone has had his say.
bool BlockManagerImpl::CanRecover(BlockId block) const {
  if (RecoverablePlaces(block).empty()) return false;
  const auto open = state_.open.find(block);
  for (const OpenReplica& place : open->second) {
    if (place.pipeline_stamp != 0) return true;
  }
  const BlockRecord& record = *state_.blocks.Find(block);
  return static_cast<int>(record.replicas().size()) >= record.replication() || AllHaveReported();
}

// The DataNode heard of last is the primary; another one each time, while there is one.
void BlockManagerImpl::AssignPrimary(BlockId block) {
  if (!CanRecover(block)) return;
  std::vector<NodeIndex> nodes;
  for (const StorageIndex storage : RecoverablePlaces(block)) {
    nodes.push_back(state_.nodes.NodeOf(storage));
  }
  const BlockRecovery& recovery = *state_.recoveries.Find(block);
  const auto tried = [&recovery](NodeIndex node) {
    return std::find(recovery.tried.begin(), recovery.tried.end(), node) != recovery.tried.end();
  };
  if (std::all_of(nodes.begin(), nodes.end(), tried)) state_.recoveries.ForgetTried(block);
  std::optional<NodeIndex> chosen;
  for (const NodeIndex node : nodes) {
    if (tried(node)) continue;
    if (!chosen ||
        state_.nodes.node(node).last_heartbeat_ms > state_.nodes.node(*chosen).last_heartbeat_ms) {
      chosen = node;
    }
  }
  state_.recoveries.Assign(block, *chosen);
  spdlog::info("Recovery {} of blk_{}: the primary is DataNode {}", recovery.id, block,
               state_.nodes.node(*chosen).id.uuid);
}

// Gives recoveries a primary that have none, or one that has fallen silent before it was told.
void BlockManagerImpl::AssignPrimaries() {
  using Phase = BlockRecovery::Phase;
  const int64_t now_ms = clock_.MonotonicMs();
  std::vector<BlockId> waiting;
  for (const auto& [block, recovery] : state_.recoveries.all()) {
    if (recovery.phase == Phase::kPrimary ||
        (recovery.phase == Phase::kHeartbeat && state_.nodes.IsStale(recovery.primary, now_ms))) {
      waiting.push_back(block);
    }
  }
  for (const BlockId block : waiting) AssignPrimary(block);
}

std::vector<RecoverCommand> BlockManagerImpl::TakeRecoveries(NodeIndex node) {
  const int64_t now_ms = clock_.MonotonicMs();
  std::vector<RecoverCommand> commands;
  for (const BlockId block : state_.recoveries.Take(node, Durable(), now_ms)) {
    const BlockRecord* record = state_.blocks.Find(block);
    const BlockRecovery& recovery = *state_.recoveries.Find(block);
    RecoverCommand command{
        {options_.block_pool_id, {block, record->generation_stamp(), record->length()}},
        recovery.id,
        {},
        recovery.truncate_to};
    const std::vector<StorageIndex> places = RecoverablePlaces(block);
    for (const StorageIndex place : places) {
      command.replicas.push_back(state_.Location(place, now_ms));
    }
    // Those that may be gone would only delay the others, if there are any.
    std::vector<ReplicaLocation> fresh;
    std::copy_if(command.replicas.begin(), command.replicas.end(), std::back_inserter(fresh),
                 [](const ReplicaLocation& place) { return !place.datanode.stale; });
    if (fresh.size() > 1) command.replicas = std::move(fresh);
    commands.push_back(std::move(command));
  }
  return commands;
}

// Whether every DataNode that may have had something to tell has told it: all that are alive have
// reported, and the others have been away for as long as it takes to be declared dead.
bool BlockManagerImpl::AllHaveReported() const {
  const int64_t dead_ms = 2 * options_.recheck_interval_ms + 10 * options_.heartbeat_interval_ms;
  if (state_.loading || safe_mode_.on() || clock_.MonotonicMs() - started_ms_ < dead_ms) {
    return false;
  }
  for (NodeIndex index = 0; index < state_.nodes.size(); ++index) {
    const DatanodeState& node = state_.nodes.node(index);
    if (!node.alive) continue;
    for (const StorageIndex storage : node.storages) {
      if (state_.nodes.storage(storage).usable && !state_.nodes.storage(storage).reported) {
        return false;
      }
    }
  }
  return true;
}

bool BlockManagerImpl::Unclaimed(BlockId block, const BlockRecord& record) const {
  return !record.committed() && record.replicas().empty() && !state_.open.contains(block) &&
         AllHaveReported();
}

std::vector<ReplicationCandidate> BlockManagerImpl::StalledRecoveries(size_t limit) const {
  MutexLock lock(mu_);
  std::vector<ReplicationCandidate> stalled;
  if (safe_mode_.on()) return stalled;
  const int64_t now_ms = clock_.MonotonicMs();
  for (const auto& [block, recovery] : state_.recoveries.all()) {
    if (stalled.size() >= limit) break;
    const BlockRecord& record = *state_.blocks.Find(block);
    // One that cannot begin would only wait like the last one.
    const bool hopeful = !state_.recoveries.Pending(block, now_ms) && CanRecover(block);
    if (hopeful || Unclaimed(block, record)) stalled.push_back({block, record.inode()});
  }
  return stalled;
}

absl::Status BlockManagerImpl::CheckPlaces(const std::vector<ReplicaLocation>& locations) const {
  MutexLock lock(mu_);
  bool any = false;
  for (const ReplicaLocation& location : locations) {
    const auto node = state_.nodes.Find(location.datanode.id);
    if (!node) continue;
    any = true;
    if (!state_.nodes.FindStorage(*node, location.storage_id)) {
      return errors::Io(fmt::format("DataNode {} ({}) has no storage {}",
                                    location.datanode.id.XferAddress(), location.datanode.id.uuid,
                                    location.storage_id));
    }
  }
  if (any) return absl::OkStatus();
  return errors::Io(
      fmt::format("None of the {} DataNodes of the pipeline is known", locations.size()));
}

std::vector<StorageIndex> BlockManagerImpl::FindStorages(
    const std::vector<ReplicaLocation>& locations) const {
  std::vector<StorageIndex> storages;
  for (const ReplicaLocation& location : locations) {
    const auto node = state_.nodes.Find(location.datanode.id);
    if (!node) continue;  // left meanwhile
    const auto storage = state_.nodes.FindStorage(*node, location.storage_id);
    if (storage) storages.push_back(*storage);
  }
  return storages;
}

void BlockManagerImpl::ReplicasRecovered(const Block& block,
                                         const std::vector<ReplicaLocation>& places) {
  MutexLock lock(mu_);
  std::vector<StorageIndex> storages;
  for (const StorageIndex storage : FindStorages(places)) {
    const StorageState& state = state_.nodes.storage(storage);
    if (state.usable && state_.nodes.node(state.node).alive) storages.push_back(storage);
  }
  ledger_.Recovered(block, storages);
}

}  // namespace cairn::namenode
