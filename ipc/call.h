// One call of a client, from its arrival to its reply.
#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "wire/hadoop_rpc/request.h"
#include "wire/hadoop_rpc/response.h"

namespace cairn::ipc {

// Where replies go; the server's connection.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  // Constant; who is at the other end.
  virtual const wire::RpcContext& context() const = 0;
  virtual const std::string& peer_ip() const = 0;
  // Exactly one of these per call, on any thread. After the end of the connection they do nothing.
  virtual void Reply(const wire::ReplyTo& to, size_t request_bytes,
                     const google::protobuf::MessageLite& response) = 0;
  virtual void ReplyBytes(const wire::ReplyTo& to, size_t request_bytes,
                          std::string_view response) = 0;
  virtual void Fail(const wire::ReplyTo& to, size_t request_bytes, const wire::RpcError& error) = 0;
};

// Owns everything a handler needs until the reply. One thread at a time; it may be handed on.
class Call {
 public:
  // Copies the request.
  Call(std::shared_ptr<ReplySink> sink, const wire::RpcRequest& request);
  // Answers with an error when nobody has answered.
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Who calls: the effective user is the caller, a real user is set when it impersonates.
  const wire::RpcContext& caller() const { return sink_->context(); }
  // Numeric address of the client.
  const std::string& peer_ip() const { return sink_->peer_ip(); }
  int32_t call_id() const { return to_.call_id; }
  int32_t retry_count() const { return to_.retry_count; }
  std::string_view client_id() const { return to_.client_id; }
  // What the client says the call is for; may be empty.
  std::string_view caller_context() const { return caller_context_; }
  // The serialized request.
  std::string_view request() const { return request_; }

  // For messages that live as long as the call.
  google::protobuf::Arena& arena() { return arena_; }
  // The request as a message on the arena. Null when it is none: then the call has been failed.
  template <typename Message>
  const Message* Parse() {
    auto* message = google::protobuf::Arena::CreateMessage<Message>(&arena_);
    return ParseInto(*message) ? message : nullptr;
  }

  // Each call is answered once; the reply is sent without waiting for anything.
  void Reply(const google::protobuf::MessageLite& response);
  void ReplyBytes(std::string_view response);
  // As the exception that stands for `status` (wire/hadoop_rpc/exceptions.h).
  void Fail(const absl::Status& status);
  void Fail(const wire::RpcError& error);

 private:
  bool ParseInto(google::protobuf::Message& message);
  // A copy that lives on the arena.
  std::string_view Keep(std::string_view bytes);

  // Enough for the request and the messages of most calls.
  alignas(8) std::array<char, 640> first_block_;
  google::protobuf::Arena arena_;
  const std::shared_ptr<ReplySink> sink_;
  const std::string_view request_;
  const std::string_view caller_context_;
  const wire::ReplyTo to_;
  bool answered_ = false;
};

}  // namespace cairn::ipc
