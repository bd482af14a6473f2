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

absl::StatusOr<int64_t> ListReserved(OpContext& ctx, TakeEntry take) {
  for (const std::string_view name : {kReservedInodes, kReservedRaw}) {
    RETURN_IF_ERROR(take(ReservedStatus(ctx, name), nullptr).status());
  }
  return 0;
}

absl::StatusOr<int64_t> ListDirectory(OpContext& ctx, const ResolvedPath& path,
                                      const ListRequest& request, TakeEntry take) {
  ASSIGN_OR_RETURN(const std::string start_after, StartAfterName(ctx, request.start_after));
  ASSIGN_OR_RETURN(const ChildPage page,
                   ctx.txn.List(*path.last(), start_after, ctx.options.list_limit));
  const uint8_t policy = EffectiveStoragePolicy(path);
  for (size_t i = 0; i < page.children.size(); ++i) {
    const Inode& child = *page.children[i];
    ASSIGN_OR_RETURN(const bool go_on, take(StatusOf(child, child.name, policy), &child));
    if (!go_on) return page.remaining + static_cast<int64_t>(page.children.size() - i - 1);
  }
  return page.remaining;
}

}  // namespace

absl::StatusOr<std::optional<int64_t>> TellListing(OpContext& ctx, const ListRequest& request,
                                                   TakeEntry take) {
  ASSIGN_OR_RETURN(const ResolvedPath path,
                   ResolveChecked(ctx, request.path, PathUse::kAccess, {}));
  if (IsExactlyReserved(request.path)) return ListReserved(ctx, take);
  if (!path.exists()) return std::nullopt;
  if (path.last()->is_directory()) {
    const PermissionChecker checker(ctx.caller, ctx.options.permissions_enabled);
    RETURN_IF_ERROR(checker.Check(path, PathUse::kAccess, {.access = kRead | kExecute}));
    return ListDirectory(ctx, path, request, take);
  }
  const Inode& inode = *path.last();
  RETURN_IF_ERROR(take(StatusOf(inode, "", EffectiveStoragePolicy(path)), &inode).status());
  return 0;
}

absl::StatusOr<std::optional<DirectoryListing>> GetListing(OpContext& ctx,
                                                           const ListRequest& request) {
  DirectoryListing listing;
  int64_t locations_left = ctx.options.list_limit;
  const auto keep = [&](const FileStatusView& entry, const Inode* inode) -> absl::StatusOr<bool> {
    FileStatus& status = listing.entries.emplace_back(entry);
    if (request.need_location && inode != nullptr && inode->is_file()) {
      ASSIGN_OR_RETURN(status.locations, LocateWholeFile(ctx, *inode));
      locations_left -= static_cast<int64_t>(inode->blocks.size()) * inode->replication;
    }
    return locations_left > 0;
  };
  ASSIGN_OR_RETURN(const std::optional<int64_t> remaining, TellListing(ctx, request, keep));
  if (!remaining) return std::nullopt;
  listing.remaining = *remaining;
  return listing;
}

}  // namespace cairn::namenode::ops
