// absl::Status ↔ the parts of a gRPC status, without gRPC's types (proto/cairn/v1/error.proto).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace cairn::wire {

// Longest error text sent: percent-encoded and repeated in the details it must fit into the 8 KiB
// of headers that gRPC peers accept by default.
inline constexpr size_t kMaxErrorTextBytes = 1500;

// What grpc::Status is made of.
struct RpcStatusParts {
  int code = 0;         // gRPC's status code; its numbers are absl::StatusCode's
  std::string message;  // valid UTF-8
  std::string
      details;  // serialized cairn.v1.RpcStatus; empty for success and for errors without a kind
};

// The parts that stand for `status`, its ErrorKind included.
RpcStatusParts ToRpcStatus(const absl::Status& status);

// The inverse; damaged details only lose the kind. A kind this program does not know becomes kIo.
absl::Status FromRpcStatus(int code, std::string_view message, std::string_view details);

}  // namespace cairn::wire
