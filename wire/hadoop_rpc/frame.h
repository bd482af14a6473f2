// Framing of Hadoop RPC 9: every message of both directions is a big-endian length and, inside,
// varint-delimited protocol buffers (Hadoop 3.4 ipc.Server, ipc.Client).
#pragma once

#include <cstddef>
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
std::optional<std::string_view> TakeDelimited(std::string_view& in);

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
