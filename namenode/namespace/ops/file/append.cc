// append.
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

absl::StatusOr<ResolvedPath> ResolveTarget(OpContext& ctx, const std::string& path) {
  ASSIGN_OR_RETURN(ResolvedPath resolved,
                   ResolveChecked(ctx, path, PathUse::kAccess, {.access = kWrite}));
  if (!resolved.exists()) {
    return MakeError(ErrorKind::kFileNotFound,
                     fmt::format("Failed to append to non-existent file {} for client {}",
                                 resolved.path(), ctx.caller.address));
  }
  if (resolved.last()->is_directory()) {
    return MakeError(ErrorKind::kFileAlreadyExists,
                     fmt::format("Cannot append to directory {}; already exists as a directory.",
                                 resolved.path()));
  }
  if (!resolved.last()->is_file()) return errors::PathIsNotAFile(resolved.path());
  if (EffectiveStoragePolicy(resolved) == kLazyPersistPolicy) {
    return MakeError(ErrorKind::kUnsupportedOperation,
                     "Cannot append to lazy persist file " + resolved.path());
  }
  return resolved;
}

// The last block of a closed file has replicas to go on with.
absl::Status CheckReplicated(const OpContext& ctx, const BlockRow& last, const std::string& path) {
  const Block block{last.id, last.generation_stamp, last.length};
  if (last.state != BlockState::kComplete) {
    return errors::Retriable(
        fmt::format("org.apache.hadoop.hdfs.server.namenode.NotReplicatedYetException: append: "
                    "lastBlock={} of src={} is COMMITTED but not yet COMPLETE.",
                    block.ToString(), path));
  }
  if (ctx.blocks.HasMinReplicas(last)) return absl::OkStatus();
  return errors::Io(
      fmt::format("append: lastBlock={} of src={} is not sufficiently replicated yet.",
                  block.ToString(), path));
}

}  // namespace

absl::StatusOr<AppendResult> Append(OpContext& ctx, const AppendRequest& request) {
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "append to file", request.path));
  ASSIGN_OR_RETURN(const ResolvedPath resolved, ResolveTarget(ctx, request.path));
  ASSIGN_OR_RETURN(const InodePtr closed,
                   EnsureClosed(ctx, resolved, "APPEND_FILE", request.client_name));
  Inode file = *closed;
  AppendResult result;
  if (!file.blocks.empty()) {
    ASSIGN_OR_RETURN(BlockRow last, RowOf(ctx, file, file.blocks.back()));
    if (absl::Status weak = CheckReplicated(ctx, last, resolved.path()); !weak.ok()) {
      return FailAfterCommit(std::move(weak));  // a writer's claim may have ended here
    }
    result.last_block = {ctx.block_pool_id, {last.id, last.generation_stamp, last.length}};
    if (!request.new_block && last.length < file.block_size) {
      result.block = ctx.blocks.Locate(last.id, file.length - last.length, ctx.caller.address);
      last.state = BlockState::kUnderConstruction;
      for (const ReplicaLocation& place : result.block->locations) {
        last.pipeline.push_back(place.datanode.id.uuid);
      }
      ctx.txn.PutBlock(std::move(last));
    }
  }
  file.under_construction = FileUnderConstruction{request.client_name, ctx.caller.address};
  ctx.txn.AddLease(request.client_name, file.id);
  result.status = FileStatus(StatusOf(file, "", EffectiveStoragePolicy(resolved)));
  ctx.txn.Put(std::move(file));
  return result;
}

}  // namespace cairn::namenode::ops
