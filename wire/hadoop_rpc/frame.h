// Framing of Hadoop RPC 9: every message of both directions is a big-endian length and, inside,
// varint-delimited protocol buffers (Hadoop 3.4 ipc.Server, ipc.Client).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace cairn::wire {

inline constexpr size_t kFrameLengthBytes = 4;

// Bytes of the frame (its length included) at the front of `received`; 0 while the length itself is
// incomplete. The answer may exceed received.size(). kInvalidArgument: the length is negative or
// above `limit`.
absl::StatusOr<size_t> FrameSize(std::string_view received, size_t limit);

// Removes a delimited message from the front of `in`; empty (and `in` unchanged) when there is no
// whole one.
std::optional<std::string_view> TakeDelimitedOfAnyLength(std::string_view& in);
inline std::optional<std::string_view> TakeDelimited(std::string_view& in) {
  // Most are so short that their length is one byte.
  if (in.empty() || static_cast<uint8_t>(in[0]) >= 0x80) return TakeDelimitedOfAnyLength(in);
  const size_t size = static_cast<uint8_t>(in[0]);
  if (size >= in.size()) return std::nullopt;
  const std::string_view message = in.substr(1, size);
  in.remove_prefix(1 + size);
  return message;
}

// Builds a frame at the end of a buffer: what is appended while this lives is its content.
class FrameScope {
 public:
  explicit FrameScope(std::string& out) : out_(out), begin_(out.size()) {
    out_.append(kFrameLengthBytes, '\0');
  }
  // Writes the length.
  ~FrameScope();
  FrameScope(const FrameScope&) = delete;
  FrameScope& operator=(const FrameScope&) = delete;

 private:
  std::string& out_;
  const size_t begin_;
};

}  // namespace cairn::wire
