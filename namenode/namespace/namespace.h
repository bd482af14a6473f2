// The namespace as the front ends see it: one asynchronous call per operation, HDFS's semantics,
// errors of common/types/errors.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/task_queue.h"
#include "common/types/file_status.h"
#include "namenode/namespace/caller.h"
#include "namenode/namespace/requests.h"

namespace cairn::namenode {

// Receives the result of one call, exactly once: on the calling thread, an I/O thread, or
// (mutations) the committer's thread or that of the call's group. Must be short.
template <typename Result>
using Done = absl::AnyInvocable<void(absl::StatusOr<Result>)>;
// The same for calls that answer nothing but success.
using DoneVoid = absl::AnyInvocable<void(absl::Status)>;

// Thread-safe. No call blocks on the disk. A mutation's result is given once it is durable.
class Namespace {
 public:
  virtual ~Namespace() = default;

  // Calls that a thread makes between the two form a group: their changes go to the disk together,
  // and those that had to wait for it give their results on `replies`, together. No other calls
  // are held up by a group for longer than it takes to make its calls. A core without groups
  // answers one by one.
  virtual void BeginGroup() {}
  virtual void EndGroup(const std::shared_ptr<TaskQueue>& replies) {}

  // -- tree
  virtual void Mkdirs(const Caller& caller, MkdirsRequest request, Done<bool> done) = 0;
  virtual void Rename(const Caller& caller, RenameRequest request,
                      Done<bool> done) = 0;  // old semantics: false for most failures
  virtual void Rename2(const Caller& caller, RenameRequest request, DoneVoid done) = 0;
  virtual void Delete(const Caller& caller, std::string path, bool recursive, Done<bool> done) = 0;
  virtual void GetListing(const Caller& caller, ListRequest request,
                          Done<std::optional<DirectoryListing>> done) = 0;  // empty: no such path
  virtual void GetBatchedListing(const Caller& caller, BatchedListRequest request,
                                 Done<BatchedListing> done) = 0;
  virtual void GetContentSummary(const Caller& caller, std::string path,
                                 Done<ContentSummary> done) = 0;

  // -- files
  virtual void Create(const Caller& caller, CreateRequest request, Done<FileStatus> done) = 0;
  virtual void Append(const Caller& caller, AppendRequest request, Done<AppendResult> done) = 0;
  // False: the last block is being shortened by its DataNodes, the file is open until then.
  virtual void Truncate(const Caller& caller, TruncateRequest request, Done<bool> done) = 0;
  virtual void Concat(const Caller& caller, ConcatRequest request, DoneVoid done) = 0;
  virtual void AddBlock(const Caller& caller, AddBlockRequest request, Done<LocatedBlock> done) = 0;
  virtual void AbandonBlock(const Caller& caller, AbandonBlockRequest request, DoneVoid done) = 0;
  virtual void Complete(const Caller& caller, CompleteRequest request, Done<bool> done) = 0;
  virtual void Fsync(const Caller& caller, FsyncRequest request, DoneVoid done) = 0;
  virtual void GetAdditionalDatanode(const Caller& caller, AdditionalDatanodeRequest request,
                                     Done<LocatedBlock> done) = 0;
  virtual void UpdateBlockForPipeline(const Caller& caller, ExtendedBlock block,
                                      std::string client_name, Done<LocatedBlock> done) = 0;
  virtual void UpdatePipeline(const Caller& caller, UpdatePipelineRequest request,
                              DoneVoid done) = 0;
  // `last_block` of the result is only filled where the last of its `blocks` is not the file's
  // last.
  virtual void GetBlockLocations(const Caller& caller, std::string path, int64_t offset,
                                 int64_t length, Done<LocatedBlocks> done) = 0;
  virtual void ReportBadBlocks(const Caller& caller, std::vector<LocatedBlock> blocks,
                               DoneVoid done) = 0;
  // From the primary DataNode of a block recovery.
  virtual void CommitBlockSynchronization(BlockSyncRequest request, DoneVoid done) = 0;

  // -- leases
  virtual void RenewLease(const Caller& caller, std::string client_name, DoneVoid done) = 0;
  virtual void RecoverLease(const Caller& caller, std::string path, std::string client_name,
                            Done<bool> done) = 0;
  virtual void IsFileClosed(const Caller& caller, std::string path, Done<bool> done) = 0;
  virtual void ListOpenFiles(const Caller& caller, OpenFilesRequest request,
                             Done<OpenFilesPage> done) = 0;  // superuser

  // -- attributes
  virtual void GetFileInfo(const Caller& caller, std::string path, bool need_location,
                           Done<std::optional<FileStatus>> done) = 0;
  // The status behind the checks of calls that have nothing else to do with the path; empty:
  // nothing is there. A file on the way is an error for everyone, which getFileInfo spares the
  // superuser.
  virtual void Lookup(const Caller& caller, LookupRequest request,
                      Done<std::optional<FileStatus>> done) = 0;
  virtual void SetPermission(const Caller& caller, std::string path, uint16_t mode,
                             DoneVoid done) = 0;
  virtual void SetOwner(const Caller& caller, SetOwnerRequest request, DoneVoid done) = 0;
  virtual void SetTimes(const Caller& caller, SetTimesRequest request, DoneVoid done) = 0;
  virtual void SetReplication(const Caller& caller, std::string path, int32_t replication,
                              Done<bool> done) = 0;
  virtual void CheckAccess(const Caller& caller, std::string path, uint8_t access,
                           DoneVoid done) = 0;  // rwx bits 4, 2, 1
  virtual void GetPreferredBlockSize(const Caller& caller, std::string path,
                                     Done<int64_t> done) = 0;

  // -- the reads that are made most, answered within the call or not at all
  // What nearly every read needs is cached. False: something has to be fetched, or the answer is an
  // error; the call of that name without Try gives it. What is told lives for the moment and is
  // told under the namespace lock, so that taking it must be short; after false it means nothing.
  virtual bool TryGetFileInfo(const Caller& caller, std::string_view path,
                              absl::FunctionRef<void(const FileStatusView&)> take) {
    return false;
  }
  // Without places. `end` is told how many entries come after the page, unless there is no such
  // path.
  virtual bool TryGetListing(const Caller& caller, const ListRequest& request,
                             absl::FunctionRef<void(const FileStatusView&)> take,
                             absl::FunctionRef<void(int64_t remaining)> end) {
    return false;
  }
  // Told without the lock.
  virtual bool TryGetBlockLocations(const Caller& caller, std::string_view path, int64_t offset,
                                    int64_t length,
                                    absl::FunctionRef<void(const LocatedBlocks&)> take) {
    return false;
  }

  // -- whole file system
  virtual ServerDefaults GetServerDefaults() const = 0;
  virtual void GetStats(Done<FsStats> done) = 0;
  // Answers whether safe mode is on after the action; anything but kGet needs the superuser.
  virtual void SetSafeMode(const Caller& caller, SafeModeAction action, Done<bool> done) = 0;

  virtual void ListCorruptFiles(const Caller& caller, CorruptFilesRequest request,
                                Done<CorruptFilesPage> done) = 0;  // superuser

  // Whether the file is still reachable from the root: blocks of unlinked files are neither
  // replicated nor counted missing.
  virtual void IsLinked(InodeId inode, Done<bool> done) = 0;
  // The absolute path of a file or directory; FileNotFound when it is not reachable from the root.
  virtual void PathOf(InodeId inode, Done<std::string> done) = 0;
  // Replicas of these blocks were reported finished: calls that wait for one go on.
  virtual void ReplicasReceived(absl::Span<const BlockId> blocks) = 0;
  // Every file and directory below `path` with its blocks, depth first, from a consistent snapshot;
  // `visit` runs on an I/O thread and may return false to stop.
  virtual void Walk(const Caller& caller, std::string path,
                    std::function<bool(const std::string& path, const FileStatus&)> visit,
                    DoneVoid done) = 0;
};

}  // namespace cairn::namenode
