// Delimited messages and the receive buffer.
#include "wire/transfer/framing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "common/coding.h"

namespace cairn::wire {

namespace {
constexpr size_t kMaxVarint32Bytes = 5;
}  // namespace

absl::StatusOr<size_t> DelimitedSize(std::string_view received, size_t limit) {
  uint64_t body = 0;
  for (size_t i = 0; i < std::min(received.size(), kMaxVarint32Bytes); ++i) {
    const auto byte = static_cast<uint8_t>(received[i]);
    body |= uint64_t{byte & 0x7fu} << (7 * i);
    if (byte & 0x80u) continue;
    if (body > limit) {
      return absl::InvalidArgumentError(
          fmt::format("a message of {} bytes exceeds the limit of {}", body, limit));
    }
    return i + 1 + body;
  }
  if (received.size() >= kMaxVarint32Bytes) {
    return absl::InvalidArgumentError("the length of a message is malformed");
  }
  return 0;
}

absl::StatusOr<std::string_view> DelimitedBody(std::string_view message) {
  const size_t whole = message.size();
  const auto size = TakeVarint64(message);
  if (!size || *size != message.size()) {
    return absl::InvalidArgumentError(
        fmt::format("a message of {} bytes does not match its length", whole));
  }
  return message;
}

ReceiveBuffer::ReceiveBuffer(size_t initial_bytes) : capacity_(initial_bytes) {}

char* ReceiveBuffer::Prepare(size_t message_bytes) {
  if (data_ == nullptr) data_.reset(new char[capacity_]);
  const size_t held = end_ - begin_;
  if (begin_ > 0 && (end_ == capacity_ || begin_ + message_bytes > capacity_)) {
    std::memmove(data_.get(), data_.get() + begin_, held);
    begin_ = 0;
    end_ = held;
  }
  if (end_ == capacity_) {
    // Full: grow towards the message, never beyond twice what the peer has really sent.
    const size_t target = std::min(std::max(message_bytes, held + 1), capacity_ * 2);
    std::unique_ptr<char[]> grown(new char[target]);
    std::memcpy(grown.get(), data_.get(), held);
    data_ = std::move(grown);
    capacity_ = target;
  }
  return data_.get() + end_;
}

void ReceiveBuffer::Consume(size_t n) {
  begin_ += n;
  if (begin_ == end_) begin_ = end_ = 0;
}

}  // namespace cairn::wire
