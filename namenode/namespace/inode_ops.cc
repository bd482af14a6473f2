// Linking, unlinking and describing inodes.
#include "namenode/namespace/inode_ops.h"

#include <fmt/format.h>

#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/path.h"

namespace cairn::namenode {

absl::Status ChangeChildCount(Txn& txn, InodeId directory, int64_t delta) {
  ASSIGN_OR_RETURN(const InodePtr current, txn.ById(directory));
  if (current == nullptr)
    return absl::InternalError("parent directory vanished within an operation");
  Inode changed = *current;
  changed.child_count += delta;
  changed.mtime_ms = txn.now_ms();
  txn.Put(std::move(changed));
  return absl::OkStatus();
}

absl::Status CheckNotInSafeMode(const OpContext& ctx, std::string_view what,
                                std::string_view of_what) {
  if (!ctx.blocks.InSafeMode()) return absl::OkStatus();
  return errors::SafeMode(fmt::format("{}{}", what, of_what), ctx.blocks.SafeModeTip());
}

absl::StatusOr<ResolvedPath> ResolveChecked(OpContext& ctx, std::string_view path, PathUse use,
                                            const AccessNeeds& needs) {
  ASSIGN_OR_RETURN(ResolvedPath resolved, ResolvePath(ctx.txn, path));
  const PermissionChecker checker(ctx.caller, ctx.options.permissions_enabled);
  RETURN_IF_ERROR(checker.Check(resolved, use, needs));
  return resolved;
}

absl::Status VerifyParent(const ResolvedPath& path) {
  if (path.size() <= 2) return absl::OkStatus();
  if (path.parent() == nullptr) return errors::ParentDoesNotExist(path.parent_path());
  if (!path.parent()->is_directory()) return errors::ParentPathIsNotADirectory(path.parent_path());
  return absl::OkStatus();
}

absl::Status CheckNewEntry(const OpContext& ctx, const Inode& directory, const ResolvedPath& path,
                           size_t index) {
  const std::string_view name = path.names[index];
  if (name == ".snapshot") return errors::ReservedName(name);
  if (directory.id == kRootInodeId && name == kReservedRoot) return errors::ReservedRootName(name);
  const int64_t name_limit = ctx.options.max_component_length;
  if (name_limit > 0 && static_cast<int64_t>(name.size()) > name_limit) {
    return errors::ComponentTooLong(name, path.Path(index), name_limit,
                                    static_cast<int64_t>(name.size()));
  }
  if (directory.child_count >= ctx.options.max_directory_items) {
    return errors::TooManyDirectoryItems(path.Path(index), ctx.options.max_directory_items,
                                         directory.child_count);
  }
  return absl::OkStatus();
}

absl::Status CheckNotProtected(OpContext& ctx, const ResolvedPath& path) {
  if (!ctx.options.protected_dirs->any() || path.last()->child_count == 0) return absl::OkStatus();
  const auto refused = [](std::string_view what, const std::string& which) {
    return MakeError(ErrorKind::kAccessControl,
                     fmt::format("Cannot delete/rename {} {}", what, which));
  };
  const auto rules = ctx.options.protected_dirs->rules();
  const std::string own = path.path();
  if (rules->paths.contains(own)) return refused("non-empty protected directory", own);
  const std::string prefix = own + "/";
  for (auto it = rules->paths.lower_bound(prefix);
       it != rules->paths.end() && it->starts_with(prefix); ++it) {
    ASSIGN_OR_RETURN(const ResolvedPath below, ResolvePath(ctx.txn, *it));
    if (below.exists() && below.last()->child_count > 0) {
      return refused("non-empty protected subdirectory", *it);
    }
  }
  for (size_t count = path.size() - 1; rules->whole_subtrees && count > 1; --count) {
    if (rules->paths.contains(path.Path(count))) {
      return refused("subdirectory under protected subdirectory", path.Path(count));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<InodePtr> LinkChild(Txn& txn, Inode child) {
  RETURN_IF_ERROR(ChangeChildCount(txn, child.parent_id, 1));
  const InodeId id = child.id;
  txn.Put(std::move(child));
  return txn.ById(id);
}

absl::Status Reclaim(Txn& txn, const ResolvedPath& path) {
  const Inode& inode = *path.last();
  RETURN_IF_ERROR(ChangeChildCount(txn, inode.parent_id, -1));
  txn.Remove(inode);
  txn.AddPurge(inode);
  return absl::OkStatus();
}

absl::Status ReclaimEmptied(Txn& txn, const Inode& file) {
  RETURN_IF_ERROR(ChangeChildCount(txn, file.parent_id, -1));
  txn.Remove(file);
  Inode emptied = file;
  emptied.blocks.clear();
  txn.AddPurge(emptied);
  return absl::OkStatus();
}

void ReclaimTail(Txn& txn, Inode& file, size_t kept) {
  if (kept >= file.blocks.size()) return;
  Inode tail = file;  // to the purger, a deleted file of that name
  tail.id = txn.NewInodeId();
  tail.blocks.erase(tail.blocks.begin(), tail.blocks.begin() + static_cast<ptrdiff_t>(kept));
  tail.under_construction.reset();
  file.blocks.resize(kept);
  txn.AddPurge(tail);
}

absl::Status CreateAncestors(OpContext& ctx, ResolvedPath& path, std::optional<uint16_t> mode) {
  if (path.is_root()) return absl::OkStatus();
  const size_t deepest = path.ancestor_index();
  const uint16_t base = mode ? *mode : path.inodes[deepest]->mode & 0777;
  for (size_t i = deepest + 1; i + 1 < path.size(); ++i) {
    const Inode& parent = *path.inodes[i - 1];
    RETURN_IF_ERROR(CheckNewEntry(ctx, parent, path, i));
    ASSIGN_OR_RETURN(path.inodes[i],
                     LinkChild(ctx.txn, NewInode(ctx, parent, path.names[i], InodeKind::kDirectory,
                                                 base | 0300)));
  }
  return absl::OkStatus();
}

Inode NewInode(OpContext& ctx, const Inode& parent, std::string_view name, InodeKind kind,
               uint16_t mode) {
  Inode inode;
  inode.id = ctx.txn.NewInodeId();
  inode.parent_id = parent.id;
  inode.name = name;
  inode.kind = kind;
  inode.mode = mode & kPermissionBits;
  inode.owner = ctx.caller.user;
  inode.group = parent.group;
  inode.mtime_ms = ctx.txn.now_ms();
  inode.atime_ms = kind == InodeKind::kFile ? inode.mtime_ms : 0;
  return inode;
}

FileStatusView StatusOf(const Inode& inode, std::string_view name,
                        uint8_t inherited_storage_policy) {
  FileStatusView status;
  status.path = name;
  status.permission = inode.mode;
  status.owner = inode.owner;
  status.group = inode.group;
  status.mtime_ms = inode.mtime_ms;
  status.atime_ms = inode.atime_ms;
  status.file_id = inode.id;
  status.storage_policy =
      inode.storage_policy != 0 ? inode.storage_policy : inherited_storage_policy;
  switch (inode.kind) {
    case InodeKind::kDirectory:
      status.type = FileType::kDirectory;
      status.children = inode.child_count;
      break;
    case InodeKind::kFile:
      status.type = FileType::kFile;
      status.length = inode.length;
      status.replication = inode.replication;
      status.block_size = inode.block_size;
      break;
    case InodeKind::kSymlink:
      status.type = FileType::kSymlink;
      status.symlink_target = inode.symlink_target;
      break;
  }
  return status;
}

uint8_t EffectiveStoragePolicy(const ResolvedPath& path) {
  for (size_t i = path.size(); i > 0; --i) {
    const InodePtr& inode = path.inodes[i - 1];
    if (inode != nullptr && inode->storage_policy != 0) return inode->storage_policy;
  }
  return 0;
}

}  // namespace cairn::namenode
