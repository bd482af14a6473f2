// READ_BLOCK: sends a range of a replica to a client.
#pragma once

#include "datanode/transfer/operation.h"

namespace cairn::datanode {

// Runs the operation to its end: reply, packets, the client's status. Errors are answered and
// logged here.
AfterOperation ReadBlock(OperationContext& context, const wire::ReadBlockOp& op);

// Checks that [offset, offset + length) may be read from `reader`; HDFS's message otherwise.
absl::Status CheckReadRange(const ReplicaReader& reader, const ExtendedBlock& block, int64_t offset,
                            int64_t length);

}  // namespace cairn::datanode
