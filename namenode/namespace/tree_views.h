// Answers that need a whole subtree: content summary and fsck's walk. They resolve the path under
// the lock and then read a snapshot.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/types/file_status.h"
#include "namenode/namespace/caller.h"
#include "namenode/namespace/namespace_state.h"
#include "namenode/namespace/op_context.h"

namespace cairn::namenode {

// Where a walk begins.
struct WalkRoot {
  InodePtr inode;
  std::string path;  // absolute, without doubled slashes
};

// The operation: traversal is checked as for getFileInfo. FileNotFound when there is no such path.
absl::StatusOr<WalkRoot> ResolveWalkRoot(OpContext& ctx, const std::string& path);

// Totals below `root` as they were at some moment after the call began. Blocks; reads the disk.
// READ_EXECUTE is needed on every directory.
absl::StatusOr<ContentSummary> SummarizeTree(const NamespaceDeps& deps,
                                             const NamespaceOptions& options, const Caller& caller,
                                             const WalkRoot& root);

// Visits everything below `root` with its blocks and their places, until `visit` returns false.
// Blocks; reads the disk. READ_EXECUTE is needed on every directory.
absl::Status VisitTree(
    const NamespaceDeps& deps, const NamespaceOptions& options, const Caller& caller,
    const WalkRoot& root,
    const std::function<bool(const std::string& path, const FileStatus&)>& visit);

}  // namespace cairn::namenode
