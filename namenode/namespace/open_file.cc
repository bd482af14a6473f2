// The rules of files under construction.
#include "namenode/namespace/open_file.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"

namespace cairn::namenode {

absl::StatusOr<ResolvedPath> ResolveFile(OpContext& ctx, std::string_view path, InodeId file_id) {
  if (file_id == kUnknownInodeId) return ResolveChecked(ctx, path, PathUse::kAccess, {});
  ASSIGN_OR_RETURN(std::optional<ResolvedPath> resolved, ResolveInode(ctx.txn, file_id));
  if (!resolved) return ResolvedPath{{"", path}, {nullptr, nullptr}};
  return *std::move(resolved);
}

absl::StatusOr<InodePtr> CheckLease(const OpContext& ctx, const ResolvedPath& resolved,
                                    std::string_view path, InodeId file_id,
                                    std::string_view client_name) {
  const InodePtr& file = resolved.last();
  const auto lease = [&] { return LeaseText(ctx.leases, client_name); };
  if (file == nullptr) return errors::NoSuchOpenFile(path, file_id, lease());
  if (!file->is_file()) {
    return MakeError(
        ErrorKind::kLeaseExpired,
        fmt::format("INode is not a regular file: {} (inode {}) {}", path, file_id, lease()));
  }
  if (!file->under_construction) return errors::NotOpenForWriting(path, file_id, lease());
  if (file->under_construction->client_name != client_name) {
    return errors::NotLeaseOwner(client_name, file->under_construction->client_name, path, file_id,
                                 lease());
  }
  return file;
}

std::string LeaseText(const LeaseManager& leases, std::string_view holder) {
  std::string text = leases.Describe(holder);
  return text.empty() ? fmt::format("Holder {} does not have any open files.", holder) : text;
}

absl::StatusOr<BlockRow> RowOf(OpContext& ctx, const Inode& file, BlockId id) {
  ASSIGN_OR_RETURN(std::optional<BlockRow> row, ctx.txn.BlockById(id));
  if (!row)
    return absl::DataLossError(
        fmt::format("inode {} ({}): block blk_{} has no row", file.id, file.name, id));
  return *std::move(row);
}

absl::Status CheckPool(const OpContext& ctx, const std::optional<ExtendedBlock>& block) {
  if (!block || block->pool_id == ctx.block_pool_id) return absl::OkStatus();
  return errors::UnexpectedBlockPool(block->pool_id, ctx.block_pool_id);
}

absl::StatusOr<bool> HasProgressed(OpContext& ctx, const Inode& file, bool all) {
  const size_t count = file.blocks.size();
  const size_t first = count < 2 ? 0 : count - 2;
  const size_t end = all ? count : count == 0 ? 0 : count - 1;
  for (size_t i = first; i < end; ++i) {
    ASSIGN_OR_RETURN(const BlockRow row, RowOf(ctx, file, file.blocks[i]));
    if (row.state == BlockState::kComplete) continue;
    // The rows of this transaction are not yet the block manager's: a commit made here counts by
    // its own state.
    if (row.state != BlockState::kCommitted || !ctx.blocks.HasMinReplicas(row)) return false;
  }
  return true;
}

absl::StatusOr<bool> EarlierSettled(OpContext& ctx, const Inode& file) {
  ASSIGN_OR_RETURN(const bool progressed, HasProgressed(ctx, file, /*all=*/false));
  if (progressed) return true;
  ASSIGN_OR_RETURN(const BlockRow row, RowOf(ctx, file, file.blocks[file.blocks.size() - 2]));
  const auto view = ctx.blocks.Find(row.id);
  if (row.state != BlockState::kCommitted || !view || !view->unclaimed) return false;
  spdlog::error("{} of inode {} is lost: no DataNode of its pipeline has a replica",
                Block{row.id, row.generation_stamp, 0}.ToString(), file.id);
  return true;
}

absl::Status CommitLastBlock(OpContext& ctx, Inode& file,
                             const std::optional<ExtendedBlock>& committed) {
  if (file.blocks.empty() || !committed) return absl::OkStatus();
  ASSIGN_OR_RETURN(BlockRow row, RowOf(ctx, file, file.blocks.back()));
  const Block stored{row.id, row.generation_stamp, row.length};
  const Block& told = committed->block;
  if (row.id != told.id || row.state == BlockState::kComplete) return absl::OkStatus();
  if (row.state == BlockState::kUnderRecovery) {
    return errors::Io(
        fmt::format("Commit or complete block {}, whereas it is under recovery.", told.ToString()));
  }
  if (row.generation_stamp != told.generation_stamp) {
    return errors::Io(fmt::format("Commit block with mismatching GS. NN has {}, client submits {}",
                                  stored.ToString(), told.ToString()));
  }
  if (told.num_bytes < row.length) {
    return errors::Io(fmt::format("Commit block length {} of {} is less than the known length {}",
                                  told.num_bytes, stored.ToString(), row.length));
  }
  if (told.num_bytes > file.block_size) {
    return errors::Io(
        fmt::format("Commit block length {} of {} exceeds the block size {} of the file",
                    told.num_bytes, stored.ToString(), file.block_size));
  }
  if (row.state == BlockState::kCommitted && row.length == told.num_bytes) return absl::OkStatus();
  file.length += told.num_bytes - row.length;
  row.length = told.num_bytes;
  row.state = BlockState::kCommitted;
  ctx.txn.PutBlock(std::move(row));
  return absl::OkStatus();
}

void PutWithPipeline(OpContext& ctx, BlockRow row, std::vector<ReplicaLocation> locations) {
  row.pipeline.clear();
  for (const ReplicaLocation& location : locations) {
    row.pipeline.push_back(location.datanode.id.uuid);
  }
  const BlockId id = row.id;
  ctx.txn.PutBlock(std::move(row));
  ctx.txn.SetExpectedLocations(id, std::move(locations));
}

void PutComplete(OpContext& ctx, BlockRow row) {
  row.state = BlockState::kComplete;
  row.recovery_id = 0;
  row.truncate_to.reset();
  row.pipeline.clear();
  ctx.txn.PutBlock(std::move(row));
}

absl::Status CloseFile(OpContext& ctx, Inode file) {
  // Only the last two can be other than COMPLETE: addBlock completes the rest.
  const size_t first = file.blocks.size() < 2 ? 0 : file.blocks.size() - 2;
  for (size_t i = first; i < file.blocks.size(); ++i) {
    ASSIGN_OR_RETURN(BlockRow row, RowOf(ctx, file, file.blocks[i]));
    if (row.state != BlockState::kComplete) PutComplete(ctx, std::move(row));
  }
  ctx.txn.RemoveLease(file.under_construction->client_name, file.id);
  file.under_construction.reset();
  file.mtime_ms = ctx.txn.now_ms();
  ctx.txn.Put(std::move(file));
  return absl::OkStatus();
}

absl::Status CloseWithoutLastBlock(OpContext& ctx, Inode file) {
  ASSIGN_OR_RETURN(const BlockRow last, RowOf(ctx, file, file.blocks.back()));
  if (last.length > 0) {
    spdlog::error("{} bytes of inode {} are lost: no DataNode of the pipeline of {} has a replica",
                  last.length, file.id, Block{last.id, last.generation_stamp, 0}.ToString());
  }
  file.blocks.pop_back();
  file.length -= last.length;
  ctx.txn.RemoveBlock(last.id);
  return CloseFile(ctx, std::move(file));
}

}  // namespace cairn::namenode
