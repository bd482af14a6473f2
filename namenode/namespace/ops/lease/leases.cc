// recoverLease, isFileClosed, and who may open a file that has a writer.
#include <fmt/format.h>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/open_file.h"
#include "namenode/namespace/ops/lease/lease_ops.h"

namespace cairn::namenode::ops {
namespace {

// The refusal of a file whose writer is within the soft limit.
absl::StatusOr<absl::Status> OwnedByAnother(OpContext& ctx, const Inode& file,
                                            const std::string& path, const std::string& operation,
                                            const std::string& holder) {
  const FileUnderConstruction& writer = *file.under_construction;
  if (!file.blocks.empty()) {
    ASSIGN_OR_RETURN(const BlockRow last, RowOf(ctx, file, file.blocks.back()));
    if (last.state == BlockState::kUnderRecovery) {
      return MakeError(
          ErrorKind::kRecoveryInProgress,
          fmt::format(
              "Failed to {} {} for {} on {} because another recovery is in progress by {} on {}",
              operation, path, holder, ctx.caller.address, writer.client_name,
              writer.client_address));
    }
  }
  return errors::AlreadyBeingCreated(operation, path, holder, ctx.caller.address,
                                     fmt::format("this file lease is currently owned by {} on {}",
                                                 writer.client_name, writer.client_address));
}

}  // namespace

absl::StatusOr<InodePtr> EnsureClosed(OpContext& ctx, const ResolvedPath& path,
                                      const std::string& operation, const std::string& holder) {
  const InodePtr& file = path.last();
  if (!file->under_construction) return file;
  const std::string& owner = file->under_construction->client_name;
  const auto refuse = [&](const std::string& why) {
    return errors::AlreadyBeingCreated(operation, path.path(), holder, ctx.caller.address, why);
  };
  if (owner == holder)
    return refuse(fmt::format("{} is already the current lease holder.", holder));
  if (!ctx.leases.Holds(owner, file->id))
    return refuse("the file is under construction but no leases found.");
  if (!ctx.leases.SoftLimitExpired(owner)) {
    ASSIGN_OR_RETURN(absl::Status refusal,
                     OwnedByAnother(ctx, *file, path.path(), operation, holder));
    return refusal;
  }
  ASSIGN_OR_RETURN(const bool closed, ReleaseLease(ctx, path.path(), file, ""));
  if (!closed) {
    const absl::Status refusal =
        errors::LeaseRecoveryInProgress(operation, path.path(), holder, ctx.caller.address);
    const auto view = ctx.blocks.Find(file->blocks.back());
    if (!view || view->recovery_waits_for.empty()) return FailAfterCommit(refusal);
    return FailAfterCommit(
        MakeError(ErrorKind::kRecoveryInProgress,
                  fmt::format("{} It waits for {}.", std::string(refusal.message()),
                              view->recovery_waits_for)));
  }
  return ctx.txn.ById(file->id);
}

absl::StatusOr<bool> RecoverLease(OpContext& ctx, const std::string& path,
                                  const std::string& client_name) {
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "recover the lease of ", path));
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolveChecked(ctx, path, PathUse::kAccess, {}));
  if (!resolved.exists()) return errors::FileDoesNotExist(resolved.path());
  if (!resolved.last()->is_file()) return errors::PathIsNotAFile(resolved.path());
  const InodePtr& file = resolved.last();
  // Before the permission, as in HDFS: that a file is closed is no secret.
  if (!file->under_construction) return true;
  const PermissionChecker checker(ctx.caller, ctx.options.permissions_enabled);
  RETURN_IF_ERROR(checker.Check(resolved, PathUse::kAccess, {.access = kWrite}));
  if (!ctx.leases.Holds(file->under_construction->client_name, file->id)) {
    return errors::AlreadyBeingCreated("RECOVER_LEASE", resolved.path(), client_name,
                                       ctx.caller.address,
                                       "the file is under construction but no leases found.");
  }
  return ReleaseLease(ctx, resolved.path(), file, client_name);
}

absl::StatusOr<bool> IsFileClosed(OpContext& ctx, const std::string& path) {
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolveChecked(ctx, path, PathUse::kAccess, {}));
  if (!resolved.exists()) return errors::FileDoesNotExist(resolved.path());
  if (!resolved.last()->is_file()) return errors::PathIsNotAFile(resolved.path());
  return !resolved.last()->under_construction.has_value();
}

}  // namespace cairn::namenode::ops
