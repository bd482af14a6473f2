// FormatStat.
#include "tools/dfs/fs/stat_format.h"

#include "tools/dfs/base/format.h"

namespace cairn::dfs {
namespace {

std::string_view KindText(FileType type) {
  switch (type) {
    case FileType::kDirectory:
      return "directory";
    case FileType::kSymlink:
      return "symlink";
    case FileType::kFile:
      break;
  }
  return "regular file";
}

std::string Field(char code, const FileStatus& status, std::string_view name) {
  switch (code) {
    case 'a':
      return fmt::format("{:o}", status.permission);
    case 'A':
      return PermissionText(status.permission);
    case 'b':
      return fmt::format("{}", status.length);
    case 'F':
      return std::string(KindText(status.type));
    case 'g':
      return status.group;
    case 'n':
      return std::string(name);
    case 'o':
      return fmt::format("{}", status.block_size);
    case 'r':
      return fmt::format("{}", status.replication);
    case 'u':
      return status.owner;
    case 'x':
      return UtcSecond(status.atime_ms);
    case 'X':
      return fmt::format("{}", status.atime_ms);
    case 'y':
      return UtcSecond(status.mtime_ms);
    case 'Y':
      return fmt::format("{}", status.mtime_ms);
    default:
      return std::string(1, code);
  }
}

}  // namespace

std::string FormatStat(std::string_view format, const FileStatus& status, std::string_view name) {
  std::string text;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      text += format[i];
    } else if (++i < format.size()) {
      text += Field(format[i], status, name);
    }
  }
  return text;
}

}  // namespace cairn::dfs
