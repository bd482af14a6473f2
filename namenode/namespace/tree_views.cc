// Content summary and fsck's walk.
#include "namenode/namespace/tree_views.h"

#include <limits>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/inode_ops.h"
#include "namenode/namespace/permissions.h"
#include "namenode/namespace/tree_walker.h"

namespace cairn::namenode {
namespace {

absl::Status CheckReadable(const PermissionChecker& checker, const WalkEntry& entry) {
  constexpr uint8_t kReadExecute = kRead | kExecute;
  if (!entry.inode.is_directory() || checker.unchecked()) return absl::OkStatus();
  if (checker.Grants(entry.inode, kReadExecute)) return absl::OkStatus();
  return checker.Denied(entry.inode, entry.path, kReadExecute);
}

// A snapshot that shows everything committed so far.
absl::StatusOr<std::shared_ptr<const MetaSnapshot>> FreshSnapshot(MetaStore& store) {
  RETURN_IF_ERROR(store.WaitApplied(store.last_appended()));
  return store.Snapshot();
}

// Bytes the file takes on disks: an unfinished last block counts as a full one, as in HDFS.
int64_t SpaceConsumed(const Inode& file, const BlockManager& blocks) {
  int64_t bytes = file.length;
  if (file.under_construction && !file.blocks.empty()) {
    const auto last = blocks.Find(file.blocks.back());
    if (last && last->row.state != BlockState::kComplete) {
      bytes += file.block_size - last->row.length;
    }
  }
  return bytes * file.replication;
}

LocatedBlocks LocateBlocks(const Inode& file, const BlockManager& blocks,
                           std::string_view client_address) {
  LocatedBlocks located;
  located.file_length = file.length;
  located.file_id = file.id;
  located.under_construction = file.under_construction.has_value();
  int64_t offset = 0;
  for (const BlockId id : file.blocks) {
    const auto view = blocks.Find(id);
    if (!view) continue;  // removed since the snapshot
    located.blocks.push_back(blocks.Locate(id, offset, client_address));
    offset += view->row.length;
    located.last_block_complete = view->row.state == BlockState::kComplete;
  }
  return located;
}

}  // namespace

absl::StatusOr<WalkRoot> ResolveWalkRoot(OpContext& ctx, const std::string& path) {
  ASSIGN_OR_RETURN(const ResolvedPath resolved,
                   ResolveChecked(ctx, path, PathUse::kAccess, AccessNeeds{}));
  if (!resolved.exists()) return errors::FileDoesNotExist(path);
  return WalkRoot{resolved.last(), resolved.path()};
}

absl::StatusOr<ContentSummary> SummarizeTree(const NamespaceDeps& deps,
                                             const NamespaceOptions& options, const Caller& caller,
                                             const WalkRoot& root) {
  ASSIGN_OR_RETURN(const auto snapshot, FreshSnapshot(deps.store));
  const PermissionChecker checker(caller, options.permissions_enabled);
  ContentSummary summary;
  // HDFS gives the root this quota, so that its usage is always counted.
  if (root.inode->id == kRootInodeId) summary.quota = std::numeric_limits<int64_t>::max();
  RETURN_IF_ERROR(WalkTree(snapshot, *root.inode, root.path,
                           [&](const WalkEntry& entry) -> absl::StatusOr<WalkStep> {
                             RETURN_IF_ERROR(CheckReadable(checker, entry));
                             if (entry.inode.is_directory()) {
                               ++summary.directory_count;
                               return WalkStep::kContinue;
                             }
                             ++summary.file_count;
                             summary.length += entry.inode.length;
                             summary.space_consumed += SpaceConsumed(entry.inode, deps.blocks);
                             return WalkStep::kContinue;
                           }));
  return summary;
}

absl::Status VisitTree(
    const NamespaceDeps& deps, const NamespaceOptions& options, const Caller& caller,
    const WalkRoot& root,
    const std::function<bool(const std::string& path, const FileStatus&)>& visit) {
  ASSIGN_OR_RETURN(const auto snapshot, FreshSnapshot(deps.store));
  const PermissionChecker checker(caller, options.permissions_enabled);
  return WalkTree(snapshot, *root.inode, root.path,
                  [&](const WalkEntry& entry) -> absl::StatusOr<WalkStep> {
                    RETURN_IF_ERROR(CheckReadable(checker, entry));
                    FileStatus status(StatusOf(entry.inode, entry.inode.name, 0));
                    if (entry.inode.is_file()) {
                      status.locations = LocateBlocks(entry.inode, deps.blocks, caller.address);
                    }
                    return visit(entry.path, status) ? WalkStep::kContinue : WalkStep::kStop;
                  });
}

}  // namespace cairn::namenode
