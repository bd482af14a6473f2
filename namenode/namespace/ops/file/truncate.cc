// truncate.
#include <fmt/format.h>

#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/blocks/policy/storage_policies.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/open_file.h"
#include "namenode/namespace/ops/file/file_ops.h"
#include "namenode/namespace/ops/lease/lease_ops.h"

namespace cairn::namenode::ops {
namespace {

// The length a running truncation will leave the file; empty when none is running.
absl::StatusOr<std::optional<int64_t>> RunningTruncation(OpContext& ctx, const Inode& file) {
  if (!file.under_construction || file.blocks.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(const BlockRow last, RowOf(ctx, file, file.blocks.back()));
  if (!last.truncate_to) return std::nullopt;
  return file.length - last.length + *last.truncate_to;
}

// Takes the blocks behind `new_length` out of a closed file. The block it cuts through, now the
// last one, is returned; empty when it falls between two.
absl::StatusOr<std::optional<BlockRow>> CutBlocks(OpContext& ctx, Inode& file, int64_t new_length) {
  std::optional<BlockRow> last;
  size_t kept = new_length == 0 ? 0 : file.blocks.size();
  if (kept == 0) file.length = 0;
  for (; kept > 0; --kept) {
    ASSIGN_OR_RETURN(last, RowOf(ctx, file, file.blocks[kept - 1]));
    if (file.length - last->length < new_length) break;
    file.length -= last->length;
  }
  ReclaimTail(ctx.txn, file, kept);
  file.mtime_ms = ctx.txn.now_ms();
  if (file.length == new_length) last.reset();
  return last;
}

}  // namespace

absl::StatusOr<bool> Truncate(OpContext& ctx, const TruncateRequest& request) {
  if (request.new_length < 0) {
    return MakeError(
        ErrorKind::kHadoopIllegalArgument,
        fmt::format("Cannot truncate to a negative file size: {}.", request.new_length));
  }
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "truncate for ", request.path));
  ASSIGN_OR_RETURN(const ResolvedPath resolved,
                   ResolveChecked(ctx, request.path, PathUse::kAccess, {.access = kWrite}));
  if (!resolved.exists()) return errors::FileDoesNotExist(resolved.path());
  if (!resolved.last()->is_file()) return errors::PathIsNotAFile(resolved.path());
  if (EffectiveStoragePolicy(resolved) == kLazyPersistPolicy) {
    return MakeError(ErrorKind::kUnsupportedOperation,
                     "Cannot truncate lazy persist file " + resolved.path());
  }
  ASSIGN_OR_RETURN(const std::optional<int64_t> running, RunningTruncation(ctx, *resolved.last()));
  if (running == request.new_length) return false;
  if (running) {
    return errors::AlreadyBeingCreated("TRUNCATE_FILE", resolved.path(), request.client_name,
                                       ctx.caller.address,
                                       resolved.path() + " is being truncated.");
  }
  ASSIGN_OR_RETURN(const InodePtr closed,
                   EnsureClosed(ctx, resolved, "TRUNCATE_FILE", request.client_name));
  Inode file = *closed;
  if (request.new_length == file.length) return true;
  if (request.new_length > file.length) {
    return FailAfterCommit(MakeError(
        ErrorKind::kHadoopIllegalArgument,
        fmt::format("Cannot truncate to a larger file size. Current size: {}, truncate size: {}.",
                    file.length, request.new_length)));
  }
  ASSIGN_OR_RETURN(std::optional<BlockRow> last, CutBlocks(ctx, file, request.new_length));
  const bool done = !last;
  if (!done) {
    last->truncate_to = last->length - (file.length - request.new_length);
    BeginRecovery(ctx, *std::move(last));
    file.under_construction = FileUnderConstruction{request.client_name, ctx.caller.address};
    ctx.txn.AddLease(request.client_name, file.id);
  }
  ctx.txn.Put(std::move(file));
  return done;
}

}  // namespace cairn::namenode::ops
