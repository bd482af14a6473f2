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

wire::WriteStage RecoveryForm(wire::WriteStage stage) {
  return static_cast<wire::WriteStage>(static_cast<uint8_t>(stage) | 1);
}

bool IsClose(wire::WriteStage stage) {
  return stage == wire::WriteStage::kClose || stage == wire::WriteStage::kCloseRecovery;
}

}  // namespace

absl::Status PipelineRecovery::DropNode(size_t bad_node, const absl::Status& why,
                                        Pipeline& pipeline) {
  if (pipeline.nodes.size() <= 1) {
    return errors::Io(fmt::format("All datanodes {} are bad. Aborting... ({} of {}: {})",
                                  DescribeNodes(pipeline.nodes), pipeline.block.ToString(),
                                  target_.file.path, std::string(why.message())));
  }
  const size_t index = std::min(bad_node, pipeline.nodes.size() - 1);
  spdlog::warn("{} of {}: dropping {} from pipeline {}: {}", pipeline.block.ToString(),
               target_.file.path, DescribeNode(pipeline.nodes[index]),
               DescribeNodes(pipeline.nodes), std::string(why.message()));
  failed_.push_back(pipeline.nodes[index].datanode.id);
  pipeline.nodes.erase(pipeline.nodes.begin() + static_cast<ptrdiff_t>(index));
  return absl::OkStatus();
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

absl::Status PipelineRecovery::Recover(const RecoveryRequest& request, Pipeline& pipeline) {
  const ClientOptions& options = context_.options();
  SetupRequest setup;
  setup.stage = request.stage;
  size_t bad_node = request.bad_node.value_or(0);
  absl::Status why = request.why;
  bool failed = request.bad_node.has_value();
  failed_.clear();
  while (true) {
    if (failed) RETURN_IF_ERROR(DropNode(bad_node, why, pipeline));
    if (failed) setup.stage = RecoveryForm(request.stage);
    if (failed && !IsClose(setup.stage) &&
        ShouldReplaceDatanode(options.replace_datanode_policy, target_.replication,
                              pipeline.nodes.size(), request.appended, request.hflushed)) {
      const absl::Status replaced = AddReplacement(pipeline);
      if (!replaced.ok() && !options.replace_datanode_best_effort) return replaced;
    }
    ASSIGN_OR_RETURN(
        const LocatedBlock renewed,
        context_.Call(RetryMode::kOnOpenFile, [&](NamenodeStub& stub, const CallContext& call) {
          return stub.UpdateBlockForPipeline(call, pipeline.block, target_.file.client_name);
        }));
    setup.latest_generation_stamp = renewed.block.block.generation_stamp;
    setup.min_bytes_received = pipeline.block.block.num_bytes;
    setup.max_bytes_received = std::max(request.bytes_sent, setup.min_bytes_received);
    why = SetUpPipeline(context_, target_, setup, pipeline, bad_node);
    failed = !why.ok();
    if (!failed) break;
  }
  UpdatePipelineCall update;
  update.client_name = target_.file.client_name;
  update.old_block = pipeline.block;
  update.new_block = pipeline.block;
  update.new_block.block.generation_stamp = setup.latest_generation_stamp;
  update.nodes = pipeline.nodes;
  RETURN_IF_ERROR(
      context_.Call(RetryMode::kOnOpenFile, [&](NamenodeStub& stub, const CallContext& call) {
        return stub.UpdatePipeline(call, update);
      }));
  pipeline.block = update.new_block;
  return absl::OkStatus();
}

}  // namespace cairn::client
