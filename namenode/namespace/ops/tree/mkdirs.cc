// mkdirs.
#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/ops/tree/tree_ops.h"
#include "namenode/namespace/path.h"

namespace cairn::namenode::ops {

absl::StatusOr<bool> Mkdirs(OpContext& ctx, const MkdirsRequest& request) {
  RETURN_IF_ERROR(CheckPathLength(request.path, "mkdirs"));
  if (!IsValidName(request.path)) return errors::InvalidFileName(request.path);
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "create directory ", request.path));
  ASSIGN_OR_RETURN(ResolvedPath path, ResolveChecked(ctx, request.path, PathUse::kCreation, {}));
  if (path.exists()) {
    if (path.last()->is_directory()) return true;
    return errors::PathIsNotADirectory(path.path());
  }
  const PermissionChecker checker(ctx.caller, ctx.options.permissions_enabled);
  RETURN_IF_ERROR(checker.Check(path, PathUse::kCreation, {.ancestor = kWrite}));
  if (!request.create_parent) RETURN_IF_ERROR(VerifyParent(path));
  RETURN_IF_ERROR(CreateAncestors(ctx, path, request.mode));
  RETURN_IF_ERROR(CheckNewEntry(ctx, *path.parent(), path, path.size() - 1));
  RETURN_IF_ERROR(LinkChild(ctx.txn, NewInode(ctx, *path.parent(), path.last_name(),
                                              InodeKind::kDirectory, request.mode))
                      .status());
  return true;
}

}  // namespace cairn::namenode::ops
