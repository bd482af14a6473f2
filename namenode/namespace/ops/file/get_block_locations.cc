// getBlockLocations: where the bytes of a range are.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/open_file.h"
#include "namenode/namespace/ops/file/file_ops.h"

namespace cairn::namenode::ops {
namespace {

// Nothing writes in the transactions of these reads, so that the block manager knows best.
absl::StatusOr<BlockExtent> ExtentOf(OpContext& ctx, const Inode& file, BlockId block) {
  if (const auto extent = ctx.blocks.Extent(block)) return *extent;
  ASSIGN_OR_RETURN(const BlockRow row, RowOf(ctx, file, block));  // to be loaded, or an error
  return BlockExtent{.length = row.length, .complete = row.state == BlockState::kComplete};
}

// Blocks of `file` that overlap [offset, offset + length); at least the one that has the byte at
// `offset`, if there is one, as in HDFS: some clients ask for a range of no bytes. `last_block` is
// only filled where the file's last block is not one of them.
absl::StatusOr<LocatedBlocks> Locate(OpContext& ctx, const Inode& file, int64_t offset,
                                     int64_t length) {
  LocatedBlocks located;
  located.file_id = file.id;
  located.under_construction = file.under_construction.has_value();
  located.file_length = file.length;
  length = std::max<int64_t>(length, 1);
  int64_t begin = 0;
  for (size_t i = 0; i < file.blocks.size(); ++i) {
    ASSIGN_OR_RETURN(const BlockExtent extent, ExtentOf(ctx, file, file.blocks[i]));
    const bool last = i + 1 == file.blocks.size();
    const int64_t end = begin + extent.length;
    // An unfinished last block is included at the end of the range: its bytes may reach into it.
    const bool overlaps =
        (end > offset || (last && !extent.complete && end >= offset)) && begin - offset < length;
    if (overlaps || last) {
      (overlaps ? located.blocks : located.last_block)
          .push_back(ctx.blocks.Locate(file.blocks[i], begin, ctx.caller.address));
    }
    if (last) {
      located.last_block_complete = extent.complete;
      if (!extent.complete) located.file_length = begin;
    }
    begin = end;
  }
  return located;
}

}  // namespace

absl::StatusOr<LocatedBlocks> LocateWholeFile(OpContext& ctx, const Inode& file) {
  return Locate(ctx, file, 0, INT64_MAX);
}

absl::StatusOr<BlockLocationsResult> GetBlockLocations(OpContext& ctx, std::string_view path,
                                                       int64_t offset, int64_t length) {
  if (offset < 0) return errors::NegativeArgument("offset", path);
  if (length < 0) return errors::NegativeArgument("length", path);
  ASSIGN_OR_RETURN(const ResolvedPath resolved,
                   ResolveChecked(ctx, path, PathUse::kAccess, {.access = kRead}));
  if (!resolved.exists()) return errors::FileDoesNotExist(resolved.path());
  if (!resolved.last()->is_file()) return errors::PathIsNotAFile(resolved.path());
  const Inode& file = *resolved.last();
  BlockLocationsResult result;
  ASSIGN_OR_RETURN(result.blocks, Locate(ctx, file, offset, length));
  if (ctx.blocks.InSafeMode()) {
    for (const LocatedBlock& block : result.blocks.blocks) {
      if (block.locations.empty() && !result.blocks.under_construction) {
        return MakeError(ErrorKind::kSafeMode,
                         fmt::format("Zero blocklocations for {}. Name node is in safe mode.\n{}",
                                     path, ctx.blocks.SafeModeTip()));
      }
    }
  }
  result.file = file.id;
  result.access_time_is_old =
      ctx.options.access_time_precision_ms > 0 &&
      ctx.txn.now_ms() > file.atime_ms + ctx.options.access_time_precision_ms;
  return result;
}

}  // namespace cairn::namenode::ops
