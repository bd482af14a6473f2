// One walk; what is hot waits for its end.
#include "namenode/admin/blocks_on_datanode.h"

#include <utility>

namespace cairn::namenode {

std::vector<BlockPlaces> BlocksOnDatanode(const BlockManager& blocks,
                                          const GetBlocksRequest& request,
                                          absl::FunctionRef<bool(InodeId)> is_hot) {
  BlockWalk walk{.datanode_uuid = request.datanode_uuid,
                 .storage_type = request.storage_type,
                 .min_block_bytes = request.min_block_bytes};
  std::vector<BlockPlaces> chosen;
  std::vector<BlockPlaces> hot;
  int64_t bytes = 0;
  const auto take = [&](BlockPlaces& block) {
    bytes += block.block.num_bytes;
    chosen.push_back(std::move(block));
  };
  while (bytes < request.bytes && !walk.done()) {
    for (BlockPlaces& block : blocks.NextBlocks(walk)) {
      if (bytes >= request.bytes) break;
      if (request.hot_interval_ms > 0 && is_hot(block.inode)) {
        hot.push_back(std::move(block));
      } else {
        take(block);
      }
    }
  }
  for (BlockPlaces& block : hot) {
    if (bytes >= request.bytes) break;
    take(block);
  }
  return chosen;
}

}  // namespace cairn::namenode
