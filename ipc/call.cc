// Calls and their answers.
#include "ipc/call.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "wire/hadoop_rpc/exceptions.h"

namespace cairn::ipc {
namespace {

google::protobuf::ArenaOptions StartingWith(char* block, size_t size) {
  google::protobuf::ArenaOptions options;
  options.initial_block = block;
  options.initial_block_size = size;
  return options;
}

}  // namespace

Call::Call(std::shared_ptr<ReplySink> sink, const wire::RpcRequest& request)
    : arena_(StartingWith(first_block_.data(), first_block_.size())),
      sink_(std::move(sink)),
      request_(Keep(request.request)),
      caller_context_(Keep(request.caller_context)),
      to_{.call_id = request.call_id,
          .retry_count = request.retry_count,
          .client_id = Keep(request.client_id)} {}

Call::~Call() {
  if (answered_) return;
  Fail(wire::RpcError{.code = wire::RpcErrorCode::kRpcServer,
                      .exception_class = std::string(wire::kRpcServerException),
                      .message = "The server gave up the call"});
}

std::string_view Call::Keep(std::string_view bytes) {
  if (bytes.empty()) return {};
  char* copy = google::protobuf::Arena::CreateArray<char>(&arena_, bytes.size());
  std::memcpy(copy, bytes.data(), bytes.size());
  return {copy, bytes.size()};
}

bool Call::ParseInto(google::protobuf::Message& message) {
  if (message.ParsePartialFromArray(request_.data(), static_cast<int>(request_.size())) &&
      message.IsInitialized()) {
    return true;
  }
  Fail(wire::RpcError{.code = wire::RpcErrorCode::kApplication,
                      .exception_class = std::string(wire::kInvalidMessageException),
                      .message = fmt::format("malformed {}", message.GetTypeName())});
  return false;
}

void Call::Reply(const google::protobuf::MessageLite& response) {
  if (std::exchange(answered_, true)) return;
  sink_->Reply(to_, request_.size(), response);
}

void Call::ReplyBytes(std::string_view response) {
  if (std::exchange(answered_, true)) return;
  sink_->ReplyBytes(to_, request_.size(), response);
}

void Call::Fail(const absl::Status& status) { Fail(wire::ToRpcError(status)); }

void Call::Fail(const wire::RpcError& error) {
  if (std::exchange(answered_, true)) return;
  sink_->Fail(to_, request_.size(), error);
}

}  // namespace cairn::ipc
