// Choice and bookkeeping of replicas.
#include "client/read/replica_choice.h"

#include <algorithm>

namespace cairn::client {

std::vector<ReplicaLocation> NearestFirst(const LocatedBlock& block, const ClientOptions& options) {
  std::vector<ReplicaLocation> replicas = block.locations;
  const auto rank = [&](const ReplicaLocation& replica) {
    const DatanodeInfo& node = replica.datanode;
    if (!options.local_host.empty() &&
        (node.id.host_name == options.local_host || node.id.ip_addr == options.local_host)) {
      return 0;
    }
    if (!options.network_location.empty() && node.network_location == options.network_location) {
      return 1;
    }
    return 2;
  };
  std::stable_sort(
      replicas.begin(), replicas.end(),
      [&](const ReplicaLocation& a, const ReplicaLocation& b) { return rank(a) < rank(b); });
  return replicas;
}

void DeadNodes::Add(const std::string& datanode_uuid) {
  MutexLock lock(mu_);
  uuids_.insert(datanode_uuid);
}

bool DeadNodes::Contains(const std::string& datanode_uuid) const {
  MutexLock lock(mu_);
  return uuids_.contains(datanode_uuid);
}

void DeadNodes::Forget(const LocatedBlock& block) {
  MutexLock lock(mu_);
  for (const ReplicaLocation& replica : block.locations) uuids_.erase(replica.datanode.id.uuid);
}

void BadReplicas::Add(const LocatedBlock& block, const ReplicaLocation& replica) {
  Entry& entry = blocks_[block.block.block.id];
  if (entry.replicas == 0) {
    entry.block = block;
    entry.block.locations.clear();
  }
  entry.replicas = std::max(entry.replicas, block.locations.size());
  const auto same = [&](const ReplicaLocation& other) {
    return other.datanode.id.uuid == replica.datanode.id.uuid;
  };
  if (std::none_of(entry.block.locations.begin(), entry.block.locations.end(), same)) {
    entry.block.locations.push_back(replica);
  }
}

std::vector<LocatedBlock> BadReplicas::ToReport() const {
  std::vector<LocatedBlock> report;
  for (const auto& [id, entry] : blocks_) {
    const bool all_bad = entry.block.locations.size() >= entry.replicas;
    if (!all_bad || entry.replicas == 1) report.push_back(entry.block);
  }
  return report;
}

}  // namespace cairn::client
