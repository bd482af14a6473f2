// From a path to the inodes along it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "namenode/namespace/path.h"
#include "namenode/namespace/txn.h"

namespace cairn::namenode {

// The inodes along a path. names[0] is the root's empty name, so that inodes[i] belongs to
// names[i]; the names are parts of the path that was resolved, which must outlive this, or those of
// the inodes. Where something is missing, that entry and all behind it are null. A file in the
// middle leaves the entries behind it null as well: permissions.h reports it.
struct ResolvedPath {
  PathNames names;
  absl::InlinedVector<InodePtr, kTypicalPathNames> inodes;

  size_t size() const { return names.size(); }
  bool is_root() const { return names.size() == 1; }
  bool exists() const { return inodes.back() != nullptr; }
  const InodePtr& last() const { return inodes.back(); }
  std::string_view last_name() const { return names.back(); }
  // The parent's inode; null when it is missing. Not for the root.
  const InodePtr& parent() const { return inodes[inodes.size() - 2]; }
  // Path of the first `count` entries: Path(size()) is the whole, without doubled or trailing
  // slashes.
  std::string Path(size_t count) const;
  std::string path() const { return Path(size()); }
  std::string parent_path() const { return Path(size() - 1); }
  // Whether this is the path `other`, or one strictly below it.
  bool IsSameAs(const ResolvedPath& other) const { return names == other.names; }
  bool IsBelow(const ResolvedPath& other) const;
  // Index of the deepest existing inode before the last entry (the "ancestor" of HDFS's permission
  // rules); 0 for the root itself.
  size_t ancestor_index() const;
};

// Resolves `path`: /.reserved/.inodes/<id>[/rest] by id, /.reserved/raw/<rest> as /<rest>. A
// symlink before the last component is errors::UnresolvedPath.
absl::StatusOr<ResolvedPath> ResolvePath(Txn& txn, std::string_view path);

// The path of an inode found by id; empty when it is gone or no longer linked to the root.
absl::StatusOr<std::optional<ResolvedPath>> ResolveInode(Txn& txn, InodeId id);

}  // namespace cairn::namenode
