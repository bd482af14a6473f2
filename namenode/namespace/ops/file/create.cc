// create.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/blocks/policy/storage_policies.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/ops/attr/attr_ops.h"
#include "namenode/namespace/ops/file/file_ops.h"
#include "namenode/namespace/ops/lease/lease_ops.h"
#include "namenode/namespace/path.h"

namespace cairn::namenode::ops {
namespace {

// The target may be created or overwritten by this caller, in HDFS's order of checks.
absl::StatusOr<ResolvedPath> ResolveTarget(OpContext& ctx, const CreateRequest& request) {
  const bool overwrite = request.flags & kCreateFlagOverwrite;
  ASSIGN_OR_RETURN(ResolvedPath path,
                   ResolveChecked(ctx, request.path, PathUse::kCreation, {.ancestor = kWrite}));
  if (path.exists()) {
    if (path.last()->is_directory()) return errors::ExistsAsDirectory(path.path());
    const PermissionChecker checker(ctx.caller, ctx.options.permissions_enabled);
    if (overwrite) RETURN_IF_ERROR(checker.Check(path, PathUse::kCreation, {.access = kWrite}));
    return path;
  }
  if (!request.create_parent) RETURN_IF_ERROR(VerifyParent(path));
  if (!(request.flags & kCreateFlagCreate)) return errors::CannotOverwriteNonExistent(path.path());
  return path;
}

// The policy asked for: 0 for none. Only that of all files can be had.
absl::StatusOr<uint8_t> FindPolicy(const std::string& name) {
  if (name.empty()) return 0;
  const auto policies = StoragePolicies();
  const auto found = std::ranges::find_if(policies, [&](const StoragePolicy& policy) {
    return absl::EqualsIgnoreCase(absl::string_view(policy.name.data(), policy.name.size()), name);
  });
  if (found == policies.end()) {
    return MakeError(ErrorKind::kHadoopIllegalArgument,
                     "Cannot find a block policy with the name " + name);
  }
  if (found->id != kHotPolicy) {
    return errors::Io(
        "Failed to set storage policy since dfs.storage.policy.enabled is set to false.");
  }
  return found->id;
}

}  // namespace

absl::StatusOr<FileStatus> Create(OpContext& ctx, const CreateRequest& request) {
  RETURN_IF_ERROR(CheckPathLength(request.path, "create"));
  if (!IsValidName(request.path) || (IsReserved(request.path) && !IsReservedAlias(request.path))) {
    return errors::InvalidCreatePath(request.path);
  }
  ASSIGN_OR_RETURN(const uint8_t policy, FindPolicy(request.storage_policy));
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "create file", request.path));
  ASSIGN_OR_RETURN(ResolvedPath path, ResolveTarget(ctx, request));
  if (request.block_size < ctx.options.min_block_size) {
    return errors::BlockSizeTooSmall(request.block_size, ctx.options.min_block_size);
  }
  RETURN_IF_ERROR(CheckReplication(ctx, request.replication, request.path, ctx.caller.address));
  if (path.exists()) {
    if (!(request.flags & kCreateFlagOverwrite)) {
      RETURN_IF_ERROR(EnsureClosed(ctx, path, "CREATE_FILE", request.client_name).status());
      return FailAfterCommit(errors::FileExists(path.path(), ctx.caller.address));
    }
    RETURN_IF_ERROR(Reclaim(ctx.txn, path));
    ASSIGN_OR_RETURN(path.inodes[path.size() - 2], ctx.txn.ById(path.parent()->id));
  }
  RETURN_IF_ERROR(CreateAncestors(ctx, path, std::nullopt));
  RETURN_IF_ERROR(CheckNewEntry(ctx, *path.parent(), path, path.size() - 1));
  Inode file = NewInode(ctx, *path.parent(), path.last_name(), InodeKind::kFile, request.mode);
  file.replication = request.replication;
  file.block_size = request.block_size;
  file.storage_policy = policy;
  file.under_construction = FileUnderConstruction{request.client_name, ctx.caller.address};
  ctx.txn.AddLease(request.client_name, file.id);
  ASSIGN_OR_RETURN(path.inodes.back(), LinkChild(ctx.txn, std::move(file)));
  return FileStatus(StatusOf(*path.last(), "", EffectiveStoragePolicy(path)));
}

}  // namespace cairn::namenode::ops
