// SASL messages of Hadoop RPC, and a server that knows no other authentication than "simple".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace cairn::wire {

// Numbers are RpcSaslProto.SaslState's.
enum class SaslState : uint8_t {
  kSuccess = 0,
  kNegotiate = 1,
  kInitiate = 2,
  kChallenge = 3,
  kResponse = 4,
  kWrap = 5
};

// A step of the conversation; of the ways to authenticate only method and mechanism matter here.
struct SaslMessage {
  // One way to authenticate.
  struct Auth {
    std::string method;  // "SIMPLE", "TOKEN", "KERBEROS"
    std::string mechanism;

    friend bool operator==(const Auth&, const Auth&) = default;
  };

  SaslState state = SaslState::kNegotiate;
  std::vector<Auth> auths;

  friend bool operator==(const SaslMessage&, const SaslMessage&) = default;
};

// `bytes` is the message without its length. kInvalidArgument when it is none.
absl::StatusOr<SaslMessage> DecodeSasl(std::string_view bytes);
// Appends the frame of a client's step, or of a server's.
void AppendSaslRequest(const SaslMessage& message, std::string& out);
void AppendSaslReply(const SaslMessage& message, std::string& out);

}  // namespace cairn::wire
