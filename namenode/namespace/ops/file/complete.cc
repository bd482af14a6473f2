// complete and fsync: the writer's reports on the last block.
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/open_file.h"
#include "namenode/namespace/ops/file/file_ops.h"

namespace cairn::namenode::ops {
namespace {

// A complete() that repeats one which already closed the file: same last block (or none at all).
absl::StatusOr<bool> IsRepeatedComplete(OpContext& ctx, const ResolvedPath& resolved,
                                        const CompleteRequest& request) {
  const InodePtr& file = resolved.last();
  if (file == nullptr || !file->is_file() || file->under_construction) return false;
  if (file->blocks.empty() || !request.last) return file->blocks.empty() && !request.last;
  ASSIGN_OR_RETURN(const BlockRow row, RowOf(ctx, *file, file->blocks.back()));
  return row.id == request.last->block.id &&
         row.generation_stamp == request.last->block.generation_stamp;
}

}  // namespace

absl::StatusOr<bool> Complete(OpContext& ctx, const CompleteRequest& request) {
  RETURN_IF_ERROR(CheckPool(ctx, request.last));
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "complete file ", request.path));
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolveFile(ctx, request.path, request.file_id));
  ASSIGN_OR_RETURN(const bool repeated, IsRepeatedComplete(ctx, resolved, request));
  if (repeated) return true;
  ASSIGN_OR_RETURN(const InodePtr found,
                   CheckLease(ctx, resolved, request.path, request.file_id, request.client_name));
  Inode file = *found;
  ASSIGN_OR_RETURN(const bool earlier_settled, HasProgressed(ctx, file, /*all=*/false));
  if (!earlier_settled) return false;
  RETURN_IF_ERROR(CommitLastBlock(ctx, file, request.last));
  ASSIGN_OR_RETURN(const bool all_settled, HasProgressed(ctx, file, /*all=*/true));
  if (!all_settled) {
    const BlockId last = file.blocks.back();
    if (file.length != found->length) ctx.txn.Put(std::move(file));
    // A writer's call overtakes the report of its last DataNode; told "no", it would sleep.
    if (ctx.may_wait) return AwaitReplica(last);
    return false;
  }
  RETURN_IF_ERROR(CloseFile(ctx, std::move(file)));
  return true;
}

absl::Status Fsync(OpContext& ctx, const FsyncRequest& request) {
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "fsync file ", request.path));
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolveFile(ctx, request.path, request.file_id));
  ASSIGN_OR_RETURN(const InodePtr found,
                   CheckLease(ctx, resolved, request.path, request.file_id, request.client_name));
  if (request.last_block_length <= 0 || found->blocks.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(BlockRow row, RowOf(ctx, *found, found->blocks.back()));
  if (row.state != BlockState::kUnderConstruction || request.last_block_length <= row.length)
    return absl::OkStatus();
  if (request.last_block_length > found->block_size) {
    return MakeError(
        ErrorKind::kIllegalArgument,
        "fsync of " + request.path + ": the length exceeds the block size of the file");
  }
  Inode file = *found;
  file.length += request.last_block_length - row.length;
  row.length = request.last_block_length;
  ctx.txn.PutBlock(std::move(row));
  ctx.txn.Put(std::move(file));
  return absl::OkStatus();
}

}  // namespace cairn::namenode::ops
