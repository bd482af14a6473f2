// Copies to other DataNodes. Source of the rules: DataTransferProtocol of Hadoop 3.4.
#include "datanode/transfer/block_copier.h"

#include <spdlog/spdlog.h>

#include "common/types/errors.h"
#include "datanode/transfer/packet_sender.h"
#include "wire/transfer/response.h"

namespace cairn::datanode {

using wire::WriteStage;

absl::Status BlockCopier::Send(const ReplicaReader& reader, const std::string& pool_id,
                               const CopyTargets& targets, WriteStage stage,
                               const wire::BlockToken& token, const std::string& client_name,
                               SocketGroup& sockets) {
  if (targets.nodes.empty()) return errors::Io("a copy without targets");
  wire::WriteBlockOp op;
  op.block = {.pool_id = pool_id, .block = reader.block()};
  op.block.block.num_bytes = reader.visible_length();
  op.token = token;
  op.client_name = client_name;
  op.targets = targets.nodes;
  op.source = DatanodeInfo{.id = services_.self};
  op.stage = stage;
  op.requested_checksum = reader.checksum();
  op.target_storage_types = targets.storage_types;
  op.target_storage_ids = targets.storage_ids;
  op.target_storage_types.resize(targets.nodes.size(), StorageType::kDisk);
  // What the first target gets is what a node of a pipeline would forward to it.
  wire::WriteBlockOp first = op;
  first.targets.erase(first.targets.begin());
  first.storage_type = op.target_storage_types[0];
  first.target_storage_types.erase(first.target_storage_types.begin());
  if (!first.target_storage_ids.empty()) {
    first.storage_id = op.target_storage_ids[0];
    first.target_storage_ids.erase(first.target_storage_ids.begin());
  }
  ASSIGN_OR_RETURN(const auto target,
                   ConnectToDatanode(services_, targets.nodes[0].id, targets.nodes.size(),
                                     kOperationBufferBytes));
  const SocketGroupMember member(sockets, target->socket());
  RETURN_IF_ERROR(target->WriteMore(wire::EncodeOp(first)));
  RETURN_IF_ERROR(
      SendPackets(*target, reader, {.begin = 0, .end = reader.visible_length(), .verify = true}));
  if (client_name.empty()) {
    // Nothing comes back; the target closes when it is done.
    target->DrainForClose(services_.options.socket_timeout_ms);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const auto message, target->Read(&wire::ResponseSize));
  ASSIGN_OR_RETURN(const wire::OpResponse reply, wire::DecodeResponse(message));
  if (reply.status == wire::OpStatus::kSuccess) return absl::OkStatus();
  return errors::Io(fmt::format("{} answered {} to the transfer of {}", target->peer(),
                                wire::OpStatusName(reply.status), reader.block().ToString()));
}

absl::Status BlockCopier::TransferForClient(const wire::TransferBlockOp& op, SocketGroup& sockets) {
  RETURN_IF_ERROR(CheckPool(services_, op.block));
  ASSIGN_OR_RETURN(const auto reader, services_.store.OpenReader(op.block.block, 0));
  const bool finalized = reader->state() == ReplicaState::kFinalized;
  if (!finalized && reader->state() != ReplicaState::kBeingWritten) {
    return errors::Io(
        fmt::format("{} is neither an RBW nor a Finalized replica", op.block.ToString()));
  }
  if (reader->visible_length() < op.block.block.num_bytes) {
    return errors::Io(fmt::format("the visible length {} of {} is below the length {} asked for",
                                  reader->visible_length(), op.block.ToString(),
                                  op.block.block.num_bytes));
  }
  ++running_;
  const absl::Status status =
      Send(*reader, op.block.pool_id, {op.targets, op.target_storage_types, op.target_storage_ids},
           finalized ? WriteStage::kTransferFinalized : WriteStage::kTransferRbw, op.token,
           op.client_name, sockets);
  --running_;
  return status;
}

absl::Status BlockCopier::CopyForNamenode(const ExtendedBlock& block, const CopyTargets& targets,
                                          SocketGroup& sockets) {
  RETURN_IF_ERROR(CheckPool(services_, block));
  ASSIGN_OR_RETURN(const auto reader, services_.store.OpenReader(block.block, 0));
  if (reader->state() != ReplicaState::kFinalized ||
      reader->block().generation_stamp != block.block.generation_stamp) {
    return errors::Io(
        fmt::format("cannot copy {}: the replica here is {}, not finalized with "
                    "that stamp",
                    block.ToString(), reader->block().ToString()));
  }
  ++running_;
  const absl::Status status =
      Send(*reader, block.pool_id, targets, WriteStage::kSetupCreate, {}, "", sockets);
  --running_;
  return status;
}

AfterOperation TransferBlock(OperationContext& context, BlockCopier& copier,
                             const wire::TransferBlockOp& op) {
  const absl::Status status = copier.TransferForClient(op, *context.sockets);
  if (status.ok()) {
    spdlog::info("transferred {} to {}", op.block.ToString(), op.targets[0].id.XferAddress());
    context.connection.Write(wire::EncodeResponse({.status = wire::OpStatus::kSuccess}))
        .IgnoreError();
  } else {
    spdlog::warn("transfer of {} failed: {}", op.block.ToString(), status.ToString());
    ReplyError(context.connection, fmt::format("transferBlock {} received exception {}",
                                               op.block.ToString(), AsException(status)));
  }
  return AfterOperation::kClose;
}

}  // namespace cairn::datanode
