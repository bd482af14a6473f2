// delete.
#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/ops/tree/tree_ops.h"
#include "namenode/namespace/path.h"

namespace cairn::namenode::ops {
namespace {

absl::StatusOr<ResolvedPath> ResolveForDelete(OpContext& ctx, const std::string& path,
                                              bool recursive) {
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "delete ", path));
  if (IsReserved(path) && !IsReservedAlias(path)) return errors::InvalidCreatePath(path);
  ASSIGN_OR_RETURN(ResolvedPath resolved,
                   ResolveChecked(ctx, path, PathUse::kAccess, {.parent = kWrite}));
  if (resolved.exists() && resolved.last()->child_count > 0 && !recursive) {
    return errors::DirectoryNotEmpty(resolved.path());
  }
  return resolved;
}

}  // namespace

absl::Status CheckSubtreeEntry(const PermissionChecker& checker, const WalkEntry& entry) {
  constexpr uint8_t kAll = kRead | kWrite | kExecute;
  const Inode& inode = entry.inode;
  if (inode.is_directory() && inode.child_count > 0 && !checker.Grants(inode, kAll)) {
    return checker.Denied(inode, entry.path, kAll);
  }
  if (entry.parent == nullptr) return absl::OkStatus();
  const size_t slash = entry.path.rfind('/');
  return checker.CheckSticky(*entry.parent, slash == 0 ? "/" : entry.path.substr(0, slash), inode,
                             entry.path);
}

absl::StatusOr<bool> Delete(OpContext& ctx, const std::string& path, bool recursive) {
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolveForDelete(ctx, path, recursive));
  if (!resolved.exists() || resolved.is_root()) return false;
  RETURN_IF_ERROR(CheckNotProtected(ctx, resolved));
  const PermissionChecker checker(ctx.caller, ctx.options.permissions_enabled);
  const Inode& root = *resolved.last();
  if (!checker.unchecked() && root.child_count > 0 && ctx.checked_subtree != root.id) {
    return NeedsSubtreeCheck(root.id);
  }
  RETURN_IF_ERROR(Reclaim(ctx.txn, resolved));
  return true;
}

}  // namespace cairn::namenode::ops
