// Reply headers. That of a success is written by hand: it is on the path of every call and has five
// fields.
#include "wire/hadoop_rpc/response.h"

#include "common/coding.h"
#include "proto/hadoop/RpcHeader.pb.h"
#include "wire/hadoop_rpc/frame.h"
#include "wire/hadoop_rpc/preamble.h"
#include "wire/varint.h"

namespace cairn::wire {
namespace {

using hadoop::common::RpcResponseHeaderProto;

// Tags of RpcResponseHeaderProto: field << 3 | wire type.
constexpr char kCallIdTag = 1 << 3 | 0;
constexpr char kStatusTag = 2 << 3 | 0;
constexpr char kVersionTag = 3 << 3 | 0;
constexpr char kClientIdTag = 7 << 3 | 2;
constexpr char kRetryCountTag = static_cast<char>(8 << 3 | 0);

uint32_t ZigZag(int32_t value) {
  return static_cast<uint32_t>(value) << 1 ^ static_cast<uint32_t>(value >> 31);
}

// The front of a reply of success, up to a response of `response_bytes`: the frame's length, the
// delimited header, the response's length.
void AppendSuccessFront(const ReplyTo& to, size_t response_bytes, std::string& out) {
  constexpr size_t kMostBeforeId = 32;
  constexpr size_t kMostBehindId = 32;
  const auto call_id = static_cast<uint32_t>(to.call_id);
  const uint32_t retry_count = ZigZag(to.retry_count);
  const size_t header_bytes = 1 + VarintSize(call_id) + 2 + 2 + 1 +
                              VarintSize(to.client_id.size()) + to.client_id.size() + 1 +
                              VarintSize(retry_count);
  const size_t content_bytes =
      VarintSize(header_bytes) + header_bytes + VarintSize(response_bytes) + response_bytes;

  char front[kMostBeforeId];
  char* at = front;
  for (int shift = 24; shift >= 0; shift -= 8) *at++ = static_cast<char>(content_bytes >> shift);
  static_assert(kFrameLengthBytes == 4);
  at = PutVarint(header_bytes, at);
  *at++ = kCallIdTag;
  at = PutVarint(call_id, at);
  *at++ = kStatusTag;
  *at++ = static_cast<char>(RpcReplyStatus::kSuccess);
  *at++ = kVersionTag;
  *at++ = static_cast<char>(kRpcVersion);
  *at++ = kClientIdTag;
  at = PutVarint(to.client_id.size(), at);
  out.append(front, static_cast<size_t>(at - front));
  out.append(to.client_id);

  char behind[kMostBehindId];
  at = behind;
  *at++ = kRetryCountTag;
  at = PutVarint(retry_count, at);
  at = PutVarint(response_bytes, at);
  out.append(behind, static_cast<size_t>(at - behind));
}

void AppendFailure(const ReplyTo& to, RpcReplyStatus status, const RpcError& error,
                   std::string& out) {
  RpcResponseHeaderProto header;
  header.set_callid(static_cast<uint32_t>(to.call_id));
  header.set_status(static_cast<RpcResponseHeaderProto::RpcStatusProto>(status));
  header.set_serveripcversionnum(kRpcVersion);
  header.set_exceptionclassname(error.exception_class);
  header.set_errormsg(error.message);
  if (error.code != RpcErrorCode::kNone) {
    header.set_errordetail(static_cast<RpcResponseHeaderProto::RpcErrorCodeProto>(error.code));
  }
  header.set_clientid(to.client_id.data(), to.client_id.size());
  header.set_retrycount(to.retry_count);
  const FrameScope frame(out);
  PutVarint64(out, header.ByteSizeLong());
  header.AppendToString(&out);
}

}  // namespace

void AppendReply(const ReplyTo& to, std::string_view response, std::string& out) {
  AppendSuccessFront(to, response.size(), out);
  out.append(response);
}

void AppendReply(const ReplyTo& to, const google::protobuf::MessageLite& response,
                 std::string& out) {
  const size_t size = response.ByteSizeLong();
  AppendSuccessFront(to, size, out);
  const size_t at = out.size();
  out.resize(at + size);
  response.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(out.data() + at));
}

void AppendError(const ReplyTo& to, const RpcError& error, std::string& out) {
  AppendFailure(to, RpcReplyStatus::kError, error, out);
}

void AppendFatal(const ReplyTo& to, const RpcError& error, std::string& out) {
  AppendFailure(to, RpcReplyStatus::kFatal, error, out);
}

absl::StatusOr<RpcReply> DecodeReply(std::string_view content) {
  const auto bytes = TakeDelimited(content);
  RpcResponseHeaderProto header;
  if (!bytes || !header.ParsePartialFromArray(bytes->data(), static_cast<int>(bytes->size())) ||
      !header.IsInitialized()) {
    return absl::InvalidArgumentError("malformed reply header");
  }
  RpcReply reply{.call_id = static_cast<int32_t>(header.callid()),
                 .status = static_cast<RpcReplyStatus>(header.status()),
                 .client_id = header.clientid(),
                 .error = {},
                 .response = {}};
  if (reply.status != RpcReplyStatus::kSuccess) {
    reply.error = {.code = header.has_errordetail()
                               ? static_cast<RpcErrorCode>(header.errordetail())
                               : RpcErrorCode::kNone,
                   .exception_class = header.exceptionclassname(),
                   .message = header.errormsg()};
    return reply;
  }
  const auto response = TakeDelimited(content);
  if (!response) return absl::InvalidArgumentError("a reply without its message");
  reply.response = *response;
  return reply;
}

}  // namespace cairn::wire
