// The format language of `stat`.
#pragma once

#include <string>
#include <string_view>

#include "common/types/file_status.h"

namespace cairn::dfs {

// Replaces %a octal mode, %A symbolic mode, %b bytes, %F kind, %g group, %n name, %o block size,
// %r replication, %u owner, %x and %X access time, %y and %Y modification time (UTC, and
// milliseconds). Another character after % stands for itself; a % at the end is dropped.
std::string FormatStat(std::string_view format, const FileStatus& status, std::string_view name);

}  // namespace cairn::dfs
