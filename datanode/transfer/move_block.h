// COPY_BLOCK and REPLACE_BLOCK: how a balancer or mover moves replicas between DataNodes.
#pragma once

#include "datanode/transfer/operation.h"

namespace cairn::datanode {

// Sends a whole block to a DataNode that executes REPLACE_BLOCK, within a mover slot and the
// balancing bandwidth. The connection is over afterwards.
AfterOperation CopyBlock(OperationContext& context, const wire::CopyBlockOp& op);

// Fetches a block from the source that the operation names and reports it with its delete hint.
// Likewise bounded. When the source is this DataNode the block moves between its storages. The
// connection is over afterwards.
AfterOperation ReplaceBlock(OperationContext& context, const wire::ReplaceBlockOp& op);

}  // namespace cairn::datanode
