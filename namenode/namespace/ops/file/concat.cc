// concat: the blocks of files of one directory become the end of another file of it.
#include <fmt/format.h>

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/open_file.h"
#include "namenode/namespace/ops/file/file_ops.h"
#include "namenode/namespace/path.h"

namespace cairn::namenode::ops {
namespace {

absl::Status Refuse(std::string_view line) {
  return MakeError(ErrorKind::kHadoopIllegalArgument, line);
}

// What HDFS checks of the names alone.
absl::Status CheckNames(const ConcatRequest& request) {
  const auto illegal = [](std::string_view line) {
    return MakeError(ErrorKind::kIllegalArgument, line);
  };
  if (request.target.empty()) return illegal("Target file name is empty");
  if (request.sources.empty()) return illegal("No sources given");
  const auto alias = [](const std::string& path) -> absl::Status {
    if (!path.starts_with("/.reserved/raw") && !path.starts_with("/.reserved/.inodes")) {
      return absl::OkStatus();
    }
    return errors::Io(
        fmt::format("Concat operation doesn't support .reserved relative path : {}", path));
  };
  RETURN_IF_ERROR(alias(request.target));
  for (const std::string& source : request.sources) RETURN_IF_ERROR(alias(source));
  return absl::OkStatus();
}

absl::Status CheckIsFile(const ResolvedPath& resolved, const std::string& path) {
  if (!resolved.exists()) return errors::FileDoesNotExist(path);
  if (!resolved.last()->is_file()) return errors::PathIsNotAFile(path);
  return absl::OkStatus();
}

// The caller may read the source and take it away.
absl::StatusOr<InodePtr> ResolveSource(OpContext& ctx, const std::string& path) {
  ASSIGN_OR_RETURN(const ResolvedPath resolved,
                   ResolveChecked(ctx, path, PathUse::kAccess, {.access = kRead}));
  const PermissionChecker checker(ctx.caller, ctx.options.permissions_enabled);
  RETURN_IF_ERROR(checker.Check(resolved, PathUse::kAccess, {.parent = kWrite}));
  RETURN_IF_ERROR(CheckIsFile(resolved, path));
  return resolved.last();
}

absl::Status CheckSource(const Inode& source, const std::string& path, const Inode& target,
                         const std::string& target_path) {
  if (source.parent_id != target.parent_id) {
    return Refuse(fmt::format("Source file {} is not in the same directory with the target {}",
                              path, target_path));
  }
  if (source.id == target.id) {
    return Refuse(fmt::format("concat: the src file {} is the same with the target file {}", path,
                              target_path));
  }
  if (source.under_construction || source.blocks.empty()) {
    return Refuse(
        fmt::format("concat: source file {} is invalid or empty or underConstruction", path));
  }
  if (source.block_size > target.block_size) {
    return Refuse(
        fmt::format("concat: source file {} has preferred block size {} which is greater than the "
                    "target file's preferred block size {}",
                    path, source.block_size, target.block_size));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<InodePtr>> ResolveSources(OpContext& ctx, const ConcatRequest& request,
                                                     const ResolvedPath& target) {
  std::vector<InodePtr> sources;
  absl::flat_hash_set<InodeId> seen;
  for (const std::string& path : request.sources) {
    ASSIGN_OR_RETURN(InodePtr source, ResolveSource(ctx, path));
    RETURN_IF_ERROR(CheckSource(*source, path, *target.last(), target.path()));
    seen.insert(source->id);
    sources.push_back(std::move(source));
  }
  if (seen.size() < sources.size()) {
    return Refuse("concat: at least two of the source files are the same");
  }
  return sources;
}

// Hands the source's blocks to `file`, which also decides how often they are stored.
absl::Status TakeBlocks(OpContext& ctx, const Inode& source, Inode& file) {
  for (const BlockId id : source.blocks) {
    ASSIGN_OR_RETURN(BlockRow row, RowOf(ctx, source, id));
    row.inode = file.id;
    row.replication = file.replication;
    ctx.txn.PutBlock(std::move(row));
  }
  file.blocks.insert(file.blocks.end(), source.blocks.begin(), source.blocks.end());
  file.length += source.length;
  return ReclaimEmptied(ctx.txn, source);
}

}  // namespace

absl::Status Concat(OpContext& ctx, const ConcatRequest& request) {
  RETURN_IF_ERROR(CheckNotInSafeMode(ctx, "concat ", request.target));
  RETURN_IF_ERROR(CheckNames(request));
  ASSIGN_OR_RETURN(const ResolvedPath target,
                   ResolveChecked(ctx, request.target, PathUse::kAccess, {.access = kWrite}));
  RETURN_IF_ERROR(CheckIsFile(target, request.target));
  if (target.last()->under_construction) {
    return Refuse(fmt::format("concat: target file {} is under construction", request.target));
  }
  ASSIGN_OR_RETURN(const std::vector<InodePtr> sources, ResolveSources(ctx, request, target));
  Inode file = *target.last();
  for (const InodePtr& source : sources) RETURN_IF_ERROR(TakeBlocks(ctx, *source, file));
  file.mtime_ms = ctx.txn.now_ms();
  ctx.txn.Put(std::move(file));
  return absl::OkStatus();
}

}  // namespace cairn::namenode::ops
