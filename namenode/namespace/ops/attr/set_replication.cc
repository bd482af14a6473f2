// setReplication.
#include <fmt/format.h>

#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/ops/attr/attr_ops.h"

namespace cairn::namenode::ops {

absl::Status CheckReplication(const OpContext& ctx, int32_t replication, const std::string& path,
                              const std::string& client_address) {
  const std::string named =
      client_address.empty() ? path : fmt::format("{}, clientName={}", path, client_address);
  if (replication > ctx.options.max_replication) {
    return errors::ReplicationTooHigh(replication, ctx.options.max_replication, named);
  }
  if (replication < ctx.options.min_replication) {
    return errors::ReplicationTooLow(replication, ctx.options.min_replication, named);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> SetReplication(OpContext& ctx, const std::string& path, int32_t replication) {
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "set replication for ", path));
  RETURN_IF_ERROR(CheckReplication(ctx, replication, path, ""));
  ASSIGN_OR_RETURN(const ResolvedPath resolved,
                   ResolveChecked(ctx, path, PathUse::kAccess, {.access = kWrite}));
  if (!resolved.exists() || !resolved.last()->is_file()) return false;
  Inode inode = *resolved.last();
  if (inode.replication == replication) return true;
  inode.replication = replication;
  for (const BlockId id : inode.blocks) {
    ASSIGN_OR_RETURN(std::optional<BlockRow> block, ctx.txn.BlockById(id));
    if (!block) return absl::DataLossError(fmt::format("{}: block blk_{} has no row", path, id));
    block->replication = replication;
    ctx.txn.PutBlock(*std::move(block));
  }
  ctx.txn.Put(std::move(inode));
  return true;
}

}  // namespace cairn::namenode::ops
