// Which blocks of a DataNode the balancer is offered.
#pragma once

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "namenode/admin/cluster_admin.h"
#include "namenode/blocks/block_manager.h"

namespace cairn::namenode {

// Blocks from a random one on until their lengths add up to `request.bytes` or all have been looked
// at. Those of files that `is_hot` names, asked only with an interval, come last and only when the
// others do not suffice (HDFS: BlockManager.getBlocksWithLocations). Blocks as `is_hot` does.
std::vector<BlockPlaces> BlocksOnDatanode(const BlockManager& blocks,
                                          const GetBlocksRequest& request,
                                          absl::FunctionRef<bool(InodeId)> is_hot);

}  // namespace cairn::namenode
