// Reply headers. That of a success is written by hand: it is on the path of every call and has five
// fields.
#include "wire/hadoop_rpc/response.h"

#include "common/coding.h"
#include "proto/hadoop/RpcHeader.pb.h"
#include "wire/hadoop_rpc/frame.h"
#include "wire/hadoop_rpc/preamble.h"

namespace cairn::wire {
namespace {

using hadoop::common::RpcResponseHeaderProto;

// Tags of RpcResponseHeaderProto: field << 3 | wire type.
constexpr char kCallIdTag = 1 << 3 | 0;
constexpr char kStatusTag = 2 << 3 | 0;
constexpr char kVersionTag = 3 << 3 | 0;
constexpr char kClientIdTag = 7 << 3 | 2;
constexpr char kRetryCountTag = static_cast<char>(8 << 3 | 0);

size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

uint32_t ZigZag(int32_t value) {
  return static_cast<uint32_t>(value) << 1 ^ static_cast<uint32_t>(value >> 31);
}

// The delimited header of a success.
void AppendSuccessHeader(const ReplyTo& to, std::string& out) {
  const auto call_id = static_cast<uint32_t>(to.call_id);
  const uint32_t retry_count = ZigZag(to.retry_count);
  const size_t size = 1 + VarintSize(call_id) + 2 + 2 + 1 + VarintSize(to.client_id.size()) +
                      to.client_id.size() + 1 + VarintSize(retry_count);
  PutVarint64(out, size);
  out.push_back(kCallIdTag);
  PutVarint64(out, call_id);
  out.push_back(kStatusTag);
  out.push_back(static_cast<char>(RpcReplyStatus::kSuccess));
  out.push_back(kVersionTag);
  out.push_back(static_cast<char>(kRpcVersion));
  out.push_back(kClientIdTag);
  PutVarint64(out, to.client_id.size());
  out.append(to.client_id);
  out.push_back(kRetryCountTag);
  PutVarint64(out, retry_count);
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
  const FrameScope frame(out);
  AppendSuccessHeader(to, out);
  PutVarint64(out, response.size());
  out.append(response);
}

void AppendReply(const ReplyTo& to, const google::protobuf::MessageLite& response,
                 std::string& out) {
  const FrameScope frame(out);
  AppendSuccessHeader(to, out);
  const size_t size = response.ByteSizeLong();
  PutVarint64(out, size);
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
