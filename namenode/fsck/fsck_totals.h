// The sums of a check and the part of fsck's text that shows them.
#pragma once

#include <cstdint>
#include <string>

namespace cairn::namenode {

// Of the replicated files of a tree. Thread-compatible value.
struct FsckTotals {
  int64_t directories = 0;
  int64_t symlinks = 0;
  int64_t files = 0;
  int64_t bytes = 0;
  int64_t blocks = 0;
  int64_t open_files = 0;  // those left out
  int64_t open_bytes = 0;
  int64_t open_blocks = 0;
  int64_t replicas = 0;  // good ones
  int64_t decommissioned_replicas = 0;
  int64_t decommissioning_replicas = 0;
  int64_t entering_maintenance_replicas = 0;
  int64_t in_maintenance_replicas = 0;
  int64_t expected_replicas = 0;
  int64_t missing_replicas = 0;
  int64_t min_replicated = 0;
  int64_t under_min_replicated = 0;
  int64_t over_replicated = 0;
  int64_t under_replicated = 0;
  int64_t misplaced = 0;
  int64_t missing_blocks = 0;
  int64_t missing_bytes = 0;
  int64_t corrupt_blocks = 0;
  int64_t corrupt_bytes = 0;
  int64_t damaged_files = 0;
  int64_t queued_for_replication = 0;  // by this check

  bool healthy() const { return missing_blocks == 0 && corrupt_blocks == 0; }
};

// What the sums are compared with.
struct FsckCluster {
  int datanodes = 0;            // live ones
  int racks = 0;                // of the live ones
  int default_replication = 3;  // dfs.replication
  int min_replication = 1;      // dfs.namenode.replication.min
};

// From "Status:" to the erasure-coded block groups, of which there are none.
std::string TotalsText(const FsckTotals& totals, const FsckCluster& cluster);

}  // namespace cairn::namenode
