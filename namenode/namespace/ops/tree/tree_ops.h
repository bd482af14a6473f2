// Operations on the tree: each is one file, run under the namespace lock over a transaction. Errors
// and their order are HDFS 3.4's (FSDir…Op classes).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/file_status.h"
#include "namenode/namespace/op_context.h"
#include "namenode/namespace/permissions.h"
#include "namenode/namespace/requests.h"

namespace cairn::namenode::ops {

// Creates a directory and, with create_parent, its missing ancestors (mode | 0300). An existing
// directory is success. Always true.
absl::StatusOr<bool> Mkdirs(OpContext& ctx, const MkdirsRequest& request);

// HDFS's first rename: moves into an existing directory; false for a missing source, an existing
// destination and the like.
absl::StatusOr<bool> Rename(OpContext& ctx, const RenameRequest& request);

// HDFS's second rename: never moves into, overwrites a file or an empty directory when asked, and
// says why it failed.
absl::Status Rename2(OpContext& ctx, const RenameRequest& request);

// What a caller bound by permissions needs of each entry below a tree that is deleted or moved to
// the trash: rwx on every non-empty directory, and the sticky rule inside them. For the walk that
// follows NeedsSubtreeCheck. Thread-safe.
absl::Status CheckSubtreeEntry(const PermissionChecker& checker, const WalkEntry& entry);

// Unlinks a file or directory; false when there is nothing at `path`, or for the root. Blocks and
// rows below are reclaimed in the background.
absl::StatusOr<bool> Delete(OpContext& ctx, const std::string& path, bool recursive);

// Is told an entry and its inode (null: none stands behind it), both for the moment; answers
// whether the page may go on after it.
using TakeEntry = absl::FunctionRef<absl::StatusOr<bool>(const FileStatusView&, const Inode*)>;

// Tells one page of a directory, in signed byte order; a file yields itself with an empty name.
// Returns how many entries remain after the page; empty for a missing path.
absl::StatusOr<std::optional<int64_t>> TellListing(OpContext& ctx, const ListRequest& request,
                                                   TakeEntry take);
// The same to keep, with the places of files when they are asked for.
absl::StatusOr<std::optional<DirectoryListing>> GetListing(OpContext& ctx,
                                                           const ListRequest& request);

}  // namespace cairn::namenode::ops
