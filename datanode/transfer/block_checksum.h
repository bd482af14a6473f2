// BLOCK_CHECKSUM: the checksum of a block from its stored chunk checksums.
#pragma once

#include "datanode/transfer/operation.h"
#include "wire/transfer/response.h"

namespace cairn::datanode {

// Runs the operation to its end. The connection is over afterwards.
AfterOperation BlockChecksum(OperationContext& context, const wire::BlockChecksumOp& op);

// The checksum of the first `length` bytes (at most those visible) of `reader`. The data is read
// only where `length` ends within a chunk. kUnimplemented: COMPOSITE_CRC of a replica without
// checksums.
absl::StatusOr<wire::BlockChecksumResult> ComputeBlockChecksum(
    const ReplicaReader& reader, int64_t length, const wire::BlockChecksumOptions& options);

}  // namespace cairn::datanode
