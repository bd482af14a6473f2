// Who calls, as gRPC metadata (proto/cairn/v1/client.proto): names of the headers and their
// encodings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace cairn::wire {

inline constexpr char kUserHeader[] = "cairn-user";
inline constexpr char kRealUserHeader[] = "cairn-real-user";
inline constexpr char kClientIdHeader[] = "cairn-client-id";
inline constexpr char kCallIdHeader[] = "cairn-call-id";

// Bytes of a client id.
inline constexpr size_t kClientIdBytes = 16;
// Longest user name taken, decoded.
inline constexpr size_t kMaxUserNameBytes = 1024;

// A user name as printable ASCII: bytes outside 0x21-0x7e and '%' become %XX.
std::string EncodeUserName(std::string_view name);
// The inverse. kInvalidArgument: empty, too long, a bad %XX, not UTF-8, or a control character in
// it.
absl::StatusOr<std::string> DecodeUserName(std::string_view header);

// 16 bytes as 32 lower-case hexadecimal digits.
std::string EncodeClientId(std::string_view bytes);
// The inverse, either case. kInvalidArgument for anything else.
absl::StatusOr<std::string> DecodeClientId(std::string_view header);

// A decimal number from 0 to 2^31-1; kInvalidArgument for anything else.
absl::StatusOr<int64_t> DecodeCallId(std::string_view header);

}  // namespace cairn::wire
