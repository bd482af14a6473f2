// Moves between DataNodes. Source of the sequence: DataTransferProtocol of Hadoop 3.4.
#include "datanode/transfer/move_block.h"

#include <spdlog/spdlog.h>

#include "common/types/errors.h"
#include "datanode/transfer/packet_receiver.h"
#include "datanode/transfer/packet_sender.h"
#include "wire/transfer/response.h"

namespace cairn::datanode {

namespace {

using wire::OpStatus;

// Java's writeChar('d'), with which the source says that its slot is free again.
constexpr std::string_view kSlotReleased("\0d", 2);

absl::StatusOr<std::unique_ptr<ReplicaReader>> OpenForCopy(OperationContext& context,
                                                           const wire::CopyBlockOp& op) {
  RETURN_IF_ERROR(CheckPool(context.services, op.block));
  return context.services.store.OpenReader(op.block.block, 0);
}

absl::Status SendCopy(OperationContext& context, const wire::CopyBlockOp& op) {
  const auto opened = OpenForCopy(context, op);
  if (!opened.ok()) {
    ReplyError(context.connection, fmt::format("opCopyBlock {} received exception {}",
                                               op.block.ToString(), AsException(opened.status())));
    return opened.status();
  }
  const std::unique_ptr<ReplicaReader>& reader = *opened;
  RETURN_IF_ERROR(context.connection.WriteMore(wire::EncodeResponse(
      {.read_info = wire::ReadChecksumInfo{.checksum = reader->checksum(), .chunk_offset = 0}})));
  return SendPackets(context.connection, *reader,
                     {.begin = 0,
                      .end = reader->visible_length(),
                      .verify = true,
                      .throttler = &context.services.balance_throttler});
}

// Asks `source` for the block; the reply's checksum, with packets to follow.
absl::StatusOr<DataChecksum> AskForCopy(FrameSocket& source, const wire::ReplaceBlockOp& op) {
  RETURN_IF_ERROR(
      source.Write(wire::EncodeOp(wire::CopyBlockOp{.block = op.block, .token = op.token})));
  ASSIGN_OR_RETURN(const auto message, source.Read(&wire::ResponseSize));
  ASSIGN_OR_RETURN(const wire::OpResponse reply, wire::DecodeResponse(message));
  if (reply.status != OpStatus::kSuccess || !reply.read_info) {
    return errors::Io(fmt::format("Copy block {} from {} failed: {} {}", op.block.ToString(),
                                  source.peer(), wire::OpStatusName(reply.status), reply.message));
  }
  return reply.read_info->checksum;
}

absl::Status FetchCopy(OperationContext& context, const wire::ReplaceBlockOp& op) {
  TransferServices& services = context.services;
  RETURN_IF_ERROR(CheckPool(services, op.block));
  // The balancer is told that this is still at work.
  int64_t last_sign_of_life_ms = services.clock.MonotonicMs();
  const auto sign_of_life = [&]() -> absl::Status {
    const int64_t now = services.clock.MonotonicMs();
    if (now - last_sign_of_life_ms < services.options.socket_timeout_ms / 2) {
      return absl::OkStatus();
    }
    last_sign_of_life_ms = now;
    return context.connection.Write(wire::EncodeResponse({.status = OpStatus::kInProgress}));
  };
  if (op.source.id.uuid == services.self.uuid) {
    return services.store.MoveToStorage({.block = op.block.block,
                                         .storage_type = op.storage_type,
                                         .storage_id = op.storage_id,
                                         .pace = [&](int64_t bytes) {
                                           services.balance_throttler.Acquire(bytes);
                                           // A balancer that is gone does not stop the move.
                                           sign_of_life().IgnoreError();
                                         }});
  }
  ASSIGN_OR_RETURN(const auto source,
                   ConnectToDatanode(services, op.source.id, 0, kPacketBufferBytes));
  const SocketGroupMember member(*context.sockets, source->socket());
  WriteRequest request;
  request.block = op.block.block;
  request.storage_type = op.storage_type;
  request.storage_id = op.storage_id;
  request.stop_writer = [sockets = context.sockets] { sockets->ShutdownAll(); };
  ASSIGN_OR_RETURN(request.checksum, AskForCopy(*source, op));
  ASSIGN_OR_RETURN(const auto writer, services.store.CreateTemporary(request));
  const ReceivePlan plan{.always_verify = true,
                         .throttler = &services.balance_throttler,
                         .after_packet = sign_of_life};
  RETURN_IF_ERROR(ReceivePackets(*source, *writer, plan));
  // The source is deleted, which may have been synced.
  RETURN_IF_ERROR(writer->Finalize(/*sync=*/true, op.delete_hint).status());
  // Wait for the source's slot; the block is here whatever happens to that.
  source->ReadBytes(kSlotReleased.size()).status().IgnoreError();
  return absl::OkStatus();
}

}  // namespace

AfterOperation CopyBlock(OperationContext& context, const wire::CopyBlockOp& op) {
  auto slot = context.services.mover_slots.TryTake();
  if (slot == nullptr) {
    const std::string message = fmt::format(
        "Not able to copy block {} to {} because threads quota={} is exceeded.", op.block.block.id,
        context.connection.peer(), context.services.mover_slots.slots());
    spdlog::info("{}", message);
    ReplyError(context.connection, message);
    return AfterOperation::kClose;
  }
  const absl::Status status = SendCopy(context, op);
  slot.reset();
  if (status.ok()) {
    spdlog::info("copied {} to {}", op.block.ToString(), context.connection.peer());
    context.connection.Write(kSlotReleased).IgnoreError();
  } else {
    spdlog::warn("copying {} to {} failed: {}", op.block.ToString(), context.connection.peer(),
                 status.ToString());
  }
  return AfterOperation::kClose;
}

AfterOperation ReplaceBlock(OperationContext& context, const wire::ReplaceBlockOp& op) {
  const auto slot = context.services.mover_slots.TryTake();
  if (slot == nullptr) {
    const std::string message = fmt::format(
        "Not able to receive block {} from {} because threads quota={} is exceeded.",
        op.block.block.id, context.connection.peer(), context.services.mover_slots.slots());
    spdlog::info("{}", message);
    ReplyError(context.connection, message);
    return AfterOperation::kClose;
  }
  const absl::Status status = FetchCopy(context, op);
  if (status.ok()) {
    spdlog::info("moved {} here from {}", op.block.ToString(), op.source.id.XferAddress());
    context.connection.Write(wire::EncodeResponse({.status = OpStatus::kSuccess})).IgnoreError();
  } else {
    spdlog::warn("moving {} here from {} failed: {}", op.block.ToString(),
                 op.source.id.XferAddress(), status.ToString());
    ReplyError(context.connection, fmt::format("opReplaceBlock {} received exception {}",
                                               op.block.ToString(), AsException(status)));
  }
  return AfterOperation::kClose;
}

}  // namespace cairn::datanode
