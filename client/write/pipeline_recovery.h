// Sets a block's pipeline up again: after a DataNode failed, or to append to a finished block.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "client/base/client_context.h"
#include "client/write/pipeline.h"

namespace cairn::client {

// The state of the write that a recovery starts from.
struct RecoveryRequest {
  // The stage to ask the DataNodes for: append, or the recovery form of append, streaming or
  // close.
  wire::WriteStage stage = wire::WriteStage::kSetupStreamingRecovery;
  std::optional<size_t> bad_node;  // index in the pipeline; absent: none failed yet (append)
  absl::Status why;                // of bad_node
  int64_t bytes_sent = 0;          // offset behind the last byte ever sent
  bool appended = false;
  bool hflushed = false;
};

// Runs on the streamer's thread. Source of the steps: Hadoop 3.4's client (drop the bad node,
// replace it, new generation stamp, WRITE_BLOCK, updatePipeline).
class PipelineRecovery {
 public:
  // Both must outlive this.
  PipelineRecovery(ClientContext& context, const WriteTarget& target)
      : context_(context), target_(target) {}

  // On success `pipeline` has a connection, the nodes that are left (and a new one, perhaps) and
  // the new generation stamp, which the NameNode knows. pipeline.block.num_bytes is the length that
  // all of them keep at least. An error is final: "All datanodes […] are bad. Aborting...", no
  // replacement where the policy wants one, or the NameNode's.
  absl::Status Recover(const RecoveryRequest& request, Pipeline& pipeline);

 private:
  absl::Status DropNode(size_t bad_node, const absl::Status& why, Pipeline& pipeline);
  // Adds a node, with a copy of what the others hold.
  absl::Status AddReplacement(Pipeline& pipeline);
  absl::StatusOr<ReplicaLocation> FindReplacement(const Pipeline& pipeline,
                                                  const std::vector<DatanodeId>& excluded);

  ClientContext& context_;
  const WriteTarget& target_;
  std::vector<DatanodeId> failed_;  // nodes lost in this recovery
};

}  // namespace cairn::client
