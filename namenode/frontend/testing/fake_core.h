// A core that answers what a test tells it to, for tests of the front end alone.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/threads.h"
#include "common/types/errors.h"
#include "common/users/group_resolver.h"
#include "namenode/admin/cluster_admin.h"
#include "namenode/blocks/block_manager.h"
#include "namenode/namespace/namespace.h"

namespace cairn::namenode::testing {

// Every call fails with kUnsupportedOperation unless a test sets the function that stands for it.
class FakeNamespace : public Namespace {
 public:
  std::function<void(const Caller&, MkdirsRequest, Done<bool>)> on_mkdirs;
  std::function<void(const Caller&, CreateRequest, Done<FileStatus>)> on_create;
  std::function<void(const Caller&, AppendRequest, Done<AppendResult>)> on_append;
  std::function<void(const Caller&, TruncateRequest, Done<bool>)> on_truncate;
  std::function<void(const Caller&, ConcatRequest, DoneVoid)> on_concat;
  std::function<void(const Caller&, BatchedListRequest, Done<BatchedListing>)> on_batched_listing;
  std::function<void(const Caller&, LookupRequest, Done<std::optional<FileStatus>>)> on_lookup;
  std::function<void(const Caller&, OpenFilesRequest, Done<OpenFilesPage>)> on_list_open_files;
  std::function<void(const Caller&, CorruptFilesRequest, Done<CorruptFilesPage>)>
      on_list_corrupt_files;
  std::function<void(BlockSyncRequest, DoneVoid)> on_block_sync;
  std::function<void(const Caller&, const std::string&, Done<bool>)> on_delete;
  std::function<void(const Caller&, const std::string&, Done<std::optional<FileStatus>>)>
      on_get_file_info;
  std::function<void(const std::function<bool(const std::string&, const FileStatus&)>&, DoneVoid)>
      on_walk;
  std::function<void(InodeId, Done<std::string>)> on_path_of;

  void Mkdirs(const Caller& caller, MkdirsRequest request, Done<bool> done) override {
    on_mkdirs ? on_mkdirs(caller, std::move(request), std::move(done)) : done(No());
  }
  void Rename(const Caller&, RenameRequest, Done<bool> done) override { done(false); }
  void Rename2(const Caller&, RenameRequest, DoneVoid done) override { done(No()); }
  void Delete(const Caller& caller, std::string path, bool, Done<bool> done) override {
    on_delete ? on_delete(caller, path, std::move(done)) : done(No());
  }
  void GetListing(const Caller&, ListRequest, Done<std::optional<DirectoryListing>> done) override {
    done(No());
  }
  void GetBatchedListing(const Caller& caller, BatchedListRequest request,
                         Done<BatchedListing> done) override {
    on_batched_listing ? on_batched_listing(caller, std::move(request), std::move(done))
                       : done(No());
  }
  void GetContentSummary(const Caller&, std::string, Done<ContentSummary> done) override {
    done(No());
  }
  void Create(const Caller& caller, CreateRequest request, Done<FileStatus> done) override {
    on_create ? on_create(caller, std::move(request), std::move(done)) : done(No());
  }
  void Append(const Caller& caller, AppendRequest request, Done<AppendResult> done) override {
    on_append ? on_append(caller, std::move(request), std::move(done)) : done(No());
  }
  void Truncate(const Caller& caller, TruncateRequest request, Done<bool> done) override {
    on_truncate ? on_truncate(caller, std::move(request), std::move(done)) : done(No());
  }
  void Concat(const Caller& caller, ConcatRequest request, DoneVoid done) override {
    on_concat ? on_concat(caller, std::move(request), std::move(done)) : done(No());
  }
  void CommitBlockSynchronization(BlockSyncRequest request, DoneVoid done) override {
    on_block_sync ? on_block_sync(std::move(request), std::move(done)) : done(No());
  }
  void AddBlock(const Caller&, AddBlockRequest, Done<LocatedBlock> done) override { done(No()); }
  void AbandonBlock(const Caller&, AbandonBlockRequest, DoneVoid done) override { done(No()); }
  void Complete(const Caller&, CompleteRequest, Done<bool> done) override { done(No()); }
  void Fsync(const Caller&, FsyncRequest, DoneVoid done) override { done(No()); }
  void GetAdditionalDatanode(const Caller&, AdditionalDatanodeRequest,
                             Done<LocatedBlock> done) override {
    done(No());
  }
  void UpdateBlockForPipeline(const Caller&, ExtendedBlock, std::string,
                              Done<LocatedBlock> done) override {
    done(No());
  }
  void UpdatePipeline(const Caller&, UpdatePipelineRequest, DoneVoid done) override { done(No()); }
  void GetBlockLocations(const Caller&, std::string, int64_t, int64_t,
                         Done<LocatedBlocks> done) override {
    done(No());
  }
  void ReportBadBlocks(const Caller&, std::vector<LocatedBlock>, DoneVoid done) override {
    done(No());
  }
  void RenewLease(const Caller&, std::string, DoneVoid done) override { done(No()); }
  void RecoverLease(const Caller&, std::string, std::string, Done<bool> done) override {
    done(No());
  }
  void IsFileClosed(const Caller&, std::string, Done<bool> done) override { done(No()); }
  void GetFileInfo(const Caller& caller, std::string path, bool,
                   Done<std::optional<FileStatus>> done) override {
    on_get_file_info ? on_get_file_info(caller, path, std::move(done)) : done(No());
  }
  void Lookup(const Caller& caller, LookupRequest request,
              Done<std::optional<FileStatus>> done) override {
    on_lookup ? on_lookup(caller, std::move(request), std::move(done)) : done(No());
  }
  void ListOpenFiles(const Caller& caller, OpenFilesRequest request,
                     Done<OpenFilesPage> done) override {
    on_list_open_files ? on_list_open_files(caller, std::move(request), std::move(done))
                       : done(No());
  }
  void ListCorruptFiles(const Caller& caller, CorruptFilesRequest request,
                        Done<CorruptFilesPage> done) override {
    on_list_corrupt_files ? on_list_corrupt_files(caller, std::move(request), std::move(done))
                          : done(No());
  }
  void SetPermission(const Caller&, std::string, uint16_t, DoneVoid done) override { done(No()); }
  void SetOwner(const Caller&, SetOwnerRequest, DoneVoid done) override { done(No()); }
  void SetTimes(const Caller&, SetTimesRequest, DoneVoid done) override { done(No()); }
  void SetReplication(const Caller&, std::string, int32_t, Done<bool> done) override { done(No()); }
  void CheckAccess(const Caller&, std::string, uint8_t, DoneVoid done) override { done(No()); }
  void GetPreferredBlockSize(const Caller&, std::string, Done<int64_t> done) override {
    done(No());
  }
  ServerDefaults GetServerDefaults() const override {
    return {.block_size = 1 << 20, .replication = 2};
  }
  void GetStats(Done<FsStats> done) override { done(FsStats{}); }
  void SetSafeMode(const Caller&, SafeModeAction, Done<bool> done) override { done(No()); }
  void IsLinked(InodeId, Done<bool> done) override { done(No()); }
  void PathOf(InodeId inode, Done<std::string> done) override {
    on_path_of ? on_path_of(inode, std::move(done)) : done(No());
  }
  void ReplicasReceived(absl::Span<const BlockId>) override {}
  void Walk(const Caller&, std::string,
            std::function<bool(const std::string&, const FileStatus&)> visit,
            DoneVoid done) override {
    on_walk ? on_walk(visit, std::move(done)) : done(No());
  }

 private:
  static absl::Status No() { return MakeError(ErrorKind::kUnsupportedOperation, "not faked"); }
};

// Remembers what DataNodes said. Thread-safe.
class FakeBlockManager : public BlockManager {
 public:
  std::function<absl::StatusOr<DatanodeCommands>(const HeartbeatRequest&)> on_heartbeat;
  std::function<std::optional<BlockInspection>(BlockId)> on_inspect;
  std::function<std::vector<ReplicationCandidate>(BlockId, size_t)> on_missing_blocks;
  std::vector<DatanodeInfo> datanodes;

  std::vector<DatanodeRegistration> registrations() const {
    MutexLock lock(mu_);
    return registrations_;
  }
  std::vector<ReportChunk> chunks() const {
    MutexLock lock(mu_);
    return chunks_;
  }
  std::vector<ReplicaChange> changes() const {
    MutexLock lock(mu_);
    return changes_;
  }

  void Apply(absl::Span<const BlockChange>, Txid) override {}
  std::optional<BlockView> Find(BlockId) const override { return std::nullopt; }
  std::optional<BlockExtent> Extent(BlockId) const override { return std::nullopt; }
  bool HasMinReplicas(const BlockRow&) const override { return false; }
  void SetExpectedLocations(BlockId, const std::vector<ReplicaLocation>&) override {}
  std::vector<ReplicaLocation> ExpectedLocations(BlockId) const override { return {}; }
  absl::Status CheckPlaces(const std::vector<ReplicaLocation>&) const override {
    return absl::OkStatus();
  }
  void ReplicasRecovered(const Block&, const std::vector<ReplicaLocation>&) override {}
  std::vector<ReplicationCandidate> StalledRecoveries(size_t) const override { return {}; }
  LocatedBlock Locate(BlockId, int64_t, std::string_view) const override { return {}; }
  std::optional<BlockInspection> Inspect(BlockId id) const override {
    return on_inspect ? on_inspect(id) : std::nullopt;
  }
  absl::StatusOr<std::vector<ReplicaLocation>> ChooseTargets(const PlacementRequest&) override {
    return std::vector<ReplicaLocation>{};
  }
  void Load(absl::Span<const BlockRow>) override {}
  void LoadingDone() override {}
  bool loading() const override { return false; }
  absl::StatusOr<uint64_t> Register(const DatanodeRegistration& registration) override {
    MutexLock lock(mu_);
    registrations_.push_back(registration);
    return registrations_.size();
  }
  absl::Status CheckRegistration(std::string_view uuid, uint64_t registration) const override {
    MutexLock lock(mu_);
    const bool known = registration == registrations_.size() && registration > 0 &&
                       registrations_.back().id.uuid == uuid;
    return known ? absl::OkStatus() : errors::UnregisteredNode("not registered");
  }
  absl::StatusOr<DatanodeCommands> Heartbeat(const HeartbeatRequest& request) override {
    return on_heartbeat ? on_heartbeat(request) : DatanodeCommands{};
  }
  absl::Status ReportChunkReceived(std::string_view, const ReportChunk& chunk) override {
    MutexLock lock(mu_);
    chunks_.push_back(chunk);
    return absl::OkStatus();
  }
  absl::Status ReplicasChanged(std::string_view, std::string_view,
                               absl::Span<const ReplicaChange> changes) override {
    MutexLock lock(mu_);
    changes_.insert(changes_.end(), changes.begin(), changes.end());
    return absl::OkStatus();
  }
  void MarkCorrupt(const Block&, std::string_view, std::string_view) override {}
  void DatanodeFailed(std::string_view) override {}
  void Tick() override {}
  std::vector<ReplicationCandidate> ReplicationCandidates() override { return {}; }
  void ScheduleReplication(absl::Span<const BlockId>) override {}
  int64_t LookAgain(absl::Span<const BlockId>) override { return 0; }
  std::vector<ReplicationCandidate> MissingBlocks(BlockId after, size_t limit) const override {
    return on_missing_blocks ? on_missing_blocks(after, limit)
                             : std::vector<ReplicationCandidate>();
  }
  void MarkUnlinked(absl::Span<const BlockId>) override {}
  bool InSafeMode() const override { return false; }
  std::string SafeModeTip() const override { return ""; }
  void EnterSafeMode(bool) override {}
  void SpaceReturned() override {}
  absl::Status LeaveSafeMode(bool) override { return absl::OkStatus(); }
  FsStats Stats() const override { return {}; }
  std::vector<StorageUsage> StoragesOf(std::string_view /*uuid*/) const override { return {}; }
  std::vector<BlockPlaces> NextBlocks(BlockWalk& walk) const override {
    walk.begun = true;
    return {};
  }
  void SetBalancerBandwidth(int64_t) override {}
  BlockWork Work(size_t) const override { return {}; }
  std::optional<BlockDetail> Describe(BlockId) const override { return std::nullopt; }
  std::vector<DatanodeInfo> Datanodes() const override { return datanodes; }

 private:
  mutable Mutex mu_;
  std::vector<DatanodeRegistration> registrations_ GUARDED_BY(mu_);
  std::vector<ReportChunk> chunks_ GUARDED_BY(mu_);
  std::vector<ReplicaChange> changes_ GUARDED_BY(mu_);
};

// Every call fails with kUnsupportedOperation unless a test sets the function that stands for it.
class FakeAdmin : public ClusterAdmin {
 public:
  std::function<absl::StatusOr<std::vector<BlockPlaces>>(const GetBlocksRequest&)> on_get_blocks;
  std::function<absl::StatusOr<bool>(const CheckpointConditions&)> on_save_namespace;
  bool restores = false;  // what RestoreFailedStorage answers

  void GetBlocks(const Caller&, GetBlocksRequest request,
                 Done<std::vector<BlockPlaces>> done) override {
    done(on_get_blocks ? on_get_blocks(request) : No());
  }
  absl::Status SetBalancerBandwidth(const Caller&, int64_t) override { return No(); }
  void SaveNamespace(const Caller&, CheckpointConditions conditions, Done<bool> done) override {
    done(on_save_namespace ? on_save_namespace(conditions) : No());
  }
  absl::StatusOr<bool> RestoreFailedStorage(const Caller&, std::optional<bool> enable) override {
    restores = enable.value_or(restores);
    return restores;
  }
  void LastCheckpoint(const Caller&, Done<Txid> done) override { done(Txid{7}); }
  void RollEdits(const Caller&, Done<Txid> done) override { done(Txid{12}); }
  void MetaSave(const Caller&, const std::string&, DoneVoid done) override { done(No()); }
  void RefreshNodes(const Caller&, DoneVoid done) override { done(No()); }
  void RefreshProxyUsers(DoneVoid done) override { done(absl::OkStatus()); }

 private:
  static absl::Status No() { return MakeError(ErrorKind::kUnsupportedOperation, "not faked"); }
};

// Everyone is in "users"; "admin" also in "supergroup".
class FakeGroups : public GroupResolver {
 public:
  std::shared_ptr<const std::vector<std::string>> GroupsOf(const std::string& user) override {
    std::vector<std::string> groups{"users"};
    if (user == "admin") groups.push_back("supergroup");
    return std::make_shared<const std::vector<std::string>>(std::move(groups));
  }
  void Refresh() override {}
};

}  // namespace cairn::namenode::testing
