// Which DataNodes may belong to the cluster, and which are to leave it: dfs.hosts and
// dfs.hosts.exclude.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/file_system.h"
#include "common/types/block.h"

namespace cairn::namenode {

// A value; thread-compatible. The lists' form is that of Hadoop's HostsFileReader: names or
// addresses, each with a data port or without, between blanks and line ends; a # ends a line.
class HostLists {
 public:
  struct Entry {
    std::string host;                    // as written
    int port = 0;                        // 0: every DataNode there
    std::vector<std::string> addresses;  // of the host, as far as it is known
  };

  // Every DataNode is welcome.
  HostLists() = default;
  // Reads both files (an empty path: no list) and looks up the names in them, which may take long.
  // The error names the file that cannot be read or has an entry that is none.
  static absl::StatusOr<HostLists> Read(FileSystem& fs, const std::string& include_file,
                                        const std::string& exclude_file);

  // An empty list includes every DataNode.
  bool Includes(const DatanodeId& id) const { return includes_.empty() || Has(includes_, id); }
  bool Excludes(const DatanodeId& id) const { return Has(excludes_, id); }
  // The list of those that may belong, to be shown.
  const std::vector<Entry>& includes() const { return includes_; }
  // Whether the entry means this DataNode.
  static bool Matches(const Entry& entry, const DatanodeId& id);

 private:
  static bool Has(const std::vector<Entry>& entries, const DatanodeId& id);

  std::vector<Entry> includes_;
  std::vector<Entry> excludes_;
};

}  // namespace cairn::namenode
