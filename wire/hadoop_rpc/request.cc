// Frames that a client sends.
#include "wire/hadoop_rpc/request.h"

#include "common/coding.h"
#include "proto/hadoop/IpcConnectionContext.pb.h"
#include "proto/hadoop/ProtobufRpcEngine2.pb.h"
#include "proto/hadoop/RpcHeader.pb.h"
#include "wire/hadoop_rpc/frame.h"
#include "wire/hadoop_rpc/response.h"

namespace cairn::wire {
namespace {

void AppendDelimited(const google::protobuf::MessageLite& message, std::string& out) {
  PutVarint64(out, message.ByteSizeLong());
  message.AppendToString(&out);
}

hadoop::common::RpcRequestHeaderProto Header(int32_t call_id, int32_t retry_count,
                                             std::string_view client_id) {
  hadoop::common::RpcRequestHeaderProto header;
  header.set_rpckind(hadoop::common::RPC_PROTOCOL_BUFFER);
  header.set_rpcop(hadoop::common::RpcRequestHeaderProto::RPC_FINAL_PACKET);
  header.set_callid(call_id);
  header.set_clientid(client_id.data(), client_id.size());
  header.set_retrycount(retry_count);
  return header;
}

}  // namespace

void AppendContext(const RpcContext& context, std::string_view client_id, std::string& out) {
  hadoop::common::IpcConnectionContextProto message;
  message.mutable_userinfo()->set_effectiveuser(context.effective_user);
  if (!context.real_user.empty()) message.mutable_userinfo()->set_realuser(context.real_user);
  message.set_protocol(context.protocol);
  const FrameScope frame(out);
  AppendDelimited(Header(kContextCallId, -1, client_id), out);
  AppendDelimited(message, out);
}

void AppendRequest(const RpcRequest& request, std::string& out) {
  auto header = Header(request.call_id, request.retry_count, request.client_id);
  if (!request.caller_context.empty()) {
    header.mutable_callercontext()->set_context(std::string(request.caller_context));
  }
  hadoop::common::RequestHeaderProto method;
  method.set_methodname(std::string(request.method));
  method.set_declaringclassprotocolname(std::string(request.protocol));
  method.set_clientprotocolversion(request.version);
  const FrameScope frame(out);
  AppendDelimited(header, out);
  AppendDelimited(method, out);
  PutVarint64(out, request.request.size());
  out.append(request.request);
}

void AppendPing(std::string_view client_id, std::string& out) {
  const FrameScope frame(out);
  AppendDelimited(Header(kPingCallId, -1, client_id), out);
}

}  // namespace cairn::wire
