// A data port's peer, message by message.
#include "datanode/transfer/testing/raw_client.h"

#include <stdexcept>

#include "common/status_macros.h"

namespace cairn::datanode {

namespace {
constexpr int64_t kWaitMs = 10'000;
}  // namespace

RawClient::RawClient(int port) {
  auto socket = TcpSocket::Connect({"127.0.0.1", port}, kWaitMs);
  if (!socket.ok()) throw std::runtime_error(socket.status().ToString());
  (*socket)->SetReadTimeout(kWaitMs);
  (*socket)->SetWriteTimeout(kWaitMs);
  socket_ = std::make_unique<FrameSocket>(*std::move(socket), kPacketBufferBytes);
}

absl::StatusOr<wire::OpResponse> RawClient::ReadResponse() {
  ASSIGN_OR_RETURN(const auto message, socket_->Read(&wire::ResponseSize));
  return wire::DecodeResponse(message);
}

absl::StatusOr<wire::PipelineAck> RawClient::ReadAck() {
  ASSIGN_OR_RETURN(const auto message, socket_->Read(&wire::AckSize));
  return wire::DecodeAck(message);
}

bool RawClient::ClosedByPeer() {
  const auto bytes = socket_->ReadBytes(1);
  return absl::IsOutOfRange(bytes.status()) || absl::IsUnavailable(bytes.status());
}

absl::Status RawClient::SendPacket(const wire::PacketHeader& header, std::string_view data) {
  wire::PacketHeader full = header;
  full.data_bytes = static_cast<int32_t>(data.size());
  return SendBytes(wire::EncodePacket(full, checksum.Compute(data), data));
}

absl::Status RawClient::SendLast(int64_t offset, int64_t seqno, bool sync) {
  return SendPacket(
      {.offset_in_block = offset, .seqno = seqno, .last_packet_in_block = true, .sync_block = sync},
      "");
}

absl::Status RawClient::ReadPackets(ReadResult& result) {
  const DataChecksum checksum = result.response.read_info->checksum;
  int64_t expected_seqno = 0;
  while (true) {
    ASSIGN_OR_RETURN(const auto bytes, socket_->Read(&wire::PacketSize));
    ASSIGN_OR_RETURN(const wire::PacketView packet, wire::DecodePacket(bytes));
    if (packet.header.seqno != expected_seqno++) return absl::InternalError("wrong seqno");
    const int64_t at = result.begin + static_cast<int64_t>(result.data.size());
    if (packet.header.offset_in_block != at) return absl::InternalError("wrong offset");
    RETURN_IF_ERROR(checksum.Verify(packet.data, packet.checksums, at, "packet"));
    result.packet_bytes.push_back(packet.header.data_bytes);
    result.data.append(packet.data);
    if (packet.header.last_packet_in_block) return absl::OkStatus();
  }
}

absl::StatusOr<ReadResult> RawClient::Read(const wire::ReadBlockOp& op, bool confirm) {
  RETURN_IF_ERROR(Send(op));
  ReadResult result;
  ASSIGN_OR_RETURN(result.response, ReadResponse());
  if (result.response.status != wire::OpStatus::kSuccess) return result;
  result.begin = result.response.read_info->chunk_offset;
  RETURN_IF_ERROR(ReadPackets(result));
  if (confirm) {
    RETURN_IF_ERROR(SendBytes(wire::EncodeReadStatus(wire::OpStatus::kChecksumOk)));
  }
  return result;
}

}  // namespace cairn::datanode
