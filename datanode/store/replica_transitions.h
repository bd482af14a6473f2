// How replicas come to be and change state: one function per stage of the write pipeline and per
// step of a lease recovery (Hadoop 3.4 FsDatasetImpl). What each promises stands in block_store.h.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "datanode/store/block_store.h"
#include "datanode/store/store_core.h"

namespace cairn::datanode {

using WriterOr = absl::StatusOr<std::unique_ptr<ReplicaWriter>>;

WriterOr CreateRbwReplica(StoreCore& core, const WriteRequest& request);
WriterOr CreateTemporaryReplica(StoreCore& core, const WriteRequest& request);
WriterOr AppendReplica(StoreCore& core, const WriteRequest& request);
WriterOr RecoverAppendReplica(StoreCore& core, const WriteRequest& request);
WriterOr RecoverRbwReplica(StoreCore& core, const WriteRequest& request);
absl::StatusOr<std::string> RecoverCloseReplica(StoreCore& core, const WriteRequest& request);

absl::Status MoveReplicaToStorage(StoreCore& core, const MoveRequest& request);

absl::StatusOr<std::optional<ReplicaRecoveryInfo>> InitRecovery(StoreCore& core, const Block& block,
                                                                GenerationStamp recovery_id);
absl::StatusOr<std::string> UpdateUnderRecovery(StoreCore& core, const Block& old_block,
                                                GenerationStamp recovery_id, int64_t new_length);

}  // namespace cairn::datanode
