// For tests: one connection to a data port, driven message by message, so that a test can do what
// no decent client does.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "datanode/transfer/frame_socket.h"
#include "wire/transfer/ack.h"
#include "wire/transfer/op.h"
#include "wire/transfer/packet.h"
#include "wire/transfer/response.h"

namespace cairn::datanode {

// What a read gave.
struct ReadResult {
  wire::OpResponse response;
  int64_t begin = 0;                  // of data in the block
  std::string data;                   // of all packets, verified when checksums came
  std::vector<int32_t> packet_bytes;  // data bytes of each packet, the last, empty one included
};

// Thread-compatible. Every wait is bounded by 10 s.
class RawClient {
 public:
  // Throws when nobody listens.
  explicit RawClient(int port);
  // Over a connection that is there already.
  explicit RawClient(std::unique_ptr<FrameSocket> socket) : socket_(std::move(socket)) {}

  absl::Status Send(const wire::Op& op) { return SendBytes(wire::EncodeOp(op)); }
  absl::Status SendBytes(std::string_view bytes) { return socket_->Write(bytes); }
  absl::StatusOr<wire::OpResponse> ReadResponse();
  absl::StatusOr<wire::PipelineAck> ReadAck();
  // True when the peer has closed, or does so in time.
  bool ClosedByPeer();

  // The data with checksums, as one packet. `data` begins at a chunk boundary or within one chunk.
  absl::Status SendPacket(const wire::PacketHeader& header, std::string_view data);
  // The empty last packet.
  absl::Status SendLast(int64_t offset, int64_t seqno, bool sync = false);

  // READ_BLOCK to its end; without `confirm` the closing status is not sent.
  absl::StatusOr<ReadResult> Read(const wire::ReadBlockOp& op, bool confirm = true);
  // Packets until the last one, as after READ_BLOCK or COPY_BLOCK.
  absl::Status ReadPackets(ReadResult& result);

  FrameSocket& socket() { return *socket_; }

  DataChecksum checksum{ChecksumType::kCrc32c, 512};  // used by SendPacket

 private:
  std::unique_ptr<FrameSocket> socket_;
};

}  // namespace cairn::datanode
