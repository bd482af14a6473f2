// Replies of Hadoop RPC: header and, only on success, the response message.
#pragma once

#include <google/protobuf/message_lite.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "wire/hadoop_rpc/rpc_error.h"

namespace cairn::wire {

// Call ids that are no call (org.apache.hadoop.ipc.RpcConstants, ipc.Server).
inline constexpr int32_t kNoCallId = -1;
inline constexpr int32_t kContextCallId = -3;
inline constexpr int32_t kPingCallId = -4;
inline constexpr int32_t kSaslCallId = -33;

// What a reply must echo: clients refuse one with another client id.
struct ReplyTo {
  int32_t call_id = 0;
  int32_t retry_count = -1;
  std::string_view client_id;
};

// Append a whole frame to `out`. `response` is the serialized message, or the message.
void AppendReply(const ReplyTo& to, std::string_view response, std::string& out);
void AppendReply(const ReplyTo& to, const google::protobuf::MessageLite& response,
                 std::string& out);
// The call failed.
void AppendError(const ReplyTo& to, const RpcError& error, std::string& out);
// The connection fails; the sender closes it after this. `to` is what is known of the request.
void AppendFatal(const ReplyTo& to, const RpcError& error, std::string& out);

// A reply as a client sees it.
struct RpcReply {
  int32_t call_id = 0;
  RpcReplyStatus status = RpcReplyStatus::kSuccess;
  std::string client_id;      // empty in replies to no call
  RpcError error;             // unless kSuccess
  std::string_view response;  // the serialized message, into the frame; only with kSuccess
};

// Decodes the content of a frame. kInvalidArgument when it is no reply.
absl::StatusOr<RpcReply> DecodeReply(std::string_view content);

}  // namespace cairn::wire
