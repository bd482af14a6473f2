// HDFS's permission model: user, group or other class decides, execute on every ancestor, sticky
// directories, superuser.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "namenode/namespace/caller.h"
#include "namenode/namespace/resolver.h"

namespace cairn::namenode {

// rwx bits of an asked access.
inline constexpr uint8_t kExecute = 1;
inline constexpr uint8_t kWrite = 2;
inline constexpr uint8_t kRead = 4;
inline constexpr uint16_t kStickyBit = 01000;
inline constexpr uint16_t kPermissionBits = 01777;

// What an operation needs along a path; FSPermissionChecker's parameters. All of it besides
// traversal, which is always needed.
struct AccessNeeds {
  bool owner = false;    // the caller must own the last inode
  uint8_t ancestor = 0;  // on the deepest existing ancestor
  uint8_t parent = 0;  // on the parent, where it exists; kWrite also applies the sticky rule to an
                       // existing last inode
  uint8_t access = 0;  // on the last inode, where it exists
};

// How a file in the middle of a path is reported: reads and deletes say AccessControlException,
// creations ParentNotDirectoryException.
enum class PathUse { kAccess, kCreation };

// Decides for one caller. Thread-compatible; `caller` must outlive it.
class PermissionChecker {
 public:
  // `enabled` is dfs.permissions.enabled: without it modes are not checked, ownership
  // (AccessNeeds.owner) still is.
  PermissionChecker(const Caller& caller, bool enabled) : caller_(caller), enabled_(enabled) {}

  // The path's ancestors are directories and may be traversed, and all of `needs` is granted; else
  // the first refusal in HDFS's order.
  absl::Status Check(const ResolvedPath& path, PathUse use, const AccessNeeds& needs) const;
  // Whether the class of the caller grants all bits of `access` on one inode.
  bool Grants(const Inode& inode, uint8_t access) const;
  // The refusal of `access` on the inode at `path`.
  absl::Status Denied(const Inode& inode, const std::string& path, uint8_t access) const;
  // The sticky rule for removing or renaming `child` of `parent`.
  absl::Status CheckSticky(const Inode& parent, const std::string& parent_path, const Inode& child,
                           const std::string& child_path) const;

  // True when modes do not bind this caller.
  bool unchecked() const { return caller_.superuser || !enabled_; }
  const Caller& caller() const { return caller_; }

 private:
  const Caller& caller_;
  const bool enabled_;
};

// owner:group:drwxr-xr-x, as in HDFS's messages.
std::string InodeText(const Inode& inode);
// READ_EXECUTE and so on: names of HDFS's FsAction.
const char* AccessName(uint8_t access);

}  // namespace cairn::namenode
