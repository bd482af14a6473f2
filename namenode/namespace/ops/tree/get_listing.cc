// getListing.
#include <algorithm>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/ops/attr/attr_ops.h"
#include "namenode/namespace/ops/file/file_ops.h"
#include "namenode/namespace/ops/tree/tree_ops.h"
#include "namenode/namespace/path.h"

namespace cairn::namenode::ops {
namespace {

// start_after may be a path below /.reserved/.inodes: then its last inode's name counts.
absl::StatusOr<std::string> StartAfterName(OpContext& ctx, const std::string& start_after) {
  if (!start_after.starts_with("/.reserved/.inodes/")) return start_after;
  ASSIGN_OR_RETURN(const ResolvedPath path, ResolvePath(ctx.txn, start_after));
  if (!path.exists()) return errors::NoFileForInodePath(start_after);
  return path.last()->name;
}

DirectoryListing ReservedListing(OpContext& ctx) {
  DirectoryListing listing;
  for (const std::string_view name : {kReservedInodes, kReservedRaw}) {
    listing.entries.push_back(ReservedStatus(ctx, name));
  }
  return listing;
}

absl::StatusOr<DirectoryListing> ListDirectory(OpContext& ctx, const ResolvedPath& path,
                                               const ListRequest& request) {
  ASSIGN_OR_RETURN(const std::string start_after, StartAfterName(ctx, request.start_after));
  ASSIGN_OR_RETURN(const ChildPage page,
                   ctx.txn.List(*path.last(), start_after, ctx.options.list_limit));
  const uint8_t policy = EffectiveStoragePolicy(path);
  DirectoryListing listing;
  listing.remaining = page.remaining;
  listing.entries.reserve(page.children.size());
  int64_t locations_left = ctx.options.list_limit;
  for (size_t i = 0; i < page.children.size(); ++i) {
    const Inode& child = *page.children[i];
    FileStatus status = StatusOf(child, child.name, policy);
    if (request.need_location && child.is_file()) {
      ASSIGN_OR_RETURN(status.locations, LocateWholeFile(ctx, child));
      locations_left -= static_cast<int64_t>(child.blocks.size()) * child.replication;
    }
    listing.entries.push_back(std::move(status));
    if (locations_left <= 0) {
      listing.remaining += static_cast<int64_t>(page.children.size() - i - 1);
      break;
    }
  }
  return listing;
}

}  // namespace

absl::StatusOr<std::optional<DirectoryListing>> GetListing(OpContext& ctx,
                                                           const ListRequest& request) {
  ASSIGN_OR_RETURN(const ResolvedPath path,
                   ResolveChecked(ctx, request.path, PathUse::kAccess, {}));
  if (IsExactlyReserved(request.path)) return ReservedListing(ctx);
  if (!path.exists()) return std::nullopt;
  if (path.last()->is_directory()) {
    const PermissionChecker checker(ctx.caller, ctx.options.permissions_enabled);
    RETURN_IF_ERROR(checker.Check(path, PathUse::kAccess, {.access = kRead | kExecute}));
    return ListDirectory(ctx, path, request);
  }
  DirectoryListing listing;
  listing.entries.push_back(StatusOf(*path.last(), "", EffectiveStoragePolicy(path)));
  if (request.need_location && path.last()->is_file()) {
    ASSIGN_OR_RETURN(listing.entries[0].locations, LocateWholeFile(ctx, *path.last()));
  }
  return listing;
}

}  // namespace cairn::namenode::ops
