// addBlock in its two halves, and abandonBlock.
#include <fmt/format.h>

#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/open_file.h"
#include "namenode/namespace/ops/file/file_ops.h"

namespace cairn::namenode::ops {
namespace {

bool SameVersion(const std::optional<ExtendedBlock>& told, const std::optional<BlockRow>& row) {
  if (!told || !row) return !told && !row;
  return told->block.id == row->id && told->block.generation_stamp == row->generation_stamp;
}

// The state of the file an addBlock meets.
struct Analysis {
  ResolvedPath resolved;
  InodePtr file;
  std::optional<BlockRow>
      retried;  // the last block, when the call repeats the one that allocated it
};

// HDFS's analyzeFileState: `previous` must be the file's last block; when it is the one before and
// the last is still empty, the call is a retry.
absl::StatusOr<Analysis> Analyze(OpContext& ctx, const AddBlockRequest& request) {
  RETURN_IF_ERROR(CheckPool(ctx, request.previous));
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "add block to ", request.path));
  Analysis found;
  ASSIGN_OR_RETURN(found.resolved, ResolveFile(ctx, request.path, request.file_id));
  ASSIGN_OR_RETURN(found.file, CheckLease(ctx, found.resolved, request.path, request.file_id,
                                          request.client_name));
  const Inode& file = *found.file;
  const int64_t count = static_cast<int64_t>(file.blocks.size());
  if (count >= ctx.options.max_blocks_per_file) {
    return errors::Io(
        fmt::format("File has reached the limit on maximum number of blocks "
                    "(dfs.namenode.fs-limits.max-blocks-per-file): {} >= {}",
                    count, ctx.options.max_blocks_per_file));
  }
  std::optional<BlockRow> last, penultimate;
  if (count > 0) {
    ASSIGN_OR_RETURN(last, RowOf(ctx, file, file.blocks[count - 1]));
  }
  if (count > 1) {
    ASSIGN_OR_RETURN(penultimate, RowOf(ctx, file, file.blocks[count - 2]));
  }
  if (SameVersion(request.previous, last)) return found;
  const bool appending_after_full_block = !request.previous && last &&
                                          last->length >= file.block_size &&
                                          last->state == BlockState::kComplete;
  if (appending_after_full_block) return found;
  const std::string last_text =
      last ? Block{last->id, last->generation_stamp, last->length}.ToString() : "null";
  if (!SameVersion(request.previous, penultimate)) {
    return errors::Io(fmt::format(
        "Cannot allocate block in {}: passed 'previous' block {} does not match actual last "
        "block in file {}",
        request.path, request.previous ? request.previous->ToString() : "null", last_text));
  }
  if (last->length != 0 || last->state != BlockState::kUnderConstruction) {
    return errors::Io(fmt::format(
        "Request looked like a retry to allocate block {} but it already contains {} bytes",
        last_text, last->length));
  }
  found.retried = last;
  return found;
}

LocatedBlock NewLocatedBlock(const OpContext& ctx, const BlockRow& row, int64_t offset,
                             std::vector<ReplicaLocation> locations) {
  LocatedBlock located;
  located.block = {ctx.block_pool_id, {row.id, row.generation_stamp, row.length}};
  located.offset = offset;
  located.locations = std::move(locations);
  return located;
}

}  // namespace

absl::StatusOr<PlacementPlan> PlanAddBlock(OpContext& ctx, const AddBlockRequest& request) {
  ASSIGN_OR_RETURN(const Analysis found, Analyze(ctx, request));
  const Inode& file = *found.file;
  PlacementPlan plan;
  if (found.retried) {
    std::vector<ReplicaLocation> locations = ctx.blocks.ExpectedLocations(found.retried->id);
    if (!locations.empty()) {
      plan.answer = NewLocatedBlock(ctx, *found.retried, file.length, std::move(locations));
      return plan;
    }
  }
  ASSIGN_OR_RETURN(const bool progressed, HasProgressed(ctx, file, /*all=*/false));
  if (!progressed) return errors::NotReplicatedYet(request.path);
  plan.request.path = request.path;
  plan.request.client_address = file.under_construction->client_address;
  plan.request.replicas = file.replication;
  plan.request.block_size = file.block_size;
  plan.request.excluded = request.excluded;
  plan.request.favored = request.favored_nodes;
  plan.request.flags = request.flags;
  plan.request.storage_policy = EffectiveStoragePolicy(found.resolved);
  return plan;
}

absl::StatusOr<LocatedBlock> AddBlock(OpContext& ctx, const AddBlockRequest& request,
                                      const std::vector<ReplicaLocation>& targets) {
  ASSIGN_OR_RETURN(const Analysis found, Analyze(ctx, request));
  if (found.retried) {
    // Another attempt of this call came first; if its block has no place yet, it gets these.
    std::vector<ReplicaLocation> places = ctx.blocks.ExpectedLocations(found.retried->id);
    if (places.empty()) {
      places = targets;
      PutWithPipeline(ctx, *found.retried, targets);
    }
    return NewLocatedBlock(ctx, *found.retried, found.file->length, std::move(places));
  }
  Inode file = *found.file;
  ASSIGN_OR_RETURN(const bool progressed, HasProgressed(ctx, file, /*all=*/false));
  if (!progressed) return errors::NotReplicatedYet(request.path);
  if (file.blocks.size() > 1) {
    ASSIGN_OR_RETURN(BlockRow penultimate, RowOf(ctx, file, file.blocks[file.blocks.size() - 2]));
    if (penultimate.state != BlockState::kComplete) {
      PutComplete(ctx, std::move(penultimate));
    }
  }
  RETURN_IF_ERROR(CommitLastBlock(ctx, file, request.previous));
  BlockRow row;
  row.id = ctx.txn.NewBlockId();
  row.inode = file.id;
  row.generation_stamp = ctx.txn.NewGenerationStamp();
  row.replication = file.replication;
  file.blocks.push_back(row.id);
  const int64_t offset = file.length;
  ctx.txn.Put(std::move(file));
  PutWithPipeline(ctx, row, targets);
  return NewLocatedBlock(ctx, row, offset, targets);
}

absl::Status AbandonBlock(OpContext& ctx, const AbandonBlockRequest& request) {
  RETURN_IF_ERROR(CheckPool(ctx, request.block));
  RETURN_IF_ERROR(CheckNotInSafeMode(
      ctx, fmt::format("abandon block {} for file{}", request.block.ToString(), request.path)));
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolveFile(ctx, request.path, request.file_id));
  ASSIGN_OR_RETURN(const InodePtr file,
                   CheckLease(ctx, resolved, request.path, request.file_id, request.client_name));
  if (file->blocks.empty() || file->blocks.back() != request.block.block.id)
    return absl::OkStatus();
  ASSIGN_OR_RETURN(const BlockRow row, RowOf(ctx, *file, file->blocks.back()));
  if (row.state != BlockState::kUnderConstruction) return absl::OkStatus();
  Inode shorter = *file;
  shorter.blocks.pop_back();
  shorter.length -= row.length;
  ctx.txn.Put(std::move(shorter));
  ctx.txn.RemoveBlock(row.id);
  return absl::OkStatus();
}

}  // namespace cairn::namenode::ops
