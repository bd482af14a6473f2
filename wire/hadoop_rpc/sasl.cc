// SASL frames.
#include "wire/hadoop_rpc/sasl.h"

#include "common/coding.h"
#include "proto/hadoop/RpcHeader.pb.h"
#include "wire/hadoop_rpc/frame.h"
#include "wire/hadoop_rpc/response.h"

namespace cairn::wire {
namespace {

using hadoop::common::RpcSaslProto;

RpcSaslProto ToProto(const SaslMessage& message) {
  RpcSaslProto proto;
  proto.set_state(static_cast<RpcSaslProto::SaslState>(message.state));
  for (const SaslMessage::Auth& auth : message.auths) {
    auto& out = *proto.add_auths();
    out.set_method(auth.method);
    out.set_mechanism(auth.mechanism);
  }
  return proto;
}

}  // namespace

absl::StatusOr<SaslMessage> DecodeSasl(std::string_view bytes) {
  RpcSaslProto proto;
  if (!proto.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      !proto.IsInitialized()) {
    return absl::InvalidArgumentError("malformed SASL message");
  }
  SaslMessage message{.state = static_cast<SaslState>(proto.state()), .auths = {}};
  for (const auto& auth : proto.auths()) {
    message.auths.push_back({.method = auth.method(), .mechanism = auth.mechanism()});
  }
  return message;
}

void AppendSaslRequest(const SaslMessage& message, std::string& out) {
  hadoop::common::RpcRequestHeaderProto header;
  header.set_rpckind(hadoop::common::RPC_PROTOCOL_BUFFER);
  header.set_rpcop(hadoop::common::RpcRequestHeaderProto::RPC_FINAL_PACKET);
  header.set_callid(kSaslCallId);
  header.set_clientid("");
  header.set_retrycount(-1);
  const FrameScope frame(out);
  const RpcSaslProto proto = ToProto(message);
  PutVarint64(out, header.ByteSizeLong());
  header.AppendToString(&out);
  PutVarint64(out, proto.ByteSizeLong());
  proto.AppendToString(&out);
}

void AppendSaslReply(const SaslMessage& message, std::string& out) {
  AppendReply({.call_id = kSaslCallId}, ToProto(message), out);
}

}  // namespace cairn::wire
