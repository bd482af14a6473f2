// The wrapper around every unary handler.
#include "namenode/grpc/unary_reactor.h"

#include "common/types/errors.h"
#include "common/types/limits.h"
#include "wire/cairn/rpc_status.h"

namespace cairn::namenode {

absl::Status TooBusy() {
  return errors::Retriable("Server too busy: too many calls are waiting; try again");
}

::grpc::Status ToGrpcStatus(const absl::Status& status) {
  wire::RpcStatusParts parts = wire::ToRpcStatus(status);
  return {static_cast<::grpc::StatusCode>(parts.code), std::move(parts.message),
          std::move(parts.details)};
}

int64_t MicrosSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                               start)
      .count();
}

UnaryReactor::UnaryReactor(FrontEnd& front, const MethodSpec& method, size_t method_index,
                           ::grpc::GenericCallbackServerContext& context)
    : ServedCall(front, method, method_index, context), body_(method.make_body()) {
  Read();
}

void UnaryReactor::OnReadDone(bool ok) {
  handover_.Take();
  Dispatch(ok, [this] { Run(); });
}

void UnaryReactor::Run() {
  handler_thread_ = std::this_thread::get_id();
  call_.caller.address = PeerAddress(context_.peer());
  absl::Status status;
  if (method_.identity != Identity::kNone) {
    status = front_.resolver.Resolve(context_.client_metadata(),
                                     method_.identity == Identity::kExactlyOnce, call_);
  }
  if (status.ok() && !body_->Parse(request_)) {
    status = absl::InvalidArgumentError(fmt::format(
        "the request of {} is malformed, or a text in it is not UTF-8", std::string(method_.path)));
  }
  request_.Clear();
  if (!status.ok()) {
    Reply(status);
    return;
  }
  // From here on this object may be gone at any time: the reply may come on another thread.
  body_->Run(call_, [this](const absl::Status& result) { Completed(result); });
}

void UnaryReactor::Completed(const absl::Status& status) {
  // The committer and the I/O threads have better things to do than to encode replies.
  if (std::this_thread::get_id() == handler_thread_ ||
      !front_.PoolOf(method_).Add([this, status] { Reply(status); })) {
    Reply(status);
  }
}

void UnaryReactor::Reply(absl::Status status) {
  if (status.ok() && !body_->Serialize(response_)) {
    status = absl::InternalError("the reply cannot be encoded");
  }
  if (status.ok() && response_.Length() > static_cast<size_t>(limits::kMaxGrpcMessageBytes)) {
    status = absl::ResourceExhaustedError(
        fmt::format("the reply of {} would have {} bytes, limit {}", std::string(method_.path),
                    response_.Length(), limits::kMaxGrpcMessageBytes));
  }
  front_.audit.Record(call_, status);
  Measure(status.ok());
  if (status.ok()) {
    ReplyAndFinish(response_);
  } else {
    Fail(status);
  }
}

}  // namespace cairn::namenode
