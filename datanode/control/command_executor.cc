// Orders of the NameNode.
#include "datanode/control/command_executor.h"

#include <spdlog/spdlog.h>

#include "common/types/errors.h"
#include "wire/cairn/convert.h"

namespace cairn::datanode {

namespace pb = ::cairn::internal::v1;

namespace {

RecoveryOrder FromProto(const pb::RecoverCommand& command) {
  RecoveryOrder order{.block = wire::FromProto(command.block()),
                      .recovery_id = command.recovery_id()};
  for (const auto& replica : command.replicas()) {
    order.locations.push_back(wire::FromProto(replica));
  }
  if (command.has_truncate_to()) order.truncate_to = command.truncate_to();
  order.absent = static_cast<AbsentReplicas>(command.absent());
  return order;
}

}  // namespace

CommandExecutor::CommandExecutor(BlockStore& store, DataPort& data_port, ReportQueue& reports,
                                 RecoveryWorker& recoveries, int32_t transfer_threads,
                                 Complain complain)
    : store_(store),
      data_port_(data_port),
      reports_(reports),
      recoveries_(recoveries),
      complain_(std::move(complain)),
      executor_("dn-copy", transfer_threads) {}

void CommandExecutor::Execute(const pb::Command& command) {
  switch (command.kind_case()) {
    case pb::Command::kTransfer: {
      const ExtendedBlock block = wire::FromProto(command.transfer().block());
      std::vector<ReplicaLocation> targets;
      for (const auto& target : command.transfer().targets()) {
        targets.push_back(wire::FromProto(target));
      }
      ++transfers_in_progress_;
      const bool queued = executor_.Add([this, block, targets = std::move(targets)] {
        if (!stopping_) Transfer(block, targets);
        --transfers_in_progress_;
      });
      if (!queued) --transfers_in_progress_;
      return;
    }
    case pb::Command::kInvalidate: {
      std::vector<Block> blocks;
      for (const auto& block : command.invalidate().blocks()) {
        blocks.push_back(wire::FromProto(block));
      }
      spdlog::info("the NameNode orders the deletion of {} replicas", blocks.size());
      store_.Invalidate(blocks);
      return;
    }
    case pb::Command::kRecover:
      recoveries_.Begin(FromProto(command.recover()));
      return;
    case pb::Command::kReregister:
      return;
    case pb::Command::KIND_NOT_SET:
      spdlog::warn("ignored an order of an unknown kind");
      return;
  }
}

void CommandExecutor::Transfer(const ExtendedBlock& block,
                               const std::vector<ReplicaLocation>& targets) {
  const auto info = store_.Get(block.block.id);
  if (!info.ok()) {
    complain_(fmt::format("Can't send invalid block {}: {}", block.ToString(),
                          std::string(info.status().message())));
    return;
  }
  if (info->state == ReplicaState::kFinalized &&
      info->block.generation_stamp == block.block.generation_stamp &&
      info->block.num_bytes < block.block.num_bytes) {
    spdlog::warn("cannot copy {}: {} bytes here, {} expected", block.ToString(),
                 info->block.num_bytes, block.block.num_bytes);
    reports_.OnBadReplica(block.block, info->storage_id, "shorter than the NameNode's length");
    return;
  }
  const absl::Status status = data_port_.Copy(block, targets);
  if (status.ok()) {
    spdlog::info("copied {} to {}", block.ToString(), targets[0].datanode.id.XferAddress());
  } else {
    spdlog::warn("copying {} failed: {}", block.ToString(), status.ToString());
  }
}

void CommandExecutor::Shutdown() {
  stopping_ = true;
  executor_.Shutdown();
}

}  // namespace cairn::datanode
