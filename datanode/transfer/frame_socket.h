// A connected socket with a receive buffer, read one protocol message at a time.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/net/socket.h"
#include "wire/transfer/framing.h"

namespace cairn::datanode {

// Sizes the message at the front of a buffer: OpSize, PacketSize, AckSize, … of wire/transfer.
using MessageSizer = absl::StatusOr<size_t> (*)(std::string_view received);

// Enough for several packets of 64 KiB, so that few of them have to be moved in the buffer.
inline constexpr size_t kPacketBufferBytes = 256 << 10;
// Enough for the header of any ordinary operation.
inline constexpr size_t kOperationBufferBytes = 2 << 10;

// One thread may read while another writes, as for TcpSocket.
class FrameSocket {
 public:
  FrameSocket(std::unique_ptr<TcpSocket> socket, size_t buffer_bytes)
      : socket_(std::move(socket)), buffer_(buffer_bytes) {}

  // Waits for one whole message and returns it; the view is valid until the next read. Errors:
  // those of TcpSocket (kOutOfRange only when the peer closed between two messages) and of `sizer`.
  absl::StatusOr<std::string_view> Read(MessageSizer sizer);

  // Takes what has arrived without waiting; true when a whole message is there, which the next Read
  // with the same `sizer` returns at once.
  absl::StatusOr<bool> Poll(MessageSizer sizer);

  // Exactly `n` bytes (at most 64 KiB) that are not framed; valid until the next read.
  absl::StatusOr<std::string_view> ReadBytes(size_t n);

  absl::Status Write(std::string_view data) { return socket_->WriteFull(data); }
  // Writes `data` and tells the system that more follows at once, so that it does not travel alone.
  absl::Status WriteMore(std::string_view data);

  // Reads and drops until the peer closes, `timeout_ms` have passed or too much came: so that what
  // was written before reaches a peer that is still sending.
  void DrainForClose(int64_t timeout_ms);

  // Replaces an empty buffer, to grow it for packets or to give memory back. Nothing may be
  // buffered for it to have an effect.
  void ResizeBuffer(size_t buffer_bytes);

  TcpSocket& socket() { return *socket_; }
  // Gives the socket away; nothing may be buffered, and the object is only good for destruction.
  std::unique_ptr<TcpSocket> TakeSocket() { return std::move(socket_); }
  const std::string& peer() const { return socket_->peer(); }

 private:
  // Whether the message sized by `sizer` is complete; `size` gets its size or 0.
  absl::StatusOr<bool> Complete(MessageSizer sizer, size_t& size);
  void ConsumeLast();

  std::unique_ptr<TcpSocket> socket_;
  wire::ReceiveBuffer buffer_;
  size_t last_size_ = 0;  // of the message handed out and not yet consumed
};

}  // namespace cairn::datanode
