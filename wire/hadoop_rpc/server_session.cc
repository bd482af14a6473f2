// Steps of a connection. Sources of the texts: Hadoop 3.4's ipc.Server.
#include "wire/hadoop_rpc/server_session.h"

#include <fmt/format.h>

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
