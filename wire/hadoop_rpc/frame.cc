// Frames.
#include "wire/hadoop_rpc/frame.h"

#include <fmt/format.h>

#include "common/coding.h"

namespace cairn::wire {

absl::StatusOr<size_t> FrameSize(std::string_view received, size_t limit) {
  if (received.size() < kFrameLengthBytes) return 0;
  const auto length = GetBigEndian<int32_t>(received.data());
  if (length < 0 || static_cast<size_t>(length) > limit) {
    return absl::InvalidArgumentError(
        fmt::format("a frame of {} bytes, the limit is {}", length, limit));
  }
  return kFrameLengthBytes + static_cast<size_t>(length);
}

std::optional<std::string_view> TakeDelimitedOfAnyLength(std::string_view& in) {
  std::string_view rest = in;
  const auto size = TakeVarint64(rest);
  if (!size || *size > rest.size()) return std::nullopt;
  const std::string_view message = rest.substr(0, *size);
  in = rest.substr(*size);
  return message;
}

FrameScope::~FrameScope() {
  const size_t length = out_.size() - begin_ - kFrameLengthBytes;
  for (size_t i = 0; i < kFrameLengthBytes; ++i) {
    out_[begin_ + i] = static_cast<char>(length >> (8 * (kFrameLengthBytes - 1 - i)));
  }
}

}  // namespace cairn::wire
