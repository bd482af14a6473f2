// Checks that need nothing but the disks and logs of a cluster.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/fault/runner/fault_cluster.h"

namespace cairn::fault {

// All finalized replicas of a block have one generation stamp, the same bytes and the same
// checksums; once replication has converged.
absl::Status ReplicasAgree(const FaultCluster& cluster);

// A block recovery that a DataNode was ordered to do, by its log.
struct RecoveryOrdered {
  int datanode = 0;
  int64_t block = 0;
  int64_t id = 0;
};
// All of them; those of one DataNode in their order.
std::vector<RecoveryOrdered> RecoveriesOrdered(const FaultCluster& cluster);
// Whether this DataNode is done with it, well or not.
bool RecoveryHasEnded(const FaultCluster& cluster, const RecoveryOrdered& order);

// No recovery id is below an earlier one of its block, none is of two blocks, and none was given to
// two primaries: by the logs of the NameNode, which names the primaries it chooses, and of the
// DataNodes, which name the orders they got.
absl::Status RecoveryIdsRise(const FaultCluster& cluster);

// Whether the NameNode was told of a corrupt replica of this block, by its log.
bool CalledCorrupt(const FaultCluster& cluster, int64_t block);

// kInternal naming the first line in a log that no daemon should ever write: a crash, an abort, a
// sanitizer's report, and unless `stops_allowed` a critical one.
absl::Status FatalLines(const std::string& log_directory, bool stops_allowed);

}  // namespace cairn::fault
