// Incremental framing of DataTransferProtocol: finding complete messages at the front of the bytes
// received so far, with memory bounded by the limits and by what the peer really sent.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"

namespace cairn::wire {

// Bytes of the varint-delimited message (prefix included) at the front of `received`; 0 while the
// prefix itself is incomplete. The answer may exceed received.size(): read until it does not.
// kInvalidArgument: the varint is malformed or announces more than `limit` bytes.
absl::StatusOr<size_t> DelimitedSize(std::string_view received, size_t limit);

// Removes the prefix of a complete delimited message, as sized by DelimitedSize.
// kInvalidArgument when prefix and size disagree.
absl::StatusOr<std::string_view> DelimitedBody(std::string_view message);

// A receive buffer between a socket and the decoders. The views it hands out are valid until the
// next non-const call. Thread-compatible.
//
//   while (true) {
//     ASSIGN_OR_RETURN(size_t size, PacketSize(buffer.view()));
//     if (size != 0 && buffer.view().size() >= size) break;
//     n = recv(socket, buffer.Prepare(size), buffer.writable()); buffer.Commit(n);
//   }
//   … use buffer.view().substr(0, size) …; buffer.Consume(size);
class ReceiveBuffer {
 public:
  // Takes `initial_bytes` (at least 1) at the first Prepare, and grows when a message needs it.
  explicit ReceiveBuffer(size_t initial_bytes = 8 << 10);

  // Bytes received and not consumed.
  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  // Where to write received bytes: writable() > 0 of them. Grows towards `message_bytes` (what the
  // message being received needs in all), at most doubling, so that a peer which announces much
  // and sends little costs little.
  char* Prepare(size_t message_bytes);
  size_t writable() const { return capacity_ - end_; }
  // `n` bytes were written at Prepare()'s result.
  void Commit(size_t n) { end_ += n; }
  // Forgets the first `n` bytes of view().
  void Consume(size_t n);

 private:
  std::unique_ptr<char[]> data_;
  size_t capacity_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace cairn::wire
