// One unary call: hop to an executor of ours, resolve the caller, run the handler, audit, measure,
// reply.
#pragma once

#include <chrono>
#include <memory>
#include <thread>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/support/byte_buffer.h>
#include "namenode/grpc/front_end.h"

namespace cairn::namenode {

// Deletes itself when the call is over. gRPC's threads only queue work here: everything that reads
// or changes our state runs on an executor of ours (gRPC is not instrumented, so a thread sanitizer
// would not see races between its threads), and nothing waits.
class UnaryReactor final : public ::grpc::ServerGenericBidiReactor {
 public:
  // `front` and `method` must outlive the call.
  UnaryReactor(FrontEnd& front, const MethodSpec& method, size_t method_index,
               ::grpc::GenericCallbackServerContext& context);

  void OnReadDone(bool ok) override;
  void OnDone() override {
    handover_.Take();
    delete this;
  }

 private:
  // On the executor: from bytes to the core.
  void Run();
  // On any thread, once: hops back to the executor unless already there.
  void Completed(const absl::Status& status);
  // On the executor: reply, audit line, measurement.
  void Reply(absl::Status status);

  FrontEnd& front_;
  const MethodSpec& method_;
  const size_t method_index_;
  ::grpc::GenericCallbackServerContext& context_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Handover handover_;
  Call call_;
  const std::unique_ptr<UnaryBody> body_;
  ::grpc::ByteBuffer request_;
  ::grpc::ByteBuffer response_;
  std::thread::id handler_thread_;  // where Run ran
};

}  // namespace cairn::namenode
