// Steps of a connection. Sources of the texts: Hadoop 3.4's ipc.Server.
#include "wire/hadoop_rpc/server_session.h"

#include <fmt/format.h>

#include <cstdint>

#include "common/coding.h"
#include "wire/hadoop_rpc/frame.h"
#include "wire/hadoop_rpc/response.h"
#include "wire/hadoop_rpc/sasl.h"

namespace cairn::wire {
namespace {

using Outcome = ServerSession::Outcome;
using Next = ServerSession::Next;

constexpr std::string_view kSimple = "SIMPLE";

Outcome Fatal(const ReplyTo& to, RpcErrorCode code, std::string_view exception_class,
              std::string message) {
  Outcome outcome{.next = Next::kClose, .reply = {}};
  AppendFatal(to,
              {.code = code,
               .exception_class = std::string(exception_class),
               .message = std::move(message)},
              outcome.reply);
  return outcome;
}

Outcome BadHeader(const ReplyTo& to, std::string message) {
  return Fatal(to, RpcErrorCode::kFatalInvalidRpcHeader, kRpcServerException, std::move(message));
}

Outcome Undecodable(const ReplyTo& to, std::string_view what) {
  return Fatal(to, RpcErrorCode::kFatalDeserializingRequest, kRpcServerException,
               fmt::format("Error decoding {}", what));
}

Outcome Unauthorized(std::string_view exception_class, std::string message) {
  return Fatal({.call_id = kSaslCallId}, RpcErrorCode::kFatalUnauthorized, exception_class,
               std::move(message));
}

// Takes a delimited message from the front of `in` into `message`.
bool TakeMessage(std::string_view& in, google::protobuf::MessageLite& message) {
  const auto bytes = TakeDelimited(in);
  return bytes && message.ParsePartialFromArray(bytes->data(), static_cast<int>(bytes->size())) &&
         message.IsInitialized();
}

// Tags of RpcRequestHeaderProto and RequestHeaderProto: field << 3 | wire type.
enum HeaderTag : uint8_t {
  kRpcKindTag = 1 << 3 | 0,
  kRpcOpTag = 2 << 3 | 0,
  kCallIdTag = 3 << 3 | 0,
  kClientIdTag = 4 << 3 | 2,
  kRetryCountTag = 5 << 3 | 0,
};
enum MethodTag : uint8_t {
  kMethodNameTag = 1 << 3 | 2,
  kProtocolTag = 2 << 3 | 2,
  kVersionTag = 3 << 3 | 0,
};

// Reads a sint32.
bool TakeSigned(std::string_view& in, int32_t& value) {
  const auto bits = TakeVarint64(in);
  if (!bits || *bits > UINT32_MAX) return false;
  value =
      static_cast<int32_t>(static_cast<uint32_t>(*bits >> 1) ^ -static_cast<uint32_t>(*bits & 1));
  return true;
}

bool TakeHeader(std::string_view in, RpcRequest& request) {
  constexpr uint32_t kRequired =
      1 << kRpcKindTag / 8 | 1 << kRpcOpTag / 8 | 1 << kCallIdTag / 8 | 1 << kClientIdTag / 8;
  uint32_t seen = 0;
  while (!in.empty()) {
    const auto tag = static_cast<uint8_t>(in[0]);
    in.remove_prefix(1);
    seen |= 1u << (tag / 8);
    switch (tag) {
      case kRpcKindTag:
        if (TakeVarint64(in) != uint64_t{hadoop::common::RPC_PROTOCOL_BUFFER}) return false;
        break;
      case kRpcOpTag:
        if (TakeVarint64(in) != uint64_t{hadoop::common::RpcRequestHeaderProto::RPC_FINAL_PACKET}) {
          return false;
        }
        break;
      case kCallIdTag:
        if (!TakeSigned(in, request.call_id) || request.call_id < 0) return false;
        break;
      case kRetryCountTag:
        if (!TakeSigned(in, request.retry_count)) return false;
        break;
      case kClientIdTag: {
        const auto bytes = TakeDelimited(in);
        if (!bytes) return false;
        request.client_id = *bytes;
        break;
      }
      default:
        return false;
    }
  }
  return (seen & kRequired) == kRequired;
}

bool TakeMethod(std::string_view in, RpcRequest& request) {
  constexpr uint32_t kRequired =
      1 << kMethodNameTag / 8 | 1 << kProtocolTag / 8 | 1 << kVersionTag / 8;
  uint32_t seen = 0;
  while (!in.empty()) {
    const auto tag = static_cast<uint8_t>(in[0]);
    in.remove_prefix(1);
    seen |= 1u << (tag / 8);
    if (tag == kVersionTag) {
      const auto version = TakeVarint64(in);
      if (!version) return false;
      request.version = *version;
      continue;
    }
    if (tag != kMethodNameTag && tag != kProtocolTag) return false;
    const auto bytes = TakeDelimited(in);
    if (!bytes) return false;
    (tag == kMethodNameTag ? request.method : request.protocol) = *bytes;
  }
  return (seen & kRequired) == kRequired;
}

// A call with the fields that calls usually have, read without messages: these three are in every
// call. False when there is anything else or anything wrong: then the messages tell what.
bool TakePlainCall(std::string_view content, RpcRequest& request) {
  const auto header = TakeDelimited(content);
  request.retry_count = -1;
  request.caller_context = {};
  if (!header || !TakeHeader(*header, request)) return false;
  const auto method = TakeDelimited(content);
  if (!method || !TakeMethod(*method, request)) return false;
  const auto message = TakeDelimited(content);
  if (!message) return false;
  request.request = *message;
  return true;
}

// What is wrong with a header beside its call id; empty when nothing.
std::string HeaderFault(const hadoop::common::RpcRequestHeaderProto& header) {
  if (!header.has_rpcop()) return " IPC Server: No rpc op in rpcRequestHeader";
  if (header.rpcop() != hadoop::common::RpcRequestHeaderProto::RPC_FINAL_PACKET) {
    return fmt::format("IPC Server does not implement rpc header operation{}",
                       hadoop::common::RpcRequestHeaderProto::OperationProto_Name(header.rpcop()));
  }
  if (!header.has_rpckind()) return " IPC Server: No rpc kind in rpcRequestHeader";
  if (header.rpckind() != hadoop::common::RPC_PROTOCOL_BUFFER) {
    return fmt::format("Unknown rpc kind in rpc header{}",
                       hadoop::common::RpcKindProto_Name(header.rpckind()));
  }
  return "";
}

}  // namespace

Outcome ServerSession::OnPreamble(std::string_view bytes) {
  PreambleResult result = DecodePreamble(bytes);
  if (!result.auth) return {.next = Next::kClose, .reply = std::move(result.refusal)};
  auth_ = result.auth;
  return {};
}

Outcome ServerSession::Refuse(const RpcError& error) {
  Outcome outcome{.next = Next::kClose, .reply = {}};
  AppendFatal({.call_id = kContextCallId}, error, outcome.reply);
  return outcome;
}

Outcome ServerSession::OnFrame(std::string_view content, RequestScratch& scratch,
                               RpcRequest& request) {
  if (context_ && TakePlainCall(content, request)) return {.next = Next::kCall, .reply = {}};
  auto& header = scratch.header;
  if (!TakeMessage(content, header))
    return Undecodable({.call_id = kNoCallId}, "RpcRequestHeaderProto");
  // Replies of this kind carry no client id.
  const ReplyTo to{.call_id = header.callid(), .retry_count = header.retrycount()};
  if (std::string fault = HeaderFault(header); !fault.empty()) {
    return BadHeader(to, std::move(fault));
  }
  if (header.callid() < 0) return OnOutOfBand(to, content);
  if (!context_) return BadHeader(to, "Connection context not established");
  auto& method = scratch.method;
  if (!TakeMessage(content, method)) return Undecodable(to, "RequestHeaderProto");
  const auto message = TakeDelimited(content);
  if (!message) return Undecodable(to, "the request");
  request = {.call_id = header.callid(),
             .retry_count = header.retrycount(),
             .client_id = header.clientid(),
             .caller_context = header.callercontext().context(),
             .protocol = method.declaringclassprotocolname(),
             .version = method.clientprotocolversion(),
             .method = method.methodname(),
             .request = *message};
  return {.next = Next::kCall, .reply = {}};
}

Outcome ServerSession::OnOutOfBand(const ReplyTo& to, std::string_view rest) {
  switch (to.call_id) {
    case kContextCallId:
      return OnContext(to, rest);
    case kSaslCallId:
      return OnSasl(to, rest);
    case kPingCallId:
      return {};
    default:
      return BadHeader(to, fmt::format("Unknown out of band call #{}", to.call_id));
  }
}

Outcome ServerSession::OnContext(const ReplyTo& to, std::string_view rest) {
  if (auth_ == RpcAuth::kSasl && !sasl_done_) {
    return BadHeader(to, "Connection header sent during SASL negotiation");
  }
  if (context_) return BadHeader(to, "Connection context already processed");
  hadoop::common::IpcConnectionContextProto message;
  if (!TakeMessage(rest, message)) {
    return Undecodable(to, "IpcConnectionContextProto");
  }
  context_ = RpcContext{.effective_user = message.userinfo().effectiveuser(),
                        .real_user = message.userinfo().realuser(),
                        .protocol = message.protocol()};
  return {};
}

Outcome ServerSession::OnSasl(const ReplyTo& to, std::string_view rest) {
  if (auth_ != RpcAuth::kSasl) {
    return BadHeader(to, "SASL protocol not requested by client");
  }
  const auto bytes = TakeDelimited(rest);
  const auto message = DecodeSasl(bytes.value_or(""));
  if (!bytes || !message.ok()) return Undecodable(to, "RpcSaslProto");
  switch (message->state) {
    case SaslState::kNegotiate: {
      if (sasl_negotiated_)
        return Unauthorized(kAccessControlException, "Client already attempted negotiation");
      sasl_negotiated_ = true;
      sasl_done_ = true;
      Outcome outcome;
      AppendSaslReply({.state = SaslState::kSuccess, .auths = {}}, outcome.reply);
      return outcome;
    }
    case SaslState::kInitiate: {
      if (message->auths.size() != 1) {
        return Unauthorized(kSaslException, "Client mechanism is malformed");
      }
      const std::string& method = message->auths[0].method;
      if (method == kSimple) {
        sasl_done_ = true;
        return {};
      }
      if (sasl_negotiated_) {
        return Unauthorized(
            kAccessControlException,
            fmt::format("{} authentication is not enabled.  Available:[{}]", method, kSimple));
      }
      // It has guessed wrong: this is what there is.
      sasl_negotiated_ = true;
      Outcome outcome;
      AppendSaslReply({.state = SaslState::kNegotiate,
                       .auths = {{.method = std::string(kSimple), .mechanism = ""}}},
                      outcome.reply);
      return outcome;
    }
    default:
      return Unauthorized(kSaslException, fmt::format("Client sent unsupported state {}",
                                                      static_cast<int>(message->state)));
  }
}

}  // namespace cairn::wire
