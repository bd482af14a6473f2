// For tests: blocks, their bytes, and a whole write or read in one call.
#pragma once

#include <string>
#include <vector>

#include "datanode/transfer/testing/raw_client.h"
#include "datanode/transfer/testing/transfer_node.h"

namespace cairn::datanode {

// Bytes that differ from place to place and repeat nowhere near.
std::string TestData(size_t bytes, uint32_t seed = 1);

inline ExtendedBlock TestBlock(BlockId id, int64_t num_bytes = 0, GenerationStamp stamp = 1001) {
  return {kTestPool, {.id = id, .generation_stamp = stamp, .num_bytes = num_bytes}};
}

// SETUP_CREATE by a client through `nodes`, the first of which is asked.
wire::WriteBlockOp CreateOp(const ExtendedBlock& block, const std::vector<TransferNode*>& nodes);

// Creates the block on `nodes`, in packets of 64512 bytes, and checks every reply and ack.
absl::Status WriteWhole(const ExtendedBlock& block, std::string_view data,
                        const std::vector<TransferNode*>& nodes);

// Reads [offset, offset + length) and returns exactly that.
absl::StatusOr<std::string> ReadRange(TransferNode& node, const ExtendedBlock& block,
                                      int64_t offset, int64_t length);

// Waits up to 10 s until `condition` holds.
bool Eventually(const std::function<bool()>& condition);

}  // namespace cairn::datanode
