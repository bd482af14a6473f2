// Registration, heartbeats and liveness of DataNodes.
#include "namenode/blocks/model/datanode_registry.h"

#include <algorithm>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace cairn::namenode {

RegisterOutcome DatanodeRegistry::Register(const DatanodeRegistration& registration,
                                           const std::string& rack, int64_t now_ms,
                                           int64_t wall_ms) {
  const DatanodeId& id = registration.id;
  RegisterOutcome outcome;
  const auto known = FindByUuid(id.uuid);
  const std::string address = id.XferAddress();
  const auto squatter = by_address_.find(address);
  if (squatter != by_address_.end() && (!known || squatter->second != *known)) {
    Wipe(squatter->second, outcome.lost);
  }
  if (known) {
    outcome.node = *known;
    SetLive(*known, false);
    by_address_.erase(node(*known).id.XferAddress());
  } else {
    outcome.node = static_cast<NodeIndex>(nodes_.size());
    nodes_.push_back(std::make_unique<DatanodeState>());
    by_uuid_[id.uuid] = outcome.node;
  }
  by_address_[address] = outcome.node;
  AddHost(id.ip_addr, outcome.node);
  AddHost(id.host_name, outcome.node);
  DatanodeState& state = node(outcome.node);
  state.id = id;
  state.ip_as_seen = registration.ip_as_seen;
  state.rack = rack;
  state.last_heartbeat_ms = now_ms;
  state.last_update_ms = wall_ms;
  state.wiped = false;
  state.transfers_in_progress = 0;
  state.scheduled = {0, 0};
  for (const StorageIndex index : TakeUsage(outcome.node, registration.storages)) {
    outcome.lost.push_back(index);
  }
  for (const StorageIndex index : state.storages) {
    storage(index).reported = false;
    storage(index).report_number = -1;
    storage(index).sequence = ReportSequence();
  }
  state.report_wanted = false;  // one comes with every registration
  SetLive(outcome.node, true);
  return outcome;
}

void DatanodeRegistry::AddHost(const std::string& host, NodeIndex index) {
  auto& nodes = by_host_[host];
  if (std::find(nodes.begin(), nodes.end(), index) == nodes.end()) nodes.push_back(index);
}

void DatanodeRegistry::Wipe(NodeIndex index, std::vector<StorageIndex>& lost) {
  DatanodeState& state = node(index);
  spdlog::info("DataNode {} ({}) is replaced at its address by another", state.id.uuid,
               state.id.XferAddress());
  SetLive(index, false);
  state.wiped = true;
  by_uuid_.erase(state.id.uuid);
  for (const StorageIndex storage_index : state.storages) {
    storage(storage_index).usable = false;
    lost.push_back(storage_index);
  }
}

std::vector<StorageIndex> DatanodeRegistry::TakeUsage(NodeIndex index,
                                                      const std::vector<StorageUsage>& usages) {
  std::vector<StorageIndex> present;
  std::vector<StorageIndex> lost;
  for (const StorageUsage& usage : usages) {
    const StorageIndex storage_index = EnsureStorage(index, usage.storage_id, usage.type);
    StorageState& state = storage(storage_index);
    state.type = usage.type;
    state.capacity = usage.capacity;
    state.dfs_used = usage.dfs_used;
    state.non_dfs_used = usage.non_dfs_used;
    state.remaining = usage.remaining;
    if (!usage.failed) present.push_back(storage_index);
  }
  for (const StorageIndex storage_index : node(index).storages) {
    StorageState& state = storage(storage_index);
    const bool is_present =
        std::find(present.begin(), present.end(), storage_index) != present.end();
    if (state.usable && !is_present) {
      spdlog::warn("Storage {} of DataNode {} has failed or was removed", state.id,
                   node(index).id.uuid);
      lost.push_back(storage_index);
      state.reported = false;
    }
    if (!state.usable && is_present) {  // what it held was forgotten
      state.reported = false;
      node(index).report_wanted = true;
    }
    state.usable = is_present;
    if (!is_present) state.capacity = state.dfs_used = state.non_dfs_used = state.remaining = 0;
  }
  return lost;
}

std::vector<StorageIndex> DatanodeRegistry::Heartbeat(NodeIndex index,
                                                      const HeartbeatRequest& request,
                                                      int64_t now_ms, int64_t wall_ms) {
  DatanodeState& state = node(index);
  state.last_heartbeat_ms = now_ms;
  state.last_update_ms = wall_ms;
  state.xceivers = request.xceivers;
  state.transfers_in_progress = request.transfers_in_progress;
  state.failed_volumes = request.failed_volumes;
  return TakeUsage(index, request.storages);
}

std::vector<NodeIndex> DatanodeRegistry::ExpireDead(int64_t now_ms) {
  std::vector<NodeIndex> dead;
  for (NodeIndex index = 0; index < nodes_.size(); ++index) {
    const DatanodeState& state = node(index);
    if (state.alive && now_ms - state.last_heartbeat_ms > liveness_.dead_ms()) {
      spdlog::warn("DataNode {} ({}) is dead: no heartbeat for {} ms", state.id.uuid,
                   state.id.XferAddress(), now_ms - state.last_heartbeat_ms);
      SetLive(index, false);
      dead.push_back(index);
    }
  }
  return dead;
}

void DatanodeRegistry::SetLive(NodeIndex index, bool alive) {
  DatanodeState& state = node(index);
  if (state.alive == alive) return;
  state.alive = alive;
  if (alive) {
    live_by_rack_[state.rack].push_back(index);
    ++live_;
    if (live_by_rack_.size() > 1) ever_multi_rack_ = true;
    return;
  }
  --live_;
  auto& peers = live_by_rack_[state.rack];
  std::erase(peers, index);
  if (peers.empty()) live_by_rack_.erase(state.rack);
}

std::optional<NodeIndex> DatanodeRegistry::FindByUuid(std::string_view uuid) const {
  const auto it = by_uuid_.find(std::string(uuid));
  if (it == by_uuid_.end()) return std::nullopt;
  return it->second;
}

std::optional<NodeIndex> DatanodeRegistry::FindByXferAddress(std::string_view address) const {
  const auto it = by_address_.find(std::string(address));
  if (it != by_address_.end()) return it->second;
  for (NodeIndex index = 0; index < nodes_.size(); ++index) {
    const DatanodeState& state = node(index);
    if (!state.wiped && fmt::format("{}:{}", state.id.host_name, state.id.xfer_port) == address) {
      return index;
    }
  }
  return std::nullopt;
}

std::vector<NodeIndex> DatanodeRegistry::FindByHost(std::string_view host) const {
  std::vector<NodeIndex> found;
  const auto it = by_host_.find(std::string(host));
  if (host.empty() || it == by_host_.end()) return found;
  for (const NodeIndex index : it->second) {
    const DatanodeState& state = node(index);
    if (state.alive && (state.id.ip_addr == host || state.id.host_name == host)) {
      found.push_back(index);
    }
  }
  return found;
}

std::optional<NodeIndex> DatanodeRegistry::Find(const DatanodeId& id) const {
  if (const auto by_uuid = FindByUuid(id.uuid)) return by_uuid;
  const auto it = by_address_.find(id.XferAddress());
  if (it == by_address_.end()) return std::nullopt;
  return it->second;
}

std::optional<StorageIndex> DatanodeRegistry::FindStorage(NodeIndex index,
                                                          std::string_view storage_id) const {
  for (const StorageIndex storage_index : node(index).storages) {
    if (storage(storage_index).id == storage_id) return storage_index;
  }
  return std::nullopt;
}

StorageIndex DatanodeRegistry::EnsureStorage(NodeIndex index, const std::string& storage_id,
                                             StorageType type) {
  if (const auto found = FindStorage(index, storage_id)) return *found;
  const auto storage_index = static_cast<StorageIndex>(storages_.size());
  storages_.push_back(std::make_unique<StorageState>());
  storages_.back()->node = index;
  storages_.back()->id = storage_id;
  storages_.back()->type = type;
  node(index).storages.push_back(storage_index);
  return storage_index;
}

int DatanodeRegistry::dead() const {
  int count = 0;
  for (const auto& state : nodes_) count += !state->alive && !state->wiped;
  return count;
}

int DatanodeRegistry::StaleCount(int64_t now_ms) const {
  int count = 0;
  for (NodeIndex index = 0; index < nodes_.size(); ++index) {
    count += node(index).alive && IsStale(index, now_ms);
  }
  return count;
}

double DatanodeRegistry::AverageXceivers() const {
  int64_t sum = 0;
  for (const auto& state : nodes_) sum += state->alive ? state->xceivers : 0;
  return live_ == 0 ? 0 : static_cast<double>(sum) / live_;
}

void DatanodeRegistry::Arrived(NodeIndex index) {
  auto& scheduled = node(index).scheduled;
  if (scheduled[0] > 0) {
    --scheduled[0];
  } else if (scheduled[1] > 0) {
    --scheduled[1];
  }
}

void DatanodeRegistry::RollScheduled() {
  for (const auto& state : nodes_) state->scheduled = {state->scheduled[1], 0};
}

DatanodeInfo DatanodeRegistry::Info(NodeIndex index, int64_t blocks, int64_t now_ms) const {
  const DatanodeState& state = node(index);
  DatanodeInfo info;
  info.id = state.id;
  info.network_location = state.rack;
  for (const StorageIndex storage_index : state.storages) {
    const StorageState& usage = storage(storage_index);
    info.capacity += usage.capacity;
    info.dfs_used += usage.dfs_used;
    info.non_dfs_used += usage.non_dfs_used;
    info.remaining += usage.remaining;
  }
  info.num_blocks = blocks;
  info.last_update_ms = state.last_update_ms;
  info.last_block_report_ms = state.last_report_ms;
  info.xceiver_count = state.xceivers;
  info.failed_volumes = state.failed_volumes;
  info.live = state.alive;
  info.admin = state.admin;
  info.stale = !state.alive || IsStale(index, now_ms);
  return info;
}

}  // namespace cairn::namenode
