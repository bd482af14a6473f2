// READ_BLOCK. Source of the sequence: DataTransferProtocol of Hadoop 3.4.
#include "datanode/transfer/read_block.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/types/errors.h"
#include "datanode/transfer/packet_sender.h"
#include "wire/transfer/response.h"

namespace cairn::datanode {

namespace {

// What is sent for the range: from the chunk that holds its first byte to the end of the chunk that
// holds its last, or the end of the snapshot.
SendPlan PlanRange(const ReplicaReader& reader, const wire::ReadBlockOp& op) {
  const DataChecksum& checksum = reader.checksum();
  const bool with_checksums = op.send_checksums && checksum.checksum_size() > 0;
  return {.begin = checksum.RoundDown(op.offset),
          .end = std::min(checksum.RoundUp(op.offset + op.length), reader.block().num_bytes),
          .send_checksums = with_checksums,
          // A client that wants no checksums cannot notice damage, so it is looked for here.
          .verify = !with_checksums};
}

absl::StatusOr<std::unique_ptr<ReplicaReader>> Open(OperationContext& context,
                                                    const wire::ReadBlockOp& op) {
  RETURN_IF_ERROR(CheckPool(context.services, op.block));
  const bool sane =
      op.offset >= 0 && op.length >= 0 && op.length <= INT64_MAX / 2 && op.offset <= INT64_MAX / 2;
  ASSIGN_OR_RETURN(auto reader, context.services.store.OpenReader(
                                    op.block.block, sane ? op.offset + op.length : 0));
  RETURN_IF_ERROR(CheckReadRange(*reader, op.block, op.offset, op.length));
  return reader;
}

// The client's verdict after the last packet.
absl::Status AwaitStatus(OperationContext& context, const ReplicaReader& reader) {
  ASSIGN_OR_RETURN(const auto message, context.connection.Read(&wire::ReadStatusSize));
  ASSIGN_OR_RETURN(const wire::OpStatus status, wire::DecodeReadStatus(message));
  if (status == wire::OpStatus::kErrorChecksum) {
    spdlog::warn("{} found a checksum error in {}", context.connection.peer(),
                 reader.block().ToString());
    context.services.store.Suspect(reader.block());
    return errors::Checksum("the client found a checksum error");
  }
  return absl::OkStatus();
}

absl::Status Send(OperationContext& context, const wire::ReadBlockOp& op,
                  const ReplicaReader& reader) {
  const SendPlan plan = PlanRange(reader, op);
  wire::ReadChecksumInfo info{.checksum = reader.checksum(), .chunk_offset = plan.begin};
  if (!plan.send_checksums) info.checksum.type = ChecksumType::kNull;
  RETURN_IF_ERROR(context.connection.WriteMore(wire::EncodeResponse({.read_info = info})));
  RETURN_IF_ERROR(SendPackets(context.connection, reader, plan));
  return AwaitStatus(context, reader);
}

}  // namespace

absl::Status CheckReadRange(const ReplicaReader& reader, const ExtendedBlock& block, int64_t offset,
                            int64_t length) {
  const int64_t end = reader.visible_length();
  if (offset >= 0 && length >= 0 && offset <= end && length <= end - offset) {
    return absl::OkStatus();
  }
  return errors::Io(fmt::format(" Offset {} and length {} don't match block {} ( blockLen {} )",
                                offset, length, block.ToString(), end));
}

AfterOperation ReadBlock(OperationContext& context, const wire::ReadBlockOp& op) {
  const auto reader = Open(context, op);
  if (!reader.ok()) {
    spdlog::info("READ_BLOCK {} for {} refused: {}", op.block.ToString(), context.connection.peer(),
                 reader.status().ToString());
    ReplyError(context.connection, fmt::format("opReadBlock {} received exception {}",
                                               op.block.ToString(), AsException(reader.status())));
    return AfterOperation::kClose;
  }
  const absl::Status status = Send(context, op, **reader);
  if (status.ok()) return AfterOperation::kKeepConnection;
  // A client that has read enough just closes: that is no event. Damage is reported by the store.
  spdlog::debug("READ_BLOCK {} for {} ended early: {}", op.block.ToString(),
                context.connection.peer(), status.ToString());
  return AfterOperation::kClose;
}

}  // namespace cairn::datanode
