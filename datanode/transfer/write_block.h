// WRITE_BLOCK: receives a block from a client or another DataNode and passes it on.
#pragma once

#include "datanode/transfer/operation.h"

namespace cairn::datanode {

// Runs the operation to its end. The connection is over afterwards.
AfterOperation WriteBlock(OperationContext& context, const wire::WriteBlockOp& op);

// The operation that the next node of the pipeline gets: `op` with its first target taken off.
wire::WriteBlockOp ForNextNode(const wire::WriteBlockOp& op);

}  // namespace cairn::datanode
