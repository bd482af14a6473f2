// The two renames. Both move one row; the subtree below follows because children are keyed by their
// parent's id.
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/ops/tree/tree_ops.h"
#include "namenode/namespace/path.h"

namespace cairn::namenode::ops {
namespace {

struct RenamePaths {
  ResolvedPath source;
  ResolvedPath destination;
};

absl::StatusOr<RenamePaths> ResolveBoth(OpContext& ctx, const RenameRequest& request) {
  if (!IsValidName(request.destination)) return errors::InvalidFileName(request.destination);
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "rename ", request.source));
  RenamePaths paths;
  ASSIGN_OR_RETURN(paths.source, ResolveChecked(ctx, request.source, PathUse::kAccess, {}));
  ASSIGN_OR_RETURN(paths.destination,
                   ResolveChecked(ctx, request.destination, PathUse::kCreation, {}));
  return paths;
}

absl::Status CheckBothMayChange(OpContext& ctx, const RenamePaths& paths) {
  const PermissionChecker checker(ctx.caller, ctx.options.permissions_enabled);
  RETURN_IF_ERROR(checker.Check(paths.source, PathUse::kAccess, {.parent = kWrite}));
  RETURN_IF_ERROR(checker.Check(paths.destination, PathUse::kCreation, {.ancestor = kWrite}));
  return paths.source.exists() ? CheckNotProtected(ctx, paths.source) : absl::OkStatus();
}

// Moves the source's row to the destination's name; mtime of both parents becomes now, the inode's
// own stays.
absl::Status MoveRow(OpContext& ctx, const RenamePaths& paths) {
  const Inode& from = *paths.source.last();
  const Inode& to_parent = *paths.destination.parent();
  const bool same_parent = from.parent_id == to_parent.id;
  const size_t last = paths.destination.size() - 1;
  if (same_parent) {
    Inode uncounted = to_parent;
    uncounted.child_count = 0;  // the number of entries does not change
    RETURN_IF_ERROR(CheckNewEntry(ctx, uncounted, paths.destination, last));
  } else {
    RETURN_IF_ERROR(CheckNewEntry(ctx, to_parent, paths.destination, last));
  }
  Inode to = from;
  to.parent_id = to_parent.id;
  to.name = paths.destination.last_name();
  RETURN_IF_ERROR(ChangeChildCount(ctx.txn, from.parent_id, same_parent ? 0 : -1));
  if (!same_parent) RETURN_IF_ERROR(ChangeChildCount(ctx.txn, to_parent.id, 1));
  ctx.txn.Move(from, std::move(to));
  return absl::OkStatus();
}

// The checks of rename2 on an existing destination.
absl::Status CheckOverwrite(const RenamePaths& paths, bool overwrite) {
  const Inode& source = *paths.source.last();
  const Inode& destination = *paths.destination.last();
  if (source.is_directory() != destination.is_directory()) {
    return errors::RenameKindsDiffer(paths.source.path(), paths.destination.path());
  }
  if (!overwrite) return errors::RenameDestinationExists(paths.destination.path());
  if (destination.child_count > 0)
    return errors::RenameDestinationNotEmpty(paths.destination.path());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<bool> Rename(OpContext& ctx, const RenameRequest& request) {
  RETURN_IF_ERROR(CheckPathLength(request.destination, "rename"));
  ASSIGN_OR_RETURN(RenamePaths paths, ResolveBoth(ctx, request));
  const InodePtr source = paths.source.last();
  if (paths.destination.exists() && paths.destination.last()->is_directory() &&
      !paths.source.is_root()) {
    // Into the directory, under the source's own name.
    const std::string_view name = paths.source.last_name();
    ASSIGN_OR_RETURN(InodePtr child, ctx.txn.Child(paths.destination.last()->id, name));
    paths.destination.names.push_back(name);
    paths.destination.inodes.push_back(std::move(child));
  }
  RETURN_IF_ERROR(CheckBothMayChange(ctx, paths));
  if (source == nullptr || paths.source.is_root()) return false;
  if (IsExactlyReserved(request.destination)) return errors::RenameReserved();
  if (paths.destination.IsSameAs(paths.source)) return !source->is_directory();
  if (paths.destination.IsBelow(paths.source)) return false;
  if (paths.destination.exists() || paths.destination.parent() == nullptr) return false;
  RETURN_IF_ERROR(MoveRow(ctx, paths));
  return true;
}

absl::Status Rename2(OpContext& ctx, const RenameRequest& request) {
  RETURN_IF_ERROR(CheckPathLength(request.destination, "rename"));
  ASSIGN_OR_RETURN(RenamePaths paths, ResolveBoth(ctx, request));
  RETURN_IF_ERROR(CheckBothMayChange(ctx, paths));
  const std::string from = paths.source.path();
  const std::string to = paths.destination.path();
  const bool bound = !ctx.caller.superuser && ctx.options.permissions_enabled;
  if (request.move_to_trash && bound && paths.source.exists() &&
      paths.source.last()->child_count > 0 && ctx.checked_subtree != paths.source.last()->id) {
    return NeedsSubtreeCheck(paths.source.last()->id);
  }
  if (!paths.source.exists()) return errors::RenameSourceNotFound(from);
  if (paths.source.is_root()) return errors::RenameSourceIsRoot();
  if (IsExactlyReserved(request.destination)) return errors::RenameReserved();
  if (paths.destination.IsSameAs(paths.source)) return errors::RenameSamePath(from);
  if (paths.destination.IsBelow(paths.source)) return errors::RenameUnderItself(from, to);
  if (paths.destination.is_root()) return errors::RenameDestinationIsRoot();
  if (paths.destination.exists()) RETURN_IF_ERROR(CheckOverwrite(paths, request.overwrite));
  if (paths.destination.parent() == nullptr) return errors::RenameParentNotFound(to);
  if (paths.destination.exists()) RETURN_IF_ERROR(Reclaim(ctx.txn, paths.destination));
  return MoveRow(ctx, paths);
}

}  // namespace cairn::namenode::ops
