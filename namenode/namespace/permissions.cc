// Permission checks and the texts of their refusals.
#include "namenode/namespace/permissions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::namenode {
namespace {

// Entry `index` of the path, which has others below it, must be a directory.
absl::Status CheckIsDirectory(const ResolvedPath& path, size_t index, PathUse use) {
  if (path.inodes[index]->is_directory()) return absl::OkStatus();
  return use == PathUse::kCreation ? errors::ParentIsNotADirectory(path.Path(index + 1))
                                   : errors::IsNotADirectory(path.Path(index + 1));
}

}  // namespace

bool PermissionChecker::Grants(const Inode& inode, uint8_t access) const {
  if (unchecked()) return true;
  uint16_t bits = inode.mode;
  if (inode.owner == caller_.user) {
    bits >>= 6;
  } else if (caller_.IsIn(inode.group)) {
    bits >>= 3;
  }
  return (bits & access) == access;
}

absl::Status PermissionChecker::Denied(const Inode& inode, const std::string& path,
                                       uint8_t access) const {
  return errors::PermissionDenied(caller_.user, AccessName(access), path, InodeText(inode));
}

absl::Status PermissionChecker::CheckSticky(const Inode& parent, const std::string& parent_path,
                                            const Inode& child,
                                            const std::string& child_path) const {
  if (unchecked() || !(parent.mode & kStickyBit)) return absl::OkStatus();
  if (parent.owner == caller_.user || child.owner == caller_.user) return absl::OkStatus();
  return errors::StickyDenied(caller_.user, child_path, InodeText(child), parent_path,
                              InodeText(parent));
}

absl::Status PermissionChecker::Check(const ResolvedPath& path, PathUse use,
                                      const AccessNeeds& needs) const {
  const auto check = [&](size_t index, uint8_t access) -> absl::Status {
    const InodePtr& inode = path.inodes[index];
    if (access == 0 || inode == nullptr || Grants(*inode, access)) return absl::OkStatus();
    return Denied(*inode, path.Path(index + 1), access);
  };
  const size_t last = path.size() - 1;
  const size_t ancestor = path.ancestor_index();
  if (last > 0) {
    // Entry by entry: who may not look into a directory is not told what is in it.
    for (size_t i = 0; i <= ancestor; ++i) {
      RETURN_IF_ERROR(CheckIsDirectory(path, i, use));
      RETURN_IF_ERROR(check(i, kExecute));
    }
  }
  if (caller_.superuser) return absl::OkStatus();
  if (last > 0) {
    if ((needs.parent & kWrite) && path.exists()) {
      RETURN_IF_ERROR(CheckSticky(*path.parent(), path.parent_path(), *path.last(), path.path()));
    }
    RETURN_IF_ERROR(check(ancestor, needs.ancestor));
    RETURN_IF_ERROR(check(last - 1, needs.parent));
  }
  RETURN_IF_ERROR(check(last, needs.access));
  if (needs.owner && path.exists() && path.last()->owner != caller_.user) {
    return errors::NotOwner(caller_.user, path.path());
  }
  return absl::OkStatus();
}

std::string InodeText(const Inode& inode) {
  std::string text =
      fmt::format("{}:{}:{}", inode.owner, inode.group, inode.is_directory() ? 'd' : '-');
  for (int bit = 8; bit >= 0; --bit) text += inode.mode >> bit & 1 ? "xwr"[bit % 3] : '-';
  if (inode.mode & kStickyBit) text.back() = inode.mode & 1 ? 't' : 'T';
  return text;
}

const char* AccessName(uint8_t access) {
  constexpr std::array kNames = {"NONE", "EXECUTE",      "WRITE",      "WRITE_EXECUTE",
                                 "READ", "READ_EXECUTE", "READ_WRITE", "ALL"};
  return kNames[access & 7];
}

}  // namespace cairn::namenode
