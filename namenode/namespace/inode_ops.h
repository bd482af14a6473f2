// Small steps that many operations share: linking and unlinking inodes, limits, and what callers
// are told of an inode.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/file_status.h"
#include "namenode/namespace/op_context.h"
#include "namenode/namespace/permissions.h"
#include "namenode/namespace/resolver.h"

namespace cairn::namenode {

// SafeModeException "Cannot <what><of_what>. Name node is in safe mode." while safe mode is on.
absl::Status CheckNotInSafeMode(const OpContext& ctx, std::string_view what,
                                std::string_view of_what = "");

// `path`, which must outlive the result, and its permission check in one step.
absl::StatusOr<ResolvedPath> ResolveChecked(OpContext& ctx, std::string_view path, PathUse use,
                                            const AccessNeeds& needs);

// The parent of the last component exists and is a directory (HDFS's verifyParentDir); the root has
// none.
absl::Status VerifyParent(const ResolvedPath& path);

// Neither `path`, which exists, nor a directory below it is protected and not empty (HDFS's
// DFSUtil.checkProtectedDescendants); kAccessControl, also for the superuser.
absl::Status CheckNotProtected(OpContext& ctx, const ResolvedPath& path);

// Name and size limits for a new entry of `directory`, the one at `index` of `path`: reserved
// names, bytes of the name, entries of the directory.
absl::Status CheckNewEntry(const OpContext& ctx, const Inode& directory, const ResolvedPath& path,
                           size_t index);

// Adds `delta` to the child count of a directory, as this transaction sees it now; its mtime
// becomes now.
absl::Status ChangeChildCount(Txn& txn, InodeId directory, int64_t delta);

// Adds `child` under its parent_id and counts it there; the parent's mtime becomes now. Returns the
// stored child.
absl::StatusOr<InodePtr> LinkChild(Txn& txn, Inode child);

// Takes the last inode of `path` out of the tree and hands it to the purger: the one way in which
// anything is removed.
absl::Status Reclaim(Txn& txn, const ResolvedPath& path);

// The same for a file whose blocks now belong to another one.
absl::Status ReclaimEmptied(Txn& txn, const Inode& file);

// The same for the blocks of a file after its first `kept`; the lengths are the caller's to change.
void ReclaimTail(Txn& txn, Inode& file, size_t kept);

// Creates the missing ancestors of the last component (owner: the caller, group: the parent's) and
// fills them into `path`. `mode` 0: each copies the deepest existing ancestor's; rwx of the owner's
// write and execute is always added.
absl::Status CreateAncestors(OpContext& ctx, ResolvedPath& path, std::optional<uint16_t> mode);

// A directory or file of the caller's below `parent`, with a fresh id and the times set.
Inode NewInode(OpContext& ctx, const Inode& parent, std::string_view name, InodeKind kind,
               uint16_t mode);

// What callers see of an inode, as long as it lives. `name` is the local name in listings, else
// empty.
FileStatusView StatusOf(const Inode& inode, std::string_view name,
                        uint8_t inherited_storage_policy);
// The storage policy in force at the path's last existing inode; 0: none set.
uint8_t EffectiveStoragePolicy(const ResolvedPath& path);

}  // namespace cairn::namenode
