// Pipeline recovery's calls: getAdditionalDatanode, updateBlockForPipeline, updatePipeline.
#include <fmt/format.h>

#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/open_file.h"
#include "namenode/namespace/ops/file/file_ops.h"

namespace cairn::namenode::ops {
namespace {

struct OpenBlock {
  BlockRow row;
  InodePtr file;
};

// HDFS's checkUCBlock: the block is being written, by this client.
absl::StatusOr<OpenBlock> CheckOpenBlock(OpContext& ctx, const ExtendedBlock& block,
                                         const std::string& client_name) {
  ASSIGN_OR_RETURN(std::optional<BlockRow> row, ctx.txn.BlockById(block.block.id));
  if (!row) return errors::Io(block.ToString() + " does not exist.");
  // Of another file system's block with this id nothing may be changed, which HDFS does not check.
  RETURN_IF_ERROR(CheckPool(ctx, block));
  if (row->state != BlockState::kUnderConstruction) {
    static constexpr std::string_view kStates[] = {"null", "UNDER_CONSTRUCTION", "COMMITTED",
                                                   "COMPLETE", "UNDER_RECOVERY"};
    return errors::Io(fmt::format("Unexpected BlockUCState: {} is {} but not UNDER_CONSTRUCTION",
                                  block.ToString(), kStates[static_cast<size_t>(row->state)]));
  }
  ASSIGN_OR_RETURN(const InodePtr file, ctx.txn.ById(row->inode));
  std::vector<InodePtr> chain;
  if (file != nullptr) {
    ASSIGN_OR_RETURN(chain, ctx.txn.Ancestors(*file));
  }
  if (chain.empty() || !file->under_construction) {
    return errors::Io(
        fmt::format("The file {} belonged to does not exist or it is not under construction.",
                    block.ToString()));
  }
  if (file->under_construction->client_name != client_name) {
    return MakeError(ErrorKind::kLeaseExpired,
                     fmt::format("Lease mismatch: {} is accessed by a non lease holder {}",
                                 block.ToString(), client_name));
  }
  return OpenBlock{*std::move(row), file};
}

}  // namespace

absl::StatusOr<PlacementPlan> PlanAdditionalDatanode(OpContext& ctx,
                                                     const AdditionalDatanodeRequest& request) {
  RETURN_IF_ERROR(CheckPool(ctx, request.block));
  RETURN_IF_ERROR(CheckNotInSafeMode(
      ctx, fmt::format("add datanode; src={}, blk={}", request.path, request.block.ToString())));
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolveFile(ctx, request.path, request.file_id));
  ASSIGN_OR_RETURN(const InodePtr file,
                   CheckLease(ctx, resolved, request.path, request.file_id, request.client_name));
  if (request.count < 1 || request.count > ctx.options.max_replication) {
    return MakeError(ErrorKind::kIllegalArgument,
                     fmt::format("numAdditionalNodes={} must be between 1 and {}", request.count,
                                 ctx.options.max_replication));
  }
  PlacementPlan plan;
  PlacementRequest& placement = plan.request;
  placement.path = request.path;
  placement.client_address = file->under_construction->client_address;
  placement.replicas = request.count;
  placement.block_size = file->block_size;
  placement.excluded = request.excluded;
  placement.existing = request.existing;
  placement.storage_policy = EffectiveStoragePolicy(resolved);
  return plan;
}

absl::StatusOr<LocatedBlock> UpdateBlockForPipeline(OpContext& ctx, const ExtendedBlock& block,
                                                    const std::string& client_name) {
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "get a new GS for block ", block.ToString()));
  ASSIGN_OR_RETURN(const OpenBlock open, CheckOpenBlock(ctx, block, client_name));
  LocatedBlock located;
  located.block = {ctx.block_pool_id, {open.row.id, ctx.txn.NewGenerationStamp(), open.row.length}};
  located.offset = -1;
  return located;
}

absl::Status UpdatePipeline(OpContext& ctx, const UpdatePipelineRequest& request) {
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "update pipeline of ", request.old_block.ToString()));
  RETURN_IF_ERROR(CheckPool(ctx, request.new_block));
  ASSIGN_OR_RETURN(OpenBlock open, CheckOpenBlock(ctx, request.old_block, request.client_name));
  const Block& renewed = request.new_block.block;
  if (request.old_block.block.id != renewed.id) {
    return errors::Io(fmt::format("Updating the pipeline of {} with another block: {}",
                                  request.old_block.ToString(), request.new_block.ToString()));
  }
  if (renewed.generation_stamp <= open.row.generation_stamp ||
      renewed.num_bytes < open.row.length) {
    return errors::Io(fmt::format("Update {} (size={}) to an older state: {} (size={})",
                                  Block{open.row.id, open.row.generation_stamp, 0}.ToString(),
                                  open.row.length, renewed.ToString(), renewed.num_bytes));
  }
  if (renewed.generation_stamp > ctx.txn.highest_generation_stamp()) {
    return errors::Io(fmt::format("Update {} to {}: this generation stamp was never given out",
                                  request.old_block.ToString(), renewed.ToString()));
  }
  if (renewed.num_bytes > open.file->block_size) {
    return errors::Io(fmt::format("Update {}: length {} exceeds the block size {} of the file",
                                  renewed.ToString(), renewed.num_bytes, open.file->block_size));
  }
  if (request.storage_ids.size() != request.new_nodes.size()) {
    return MakeError(ErrorKind::kIllegalArgument,
                     fmt::format("Update {}: {} nodes but {} storage ids", renewed.ToString(),
                                 request.new_nodes.size(), request.storage_ids.size()));
  }
  std::vector<ReplicaLocation> locations(request.new_nodes.size());
  for (size_t i = 0; i < locations.size(); ++i) {
    locations[i].datanode.id = request.new_nodes[i];
    locations[i].storage_id = request.storage_ids[i];
  }
  RETURN_IF_ERROR(ctx.blocks.CheckPlaces(locations));
  Inode file = *open.file;
  file.length += renewed.num_bytes - open.row.length;
  open.row.generation_stamp = renewed.generation_stamp;
  open.row.length = renewed.num_bytes;
  ctx.txn.Put(std::move(file));
  PutWithPipeline(ctx, std::move(open.row), std::move(locations));
  return absl::OkStatus();
}

}  // namespace cairn::namenode::ops
