// getFileInfo, lookups, getPreferredBlockSize and checkAccess: what a caller may learn of one path.
#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/ops/attr/attr_ops.h"
#include "namenode/namespace/ops/file/file_ops.h"
#include "namenode/namespace/path.h"

namespace cairn::namenode::ops {

FileStatus ReservedStatus(const OpContext& ctx, std::string_view name) {
  FileStatus status;
  status.type = FileType::kDirectory;
  status.path = name;
  status.file_id = -1;
  status.permission = name.empty() ? 01770 : 0770;
  if (name.empty()) return status;
  status.group = ctx.options.supergroup;
  status.mtime_ms = ctx.creation_ms;
  status.atime_ms = ctx.creation_ms;
  return status;
}

namespace {

// HDFS's root can have snapshots: it has a directory for them, though none is made here.
bool IsSnapshotsOfRoot(const ResolvedPath& path) {
  return path.size() == 2 && path.last_name() == ".snapshot";
}

FileStatus SnapshotsOfRoot() {
  FileStatus status;
  status.type = FileType::kDirectory;
  status.file_id = -1;
  status.permission = 0777;
  return status;
}

}  // namespace

absl::Status TellFileInfo(OpContext& ctx, std::string_view path, TakeStatus take) {
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolvePath(ctx.txn, path));
  const PermissionChecker checker(ctx.caller, ctx.options.permissions_enabled);
  absl::Status access = checker.Check(resolved, PathUse::kAccess, {});
  // A superuser is told "no such file" for a path below a file, others that it is not a directory.
  if (!access.ok()) return ctx.caller.superuser ? absl::OkStatus() : std::move(access);
  if (IsExactlyReserved(path)) return take(ReservedStatus(ctx, ""), nullptr);
  if (IsSnapshotsOfRoot(resolved)) return take(SnapshotsOfRoot(), nullptr);
  if (!resolved.exists()) return absl::OkStatus();
  const Inode& inode = *resolved.last();
  return take(StatusOf(inode, "", EffectiveStoragePolicy(resolved)), &inode);
}

absl::StatusOr<std::optional<FileStatus>> GetFileInfo(OpContext& ctx, const std::string& path,
                                                      bool need_location) {
  std::optional<FileStatus> status;
  RETURN_IF_ERROR(
      TellFileInfo(ctx, path, [&](const FileStatusView& found, const Inode* inode) -> absl::Status {
        status.emplace(found);
        if (need_location && inode != nullptr && inode->is_file()) {
          ASSIGN_OR_RETURN(status->locations, LocateWholeFile(ctx, *inode));
        }
        return absl::OkStatus();
      }));
  return status;
}

absl::StatusOr<std::optional<FileStatus>> Lookup(OpContext& ctx, const LookupRequest& request) {
  ASSIGN_OR_RETURN(
      const ResolvedPath resolved,
      ResolveChecked(ctx, request.path, request.creation ? PathUse::kCreation : PathUse::kAccess,
                     {.owner = request.owner, .access = request.access}));
  if (!resolved.exists()) return std::nullopt;
  return FileStatus(StatusOf(*resolved.last(), "", EffectiveStoragePolicy(resolved)));
}

absl::StatusOr<int64_t> GetPreferredBlockSize(OpContext& ctx, const std::string& path) {
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolveChecked(ctx, path, PathUse::kAccess, {}));
  if (!resolved.exists()) return errors::FileDoesNotExist(resolved.path());
  if (!resolved.last()->is_file()) return errors::PathIsNotAFile(resolved.path());
  return resolved.last()->block_size;
}

absl::Status CheckAccess(OpContext& ctx, const std::string& path, uint8_t access) {
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolveChecked(ctx, path, PathUse::kAccess, {}));
  if (!resolved.exists()) return errors::PathNotFound(resolved.path());
  const PermissionChecker checker(ctx.caller, ctx.options.permissions_enabled);
  return checker.Check(resolved, PathUse::kAccess, {.access = access});
}

}  // namespace cairn::namenode::ops
