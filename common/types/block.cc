// Printed forms of blocks and DataNodes.
#include "common/types/block.h"

#include <fmt/format.h>

namespace cairn {

std::string Block::ToString() const { return fmt::format("blk_{}_{}", id, generation_stamp); }

std::string ExtendedBlock::ToString() const {
  return fmt::format("{}:{}", pool_id, block.ToString());
}

std::string DatanodeId::XferAddress() const { return fmt::format("{}:{}", ip_addr, xfer_port); }

}  // namespace cairn
