// A BlockManager for tests of the namespace: keeps rows, and says what the test wants.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/threads.h"
#include "common/types/errors.h"
#include "namenode/blocks/block_manager.h"

namespace cairn::namenode {

// Thread-safe. Every block has enough replicas unless SetReplicated says otherwise; targets are the
// first of 16 DataNodes that are not excluded.
class FakeBlockManager : public BlockManager {
 public:
  explicit FakeBlockManager(std::string pool_id) : pool_id_(std::move(pool_id)) {}

  // -- the test's levers and views
  void SetReplicated(BlockId id, bool replicated) {
    MutexLock lock(mu_);
    if (replicated) {
      unreplicated_.erase(id);
    } else {
      unreplicated_.insert(id);
    }
  }
  void SetTargets(int datanodes) {
    MutexLock lock(mu_);
    datanodes_ = datanodes;
  }
  std::map<BlockId, BlockRow> rows() const {
    MutexLock lock(mu_);
    return rows_;
  }
  std::set<BlockId> removed() const {
    MutexLock lock(mu_);
    return removed_;
  }
  std::set<BlockId> unlinked() const {
    MutexLock lock(mu_);
    return unlinked_;
  }
  // What Find says of a block beside its row.
  void SetView(BlockId id, BlockView view) {
    MutexLock lock(mu_);
    views_[id] = view;
  }
  std::map<BlockId, std::vector<ReplicaLocation>> recovered() const {
    MutexLock lock(mu_);
    return recovered_;
  }
  std::vector<std::string> corrupt() const {
    MutexLock lock(mu_);
    return corrupt_;
  }

  void Apply(absl::Span<const BlockChange> changes, Txid txid) override {
    MutexLock lock(mu_);
    for (const BlockChange& change : changes) {
      if (change.row) {
        rows_[change.id] = *change.row;
      } else {
        rows_.erase(change.id);
        expected_.erase(change.id);
        removed_.insert(change.id);
      }
    }
  }
  std::optional<BlockExtent> Extent(BlockId id) const override {
    const auto view = Find(id);
    if (!view) return std::nullopt;
    return BlockExtent{.length = view->row.length,
                       .complete = view->row.state == BlockState::kComplete};
  }
  std::optional<BlockView> Find(BlockId id) const override {
    MutexLock lock(mu_);
    const auto it = rows_.find(id);
    if (it == rows_.end()) return std::nullopt;
    BlockView view;
    if (const auto set = views_.find(id); set != views_.end()) view = set->second;
    view.row = it->second;
    view.live = unreplicated_.contains(id) ? 0 : it->second.replication;
    return view;
  }
  bool HasMinReplicas(const BlockRow& row) const override {
    MutexLock lock(mu_);
    return !unreplicated_.contains(row.id);
  }
  void SetExpectedLocations(BlockId id, const std::vector<ReplicaLocation>& locations) override {
    MutexLock lock(mu_);
    expected_[id] = locations;
  }
  std::vector<ReplicaLocation> ExpectedLocations(BlockId id) const override {
    MutexLock lock(mu_);
    const auto it = expected_.find(id);
    return it == expected_.end() ? std::vector<ReplicaLocation>() : it->second;
  }
  // The 16 DataNodes are known, with one storage each.
  absl::Status CheckPlaces(const std::vector<ReplicaLocation>& locations) const override {
    MutexLock lock(mu_);
    for (const ReplicaLocation& location : locations) {
      for (int i = 0; i < 16; ++i) {
        if (Place(i).storage_id == location.storage_id) return absl::OkStatus();
      }
    }
    return errors::Io("no such place");
  }
  void ReplicasRecovered(const Block& block, const std::vector<ReplicaLocation>& places) override {
    MutexLock lock(mu_);
    recovered_[block.id] = places;
    unreplicated_.erase(block.id);
  }
  std::optional<BlockInspection> Inspect(BlockId) const override { return std::nullopt; }
  LocatedBlock Locate(BlockId id, int64_t offset_in_file,
                      std::string_view client_address) const override {
    MutexLock lock(mu_);
    LocatedBlock located;
    const auto it = rows_.find(id);
    if (it == rows_.end()) return located;
    located.block = {pool_id_, {id, it->second.generation_stamp, it->second.length}};
    located.offset = offset_in_file;
    for (int i = 0; i < it->second.replication; ++i) located.locations.push_back(Place(i));
    return located;
  }
  absl::StatusOr<std::vector<ReplicaLocation>> ChooseTargets(
      const PlacementRequest& request) override {
    MutexLock lock(mu_);
    std::vector<ReplicaLocation> targets;
    for (int i = 0; i < datanodes_ && static_cast<int>(targets.size()) < request.replicas; ++i) {
      ReplicaLocation place = Place(i);
      bool used = false;
      for (const DatanodeId& excluded : request.excluded) {
        used |= excluded.uuid == place.datanode.id.uuid;
      }
      for (const ReplicaLocation& existing : request.existing) {
        used |= existing.datanode.id.uuid == place.datanode.id.uuid;
      }
      if (!used) targets.push_back(std::move(place));
    }
    if (targets.empty()) {
      return errors::NotEnoughTargets(request.path, 0, 1, datanodes_,
                                      static_cast<int>(request.excluded.size()), "");
    }
    return targets;
  }
  void Load(absl::Span<const BlockRow> rows) override {
    MutexLock lock(mu_);
    for (const BlockRow& row : rows) rows_[row.id] = row;
  }
  void LoadingDone() override {
    MutexLock lock(mu_);
    loading_ = false;
  }
  bool loading() const override {
    MutexLock lock(mu_);
    return loading_;
  }
  absl::StatusOr<uint64_t> Register(const DatanodeRegistration&) override { return uint64_t{1}; }
  absl::Status CheckRegistration(std::string_view, uint64_t) const override {
    return absl::OkStatus();
  }
  absl::StatusOr<DatanodeCommands> Heartbeat(const HeartbeatRequest&) override {
    return DatanodeCommands();
  }
  absl::Status ReportChunkReceived(std::string_view, const ReportChunk&) override {
    return absl::OkStatus();
  }
  absl::Status ReplicasChanged(std::string_view, std::string_view,
                               absl::Span<const ReplicaChange>) override {
    return absl::OkStatus();
  }
  void MarkCorrupt(const Block& block, std::string_view uuid, std::string_view) override {
    MutexLock lock(mu_);
    corrupt_.push_back(block.ToString() + "@" + std::string(uuid));
  }
  void DatanodeFailed(std::string_view) override {}
  void Tick() override {}
  std::vector<ReplicationCandidate> ReplicationCandidates() override { return {}; }
  void ScheduleReplication(absl::Span<const BlockId>) override {}
  std::vector<ReplicationCandidate> StalledRecoveries(size_t) const override { return {}; }
  int64_t LookAgain(absl::Span<const BlockId>) override { return 0; }
  // Those without replicas by SetReplicated.
  std::vector<ReplicationCandidate> MissingBlocks(BlockId after, size_t limit) const override {
    MutexLock lock(mu_);
    std::vector<ReplicationCandidate> missing;
    for (auto it = unreplicated_.upper_bound(after);
         it != unreplicated_.end() && missing.size() < limit; ++it) {
      if (const auto row = rows_.find(*it); row != rows_.end()) {
        missing.push_back({*it, row->second.inode});
      }
    }
    return missing;
  }
  void MarkUnlinked(absl::Span<const BlockId> blocks) override {
    MutexLock lock(mu_);
    unlinked_.insert(blocks.begin(), blocks.end());
  }
  bool InSafeMode() const override {
    MutexLock lock(mu_);
    return safe_mode_;
  }
  std::string SafeModeTip() const override { return "It was turned on manually."; }
  void EnterSafeMode(bool) override {
    MutexLock lock(mu_);
    safe_mode_ = true;
  }
  void SpaceReturned() override {}
  absl::Status LeaveSafeMode(bool) override {
    MutexLock lock(mu_);
    safe_mode_ = false;
    return absl::OkStatus();
  }
  FsStats Stats() const override {
    MutexLock lock(mu_);
    FsStats stats;
    stats.total_blocks = static_cast<int64_t>(rows_.size());
    return stats;
  }
  std::vector<StorageUsage> StoragesOf(std::string_view /*uuid*/) const override { return {}; }
  std::vector<BlockPlaces> NextBlocks(BlockWalk& walk) const override {
    walk.begun = true;
    return {};
  }
  void SetBalancerBandwidth(int64_t) override {}
  BlockWork Work(size_t) const override { return {}; }
  std::optional<BlockDetail> Describe(BlockId) const override { return std::nullopt; }
  std::vector<DatanodeInfo> Datanodes() const override { return {}; }

  // DataNode `i` and its only storage.
  static ReplicaLocation Place(int i) {
    ReplicaLocation place;
    place.datanode.id.uuid = "dn-" + std::to_string(i);
    place.datanode.id.ip_addr = "127.0.0." + std::to_string(i + 1);
    place.datanode.id.xfer_port = 9866;
    place.storage_id = "DS-" + std::to_string(i);
    return place;
  }

 private:
  const std::string pool_id_;
  mutable Mutex mu_;
  std::map<BlockId, BlockRow> rows_ GUARDED_BY(mu_);
  std::map<BlockId, std::vector<ReplicaLocation>> expected_ GUARDED_BY(mu_);
  std::map<BlockId, BlockView> views_ GUARDED_BY(mu_);
  std::map<BlockId, std::vector<ReplicaLocation>> recovered_ GUARDED_BY(mu_);
  std::set<BlockId> unreplicated_ GUARDED_BY(mu_);
  std::set<BlockId> removed_ GUARDED_BY(mu_);
  std::set<BlockId> unlinked_ GUARDED_BY(mu_);
  std::vector<std::string> corrupt_ GUARDED_BY(mu_);
  int datanodes_ GUARDED_BY(mu_) = 16;
  bool loading_ GUARDED_BY(mu_) = true;
  bool safe_mode_ GUARDED_BY(mu_) = false;
};

}  // namespace cairn::namenode
