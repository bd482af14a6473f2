// setPermission, setOwner and setTimes.
#include <algorithm>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/ops/attr/attr_ops.h"
#include "namenode/namespace/path.h"

namespace cairn::namenode::ops {
namespace {

// The path an owner is about to change.
absl::StatusOr<ResolvedPath> ResolveOwned(OpContext& ctx, const std::string& path) {
  if (IsExactlyReserved(path)) return errors::InvalidCreatePath(path);
  return ResolveChecked(ctx, path, PathUse::kAccess, {.owner = true});
}

// A write that changes nothing is no write: the row keeps its transaction.
void PutIfChanged(Txn& txn, const Inode& before, Inode after) {
  const bool same = before.mode == after.mode && before.owner == after.owner &&
                    before.group == after.group && before.mtime_ms == after.mtime_ms &&
                    before.atime_ms == after.atime_ms;
  if (!same) txn.Put(std::move(after));
}

}  // namespace

absl::Status SetPermission(OpContext& ctx, const std::string& path, uint16_t mode) {
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "set permission for ", path));
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolveOwned(ctx, path));
  if (!resolved.exists()) return errors::NoFileOrDirectory(resolved.path());
  Inode inode = *resolved.last();
  inode.mode = mode & kPermissionBits;
  PutIfChanged(ctx.txn, *resolved.last(), std::move(inode));
  return absl::OkStatus();
}

absl::Status SetOwner(OpContext& ctx, const SetOwnerRequest& request) {
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "set owner for ", request.path));
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolveOwned(ctx, request.path));
  const Caller& caller = ctx.caller;
  if (!caller.superuser) {
    if (request.owner && *request.owner != caller.user)
      return errors::OnlySuperuserChangesOwner(caller.user);
    if (request.group && !caller.IsIn(*request.group)) {
      return errors::NotInGroup(caller.user, *request.group);
    }
  }
  if (!resolved.exists()) return errors::NoFileOrDirectory(resolved.path());
  Inode inode = *resolved.last();
  if (request.owner) inode.owner = *request.owner;
  if (request.group) inode.group = *request.group;
  PutIfChanged(ctx.txn, *resolved.last(), std::move(inode));
  return absl::OkStatus();
}

absl::Status SetTimes(OpContext& ctx, const SetTimesRequest& request) {
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "set times ", request.path));
  ASSIGN_OR_RETURN(const ResolvedPath resolved,
                   ResolveChecked(ctx, request.path, PathUse::kAccess, {.access = kWrite}));
  if (!resolved.exists()) return errors::NothingToSetTimesOn(resolved.path());
  Inode inode = *resolved.last();
  if (request.mtime_ms >= 0) inode.mtime_ms = request.mtime_ms;
  if (request.atime_ms >= 0) inode.atime_ms = request.atime_ms;
  PutIfChanged(ctx.txn, *resolved.last(), std::move(inode));
  return absl::OkStatus();
}

absl::Status TouchAccessTime(OpContext& ctx, InodeId file) {
  if (ctx.blocks.InSafeMode()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const InodePtr inode, ctx.txn.ById(file));
  if (inode == nullptr || !inode->is_file()) return absl::OkStatus();
  if (ctx.txn.now_ms() <= inode->atime_ms + ctx.options.access_time_precision_ms)
    return absl::OkStatus();
  Inode touched = *inode;
  touched.atime_ms = ctx.txn.now_ms();
  ctx.txn.Put(std::move(touched));
  return absl::OkStatus();
}

}  // namespace cairn::namenode::ops
