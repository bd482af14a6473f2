// The first seven bytes of a Hadoop RPC connection: "hrpc", version, service class, authentication.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cairn::wire {

inline constexpr size_t kPreambleBytes = 7;
inline constexpr int kRpcVersion = 9;

// How the client wants to authenticate. SASL must come before the context on the second.
enum class RpcAuth : uint8_t { kNone = 0, kSasl = 0xdf };

// What a server makes of a preamble.
struct PreambleResult {
  std::optional<RpcAuth> auth;  // empty: refused
  std::string refusal;          // what to send before closing; may be empty
};

// `bytes` are the first kPreambleBytes.
PreambleResult DecodePreamble(std::string_view bytes);

std::string EncodePreamble(RpcAuth auth);

}  // namespace cairn::wire
