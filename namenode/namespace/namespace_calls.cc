// The calls of the namespace that are exactly one operation. kRemembered are those whose repetition
// would do harm or give another answer (HDFS's @AtMostOnce).
#include <utility>

#include "common/status_macros.h"
#include "namenode/namespace/namespace_impl.h"
#include "namenode/namespace/ops/attr/attr_ops.h"
#include "namenode/namespace/ops/file/file_ops.h"
#include "namenode/namespace/ops/lease/lease_ops.h"
#include "namenode/namespace/ops/tree/tree_ops.h"

namespace cairn::namenode {

void NamespaceImpl::Mkdirs(const Caller& caller, MkdirsRequest request, Done<bool> done) {
  runner_.Run<bool>(
      caller, OpMode::kMutation,
      [request = std::move(request)](OpContext& ctx) { return ops::Mkdirs(ctx, request); },
      std::move(done));
}

void NamespaceImpl::Rename(const Caller& caller, RenameRequest request, Done<bool> done) {
  runner_.Run<bool>(
      caller, OpMode::kRemembered,
      [request = std::move(request)](OpContext& ctx) { return ops::Rename(ctx, request); },
      std::move(done));
}

void NamespaceImpl::Rename2(const Caller& caller, RenameRequest request, DoneVoid done) {
  runner_.RunVoid(
      caller, OpMode::kRemembered,
      [request = std::move(request)](OpContext& ctx) { return ops::Rename2(ctx, request); },
      std::move(done));
}

void NamespaceImpl::Delete(const Caller& caller, std::string path, bool recursive,
                           Done<bool> done) {
  runner_.Run<bool>(
      caller, OpMode::kRemembered,
      [path = std::move(path), recursive](OpContext& ctx) {
        return ops::Delete(ctx, path, recursive);
      },
      std::move(done));
}

void NamespaceImpl::GetListing(const Caller& caller, ListRequest request,
                               Done<std::optional<DirectoryListing>> done) {
  runner_.Run<std::optional<DirectoryListing>>(
      caller, OpMode::kRead,
      [request = std::move(request)](OpContext& ctx) { return ops::GetListing(ctx, request); },
      std::move(done));
}

void NamespaceImpl::Create(const Caller& caller, CreateRequest request, Done<FileStatus> done) {
  runner_.Run<FileStatus>(
      caller, OpMode::kRemembered,
      [request = std::move(request)](OpContext& ctx) { return ops::Create(ctx, request); },
      std::move(done));
}

void NamespaceImpl::Append(const Caller& caller, AppendRequest request, Done<AppendResult> done) {
  runner_.Run<AppendResult>(
      caller, OpMode::kRemembered,
      [request = std::move(request)](OpContext& ctx) { return ops::Append(ctx, request); },
      std::move(done));
}

void NamespaceImpl::Truncate(const Caller& caller, TruncateRequest request, Done<bool> done) {
  runner_.Run<bool>(
      caller, OpMode::kRemembered,
      [request = std::move(request)](OpContext& ctx) { return ops::Truncate(ctx, request); },
      std::move(done));
}

void NamespaceImpl::Concat(const Caller& caller, ConcatRequest request, DoneVoid done) {
  runner_.RunVoid(
      caller, OpMode::kRemembered,
      [request = std::move(request)](OpContext& ctx) { return ops::Concat(ctx, request); },
      std::move(done));
}

void NamespaceImpl::CommitBlockSynchronization(BlockSyncRequest request, DoneVoid done) {
  runner_.RunVoid(
      internal_, OpMode::kMutation,
      [request = std::move(request)](OpContext& ctx) {
        return ops::CommitBlockSynchronization(ctx, request);
      },
      std::move(done));
}

void NamespaceImpl::AbandonBlock(const Caller& caller, AbandonBlockRequest request, DoneVoid done) {
  runner_.RunVoid(
      caller, OpMode::kMutation,
      [request = std::move(request)](OpContext& ctx) { return ops::AbandonBlock(ctx, request); },
      std::move(done));
}

void NamespaceImpl::Complete(const Caller& caller, CompleteRequest request, Done<bool> done) {
  runner_.Run<bool>(
      caller, OpMode::kMutation,
      [request = std::move(request)](OpContext& ctx) { return ops::Complete(ctx, request); },
      std::move(done));
}

void NamespaceImpl::Fsync(const Caller& caller, FsyncRequest request, DoneVoid done) {
  runner_.RunVoid(
      caller, OpMode::kMutation,
      [request = std::move(request)](OpContext& ctx) { return ops::Fsync(ctx, request); },
      std::move(done));
}

void NamespaceImpl::UpdateBlockForPipeline(const Caller& caller, ExtendedBlock block,
                                           std::string client_name, Done<LocatedBlock> done) {
  runner_.Run<LocatedBlock>(
      caller, OpMode::kMutation,
      [block = std::move(block), client_name = std::move(client_name)](OpContext& ctx) {
        return ops::UpdateBlockForPipeline(ctx, block, client_name);
      },
      std::move(done));
}

void NamespaceImpl::UpdatePipeline(const Caller& caller, UpdatePipelineRequest request,
                                   DoneVoid done) {
  runner_.RunVoid(
      caller, OpMode::kRemembered,
      [request = std::move(request)](OpContext& ctx) { return ops::UpdatePipeline(ctx, request); },
      std::move(done));
}

void NamespaceImpl::RecoverLease(const Caller& caller, std::string path, std::string client_name,
                                 Done<bool> done) {
  runner_.Run<bool>(
      caller, OpMode::kMutation,
      [path = std::move(path), client_name = std::move(client_name)](OpContext& ctx) {
        return ops::RecoverLease(ctx, path, client_name);
      },
      std::move(done));
}

void NamespaceImpl::IsFileClosed(const Caller& caller, std::string path, Done<bool> done) {
  runner_.Run<bool>(
      caller, OpMode::kRead,
      [path = std::move(path)](OpContext& ctx) { return ops::IsFileClosed(ctx, path); },
      std::move(done));
}

void NamespaceImpl::GetFileInfo(const Caller& caller, std::string path, bool need_location,
                                Done<std::optional<FileStatus>> done) {
  runner_.Run<std::optional<FileStatus>>(
      caller, OpMode::kRead,
      [path = std::move(path), need_location](OpContext& ctx) {
        return ops::GetFileInfo(ctx, path, need_location);
      },
      std::move(done));
}

bool NamespaceImpl::TryGetFileInfo(const Caller& caller, std::string_view path,
                                   absl::FunctionRef<void(const FileStatusView&)> take) {
  return runner_.TryRead(caller, [&](OpContext& ctx) {
    return ops::TellFileInfo(ctx, path, [&](const FileStatusView& status, const Inode* /*inode*/) {
      take(status);
      return absl::OkStatus();
    });
  });
}

bool NamespaceImpl::TryGetListing(const Caller& caller, const ListRequest& request,
                                  absl::FunctionRef<void(const FileStatusView&)> take,
                                  absl::FunctionRef<void(int64_t remaining)> end) {
  return runner_.TryRead(caller, [&](OpContext& ctx) -> absl::Status {
    ASSIGN_OR_RETURN(const std::optional<int64_t> remaining,
                     ops::TellListing(ctx, request,
                                      [&](const FileStatusView& entry,
                                          const Inode* /*inode*/) -> absl::StatusOr<bool> {
                                        take(entry);
                                        return true;
                                      }));
    if (remaining) end(*remaining);
    return absl::OkStatus();
  });
}

void NamespaceImpl::Lookup(const Caller& caller, LookupRequest request,
                           Done<std::optional<FileStatus>> done) {
  runner_.Run<std::optional<FileStatus>>(
      caller, OpMode::kRead,
      [request = std::move(request)](OpContext& ctx) { return ops::Lookup(ctx, request); },
      std::move(done));
}

void NamespaceImpl::SetPermission(const Caller& caller, std::string path, uint16_t mode,
                                  DoneVoid done) {
  runner_.RunVoid(
      caller, OpMode::kMutation,
      [path = std::move(path), mode](OpContext& ctx) {
        return ops::SetPermission(ctx, path, mode);
      },
      std::move(done));
}

void NamespaceImpl::SetOwner(const Caller& caller, SetOwnerRequest request, DoneVoid done) {
  runner_.RunVoid(
      caller, OpMode::kMutation,
      [request = std::move(request)](OpContext& ctx) { return ops::SetOwner(ctx, request); },
      std::move(done));
}

void NamespaceImpl::SetTimes(const Caller& caller, SetTimesRequest request, DoneVoid done) {
  runner_.RunVoid(
      caller, OpMode::kMutation,
      [request = std::move(request)](OpContext& ctx) { return ops::SetTimes(ctx, request); },
      std::move(done));
}

void NamespaceImpl::SetReplication(const Caller& caller, std::string path, int32_t replication,
                                   Done<bool> done) {
  runner_.Run<bool>(
      caller, OpMode::kMutation,
      [path = std::move(path), replication](OpContext& ctx) {
        return ops::SetReplication(ctx, path, replication);
      },
      std::move(done));
}

void NamespaceImpl::CheckAccess(const Caller& caller, std::string path, uint8_t access,
                                DoneVoid done) {
  runner_.RunVoid(
      caller, OpMode::kRead,
      [path = std::move(path), access](OpContext& ctx) {
        return ops::CheckAccess(ctx, path, access);
      },
      std::move(done));
}

void NamespaceImpl::GetPreferredBlockSize(const Caller& caller, std::string path,
                                          Done<int64_t> done) {
  runner_.Run<int64_t>(
      caller, OpMode::kRead,
      [path = std::move(path)](OpContext& ctx) { return ops::GetPreferredBlockSize(ctx, path); },
      std::move(done));
}

}  // namespace cairn::namenode
