// Checks that need nothing but the disks and logs of a cluster.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "tests/fault/runner/fault_cluster.h"

namespace cairn::fault {

// Finalized replicas of a block with the same generation stamp have the same bytes and checksums on
// all disks: two writers of one stamp would have left different ones.
absl::Status ReplicasAgree(const FaultCluster& cluster);

// kInternal naming the first line in a log that no daemon should ever write: a crash, an abort, a
// sanitizer's report, and unless `stops_allowed` a critical one.
absl::Status FatalLines(const std::string& log_directory, bool stops_allowed);

}  // namespace cairn::fault
