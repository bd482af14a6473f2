// The DataNodes and their storages: who they are, where they are, how full, busy and alive.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/types/block.h"
#include "namenode/blocks/block_manager.h"
#include "namenode/blocks/model/block_map.h"
#include "namenode/blocks/model/report_sequence.h"
#include "namenode/blocks/options.h"

namespace cairn::namenode {

using NodeIndex = uint32_t;  // dense; a number is never used for two nodes

// One volume of a DataNode.
struct StorageState {
  NodeIndex node = 0;
  std::string id;  // "DS-…"
  StorageType type = StorageType::kDisk;
  int64_t capacity = 0;  // bytes, as of the last heartbeat
  int64_t dfs_used = 0;
  int64_t non_dfs_used = 0;
  int64_t remaining = 0;
  bool usable = true;     // false: failed, gone from the node's heartbeats, or the node is wiped
  bool reported = false;  // a whole full report has come since the node registered. Before that the
                          // storage is "stale": what it holds is not known for sure
  ReportSequence sequence;

  // The full report that is coming in, if any.
  int64_t report_number = -1;
  bool report_gapless = false;  // no replica of ours lay outside its chunks so far
  BlockId report_last_id = 0;   // end of the last chunk
};

// One DataNode.
struct DatanodeState {
  DatanodeId id;
  bool ip_as_seen = false;  // id.ip_addr is where it registered from, not what it named
  std::string rack;
  uint64_t registration = 0;  // number of its latest registration
  std::vector<StorageIndex> storages;
  int64_t last_heartbeat_ms = 0;  // monotonic
  int64_t last_update_ms = 0;     // wall
  int64_t last_report_ms = 0;     // wall; 0: none yet
  int32_t xceivers = 0;
  int32_t transfers_in_progress = 0;
  int32_t failed_volumes = 0;
  AdminState admin = AdminState::kNormal;
  bool alive = false;
  bool wiped = false;              // its address belongs to another node now
  bool report_wanted = false;      // asked for at the next heartbeat
  int64_t balancer_bandwidth = 0;  // to be told with the next heartbeat, bytes a second; 0: nothing
  // Blocks it was chosen for that have not arrived, in two windows so that lost ones are forgotten.
  std::array<int32_t, 2> scheduled = {0, 0};
};

// What a registration changed.
struct RegisterOutcome {
  NodeIndex node = 0;
  std::vector<StorageIndex> lost;  // storages whose replicas are to be forgotten
};

// Identity is the uuid alone: a known uuid at a new address has moved, a known address with a new
// uuid is a new node on the old one's place, and the old one's storages are wiped.
// Thread-compatible. Times are monotonic milliseconds unless called wall.
class DatanodeRegistry {
 public:
  explicit DatanodeRegistry(const Liveness& liveness) : liveness_(liveness) {}

  void SetLiveness(const Liveness& liveness) { liveness_ = liveness; }
  const Liveness& liveness() const { return liveness_; }

  // Adds the node or takes its new address. It is alive; all its storages are stale until they
  // report.
  RegisterOutcome Register(const DatanodeRegistration& registration, const std::string& rack,
                           int64_t now_ms, int64_t wall_ms);
  // Notes a heartbeat of a live node; returns the storages that have failed or disappeared.
  std::vector<StorageIndex> Heartbeat(NodeIndex node, const HeartbeatRequest& request,
                                      int64_t now_ms, int64_t wall_ms);
  // Declares the node dead at once.
  void MarkDead(NodeIndex index) { SetLive(index, false); }
  // Declares nodes dead whose last heartbeat is too old, and returns them.
  std::vector<NodeIndex> ExpireDead(int64_t now_ms);

  std::optional<NodeIndex> FindByUuid(std::string_view uuid) const;
  // By "ip:port" or "host:port" of the data port, among nodes not wiped.
  std::optional<NodeIndex> FindByXferAddress(std::string_view address) const;
  // All live nodes on the host with this IP address or name.
  std::vector<NodeIndex> FindByHost(std::string_view host) const;
  // By uuid, else by data address (an excluded node of an older client carries no uuid).
  std::optional<NodeIndex> Find(const DatanodeId& id) const;
  std::optional<StorageIndex> FindStorage(NodeIndex node, std::string_view storage_id) const;
  // The storage called `storage_id`, made if the node has none of that name.
  StorageIndex EnsureStorage(NodeIndex node, const std::string& storage_id, StorageType type);

  DatanodeState& node(NodeIndex index) { return *nodes_[index]; }
  const DatanodeState& node(NodeIndex index) const { return *nodes_[index]; }
  StorageState& storage(StorageIndex index) { return *storages_[index]; }
  const StorageState& storage(StorageIndex index) const { return *storages_[index]; }
  NodeIndex NodeOf(StorageIndex index) const { return storages_[index]->node; }
  size_t size() const { return nodes_.size(); }

  bool IsStale(NodeIndex index, int64_t now_ms) const {
    return now_ms - node(index).last_heartbeat_ms > liveness_.stale_interval_ms;
  }
  // Live nodes, by rack; racks without one are absent.
  const std::map<std::string, std::vector<NodeIndex>, std::less<>>& live_by_rack() const {
    return live_by_rack_;
  }
  int live() const { return live_; }
  int dead() const;
  int StaleCount(int64_t now_ms) const;
  // Average transfers of the live nodes; 0 if there are none.
  double AverageXceivers() const;
  // Whether live nodes were ever in two racks at once. Then blocks must be spread over two.
  bool ever_multi_rack() const { return ever_multi_rack_; }

  // Blocks on their way to a node.
  void Schedule(NodeIndex index) { ++node(index).scheduled[1]; }
  // One of them has arrived, or never will.
  void Arrived(NodeIndex index);
  int Scheduled(NodeIndex index) const {
    return node(index).scheduled[0] + node(index).scheduled[1];
  }
  // Starts a new window; what was scheduled two windows ago is forgotten. Called every 5 minutes.
  void RollScheduled();

  // The node as clients see it. `blocks` counts the replicas on it.
  DatanodeInfo Info(NodeIndex index, int64_t blocks, int64_t now_ms) const;

 private:
  void SetLive(NodeIndex index, bool alive);
  void AddHost(const std::string& host, NodeIndex index);
  void Wipe(NodeIndex index, std::vector<StorageIndex>& lost);
  std::vector<StorageIndex> TakeUsage(NodeIndex index, const std::vector<StorageUsage>& usages);

  Liveness liveness_;
  std::vector<std::unique_ptr<DatanodeState>> nodes_;
  std::vector<std::unique_ptr<StorageState>> storages_;
  absl::flat_hash_map<std::string, NodeIndex> by_uuid_;
  absl::flat_hash_map<std::string, NodeIndex> by_address_;            // ip:port
  absl::flat_hash_map<std::string, std::vector<NodeIndex>> by_host_;  // ip or name; may be outdated
  std::map<std::string, std::vector<NodeIndex>, std::less<>> live_by_rack_;
  int live_ = 0;
  bool ever_multi_rack_ = false;
};

}  // namespace cairn::namenode
