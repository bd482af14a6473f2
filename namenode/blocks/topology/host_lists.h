// Which DataNodes may belong to the cluster, and which are to leave it, for good or for a while:
// dfs.hosts and dfs.hosts.exclude.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
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

  // The one file of HDFS's CombinedHostFileManager: a JSON array of objects with hostName and, as
  // far as wanted, port, adminState (NORMAL, DECOMMISSIONED, IN_MAINTENANCE) and
  // maintenanceExpireTimeInMS. The hosts in it are included, unless none is NORMAL: then all are.
  static absl::StatusOr<HostLists> ReadCombined(FileSystem& fs, const std::string& file);

  // An empty list includes every DataNode.
  bool Includes(const DatanodeId& id) const { return includes_.empty() || Has(includes_, id); }
  bool Excludes(const DatanodeId& id) const { return Has(excludes_, id); }
  // Until when, in wall clock, the DataNode is to be in maintenance; empty: it is not.
  std::optional<int64_t> MaintenanceUntil(const DatanodeId& id) const;
  // The list of those that may belong, to be shown.
  const std::vector<Entry>& includes() const { return includes_; }
  // Whether the entry means this DataNode.
  static bool Matches(const Entry& entry, const DatanodeId& id);

 private:
  static bool Has(const std::vector<Entry>& entries, const DatanodeId& id);

  std::vector<Entry> includes_;
  std::vector<Entry> excludes_;
  std::vector<std::pair<Entry, int64_t>> maintained_;  // and until when
};

}  // namespace cairn::namenode
