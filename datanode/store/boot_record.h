// BP-…/boot.record: under which boot of the machine the replicas in rbw/ were written.
#pragma once

#include <string>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/file_system.h"
#include "datanode/store/storage_layout.h"

namespace cairn::datanode {

// The death of a process takes no byte from a replica: they are in the page cache. The death of the
// machine may, and so does damage. A start compares the record with the machine, and remembers in
// it which replicas are not to be trusted until they have been recovered or deleted, since after
// the next start their files no longer tell.
struct BootRecord {
  std::string boot_id;  // as of the latest start of a DataNode; empty: not known
  // Replicas in rbw/ that may have lost bytes.
  absl::btree_set<std::pair<BlockId, GenerationStamp>> suspects;

  friend bool operator==(const BootRecord&, const BootRecord&) = default;
};

// Identifies the running kernel: differs after every start of it. Empty when it cannot be told.
std::string MachineBootId(FileSystem& fs);

// The record of the pool; an empty one when there is none or it is damaged.
absl::StatusOr<BootRecord> ReadBootRecord(FileSystem& fs, const PoolPaths& paths);
// Replaces it; durable on return. Format: docs/storage_format.md.
absl::Status WriteBootRecord(FileSystem& fs, const PoolPaths& paths, const BootRecord& record);

}  // namespace cairn::datanode
