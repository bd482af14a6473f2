// What the namespace asks: rows, places, targets, safe mode, statistics.
#include "namenode/blocks/block_manager_impl.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "common/types/errors.h"

namespace cairn::namenode {
namespace {

// AddBlockFlagProto bits of PlacementRequest::flags.
constexpr uint32_t kNoLocalWrite = 1;
constexpr uint32_t kIgnoreClientLocality = 2;
// How many DataNodes a message names at most.
constexpr size_t kMaxNamedNodes = 20;

PlacementPolicy::Options PlacementOf(const BlockManagerOptions& options) {
  return {options.avoid_stale_for_write, options.consider_load, options.load_factor,
          options.load_floor_xceivers};
}

SafeMode::Options SafeModeOf(const BlockManagerOptions& options) {
  return {options.safe_mode_threshold, options.safe_mode_extension_ms,
          options.safe_mode_min_datanodes, options.host_name};
}

}  // namespace

BlockManagerImpl::BlockManagerImpl(BlockManagerOptions options, const Clock& clock, Random& random,
                                   RackResolver& racks)
    : options_(std::move(options)),
      clock_(clock),
      random_(random),
      racks_(racks),
      placement_(PlacementOf(options_), random),
      planner_(placement_, random),
      started_ms_(clock.MonotonicMs()),
      state_(options_.liveness),
      ledger_(options_, clock, state_),
      reports_(state_, ledger_),
      safe_mode_(SafeModeOf(options_)),
      scheduled_rolled_ms_(clock.MonotonicMs()) {
  SetPace(options_.pace);
  MutexLock lock(mu_);
  state_.maintenance_min_replication = options_.maintenance_min_replication;
}

void BlockManagerImpl::Apply(absl::Span<const BlockChange> changes, Txid txid) {
  MutexLock lock(mu_);
  state_.last_applied = std::max(state_.last_applied, txid);
  for (const BlockChange& change : changes) {
    if (state_.loading) changed_while_loading_.insert(change.id);
    if (!change.row) {
      ledger_.EraseBlock(change.id);
      state_.recoveries.Erase(change.id);
      state_.pipelines.erase(change.id);
      continue;
    }
    ledger_.PutBlock(*change.row);
    SetPipeline(*change.row);
    state_.recoveries.Put(*change.row, txid);
    const BlockRecovery* recovery = state_.recoveries.Find(change.id);
    if (recovery != nullptr && recovery->phase == BlockRecovery::Phase::kPrimary) {
      AssignPrimary(change.id);
    }
  }
}

void BlockManagerImpl::SetPipeline(const BlockRow& row) {
  if (row.pipeline.empty()) {
    state_.pipelines.erase(row.id);
  } else {
    state_.pipelines[row.id] = row.pipeline;
  }
}

std::optional<BlockView> BlockManagerImpl::Find(BlockId id) const {
  MutexLock lock(mu_);
  const BlockRecord* record = state_.blocks.Find(id);
  if (record == nullptr) return std::nullopt;
  const ReplicaCounts counts = state_.Count(*record);
  BlockView view;
  view.row = record->Row(id);
  view.live = counts.running();
  view.corrupt = counts.corrupt;
  if (const auto open = state_.open.find(id); open != state_.open.end()) {
    for (const OpenReplica& place : open->second) {
      view.expected += place.expected;
      view.reported += place.expected && place.reported && place.length > 0 &&
                       state_.nodes.node(state_.nodes.NodeOf(place.storage)).alive;
    }
  }
  if (const BlockRecovery* recovery = state_.recoveries.Find(id); recovery != nullptr) {
    view.row.recovery_id = recovery->id;
    view.row.truncate_to = recovery->truncate_to;
    view.recovery_pending = state_.recoveries.Pending(id, clock_.MonotonicMs());
    view.recovery_waits_for = recovery->waits_for;
    view.loss_is_certain = recovery->loss_is_certain;
  }
  if (const auto pipeline = state_.pipelines.find(id); pipeline != state_.pipelines.end()) {
    view.row.pipeline = pipeline->second;
  }
  view.unclaimed = Unclaimed(id, *record);
  return view;
}

std::optional<BlockExtent> BlockManagerImpl::Extent(BlockId id) const {
  MutexLock lock(mu_);
  const BlockRecord* record = state_.blocks.Find(id);
  if (record == nullptr) return std::nullopt;
  return BlockExtent{.length = record->length(), .complete = record->complete()};
}

bool BlockManagerImpl::HasMinReplicas(const BlockRow& row) const {
  MutexLock lock(mu_);
  return ledger_.HasMinReplicas(row);
}

void BlockManagerImpl::SetExpectedLocations(BlockId id,
                                            const std::vector<ReplicaLocation>& locations) {
  MutexLock lock(mu_);
  ledger_.SetExpected(id, FindStorages(locations));
}

std::vector<ReplicaLocation> BlockManagerImpl::ExpectedLocations(BlockId id) const {
  MutexLock lock(mu_);
  std::vector<ReplicaLocation> locations;
  const auto open = state_.open.find(id);
  if (open == state_.open.end()) return locations;
  for (const OpenReplica& place : open->second) {
    if (place.expected) locations.push_back(state_.Location(place.storage, clock_.MonotonicMs()));
  }
  return locations;
}

// Good places; else those whose deletion was decided; else those in maintenance; else the corrupt
// ones.
BlockManagerImpl::Places BlockManagerImpl::PlacesOf(BlockId id, const BlockRecord& record,
                                                    bool* corrupt) const {
  Places good;
  Places excess;
  Places maintained;
  Places bad;
  bool kept = false;  // a DataNode that is down in maintenance has a good one
  const auto open = state_.open.find(id);
  if (!record.complete() && open != state_.open.end()) {
    for (const OpenReplica& place : open->second) {
      if (!place.expected) continue;
      (state_.FindCorrupt(id, place.storage) == nullptr ? good : bad).push_back(place.storage);
    }
  } else {
    for (const StoredReplica& replica : record.replicas()) {
      const StorageState& storage = state_.nodes.storage(replica.storage());
      const DatanodeState& node = state_.nodes.node(storage.node);
      if (!storage.usable) continue;
      if (!node.alive) {
        kept |= IsMaintenance(node.admin) && !replica.Has(StoredReplica::kCorrupt);
      } else if (replica.Has(StoredReplica::kCorrupt)) {
        bad.push_back(replica.storage());
      } else if (node.admin == AdminState::kInMaintenance) {
        maintained.push_back(replica.storage());
      } else {
        (replica.Has(StoredReplica::kExcess) ? excess : good).push_back(replica.storage());
      }
    }
  }
  *corrupt = good.empty() && excess.empty() && maintained.empty() && !kept && !bad.empty();
  if (!good.empty()) return good;
  if (!excess.empty()) return excess;
  return maintained.empty() && !kept ? bad : maintained;
}

void BlockManagerImpl::SortForReader(Places& places, std::string_view client_address,
                                     std::string_view client_rack) const {
  const std::vector<NodeIndex> local = state_.nodes.FindByHost(client_address);
  if (!local.empty()) client_rack = state_.nodes.node(local.front()).rack;
  const int64_t now_ms = clock_.MonotonicMs();
  struct Ranked {
    bool stale;  // or out of service
    int distance;
    uint64_t tie;  // equals in random order, to spread the load
    StorageIndex storage;
  };
  absl::InlinedVector<Ranked, 4> ranked;
  for (const StorageIndex storage : places) {
    const NodeIndex node = state_.nodes.NodeOf(storage);
    const DatanodeState& state = state_.nodes.node(node);
    const bool here = std::find(local.begin(), local.end(), node) != local.end();
    const bool left = state.admin == AdminState::kDecommissioned || IsMaintenance(state.admin);
    ranked.push_back({!state.alive || left || state_.nodes.IsStale(node, now_ms),
                      here ? 0 : RackDistance(client_rack, state.rack), random_.Next64(), storage});
  }
  std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return std::tie(a.stale, a.distance, a.tie) < std::tie(b.stale, b.distance, b.tie);
  });
  for (size_t i = 0; i < places.size(); ++i) places[i] = ranked[i].storage;
}

LocatedBlock BlockManagerImpl::Locate(BlockId id, int64_t offset_in_file,
                                      std::string_view client_address) const {
  const std::string client_rack = racks_.Known(client_address);
  LocatedBlock located;
  located.block = {options_.block_pool_id, {id, 0, 0}};
  located.offset = offset_in_file;
  MutexLock lock(mu_);
  const BlockRecord* record = state_.blocks.Find(id);
  if (record == nullptr) return located;
  located.block.block = {id, record->generation_stamp(), record->length()};
  Places places = PlacesOf(id, *record, &located.corrupt);
  if (places.size() > 1) SortForReader(places, client_address, client_rack);
  const int64_t now_ms = clock_.MonotonicMs();
  located.locations.reserve(places.size());
  for (const StorageIndex storage : places) {
    located.locations.push_back(state_.Location(storage, now_ms));
  }
  return located;
}

std::vector<NodeIndex> BlockManagerImpl::FindNodes(
    const std::vector<ReplicaLocation>& locations) const {
  std::vector<NodeIndex> nodes;
  for (const ReplicaLocation& location : locations) {
    if (const auto node = state_.nodes.Find(location.datanode.id)) nodes.push_back(*node);
  }
  return nodes;
}

PlacementQuery BlockManagerImpl::QueryFor(const PlacementRequest& request,
                                          const std::string& rack) const {
  PlacementQuery query;
  query.wanted = request.replicas;
  query.block_size = request.block_size;
  query.storage_policy = request.storage_policy;
  query.avoid_local = (request.flags & kNoLocalWrite) != 0;
  query.existing = FindNodes(request.existing);
  if ((request.flags & kIgnoreClientLocality) == 0) {
    query.writer = state_.nodes.FindByHost(request.client_address);
    query.writer_rack = rack;
  }
  // Of several DataNodes on the writer's machine none is nearer than the others.
  for (size_t left = query.writer.size(); left > 1; --left) {
    std::swap(query.writer[left - 1], query.writer[random_.Uniform(left)]);
  }
  for (const DatanodeId& id : request.excluded) {
    if (const auto node = state_.nodes.Find(id)) query.excluded.insert(*node);
  }
  for (const std::string& address : request.favored) {
    if (const auto node = state_.nodes.FindByXferAddress(address)) query.favored.push_back(*node);
  }
  return query;
}

absl::StatusOr<std::vector<ReplicaLocation>> BlockManagerImpl::ChooseTargets(
    const PlacementRequest& request) {
  const std::string rack = racks_.Resolve(request.client_address, "");
  MutexLock lock(mu_);
  const int64_t now_ms = clock_.MonotonicMs();
  const PlacementResult result = placement_.Choose(state_.nodes, QueryFor(request, rack), now_ms);
  const int chosen = static_cast<int>(result.chosen.size());
  const int minimum = std::min(options_.min_replication, request.replicas);
  if (request.existing.empty() && chosen < minimum) {
    std::string detail;
    for (const auto& [reason, count] : result.rejected) {
      detail += fmt::format("{}{} {}", detail.empty() ? "\nNot chosen: " : ", ", count, reason);
    }
    for (size_t i = 0; i < std::min(request.excluded.size(), kMaxNamedNodes); ++i) {
      const DatanodeId& excluded = request.excluded[i];
      detail += fmt::format("{}{} ({})", i == 0 ? "\nThe client failed to write to: " : ", ",
                            excluded.XferAddress(), excluded.host_name);
    }
    if (!request.excluded.empty()) {
      detail +=
          "\nIf it cannot reach these addresses: dfs.client.use.datanode.hostname=true makes "
          "it use the names, which dfs.datanode.hostname sets.";
    }
    return errors::NotEnoughTargets(request.path, chosen, minimum, state_.nodes.live(),
                                    static_cast<int>(request.excluded.size()), detail);
  }
  std::vector<ReplicaLocation> locations;
  for (const StorageIndex storage : result.chosen) {
    state_.nodes.Schedule(state_.nodes.NodeOf(storage));
    locations.push_back(state_.Location(storage, now_ms));
  }
  return locations;
}

void BlockManagerImpl::Load(absl::Span<const BlockRow> rows) {
  while (!rows.empty()) {
    const size_t part = std::min<size_t>(rows.size(), options_.lock_yield_items);
    MutexLock lock(mu_);
    for (const BlockRow& row : rows.subspan(0, part)) {
      if (changed_while_loading_.contains(row.id)) continue;
      ledger_.PutBlock(row);
      SetPipeline(row);
      state_.recoveries.Restore(row);
    }
    rows.remove_prefix(part);
  }
}

void BlockManagerImpl::LoadingDone() {
  MutexLock lock(mu_);
  state_.loading = false;
  changed_while_loading_.clear();
  spdlog::info("{} blocks are loaded, {} of them complete", state_.blocks.size(),
               state_.complete_blocks);
  UpdateSafeMode();
}

bool BlockManagerImpl::loading() const {
  MutexLock lock(mu_);
  return state_.loading;
}

SafeModeInputs BlockManagerImpl::Inputs() const {
  int64_t future_bytes = 0;
  for (const auto& [replica, bytes] : state_.future) future_bytes += std::max<int64_t>(1, bytes);
  return {state_.loading, state_.safe_blocks, state_.complete_blocks, state_.nodes.live(),
          future_bytes};
}

void BlockManagerImpl::UpdateSafeMode() {
  if (safe_mode_.startup()) safe_mode_.Update(Inputs(), clock_.MonotonicMs());
  if (!safe_mode_.startup() && !state_.queues_active) {
    state_.queues_active = true;  // from now on every change is followed; Tick looks at the rest
    first_look_ = std::numeric_limits<BlockId>::min();
  }
}

bool BlockManagerImpl::InSafeMode() const {
  MutexLock lock(mu_);
  return safe_mode_.on();
}

std::string BlockManagerImpl::SafeModeTip() const {
  MutexLock lock(mu_);
  return safe_mode_.Tip(Inputs(), clock_.MonotonicMs());
}

void BlockManagerImpl::EnterSafeMode(bool for_lack_of_space) {
  MutexLock lock(mu_);
  safe_mode_.Enter(for_lack_of_space);
}

void BlockManagerImpl::SpaceReturned() {
  MutexLock lock(mu_);
  safe_mode_.SpaceReturned();
}

absl::Status BlockManagerImpl::LeaveSafeMode(bool force) {
  MutexLock lock(mu_);
  const absl::Status left = safe_mode_.Leave(force, Inputs());
  UpdateSafeMode();
  return left;
}

FsStats BlockManagerImpl::Stats() const {
  MutexLock lock(mu_);
  const int64_t now_ms = clock_.MonotonicMs();
  FsStats stats;
  for (NodeIndex index = 0; index < state_.nodes.size(); ++index) {
    if (!state_.nodes.node(index).alive) continue;
    const DatanodeInfo info = state_.nodes.Info(index, 0, now_ms);
    stats.used += info.dfs_used;
    if (info.admin != AdminState::kNormal) continue;  // as in HDFS: its space is not offered
    stats.capacity += info.capacity;
    stats.remaining += info.remaining;
  }
  const auto missing = static_cast<int64_t>(state_.needed.size(ReplicationPriority::kMissing));
  stats.under_replicated = static_cast<int64_t>(state_.needed.size()) - missing;
  stats.corrupt_blocks = static_cast<int64_t>(state_.corrupt.size());
  stats.missing_blocks = missing;
  stats.missing_replication_one_blocks = static_cast<int64_t>(state_.needed.missing_single());
  stats.pending_deletion_blocks = static_cast<int64_t>(state_.invalidations.size());
  stats.pending_replication_blocks = static_cast<int64_t>(state_.pending.size());
  stats.total_blocks = static_cast<int64_t>(state_.blocks.size());
  stats.live_datanodes = state_.nodes.live();
  stats.dead_datanodes = state_.nodes.dead();
  stats.stale_datanodes = state_.nodes.StaleCount(now_ms);
  return stats;
}

std::vector<DatanodeInfo> BlockManagerImpl::Datanodes() const {
  MutexLock lock(mu_);
  std::vector<DatanodeInfo> nodes;
  for (NodeIndex index = 0; index < state_.nodes.size(); ++index) {
    const DatanodeState& node = state_.nodes.node(index);
    if (node.wiped || !hosts_.Includes(node.id)) continue;
    nodes.push_back(state_.nodes.Info(index, state_.BlocksOn(index), clock_.MonotonicMs()));
  }
  for (DatanodeInfo& never_seen : NeverSeen()) nodes.push_back(std::move(never_seen));
  return nodes;
}

std::vector<StorageUsage> BlockManagerImpl::StoragesOf(std::string_view datanode_uuid) const {
  MutexLock lock(mu_);
  std::vector<StorageUsage> usage;
  const auto node = state_.nodes.FindByUuid(datanode_uuid);
  if (!node) return usage;
  for (const StorageIndex index : state_.nodes.node(*node).storages) {
    const StorageState& storage = state_.nodes.storage(index);
    usage.push_back({.storage_id = storage.id,
                     .type = storage.type,
                     .failed = !storage.usable,
                     .capacity = storage.capacity,
                     .dfs_used = storage.dfs_used,
                     .non_dfs_used = storage.non_dfs_used,
                     .remaining = storage.remaining});
  }
  return usage;
}

}  // namespace cairn::namenode
