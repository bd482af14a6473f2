// commitBlockSynchronization: what a block recovery came to.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/open_file.h"
#include "namenode/namespace/ops/lease/lease_ops.h"

namespace cairn::namenode::ops {
namespace {

// The replicas of `row` have the recovery's stamp and `length` now: as the file's last block it is
// complete.
absl::Status FinishRecovery(OpContext& ctx, const ResolvedPath& resolved, BlockRow row,
                            const std::optional<BlockView>& view, const BlockSyncRequest& request) {
  Inode file = *resolved.last();
  const std::string name = request.block.ToString();
  if (request.replicas.empty() || request.new_length < 0 || request.new_length > file.block_size) {
    return errors::Io(fmt::format("Recovery of block {}: {} replicas of {} bytes cannot be", name,
                                  request.replicas.size(), request.new_length));
  }
  if (row.truncate_to && request.new_length != *row.truncate_to) {
    return errors::Io(fmt::format("Recovery of block {}: {} bytes, but it is truncated to {}", name,
                                  request.new_length, *row.truncate_to));
  }
  const bool shorter = !row.truncate_to && request.new_length < row.length;
  if (shorter && !(view && view->loss_is_certain)) {
    return errors::Io(fmt::format(
        "Recovery of block {}: {} bytes, but {} are known to be written and a DataNode that was "
        "not asked may have them",
        name, request.new_length, row.length));
  }
  if (shorter) {
    spdlog::error(
        "Recovery of block {}: {} bytes of {} are lost: its DataNodes have {} of the {} known to "
        "be written",
        name, row.length - request.new_length, resolved.path(), request.new_length, row.length);
  }
  ASSIGN_OR_RETURN(const bool earlier_settled, EarlierSettled(ctx, file));
  if (!earlier_settled) return errors::NotReplicatedYet(resolved.path());
  file.length += request.new_length - row.length;
  row.length = request.new_length;
  row.generation_stamp = request.recovery_id;
  row.state = BlockState::kCommitted;
  ctx.txn.ReplicasRecovered({row.id, row.generation_stamp, row.length}, request.replicas);
  ctx.txn.PutBlock(std::move(row));
  return CloseFile(ctx, std::move(file));
}

}  // namespace

absl::Status CommitBlockSynchronization(OpContext& ctx, const BlockSyncRequest& request) {
  RETURN_IF_ERROR(CheckPool(ctx, request.block));
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "commitBlockSynchronization while in safe mode"));
  const std::string name = request.block.ToString();
  ASSIGN_OR_RETURN(std::optional<BlockRow> row, ctx.txn.BlockById(request.block.block.id));
  if (!row) {
    if (request.delete_block) return absl::OkStatus();  // a repeated call
    return errors::Io(fmt::format("Block (={}) not found", name));
  }
  ASSIGN_OR_RETURN(const std::optional<ResolvedPath> resolved, ResolveInode(ctx.txn, row->inode));
  if (!resolved) {
    return MakeError(
        ErrorKind::kFileNotFound,
        fmt::format("File not found: inode {}, likely due to delayed block removal", row->inode));
  }
  const Inode& file = *resolved->last();
  if (!file.under_construction || row->state == BlockState::kComplete) return absl::OkStatus();
  if (row->state != BlockState::kUnderRecovery || row->recovery_id != request.recovery_id) {
    return errors::Io(
        fmt::format("The recovery id {} does not match current recovery id {} for block {}",
                    request.recovery_id, row->recovery_id, name));
  }
  const auto view = ctx.blocks.Find(row->id);
  if (!request.delete_block) return FinishRecovery(ctx, *resolved, *std::move(row), view, request);
  const bool may_be_elsewhere = row->length > 0 && !(view && view->loss_is_certain);
  if (may_be_elsewhere || (view && view->reported > 0)) {
    return errors::Io(
        fmt::format("Block {} cannot be removed: {} bytes of it are known to be "
                    "written, and {} DataNodes have told of a replica",
                    name, row->length, view ? view->reported : 0));
  }
  ASSIGN_OR_RETURN(const bool earlier_settled, EarlierSettled(ctx, file));
  if (!earlier_settled) return errors::NotReplicatedYet(resolved->path());
  return CloseWithoutLastBlock(ctx, file);
}

}  // namespace cairn::namenode::ops
