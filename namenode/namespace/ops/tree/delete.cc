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
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "delete " + path));
  if (IsReserved(path) && !IsReservedAlias(path)) return errors::InvalidCreatePath(path);
  ASSIGN_OR_RETURN(ResolvedPath resolved,
                   ResolveChecked(ctx, path, PathUse::kAccess, {.parent = kWrite}));
  if (resolved.exists() && resolved.last()->child_count > 0 && !recursive) {
    return errors::DirectoryNotEmpty(resolved.path());
  }
  return resolved;
}

}  // namespace

absl::StatusOr<SubtreeCheck> PrepareDelete(OpContext& ctx, const std::string& path,
                                           bool recursive) {
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolveForDelete(ctx, path, recursive));
  const PermissionChecker checker(ctx.caller, ctx.options.permissions_enabled);
  if (checker.unchecked() || !resolved.exists() || resolved.last()->child_count == 0)
    return SubtreeCheck{};
  return SubtreeCheck{resolved.last()->id, resolved.path()};
}

absl::Status CheckSubtreeDirectory(const PermissionChecker& checker, const Inode& directory,
                                   const std::string& path) {
  constexpr uint8_t kAll = kRead | kWrite | kExecute;
  if (directory.child_count == 0 || checker.Grants(directory, kAll)) return absl::OkStatus();
  return checker.Denied(directory, path, kAll);
}

absl::Status CheckSubtreeChild(const PermissionChecker& checker, const Inode& directory,
                               const std::string& directory_path, const Inode& child) {
  const std::string child_path = (directory_path == "/" ? "" : directory_path) + "/" + child.name;
  return checker.CheckSticky(directory, directory_path, child, child_path);
}

absl::StatusOr<bool> Delete(OpContext& ctx, const std::string& path, bool recursive) {
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolveForDelete(ctx, path, recursive));
  if (!resolved.exists() || resolved.is_root()) return false;
  RETURN_IF_ERROR(Reclaim(ctx.txn, resolved));
  return true;
}

}  // namespace cairn::namenode::ops
