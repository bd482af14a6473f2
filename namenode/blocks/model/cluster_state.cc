// Small questions about the whole state.
#include "namenode/blocks/model/cluster_state.h"

#include <algorithm>

#include "absl/container/inlined_vector.h"

namespace cairn::namenode {
namespace {

template <typename Map>
auto* FindIn(Map& map, BlockId block, StorageIndex storage) {
  using Entry = typename Map::mapped_type::value_type;
  const auto it = map.find(block);
  if (it == map.end()) return static_cast<Entry*>(nullptr);
  for (Entry& entry : it->second) {
    if (entry.storage == storage) return &entry;
  }
  return static_cast<Entry*>(nullptr);
}

template <typename Map>
void EraseIn(Map& map, BlockId block, StorageIndex storage) {
  const auto it = map.find(block);
  if (it == map.end()) return;
  std::erase_if(it->second, [&](const auto& entry) { return entry.storage == storage; });
  if (it->second.empty()) map.erase(it);
}

}  // namespace

OpenReplica* ClusterState::FindOpen(BlockId block, StorageIndex storage) {
  return FindIn(open, block, storage);
}

CorruptReplica* ClusterState::FindCorrupt(BlockId block, StorageIndex storage) {
  return FindIn(corrupt, block, storage);
}

void ClusterState::EraseOpen(BlockId block, StorageIndex storage) { EraseIn(open, block, storage); }

void ClusterState::EraseCorrupt(BlockId block, StorageIndex storage) {
  EraseIn(corrupt, block, storage);
}

ReplicaCounts ClusterState::Count(const BlockRecord& record) const {
  ReplicaCounts counts;
  absl::InlinedVector<const std::string*, 4> racks;
  for (const StoredReplica& replica : record.replicas()) {
    const StorageState& storage = nodes.storage(replica.storage());
    const DatanodeState& node = nodes.node(storage.node);
    const bool kept = IsMaintenance(node.admin);
    // One that is down in maintenance will not report; it counts for nothing but itself.
    if (!storage.reported && (node.alive || !kept)) counts.unsure = true;
    if ((!node.alive && !kept) || !storage.usable) continue;  // waits to be forgotten
    if (replica.Has(StoredReplica::kCorrupt)) {
      ++counts.corrupt;
    } else if (replica.Has(StoredReplica::kExcess)) {
      ++counts.excess;
    } else if (replica.Has(StoredReplica::kUnderConstruction)) {
      ++counts.open;
    } else if (kept) {
      ++counts.maintenance;
      if (!node.alive) ++counts.down;
    } else if (node.admin != AdminState::kNormal) {
      ++counts.leaving;
    } else {
      ++counts.live;
      const bool seen = std::any_of(racks.begin(), racks.end(),
                                    [&](const std::string* rack) { return *rack == node.rack; });
      if (!seen) racks.push_back(&node.rack);
    }
  }
  counts.racks = static_cast<int>(racks.size());
  return counts;
}

ReplicaLocation ClusterState::Location(StorageIndex storage, int64_t now_ms) const {
  const StorageState& state = nodes.storage(storage);
  ReplicaLocation location;
  location.datanode = nodes.Info(state.node, BlocksOn(state.node), now_ms);
  location.storage_id = state.id;
  location.storage_type = state.type;
  return location;
}

int64_t ClusterState::BlocksOn(NodeIndex node) const {
  int64_t count = 0;
  for (const StorageIndex storage : nodes.node(node).storages) {
    count += static_cast<int64_t>(blocks.Stored(storage).size());
  }
  return count;
}

}  // namespace cairn::namenode
