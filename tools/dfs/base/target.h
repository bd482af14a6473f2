// A path on the command line: where it leads, how it is shown, what is there.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/types/file_status.h"
#include "tools/dfs/base/shell_file_system.h"

namespace cairn::dfs {

// One path a command works on.
struct Target {
  ShellFileSystem* fs = nullptr;
  std::string path;                  // absolute, normalized
  std::string shown;                 // as the user would write it
  bool typed_as_directory = false;   // with a slash at its end
  std::optional<FileStatus> status;  // empty: nothing is there

  bool exists() const { return status.has_value(); }
  bool is_directory() const { return exists() && status->is_directory(); }
  // The last component; empty for the root.
  std::string name() const;
  // "hdfs://127.0.0.1:8020/a/b".
  std::string qualified() const { return fs->uri() + path; }
  // The entry `name` of this directory; its status is `status`.
  Target Child(const std::string& name, std::optional<FileStatus> child_status) const;
  // The directory that holds this; the root is its own.
  std::string parent_path() const;
};

// Removes empty and "." components and a slash at the end; ".." takes the component before it away.
// A relative path stays relative; what is left of "." is "".
std::string NormalizePath(std::string_view path);
// `base`/`name` without a double slash.
std::string JoinPath(std::string_view base, std::string_view name);

}  // namespace cairn::dfs
