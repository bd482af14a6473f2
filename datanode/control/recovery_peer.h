// What the primary of a block recovery asks of another DataNode (HDFS's InterDatanodeProtocol).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/types/block.h"
#include "datanode/store/store_types.h"

namespace cairn::datanode {

// Thread-safe; the calls of one recovery go to several nodes at once. Each call is one attempt and
// comes back within a timeout of the implementation's, with kUnavailable or kDeadlineExceeded when
// the node does not answer; errors of the node itself carry its ErrorKind (kRecoveryInProgress when
// a recovery with this or a later id runs there).
class RecoveryPeer {
 public:
  virtual ~RecoveryPeer() = default;

  // initReplicaRecovery at `node`: stops the writer of its replica of `block` (which must not have
  // a lower stamp) and puts it under the recovery `recovery_id`. Empty when it has no replica.
  virtual absl::StatusOr<std::optional<ReplicaRecoveryInfo>> InitReplicaRecovery(
      const DatanodeId& node, const ExtendedBlock& block, GenerationStamp recovery_id) = 0;

  // updateReplicaUnderRecovery at `node`: the replica, `old_block.block.num_bytes` long, is cut to
  // `new_length` bytes, gets the stamp `recovery_id` and is finalized. `new_block_id` is the
  // block's own id; another one would ask for a copy, which is not supported. Returns the storage
  // id.
  virtual absl::StatusOr<std::string> UpdateReplicaUnderRecovery(const DatanodeId& node,
                                                                 const ExtendedBlock& old_block,
                                                                 GenerationStamp recovery_id,
                                                                 BlockId new_block_id,
                                                                 int64_t new_length) = 0;
  // Ends running calls; later ones fail at once with kCancelled.
  virtual void Shutdown() = 0;
};

}  // namespace cairn::datanode
