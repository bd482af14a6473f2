// Which DataNodes are in service: the lists of hosts, and the way out of the cluster. A DataNode
// that is to leave gets no more replicas, and has left when every block it holds has enough of them
// elsewhere. One that goes into maintenance needs only few elsewhere: until it is back, or its time
// is over, its replicas count although it is down (Hadoop 3.4: DatanodeAdminManager).
#include <algorithm>
#include <limits>

#include <spdlog/spdlog.h>

#include "namenode/blocks/block_manager_impl.h"

namespace cairn::namenode {
namespace {

// The port of a DataNode that is only known from a list.
constexpr int kDefaultTransferPort = 9866;

}  // namespace

void BlockManagerImpl::SetHostLists(HostLists lists) {
  MutexLock lock(mu_);
  hosts_ = std::move(lists);
  for (NodeIndex index = 0; index < state_.nodes.size(); ++index) {
    const DatanodeState& node = state_.nodes.node(index);
    if (node.wiped) continue;
    if (hosts_.Includes(node.id)) {
      SetService(index);
    } else if (node.alive || IsMaintenance(node.admin)) {
      spdlog::warn("DataNode {} ({}) is no longer in the list of hosts", node.id.uuid,
                   node.id.XferAddress());
      state_.nodes.MarkDead(index);
      state_.nodes.node(index).admin = AdminState::kNormal;
      leaving_.erase(index);
      NodeLost(index);
    }
  }
}

// What the lists say of the node now: kNormal, kDecommissioning or kEnteringMaintenance.
AdminState BlockManagerImpl::WantedService(const DatanodeState& node) const {
  if (hosts_.Excludes(node.id)) return AdminState::kDecommissioning;
  const auto until_ms = hosts_.MaintenanceUntil(node.id);
  return until_ms && *until_ms > clock_.WallMs() ? AdminState::kEnteringMaintenance
                                                 : AdminState::kNormal;
}

// Takes the node out of service or back as the lists say.
void BlockManagerImpl::SetService(NodeIndex index) {
  DatanodeState& node = state_.nodes.node(index);
  const AdminState wanted = WantedService(node);
  const AdminState begun = node.admin == AdminState::kDecommissioned ? AdminState::kDecommissioning
                           : node.admin == AdminState::kInMaintenance
                               ? AdminState::kEnteringMaintenance
                               : node.admin;
  if (wanted == begun) return;
  node.admin = wanted;
  leaving_.erase(index);
  if (wanted == AdminState::kNormal) {
    spdlog::info("DataNode {} ({}) is in service again", node.id.uuid, node.id.XferAddress());
  } else if (!node.alive) {  // it has nothing that would have to be copied
    node.admin = wanted == AdminState::kDecommissioning ? AdminState::kDecommissioned
                                                        : AdminState::kInMaintenance;
  } else {
    spdlog::info("DataNode {} ({}) with {} replicas is to {}", node.id.uuid, node.id.XferAddress(),
                 state_.BlocksOn(index),
                 wanted == AdminState::kDecommissioning ? "leave the cluster"
                                                        : "be out of service for maintenance");
    leaving_[index] = {};
  }
  // What counted for its return does not any more.
  if (!node.alive && !IsMaintenance(node.admin)) NodeLost(index);
  looks_.push_back({.node = index});  // what it holds counts otherwise now
}

// Ends maintenance whose time is over.
void BlockManagerImpl::ExpireMaintenance() {
  for (NodeIndex index = 0; index < state_.nodes.size(); ++index) {
    if (IsMaintenance(state_.nodes.node(index).admin)) SetService(index);
  }
}

void BlockManagerImpl::LookAtNodes() {
  std::vector<NodeIndex> leaving;
  {
    MutexLock lock(mu_);
    if (safe_mode_.on() || !state_.queues_active) return;
    ExpireMaintenance();
    for (const auto& [node, progress] : leaving_) leaving.push_back(node);
  }
  while (true) {
    MutexLock lock(mu_);
    if (!LookStep()) break;
  }
  for (const NodeIndex node : leaving) {
    while (true) {
      MutexLock lock(mu_);
      if (!LeaveStep(node)) break;
    }
  }
}

std::vector<BlockId> BlockManagerImpl::NextStored(NodeWalk& walk) const {
  std::vector<BlockId> blocks;
  const auto& storages = state_.nodes.node(walk.node).storages;
  const auto limit = static_cast<size_t>(options_.lock_yield_items);
  while (walk.storage < storages.size()) {
    const auto& stored = state_.blocks.Stored(storages[walk.storage]);
    for (auto it = stored.lower_bound(walk.next); it != stored.end(); ++it) {
      if (blocks.size() == limit) {
        walk.next = *it;
        return blocks;
      }
      blocks.push_back(*it);
    }
    ++walk.storage;
    walk.next = std::numeric_limits<BlockId>::min();
  }
  return blocks;
}

// Judges some blocks anew of a node that left the service or is in it again; false when there are
// none.
bool BlockManagerImpl::LookStep() {
  if (looks_.empty()) return false;
  const std::vector<BlockId> blocks = NextStored(looks_.back());
  if (blocks.empty()) looks_.pop_back();
  for (const BlockId block : blocks) ledger_.Reevaluate(block);
  return true;
}

bool BlockManagerImpl::CanLeave(BlockId block, bool for_good) const {
  const BlockRecord* record = state_.blocks.Find(block);
  if (record == nullptr || record->unlinked()) return true;
  if (record->complete()) {
    const int wanted =
        std::min<int>(record->replication(), for_good ? std::max(1, options_.default_replication)
                                                      : options_.maintenance_min_replication);
    return state_.Count(*record).live >= wanted;
  }
  int elsewhere = 0;
  for (const StoredReplica& replica : record->replicas()) {
    const StorageState& storage = state_.nodes.storage(replica.storage());
    const DatanodeState& node = state_.nodes.node(storage.node);
    elsewhere += !replica.Has(StoredReplica::kCorrupt) && storage.usable && node.alive &&
                 node.admin == AdminState::kNormal;
  }
  return elsewhere >= std::max(1, options_.min_replication);
}

// Looks at some of the node's blocks; false when it must wait for one, or has left.
bool BlockManagerImpl::LeaveStep(NodeIndex index) {
  const auto it = leaving_.find(index);
  DatanodeState& node = state_.nodes.node(index);
  if (it == leaving_.end() || !node.alive || !HasReported(index)) return false;
  Leaving& progress = it->second;
  progress.walk.node = index;
  const NodeWalk begin = progress.walk;
  const std::vector<BlockId> blocks = NextStored(progress.walk);
  for (const BlockId block : blocks) {
    if (CanLeave(block, node.admin == AdminState::kDecommissioning)) continue;
    ledger_.Reevaluate(block);
    progress.walk = begin;  // from here on next time
    progress.complete = false;
    return false;
  }
  if (!blocks.empty()) return true;
  if (!progress.complete) {  // what was passed before may have lost replicas since
    progress = {};
    return true;
  }
  const bool for_good = node.admin == AdminState::kDecommissioning;
  node.admin = for_good ? AdminState::kDecommissioned : AdminState::kInMaintenance;
  leaving_.erase(it);
  spdlog::info("DataNode {} ({}) {}", node.id.uuid, node.id.XferAddress(),
               for_good ? "has left the service: all its blocks are elsewhere"
                        : "is in maintenance: all its blocks can be read elsewhere");
  return false;
}

// DataNodes that the list of hosts names and nobody has heard of.
std::vector<DatanodeInfo> BlockManagerImpl::NeverSeen() const {
  std::vector<DatanodeInfo> missing;
  for (const HostLists::Entry& entry : hosts_.includes()) {
    bool known = false;
    for (NodeIndex index = 0; index < state_.nodes.size() && !known; ++index) {
      const DatanodeState& node = state_.nodes.node(index);
      known = !node.wiped && HostLists::Matches(entry, node.id);
    }
    if (known) continue;
    DatanodeInfo& info = missing.emplace_back();
    info.id.ip_addr = entry.addresses.empty() ? entry.host : entry.addresses.front();
    info.id.host_name = entry.host;
    info.id.xfer_port = entry.port == 0 ? kDefaultTransferPort : entry.port;
    info.live = false;
    info.stale = true;
    if (hosts_.Excludes(info.id)) info.admin = AdminState::kDecommissioned;
  }
  return missing;
}

}  // namespace cairn::namenode
