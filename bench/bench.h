// The measurements of ./dev bench. Each prints rows of one table; server CPU is what the daemons'
// processes used meanwhile.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "tests/cluster/cluster.h"

namespace cairn::bench {

// What to measure with.
struct BenchOptions {
  int threads = 16;         // clients at work at the same time, each with one call in flight
  int operations = 20000;   // of each kind of metadata operation, over all threads
  int64_t bytes = 1 << 30;  // put and read back
  int replication = 3;
};

// mkdirs, create (with complete), getFileInfo, getBlockLocations, listing of 1,000, rename, delete:
// operations per second, microseconds of NameNode CPU per operation.
absl::Status BenchMetadata(testing::Cluster& cluster, const BenchOptions& options);

// One file written and read: MB per second, seconds of NameNode and DataNode CPU per GB of the
// file.
absl::Status BenchThroughput(testing::Cluster& cluster, const BenchOptions& options);

}  // namespace cairn::bench
