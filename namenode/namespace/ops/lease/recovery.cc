// How the claim of a writer ends: by closing its file, or by recovering its last block first.
#include <fmt/format.h>

#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/open_file.h"
#include "namenode/namespace/ops/lease/lease_ops.h"

namespace cairn::namenode::ops {
namespace {

// How the blocks of an open file stand.
struct Ending {
  std::optional<BlockRow> last;      // absent for a file without blocks
  bool earlier_settled = true;       // EarlierSettled
  bool settled = true;               // all are: the file can be closed
  bool penultimate_written = false;  // the block before it is not even committed
};

absl::StatusOr<Ending> EndingOf(OpContext& ctx, const Inode& file) {
  Ending ending;
  const size_t count = file.blocks.size();
  if (count == 0) return ending;
  ASSIGN_OR_RETURN(ending.last, RowOf(ctx, file, file.blocks.back()));
  ASSIGN_OR_RETURN(ending.earlier_settled, EarlierSettled(ctx, file));
  ASSIGN_OR_RETURN(ending.settled, HasProgressed(ctx, file, /*all=*/true));
  if (count > 1) {
    ASSIGN_OR_RETURN(const BlockRow penultimate, RowOf(ctx, file, file.blocks[count - 2]));
    ending.penultimate_written =
        penultimate.state != BlockState::kComplete && penultimate.state != BlockState::kCommitted;
  }
  return ending;
}

// Gives the lease of a file that stays open to `holder`.
void Reassign(OpContext& ctx, const Inode& file, const std::string& holder) {
  Inode changed = file;
  ctx.txn.RemoveLease(file.under_construction->client_name, file.id);
  ctx.txn.AddLease(holder, file.id);
  changed.under_construction->client_name = holder;
  ctx.txn.Put(std::move(changed));
}

}  // namespace

void BeginRecovery(OpContext& ctx, BlockRow block) {
  block.state = BlockState::kUnderRecovery;
  block.recovery_id = ctx.txn.NewGenerationStamp();
  ctx.txn.PutBlock(std::move(block));
}

absl::StatusOr<bool> ReleaseLease(OpContext& ctx, const std::string& path, const InodePtr& file,
                                  const std::string& new_holder) {
  ASSIGN_OR_RETURN(Ending ending, EndingOf(ctx, *file));
  if (ending.settled) {
    RETURN_IF_ERROR(CloseFile(ctx, *file));
    return true;
  }
  if (ending.penultimate_written) {
    return errors::Io(
        fmt::format("DIR* NameSystem.internalReleaseLease: attempt to release a create lock on {} "
                    "but file is already closed.",
                    path));
  }
  BlockRow& last = *ending.last;
  const auto view = ctx.blocks.Find(last.id);
  const bool committed =
      last.state == BlockState::kCommitted || last.state == BlockState::kComplete;
  const bool unclaimed = !committed && view && view->unclaimed;
  if (!ending.earlier_settled && (committed || unclaimed)) {
    return MakeError(
        ErrorKind::kAlreadyBeingCreated,
        fmt::format("DIR* NameSystem.internalReleaseLease: Failed to release lease for file {}. "
                    "Committed blocks are waiting to be minimally replicated.",
                    path));
  }
  if (unclaimed) {
    RETURN_IF_ERROR(CloseWithoutLastBlock(ctx, *file));
    return true;
  }
  const bool running = last.state == BlockState::kUnderRecovery && view && view->recovery_pending;
  if (!running) BeginRecovery(ctx, std::move(last));
  if (!new_holder.empty() && new_holder != file->under_construction->client_name) {
    Reassign(ctx, *file, new_holder);
  }
  return false;
}

absl::StatusOr<bool> ExpireLease(OpContext& ctx, InodeId file) {
  if (ctx.blocks.InSafeMode()) return false;
  ASSIGN_OR_RETURN(const std::optional<ResolvedPath> resolved, ResolveInode(ctx.txn, file));
  if (!resolved) return true;  // the purger ends its lease
  const InodePtr& inode = resolved->last();
  if (!inode->under_construction) return true;
  const std::string& owner = inode->under_construction->client_name;
  if (ctx.leases.HardLimitExpired(owner)) {
    return ReleaseLease(ctx, resolved->path(), inode, ctx.leases.internal_holder());
  }
  if (inode->blocks.empty()) return false;
  ASSIGN_OR_RETURN(const BlockRow last, RowOf(ctx, *inode, inode->blocks.back()));
  if (last.state != BlockState::kUnderRecovery) return false;  // renewed meanwhile
  return ReleaseLease(ctx, resolved->path(), inode, "");
}

}  // namespace cairn::namenode::ops
