// recoverLease, isFileClosed and the expiry of leases.
#include <fmt/format.h>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/open_file.h"
#include "namenode/namespace/ops/lease/lease_ops.h"

namespace cairn::namenode::ops {

absl::Status CheckNotBeingWritten(OpContext& ctx, const ResolvedPath& path,
                                  const std::string& operation, const std::string& holder) {
  const Inode& file = *path.last();
  if (!file.under_construction) return absl::OkStatus();
  const std::string& owner = file.under_construction->client_name;
  const auto refuse = [&](const std::string& why) {
    return errors::AlreadyBeingCreated(operation, path.path(), holder, ctx.caller.address, why);
  };
  if (owner == holder)
    return refuse(fmt::format("{} is already the current lease holder.", holder));
  if (ctx.leases.FilesOf(owner).empty())
    return refuse("the file is under construction but no leases found.");
  if (ctx.leases.SoftLimitExpired(owner)) {
    return errors::LeaseRecoveryInProgress(operation, path.path(), holder, ctx.caller.address);
  }
  return refuse(fmt::format("this file lease is currently owned by {} on {}", owner,
                            file.under_construction->client_address));
}

absl::StatusOr<bool> RecoverLease(OpContext& ctx, const std::string& path,
                                  const std::string& client_name) {
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "recover the lease of " + path));
  ASSIGN_OR_RETURN(const ResolvedPath resolved,
                   ResolveChecked(ctx, path, PathUse::kAccess, {.access = kWrite}));
  if (!resolved.exists()) return errors::FileDoesNotExist(resolved.path());
  if (!resolved.last()->is_file()) return errors::PathIsNotAFile(resolved.path());
  if (!resolved.last()->under_construction) return true;
  return ReleaseLease(ctx, resolved.last());
}

absl::StatusOr<bool> IsFileClosed(OpContext& ctx, const std::string& path) {
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolveChecked(ctx, path, PathUse::kAccess, {}));
  if (!resolved.exists()) return errors::FileDoesNotExist(resolved.path());
  if (!resolved.last()->is_file()) return errors::PathIsNotAFile(resolved.path());
  return !resolved.last()->under_construction.has_value();
}

absl::StatusOr<bool> ExpireLease(OpContext& ctx, InodeId file) {
  if (ctx.blocks.InSafeMode()) return false;
  ASSIGN_OR_RETURN(const InodePtr inode, ctx.txn.ById(file));
  if (inode == nullptr || !inode->under_construction) return true;
  ASSIGN_OR_RETURN(const std::vector<InodePtr> chain, ctx.txn.Ancestors(*inode));
  if (chain.empty()) return true;  // the purger ends its lease
  return ReleaseLease(ctx, inode);
}

}  // namespace cairn::namenode::ops
