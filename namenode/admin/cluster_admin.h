// What administrators and their tools (dfsadmin, the balancer) ask of a NameNode beyond files and
// names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/types/block.h"
#include "namenode/blocks/block_manager.h"
#include "namenode/namespace/caller.h"
#include "namenode/namespace/namespace.h"

namespace cairn::namenode {

// What the balancer asks of one DataNode.
struct GetBlocksRequest {
  std::string datanode_uuid;
  std::string datanode_name;    // for messages
  int64_t bytes = 0;            // wanted in sum
  int64_t min_block_bytes = 0;  // smaller blocks are left out
  int64_t hot_interval_ms = 0;  // blocks of files used since so long come last; 0: no difference
  std::optional<StorageType> storage_type;  // only of such storages
};

// When a checkpoint is not worth while: the newest one is younger and has all but so many
// transactions. Both 0: it always is.
struct CheckpointConditions {
  int64_t max_age_ms = 0;
  int64_t max_missing_txns = 0;
};

// What RestoreFailedStorage is called in HDFS's audit log and refusals.
inline const char* RestoreFailedStorageOperation(std::optional<bool> enable) {
  if (!enable) return "checkRestoreFailedStorage";
  return *enable ? "enableRestoreFailedStorage" : "disableRestoreFailedStorage";
}

// Thread-safe. Calls that take a `done` do not block; all others are short. Those that need the
// superuser say kAccessControl to others, with HDFS's name of the operation.
class ClusterAdmin {
 public:
  virtual ~ClusterAdmin() = default;

  // Finished blocks of a DataNode with their places, until their lengths add up to what is wanted.
  // Superuser; not in safe mode. kHadoopIllegalArgument for an unknown DataNode.
  virtual void GetBlocks(const Caller& caller, GetBlocksRequest request,
                         Done<std::vector<BlockPlaces>> done) = 0;
  // Tells all live DataNodes how many bytes a second balancing may use; 0 and less change nothing.
  // Superuser. kIllegalArgument above 1 TiB.
  virtual absl::Status SetBalancerBandwidth(const Caller& caller, int64_t bytes_per_second) = 0;

  // Makes a checkpoint; false when the conditions spare it. Superuser; in safe mode only.
  virtual void SaveNamespace(const Caller& caller, CheckpointConditions conditions,
                             Done<bool> done) = 0;
  // The newest checkpoint's last transaction; 0 without one. Superuser.
  virtual void LastCheckpoint(const Caller& caller, Done<Txid> done) = 0;
  // Whether checkpoints take failed name directories back, from now on `enable` if that is given.
  // Superuser; the operation's name depends on what is asked.
  virtual absl::StatusOr<bool> RestoreFailedStorage(const Caller& caller,
                                                    std::optional<bool> enable) = 0;
  // Begins a new journal segment; the id of its first transaction. Superuser.
  virtual void RollEdits(const Caller& caller, Done<Txid> done) = 0;
  // Writes what the block manager has to do into a file of the log directory. `filename` has no
  // directories. Superuser.
  virtual void MetaSave(const Caller& caller, const std::string& filename, DoneVoid done) = 0;
  // Reads the lists of hosts again and acts upon them. Superuser.
  virtual void RefreshNodes(const Caller& caller, DoneVoid done) = 0;
  // Reads again who may act as somebody else. Anybody may ask for it, as in HDFS.
  virtual void RefreshProxyUsers(DoneVoid done) = 0;
};

}  // namespace cairn::namenode
