// The namespace over its engine: each call is one operation of ops/ given to the runner.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/threads.h"
#include "namenode/namespace/namespace.h"
#include "namenode/namespace/op_runner.h"
#include "namenode/namespace/purger.h"

namespace cairn::namenode {

namespace ops {
struct BlockLocationsResult;
}

// Thread-safe. Open, then Start once front ends may call.
class NamespaceImpl final : public Namespace {
 public:
  // Told once of damage found in rows: the process must end.
  using FatalHandler = std::function<void(const absl::Status&)>;

  // The rows of an empty file system for MetaStore::Format: a root directory of mode 0755 and the
  // counters.
  static std::vector<RowChange> InitialRows(const std::string& owner, const std::string& group,
                                            int64_t now_ms);

  // Reads counters, leases, remembered replies and unfinished purges. The store, the block manager
  // and the clock must outlive the result.
  static absl::StatusOr<std::unique_ptr<NamespaceImpl>> Open(const NamespaceDeps& deps,
                                                             const NamespaceOptions& options,
                                                             FatalHandler fatal);
  ~NamespaceImpl() override;

  // Begins the background work: block rows are given to the block manager, deleted subtrees are
  // reclaimed, old replies expire. Call once.
  void Start();
  // The parts of it, for tools and tests that do without threads. LoadBlocks gives all block rows
  // to the block manager; Step of the purger and ExpireReplies each make at most one transaction.
  absl::Status LoadBlocks();
  Purger& purger() { return purger_; }
  bool ExpireReplies();

  // For work above the namespace (monitors): runs operations of their own.
  OpRunner& runner() { return runner_; }
  // Up to `limit` holders past the hard limit.
  std::vector<LeaseView> ExpiredLeases(size_t limit);
  // Ends the lease of one file that is past the hard limit, and drives the recovery of its last
  // block on; true when it is closed or gone now.
  void ExpireLease(InodeId file, Done<bool> done);

  void BeginGroup() override { runner_.BeginGroup(); }
  void EndGroup(const std::shared_ptr<TaskQueue>& replies) override { runner_.EndGroup(replies); }

  void Mkdirs(const Caller& caller, MkdirsRequest request, Done<bool> done) override;
  void Rename(const Caller& caller, RenameRequest request, Done<bool> done) override;
  void Rename2(const Caller& caller, RenameRequest request, DoneVoid done) override;
  void Delete(const Caller& caller, std::string path, bool recursive, Done<bool> done) override;
  void GetListing(const Caller& caller, ListRequest request,
                  Done<std::optional<DirectoryListing>> done) override;
  void GetBatchedListing(const Caller& caller, BatchedListRequest request,
                         Done<BatchedListing> done) override;
  void GetContentSummary(const Caller& caller, std::string path,
                         Done<ContentSummary> done) override;

  void Create(const Caller& caller, CreateRequest request, Done<FileStatus> done) override;
  void Append(const Caller& caller, AppendRequest request, Done<AppendResult> done) override;
  void Truncate(const Caller& caller, TruncateRequest request, Done<bool> done) override;
  void Concat(const Caller& caller, ConcatRequest request, DoneVoid done) override;
  void AddBlock(const Caller& caller, AddBlockRequest request, Done<LocatedBlock> done) override;
  void AbandonBlock(const Caller& caller, AbandonBlockRequest request, DoneVoid done) override;
  void Complete(const Caller& caller, CompleteRequest request, Done<bool> done) override;
  void Fsync(const Caller& caller, FsyncRequest request, DoneVoid done) override;
  void GetAdditionalDatanode(const Caller& caller, AdditionalDatanodeRequest request,
                             Done<LocatedBlock> done) override;
  void UpdateBlockForPipeline(const Caller& caller, ExtendedBlock block, std::string client_name,
                              Done<LocatedBlock> done) override;
  void UpdatePipeline(const Caller& caller, UpdatePipelineRequest request, DoneVoid done) override;
  void GetBlockLocations(const Caller& caller, std::string path, int64_t offset, int64_t length,
                         Done<LocatedBlocks> done) override;
  void ReportBadBlocks(const Caller& caller, std::vector<LocatedBlock> blocks,
                       DoneVoid done) override;
  void CommitBlockSynchronization(BlockSyncRequest request, DoneVoid done) override;

  void RenewLease(const Caller& caller, std::string client_name, DoneVoid done) override;
  void RecoverLease(const Caller& caller, std::string path, std::string client_name,
                    Done<bool> done) override;
  void IsFileClosed(const Caller& caller, std::string path, Done<bool> done) override;
  void ListOpenFiles(const Caller& caller, OpenFilesRequest request,
                     Done<OpenFilesPage> done) override;

  void GetFileInfo(const Caller& caller, std::string path, bool need_location,
                   Done<std::optional<FileStatus>> done) override;
  void Lookup(const Caller& caller, LookupRequest request,
              Done<std::optional<FileStatus>> done) override;
  void SetPermission(const Caller& caller, std::string path, uint16_t mode, DoneVoid done) override;
  void SetOwner(const Caller& caller, SetOwnerRequest request, DoneVoid done) override;
  void SetTimes(const Caller& caller, SetTimesRequest request, DoneVoid done) override;
  void SetReplication(const Caller& caller, std::string path, int32_t replication,
                      Done<bool> done) override;
  void CheckAccess(const Caller& caller, std::string path, uint8_t access, DoneVoid done) override;
  void GetPreferredBlockSize(const Caller& caller, std::string path, Done<int64_t> done) override;

  bool TryGetFileInfo(const Caller& caller, std::string_view path,
                      absl::FunctionRef<void(const FileStatusView&)> take) override;
  bool TryGetListing(const Caller& caller, const ListRequest& request,
                     absl::FunctionRef<void(const FileStatusView&)> take,
                     absl::FunctionRef<void(int64_t remaining)> end) override;
  bool TryGetBlockLocations(const Caller& caller, std::string_view path, int64_t offset,
                            int64_t length,
                            absl::FunctionRef<void(const LocatedBlocks&)> take) override;

  ServerDefaults GetServerDefaults() const override;
  void GetStats(Done<FsStats> done) override;
  void SetSafeMode(const Caller& caller, SafeModeAction action, Done<bool> done) override;
  void ListCorruptFiles(const Caller& caller, CorruptFilesRequest request,
                        Done<CorruptFilesPage> done) override;
  void IsLinked(InodeId inode, Done<bool> done) override;
  void PathOf(InodeId inode, Done<std::string> done) override;
  void ReplicasReceived(absl::Span<const BlockId> blocks) override {
    runner_.ReplicasReceived(blocks);
  }
  void Walk(const Caller& caller, std::string path,
            std::function<bool(const std::string& path, const FileStatus&)> visit,
            DoneVoid done) override;

 private:
  // Makes a read known as the file's last access, if the one that is known is old enough. The
  // reader does not wait for it.
  void NoteAccess(const ops::BlockLocationsResult& result);
  NamespaceImpl(const NamespaceDeps& deps, const NamespaceOptions& options, FatalHandler fatal);
  absl::Status Restore();

  const NamespaceDeps deps_;
  const NamespaceOptions options_;
  const FatalHandler fatal_;
  const Caller internal_;  // the NameNode itself
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<PeriodicThread> purge_thread_;  // outlives the runner, which kicks it
  std::atomic<PeriodicThread*> purge_kick_ = nullptr;
  OpRunner runner_;
  Purger purger_;
  std::unique_ptr<Executor> loader_;
  std::unique_ptr<PeriodicThread> expiry_thread_;
};

}  // namespace cairn::namenode
