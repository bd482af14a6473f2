// Recovery of blocks whose writer is gone: who is the primary, and what became of the replicas.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
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

bool BlockManagerImpl::PastDeadInterval() const {
  return clock_.MonotonicMs() - started_ms_ >= state_.nodes.liveness().dead_ms();
}

// The node has reported all its storages that work since it registered.
bool BlockManagerImpl::HasReported(NodeIndex node) const {
  for (const StorageIndex index : state_.nodes.node(node).storages) {
    const StorageState& storage = state_.nodes.storage(index);
    if (storage.usable && !storage.reported) return false;
  }
  return true;
}

BlockManagerImpl::PipelineStand BlockManagerImpl::StandOf(BlockId block) const {
  PipelineStand stand;
  const auto pipeline = state_.pipelines.find(block);
  if (pipeline == state_.pipelines.end()) return stand;
  for (const std::string& uuid : pipeline->second) {
    const auto node = state_.nodes.FindByUuid(uuid);
    if (!node) {
      (PastDeadInterval() ? stand.dead : stand.awaited).push_back(uuid);
      continue;
    }
    const DatanodeState& state = state_.nodes.node(*node);
    if (!state.alive || !HasReported(*node)) {
      (state.alive ? stand.awaited : stand.dead)
          .push_back(fmt::format("{} ({})", state.id.XferAddress(), uuid));
    } else if (state.failed_volumes > 0 && !HasReplica(block, *node)) {
      stand.dead.push_back(
          fmt::format("{} ({}), of which a volume failed", state.id.XferAddress(), uuid));
    } else {
      stand.any_heard = true;
    }
  }
  return stand;
}

// Whether the node has told of a replica, good or not.
bool BlockManagerImpl::HasReplica(BlockId block, NodeIndex node) const {
  for (const StoredReplica& replica : state_.blocks.Find(block)->replicas()) {
    if (state_.nodes.NodeOf(replica.storage()) == node) return true;
  }
  return false;
}

// What the recovery of a block waits for that cannot begin.
std::string BlockManagerImpl::AwaitedBy(BlockId block) const {
  PipelineStand stand = StandOf(block);
  if (RecoverablePlaces(block).empty()) {
    stand.awaited.insert(stand.awaited.end(), stand.dead.begin(), stand.dead.end());
  }
  if (stand.awaited.empty()) return "DataNodes with a replica of it";
  return fmt::format("DataNode {}", fmt::join(stand.awaited, ", "));
}

// Whether a recovery may begin with the places known now. Those of a pipeline that this NameNode
// has seen are all there are. Of one from before its start only the reported ones are known: a
// recovery among a few would cut the block to what they have, and what the others hold would be
// stale. Then it waits until each DataNode of the pipeline has reported or is dead. Where the
// pipeline is not known (rows of older programs, truncations): until as many as the block should
// have told of one, good or bad, or until everyone has had his say.
bool BlockManagerImpl::CanRecover(BlockId block) const {
  if (RecoverablePlaces(block).empty()) return false;
  const auto open = state_.open.find(block);
  for (const OpenReplica& place : open->second) {
    if (place.pipeline_stamp != 0) return true;
  }
  if (state_.pipelines.contains(block)) return StandOf(block).awaited.empty();
  const BlockRecord& record = *state_.blocks.Find(block);
  return static_cast<int>(record.replicas().size()) >= record.replication() || AllHaveReported();
}

// The DataNode heard of last is the primary; another one each time, while there is one.
void BlockManagerImpl::AssignPrimary(BlockId block) {
  if (!CanRecover(block)) {
    std::string awaited = AwaitedBy(block);
    const std::string message = fmt::format("Recovery {} of blk_{} waits for {}",
                                            state_.recoveries.Find(block)->id, block, awaited);
    if (state_.recoveries.Waits(block, std::move(awaited))) spdlog::warn("{}", message);
    return;
  }
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
    command.absent = AbsentFrom(command);
    state_.recoveries.SetLossIsCertain(block, command.absent == AbsentReplicas::kNone);
    commands.push_back(std::move(command));
  }
  return commands;
}

// What is to be expected of DataNodes that `command` does not name.
AbsentReplicas BlockManagerImpl::AbsentFrom(const RecoverCommand& command) const {
  const BlockId block = command.block.block.id;
  if (!state_.pipelines.contains(block)) {
    return AllHaveReported() ? AbsentReplicas::kDead : AbsentReplicas::kAwaited;
  }
  const PipelineStand stand = StandOf(block);
  std::vector<std::string> awaited = stand.awaited;
  for (const StorageIndex place : RecoverablePlaces(block)) {
    const DatanodeId& id = state_.nodes.node(state_.nodes.NodeOf(place)).id;
    const bool asked = std::any_of(
        command.replicas.begin(), command.replicas.end(),
        [&](const ReplicaLocation& replica) { return replica.datanode.id.uuid == id.uuid; });
    if (!asked) awaited.push_back(fmt::format("{} ({})", id.XferAddress(), id.uuid));
  }
  const std::string name =
      fmt::format("Recovery {} of {}", command.recovery_id, command.block.ToString());
  if (!awaited.empty()) {
    spdlog::info("{} begins without DataNode {}", name, fmt::join(awaited, ", "));
    return AbsentReplicas::kAwaited;
  }
  bool damaged = false;
  for (const StoredReplica& replica : state_.blocks.Find(block)->replicas()) {
    damaged =
        damaged || (replica.Has(StoredReplica::kCorrupt) && !IsOfNoUse(block, replica.storage()));
  }
  if (stand.dead.empty()) return damaged ? AbsentReplicas::kDead : AbsentReplicas::kNone;
  spdlog::warn(
      "{} begins without dead DataNode {}: the file stays open if the others have less than the {} "
      "bytes known to be written",
      name, fmt::join(stand.dead, ", "), command.block.block.num_bytes);
  return AbsentReplicas::kDead;
}

// Whether every DataNode that may have had something to tell has told it: all that are alive have
// reported, and the others have been away for as long as it takes to be declared dead.
bool BlockManagerImpl::AllHaveReported() const {
  if (state_.loading || safe_mode_.on() || !PastDeadInterval()) return false;
  for (NodeIndex index = 0; index < state_.nodes.size(); ++index) {
    if (state_.nodes.node(index).alive && !HasReported(index)) return false;
  }
  return true;
}

// Replicas of an earlier stamp are of no use to a recovery. One that was found damaged may be good
// to some extent, but of a committed block only whole ones count.
bool BlockManagerImpl::IsOfNoUse(BlockId block, StorageIndex storage) const {
  const CorruptReplica* bad = state_.FindCorrupt(block, storage);
  if (bad == nullptr) return false;
  return bad->reason == CorruptReason::kMismatch || state_.blocks.Find(block)->committed();
}

bool BlockManagerImpl::Unclaimed(BlockId block, const BlockRecord& record) const {
  if (record.complete()) return false;
  if (const auto open = state_.open.find(block); open != state_.open.end()) {
    for (const OpenReplica& place : open->second) {
      // Nobody finalizes what a DataNode that died has left of a committed block.
      const bool left_behind =
          record.committed() && place.reported == ReplicaState::kWaitingToBeRecovered;
      if (!left_behind && !IsOfNoUse(block, place.storage)) return false;
    }
  }
  for (const StoredReplica& replica : record.replicas()) {
    if (!replica.Has(StoredReplica::kUnderConstruction) && !IsOfNoUse(block, replica.storage()))
      return false;
  }
  const bool pipeline_known = state_.pipelines.contains(block);
  const PipelineStand stand = StandOf(block);
  // HDFS's clients do not tell the length of what they flush: that nothing was written takes the
  // word of one that would have it.
  if (record.length() == 0) return AllHaveReported() && (stand.any_heard || !pipeline_known);
  if (state_.loading || safe_mode_.on() || !pipeline_known) return false;
  return stand.awaited.empty() && stand.dead.empty();
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
