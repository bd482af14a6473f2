// What every kind of call on the server is made of, whatever shape its stream has.
#pragma once

#include <chrono>
#include <utility>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/support/byte_buffer.h>
#include "absl/functional/any_invocable.h"
#include "namenode/grpc/front_end.h"

namespace cairn::namenode {

// Deletes itself when the call is over. gRPC's threads only queue work here: everything that reads
// or changes our state runs on an executor of ours (gRPC is not instrumented, so a thread sanitizer
// would not see races between its threads), and nothing waits.
class ServedCall : public ::grpc::ServerGenericBidiReactor {
 public:
  void OnDone() final {
    handover_.Take();
    delete this;
  }

 protected:
  // `front` and `method` must outlive the call.
  ServedCall(FrontEnd& front, const MethodSpec& method, size_t method_index,
             ::grpc::GenericCallbackServerContext& context)
      : front_(front),
        method_(method),
        method_index_(method_index),
        context_(context),
        call_(front.core, "grpc") {}

  // Asks for the next message in request_; OnReadDone follows.
  void Read() {
    handover_.Give();
    StartRead(&request_);
  }
  // For OnReadDone of a call's only request: runs `work` on the executor, unless there is no
  // request or too many calls wait.
  void Dispatch(bool read, absl::AnyInvocable<void()> work) {
    if (!read) {
      Refuse(absl::InvalidArgumentError("the call has no request message"));
      return;
    }
    Executor& pool = front_.PoolOf(method_);
    if (pool.queued() >= front_.max_queued_calls || !pool.Add(std::move(work))) Refuse(TooBusy());
  }
  // Measures the call as failed and ends it.
  void Refuse(const absl::Status& status) {
    Measure(false);
    Fail(status);
  }
  // Ends the call.
  void Fail(const absl::Status& status) {
    handover_.Give();
    Finish(ToGrpcStatus(status));
  }
  void ReplyAndFinish(const ::grpc::ByteBuffer& reply) {
    handover_.Give();
    StartWriteAndFinish(&reply, ::grpc::WriteOptions(), ::grpc::Status::OK);
  }
  void Measure(bool ok) { front_.metrics.Record(method_index_, ok, MicrosSince(start_)); }

  FrontEnd& front_;
  const MethodSpec& method_;
  const size_t method_index_;
  ::grpc::GenericCallbackServerContext& context_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Handover handover_;
  Call call_;
  ::grpc::ByteBuffer request_;
};

}  // namespace cairn::namenode
