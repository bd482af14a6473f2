// How often the NameNode's background loops run. Defaults are HDFS 3.4's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::namenode {

// Durations in milliseconds of real time.
struct MonitorOptions {
  int64_t liveness_interval_ms = 1'000;    // dfs.namenode.safemode.recheck.interval
  int64_t redundancy_interval_ms = 3'000;  // dfs.namenode.redundancy.interval.seconds
  int64_t lease_interval_ms = 2'000;       // dfs.namenode.lease-recheck-interval-ms
  int64_t space_interval_ms = 5'000;       // dfs.namenode.resource.check.interval

  std::vector<std::string> name_dirs;                 // dfs.namenode.name.dir
  int64_t reserved_bytes = int64_t{100} * (1 << 20);  // dfs.namenode.resource.du.reserved
};

}  // namespace cairn::namenode
