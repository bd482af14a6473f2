// Sets a block's pipeline up again: after a DataNode failed, or to append to a finished block.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
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
  std::optional<BadNode> bad_node;  // absent: none failed yet (append)
  absl::Status why;                 // of bad_node
  int64_t bytes_sent = 0;           // offset behind the last byte ever sent
  bool appended = false;
  bool hflushed = false;
  size_t min_nodes = 1;  // fewer left are an error
  // An error ends the recovery with it: the write was given up meanwhile.
  std::function<absl::Status()> abandoned;
};

// Runs on the streamer's thread. Source of the steps: Hadoop 3.4's client (drop the bad node, or
// wait for it to restart, replace it, new generation stamp, WRITE_BLOCK, updatePipeline).
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
  // A block begins: nodes that failed for the one before may be good for it.
  void ForgetFailures() { failed_.clear(); }

 private:
  // A node that announced its restart, and how long it is waited for.
  struct Restart {
    std::string uuid;
    int64_t until_ms = 0;
  };
  // Drops the node, or sleeps while it restarts. True: the pipeline has become shorter.
  absl::StatusOr<bool> HandleBadNode(const RecoveryRequest& request, const BadNode& bad_node,
                                     const absl::Status& why, Pipeline& pipeline);
  bool IsWorthWaitingFor(const ReplicaLocation& node, const Pipeline& pipeline) const;
  absl::Status DropNode(size_t index, size_t min_nodes, const absl::Status& why,
                        Pipeline& pipeline);
  // Whether the write may go on though a lost node found no replacement.
  bool MayGoOnWith(size_t nodes) const;
  absl::StatusOr<GenerationStamp> NewStamp(const ExtendedBlock& block);
  // Tells the NameNode what the pipeline is now.
  absl::Status Store(GenerationStamp stamp, Pipeline& pipeline);
  // Adds a node, with a copy of what the others hold.
  absl::Status AddReplacement(Pipeline& pipeline);
  absl::StatusOr<ReplicaLocation> FindReplacement(const Pipeline& pipeline,
                                                  const std::vector<DatanodeId>& excluded);

  ClientContext& context_;
  const WriteTarget& target_;
  std::vector<DatanodeId> failed_;  // nodes the current block has lost
  std::optional<Restart> restart_;
};

}  // namespace cairn::client
