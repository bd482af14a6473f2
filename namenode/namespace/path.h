// Paths as text: splitting, and HDFS's rules for names that may be created.
#pragma once

#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cairn::namenode {

inline constexpr std::string_view kReservedRoot = ".reserved";
inline constexpr std::string_view kReservedInodes = ".inodes";
inline constexpr std::string_view kReservedRaw = "raw";

// Names of a path, in order; most paths have so few that they need no memory of their own.
inline constexpr size_t kTypicalPathNames = 8;
using PathNames = absl::InlinedVector<std::string_view, kTypicalPathNames>;

// The components of an absolute path, as parts of it, without the root; doubled and trailing
// slashes are tolerated, as HDFS's reads do. A relative path is errors::RelativePath.
absl::StatusOr<PathNames> SplitPath(std::string_view path);

// Whether HDFS's DFSUtil.isValidName accepts `path` as the name of something to create: absolute,
// valid UTF-8 without NUL, no component "." or ".."
// (".." only behind /.reserved/.inodes/<id>), none with ":", no empty inner component.
bool IsValidName(std::string_view path);

// "/.reserved" itself, or something below it.
bool IsExactlyReserved(std::string_view path);
bool IsReserved(std::string_view path);
// Below /.reserved/raw, or below /.reserved/.inodes: reserved names that stand for ordinary ones.
bool IsReservedAlias(std::string_view path);

// HDFS's limit of characters and levels; `operation` begins the message ("mkdirs").
absl::Status CheckPathLength(std::string_view path, std::string_view operation);

}  // namespace cairn::namenode
