// Walks paths and parent links through a transaction.
#include "namenode/namespace/resolver.h"

#include <charconv>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/namespace/path.h"

namespace cairn::namenode {
namespace {

// Follows names[first..] below `resolved`'s last inode.
absl::Status Descend(Txn& txn, const std::vector<std::string>& names, size_t first,
                     std::string_view path, ResolvedPath& resolved) {
  for (size_t i = first; i < names.size(); ++i) {
    const InodePtr parent = resolved.inodes.back();
    if (parent != nullptr && parent->kind == InodeKind::kSymlink)
      return errors::UnresolvedPath(path);
    InodePtr child;
    if (parent != nullptr && parent->is_directory()) {
      absl::StatusOr<InodePtr> found = txn.Child(parent->id, names[i]);
      if (Txn::IsMiss(found.status())) {
        const std::vector<std::string_view> rest(names.begin() + i, names.end());
        txn.Prefetch(parent->id, rest);
      }
      if (!found.ok()) return found.status();
      child = *std::move(found);
    }
    resolved.names.push_back(names[i]);
    resolved.inodes.push_back(std::move(child));
  }
  return absl::OkStatus();
}

absl::StatusOr<ResolvedPath> FromChain(std::vector<InodePtr> chain) {
  ResolvedPath resolved;
  for (InodePtr& inode : chain) {
    resolved.names.push_back(inode->name);
    resolved.inodes.push_back(std::move(inode));
  }
  return resolved;
}

// /.reserved/.inodes/<id>[/..][/rest]; `names` are all components.
absl::StatusOr<ResolvedPath> ResolveByInodePath(Txn& txn, const std::vector<std::string>& names,
                                                std::string_view path) {
  InodeId id = 0;
  const std::string& text = names[2];
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size())
    return errors::InvalidInodePath(path);
  ASSIGN_OR_RETURN(const InodePtr inode, txn.ById(id));
  if (inode == nullptr) return errors::NoFileForInodePath(path);
  ASSIGN_OR_RETURN(std::vector<InodePtr> chain, txn.Ancestors(*inode));
  if (chain.empty()) return errors::NoFileForInodePath(path);
  size_t next = 3;
  if (names.size() > 3 && names[3] == "..") {
    if (chain.size() > 1) chain.pop_back();
    next = 4;
  }
  ASSIGN_OR_RETURN(ResolvedPath resolved, FromChain(std::move(chain)));
  RETURN_IF_ERROR(Descend(txn, names, next, path, resolved));
  return resolved;
}

}  // namespace

std::string ResolvedPath::Path(size_t count) const {
  if (count <= 1) return "/";
  std::string path;
  for (size_t i = 1; i < count; ++i) {
    path += '/';
    path += names[i];
  }
  return path;
}

size_t ResolvedPath::ancestor_index() const {
  size_t index = size() < 2 ? 0 : size() - 2;
  while (index > 0 && inodes[index] == nullptr) --index;
  return index;
}

absl::StatusOr<ResolvedPath> ResolvePath(Txn& txn, std::string_view path) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, SplitPath(path));
  if (names.size() >= 3 && names[0] == kReservedRoot && names[1] == kReservedInodes) {
    return ResolveByInodePath(txn, names, path);
  }
  size_t first = 0;
  if (names.size() >= 2 && names[0] == kReservedRoot && names[1] == kReservedRaw) first = 2;
  ASSIGN_OR_RETURN(InodePtr root, txn.ById(kRootInodeId));
  ResolvedPath resolved{{""}, {std::move(root)}};
  RETURN_IF_ERROR(Descend(txn, names, first, path, resolved));
  return resolved;
}

absl::StatusOr<ResolvedPath> ResolveInode(Txn& txn, InodeId id, std::string_view path_for_message) {
  ASSIGN_OR_RETURN(const InodePtr inode, txn.ById(id));
  if (inode == nullptr) return errors::FileDoesNotExist(path_for_message);
  ASSIGN_OR_RETURN(std::vector<InodePtr> chain, txn.Ancestors(*inode));
  if (chain.empty()) return errors::FileDoesNotExist(path_for_message);
  return FromChain(std::move(chain));
}

}  // namespace cairn::namenode
