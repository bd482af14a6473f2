// LsLine.
#include "tools/dfs/fs/ls_line.h"

#include "tools/dfs/base/format.h"

namespace cairn::dfs {

void LsLine::Widen(const FileStatus& status) {
  replication_ = std::max(replication_, fmt::formatted_size("{}", status.replication));
  length_ = std::max(length_, fmt::formatted_size("{}", status.length));
  owner_ = std::max(owner_, status.owner.size());
  group_ = std::max(group_, status.group.size());
}

std::string LsLine::Format(const FileStatus& status, const std::string& shown) const {
  const bool directory = status.is_directory();
  // The blank after the mode is where an ACL's "+" goes.
  return fmt::format("{}{} {:>{}} {:<{}} {:<{}} {:>{}} {} {}", directory ? 'd' : '-',
                     PermissionText(status.permission),
                     directory ? "-" : fmt::format("{}", status.replication), replication_,
                     status.owner, owner_, status.group, group_, SizeText(status.length, human_),
                     length_, LocalMinute(use_atime_ ? status.atime_ms : status.mtime_ms), shown);
}

}  // namespace cairn::dfs
