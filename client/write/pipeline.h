// A pipeline of DataNodes that receives one block, and how it is set up.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/base/client_context.h"
#include "client/base/datanode_connection.h"
#include "client/namenode_stub.h"
#include "common/data_checksum.h"
#include "common/types/block.h"
#include "wire/transfer/op.h"

namespace cairn::client {

// What does not change while one file is written.
struct WriteTarget {
  OpenFileRef file;
  int32_t replication = 0;
  int64_t block_size = 0;
  DataChecksum checksum;
};

// One block's pipeline. The connection is shared with the thread that reads acknowledgements and
// with whoever aborts the write; only the streamer replaces it.
struct Pipeline {
  ExtendedBlock block;                 // num_bytes: what all nodes have acknowledged
  std::vector<ReplicaLocation> nodes;  // in the order of the pipeline
  std::shared_ptr<DatanodeConnection> connection;
};

// How a WRITE_BLOCK is asked for.
struct SetupRequest {
  wire::WriteStage stage = wire::WriteStage::kSetupCreate;
  int64_t min_bytes_received = 0;
  int64_t max_bytes_received = 0;
  GenerationStamp latest_generation_stamp = 0;
};

// The node to blame for a failure.
struct BadNode {
  size_t index = 0;         // in the pipeline
  bool restarting = false;  // it has announced that it will be back
};

// Connects to pipeline.nodes[0] and has it set up the rest. On success pipeline.connection is set.
// On failure it is null and `bad_node` says whom to blame.
absl::Status SetUpPipeline(ClientContext& context, const WriteTarget& target,
                           const SetupRequest& request, Pipeline& pipeline, BadNode& bad_node);

// Has `source` copy what it holds of the block to `destination` (TRANSFER_BLOCK).
absl::Status TransferReplica(ClientContext& context, const WriteTarget& target,
                             const ExtendedBlock& block, const ReplicaLocation& source,
                             const ReplicaLocation& destination);

}  // namespace cairn::client
