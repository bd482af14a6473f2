// The steps of pipeline recovery.
#include "client/write/pipeline_recovery.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "client/write/replacement_policy.h"
#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::client {
namespace {

// Replacements tried before the policy gives up, as in HDFS.
constexpr size_t kReplacementTries = 3;
// How often a restarting node is tried, as in HDFS.
constexpr int64_t kRestartPollMs = 4000;

std::string_view PolicyName(ReplaceDatanodePolicy policy) {
  switch (policy) {
    case ReplaceDatanodePolicy::kNever:
      return "NEVER";
    case ReplaceDatanodePolicy::kDefault:
      return "DEFAULT";
    case ReplaceDatanodePolicy::kAlways:
      return "ALWAYS";
  }
  return "DEFAULT";
}

bool IsCreate(wire::WriteStage stage) { return stage == wire::WriteStage::kSetupCreate; }

wire::WriteStage RecoveryForm(wire::WriteStage stage) {
  // A block without bytes is created anew under the new stamp.
  if (IsCreate(stage)) return stage;
  return static_cast<wire::WriteStage>(static_cast<uint8_t>(stage) | 1);
}

bool IsClose(wire::WriteStage stage) {
  return stage == wire::WriteStage::kClose || stage == wire::WriteStage::kCloseRecovery;
}

}  // namespace

absl::Status PipelineRecovery::DropNode(size_t index, size_t min_nodes, const absl::Status& why,
                                        Pipeline& pipeline) {
  if (pipeline.nodes.size() <= min_nodes) {
    return errors::Io(fmt::format("All datanodes {} are bad. Aborting... ({} of {}: {})",
                                  DescribeNodes(pipeline.nodes), pipeline.block.ToString(),
                                  target_.file.path, std::string(why.message())));
  }
  spdlog::warn("{} of {}: dropping {} from pipeline {}: {}", pipeline.block.ToString(),
               target_.file.path, DescribeNode(pipeline.nodes[index]),
               DescribeNodes(pipeline.nodes), std::string(why.message()));
  failed_.push_back(pipeline.nodes[index].datanode.id);
  pipeline.nodes.erase(pipeline.nodes.begin() + static_cast<ptrdiff_t>(index));
  return absl::OkStatus();
}

bool PipelineRecovery::IsWorthWaitingFor(const ReplicaLocation& node,
                                         const Pipeline& pipeline) const {
  return pipeline.nodes.size() == 1 ||
         context_.environment().is_local_address(node.datanode.id.ip_addr);
}

absl::StatusOr<bool> PipelineRecovery::HandleBadNode(const RecoveryRequest& request,
                                                     const BadNode& bad_node,
                                                     const absl::Status& why, Pipeline& pipeline) {
  const int64_t timeout_ms = context_.options().datanode_restart_timeout_ms;
  const int64_t now_ms = context_.clock().MonotonicMs();
  const size_t index = std::min(bad_node.index, pipeline.nodes.size() - 1);
  const ReplicaLocation& node = pipeline.nodes[index];
  if (bad_node.restarting && !restart_ && IsWorthWaitingFor(node, pipeline)) {
    spdlog::warn("{} of {}: waiting for {} to restart", pipeline.block.ToString(),
                 target_.file.path, DescribeNode(node));
    restart_ = Restart{node.datanode.id.uuid, now_ms + timeout_ms};
  }
  if (restart_ && restart_->uuid == node.datanode.id.uuid && now_ms < restart_->until_ms) {
    context_.Sleep(std::min(timeout_ms, kRestartPollMs));
    return false;
  }
  RETURN_IF_ERROR(DropNode(index, request.min_nodes, why, pipeline));
  return true;
}

bool PipelineRecovery::MayGoOnWith(size_t nodes) const {
  const ClientOptions& options = context_.options();
  const auto enough = static_cast<size_t>(options.replace_datanode_min_replication);
  return options.replace_datanode_best_effort || (enough > 0 && nodes >= enough);
}

absl::StatusOr<ReplicaLocation> PipelineRecovery::FindReplacement(
    const Pipeline& pipeline, const std::vector<DatanodeId>& excluded) {
  AdditionalDatanodeCall request;
  request.path = target_.file.path;
  request.client_name = target_.file.client_name;
  request.file_id = target_.file.file_id;
  request.block = pipeline.block;
  request.existing = pipeline.nodes;
  request.excluded = excluded;
  ASSIGN_OR_RETURN(
      const LocatedBlock answer,
      context_.Call(RetryMode::kOnOpenFile, [&](NamenodeStub& stub, const CallContext& call) {
        return stub.GetAdditionalDatanode(call, request);
      }));
  for (const ReplicaLocation& candidate : answer.locations) {
    const auto same = [&](const ReplicaLocation& node) {
      return node.datanode.id.uuid == candidate.datanode.id.uuid;
    };
    if (std::none_of(pipeline.nodes.begin(), pipeline.nodes.end(), same)) return candidate;
  }
  return errors::Io(fmt::format(
      "Failed to replace a bad datanode on the existing pipeline due to no more good datanodes "
      "being available to try. (Nodes: current={}, original={}). The current failed datanode "
      "replacement policy is {}, and a client may configure this via "
      "'dfs.client.block.write.replace-datanode-on-failure.policy' in its configuration.",
      DescribeNodes(answer.locations), DescribeNodes(pipeline.nodes),
      PolicyName(context_.options().replace_datanode_policy)));
}

absl::Status PipelineRecovery::AddReplacement(Pipeline& pipeline) {
  std::vector<DatanodeId> excluded = failed_;
  absl::Status last;
  for (size_t tried = 0; tried < kReplacementTries; ++tried) {
    ASSIGN_OR_RETURN(const ReplicaLocation replacement, FindReplacement(pipeline, excluded));
    const ReplicaLocation& source = pipeline.nodes[tried % pipeline.nodes.size()];
    last = TransferReplica(context_, target_, pipeline.block, source, replacement);
    if (last.ok()) {
      spdlog::info("{} of {}: {} joins the pipeline", pipeline.block.ToString(), target_.file.path,
                   DescribeNode(replacement));
      pipeline.nodes.push_back(replacement);
      return absl::OkStatus();
    }
    spdlog::warn("{} of {}: {}", pipeline.block.ToString(), target_.file.path,
                 std::string(last.message()));
    excluded.push_back(replacement.datanode.id);
  }
  return last;
}

absl::StatusOr<GenerationStamp> PipelineRecovery::NewStamp(const ExtendedBlock& block) {
  ASSIGN_OR_RETURN(
      const LocatedBlock renewed,
      context_.Call(RetryMode::kOnOpenFile, [&](NamenodeStub& stub, const CallContext& call) {
        return stub.UpdateBlockForPipeline(call, block, target_.file.client_name);
      }));
  return renewed.block.block.generation_stamp;
}

absl::Status PipelineRecovery::Store(GenerationStamp stamp, Pipeline& pipeline) {
  UpdatePipelineCall update;
  update.client_name = target_.file.client_name;
  update.old_block = pipeline.block;
  update.new_block = pipeline.block;
  update.new_block.block.generation_stamp = stamp;
  update.nodes = pipeline.nodes;
  RETURN_IF_ERROR(
      context_.Call(RetryMode::kOnOpenFile, [&](NamenodeStub& stub, const CallContext& call) {
        return stub.UpdatePipeline(call, update);
      }));
  pipeline.block = update.new_block;
  return absl::OkStatus();
}

absl::Status PipelineRecovery::Recover(const RecoveryRequest& request, Pipeline& pipeline) {
  SetupRequest setup;
  setup.stage = request.stage;
  BadNode bad_node = request.bad_node.value_or(BadNode{});
  absl::Status why = request.why;
  bool failed = request.bad_node.has_value();
  restart_.reset();
  while (true) {
    RETURN_IF_ERROR(request.abandoned());
    if (failed) {
      setup.stage = RecoveryForm(request.stage);
      ASSIGN_OR_RETURN(const bool dropped, HandleBadNode(request, bad_node, why, pipeline));
      // A new block has nothing to copy, a finished one is left to the NameNode.
      if (dropped && !IsCreate(setup.stage) && !IsClose(setup.stage) &&
          ShouldReplaceDatanode(context_.options().replace_datanode_policy, target_.replication,
                                pipeline.nodes.size(), request.appended, request.hflushed)) {
        const absl::Status replaced = AddReplacement(pipeline);
        if (!replaced.ok() && !MayGoOnWith(pipeline.nodes.size())) return replaced;
      }
    }
    ASSIGN_OR_RETURN(setup.latest_generation_stamp, NewStamp(pipeline.block));
    setup.min_bytes_received = pipeline.block.block.num_bytes;
    setup.max_bytes_received = std::max(request.bytes_sent, setup.min_bytes_received);
    why = SetUpPipeline(context_, target_, setup, pipeline, bad_node);
    failed = !why.ok();
    if (!failed) return Store(setup.latest_generation_stamp, pipeline);
  }
}

}  // namespace cairn::client
