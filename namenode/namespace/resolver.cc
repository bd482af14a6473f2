// Walks paths and parent links through a transaction.
#include "namenode/namespace/resolver.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/path.h"

namespace cairn::namenode {
namespace {

// Follows names[first..] below `resolved`'s last inode.
absl::Status Descend(Txn& txn, const PathNames& names, size_t first, std::string_view path,
                     ResolvedPath& resolved) {
  for (size_t i = first; i < names.size(); ++i) {
    const InodePtr& parent = resolved.inodes.back();
    if (parent != nullptr && parent->kind == InodeKind::kSymlink)
      return errors::UnresolvedPath(path);
    InodePtr child;
    if (parent != nullptr && parent->is_directory()) {
      absl::StatusOr<InodePtr> found = txn.Child(parent->id, names[i]);
      if (Txn::IsMiss(found.status())) {
        txn.Prefetch(parent->id, absl::MakeConstSpan(names).subspan(i));
      }
      if (!found.ok()) return found.status();
      child = *std::move(found);
    }
    resolved.names.push_back(names[i]);
    resolved.inodes.push_back(std::move(child));
  }
  return absl::OkStatus();
}

// /.reserved/.inodes/<id>[/..][/rest]; `names` are all components.
absl::StatusOr<ResolvedPath> ResolveByInodePath(Txn& txn, const PathNames& names,
                                                std::string_view path) {
  InodeId id = 0;
  const std::string_view text = names[2];
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size())
    return errors::InvalidInodePath(path);
  ASSIGN_OR_RETURN(std::optional<ResolvedPath> resolved, ResolveInode(txn, id));
  if (!resolved) return errors::NoFileForInodePath(path);
  size_t next = 3;
  if (names.size() > 3 && names[3] == "..") {
    if (!resolved->is_root()) {
      resolved->names.pop_back();
      resolved->inodes.pop_back();
    }
    next = 4;
  }
  RETURN_IF_ERROR(Descend(txn, names, next, path, *resolved));
  return *std::move(resolved);
}

}  // namespace

std::string ResolvedPath::Path(size_t count) const {
  if (count <= 1) return "/";
  size_t bytes = 0;
  for (size_t i = 1; i < count; ++i) bytes += 1 + names[i].size();
  std::string path;
  path.reserve(bytes);
  for (size_t i = 1; i < count; ++i) {
    path += '/';
    path += names[i];
  }
  return path;
}

bool ResolvedPath::IsBelow(const ResolvedPath& other) const {
  return size() > other.size() && std::equal(other.names.begin(), other.names.end(), names.begin());
}

size_t ResolvedPath::ancestor_index() const {
  size_t index = size() < 2 ? 0 : size() - 2;
  while (index > 0 && inodes[index] == nullptr) --index;
  return index;
}

absl::StatusOr<ResolvedPath> ResolvePath(Txn& txn, std::string_view path) {
  ASSIGN_OR_RETURN(const PathNames names, SplitPath(path));
  if (names.size() >= 3 && names[0] == kReservedRoot && names[1] == kReservedInodes) {
    return ResolveByInodePath(txn, names, path);
  }
  size_t first = 0;
  if (names.size() >= 2 && names[0] == kReservedRoot && names[1] == kReservedRaw) first = 2;
  ASSIGN_OR_RETURN(InodePtr root, txn.ById(kRootInodeId));
  ResolvedPath resolved;
  resolved.names.emplace_back();
  resolved.inodes.push_back(std::move(root));
  RETURN_IF_ERROR(Descend(txn, names, first, path, resolved));
  return resolved;
}

absl::StatusOr<std::optional<ResolvedPath>> ResolveInode(Txn& txn, InodeId id) {
  ASSIGN_OR_RETURN(const InodePtr inode, txn.ById(id));
  if (inode == nullptr) return std::nullopt;
  ASSIGN_OR_RETURN(std::vector<InodePtr> chain, txn.Ancestors(*inode));
  if (chain.empty()) return std::nullopt;
  ResolvedPath resolved;
  for (InodePtr& link : chain) {
    resolved.names.push_back(link->name);
    resolved.inodes.push_back(std::move(link));
  }
  return resolved;
}

}  // namespace cairn::namenode
