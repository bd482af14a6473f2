// One unary call: hop to an executor of ours, resolve the caller, run the handler, audit, measure,
// reply.
#pragma once

#include <memory>
#include <thread>

#include "namenode/grpc/served_call.h"

namespace cairn::namenode {

// One request, one reply.
class UnaryReactor final : public ServedCall {
 public:
  // `front` and `method` must outlive the call.
  UnaryReactor(FrontEnd& front, const MethodSpec& method, size_t method_index,
               ::grpc::GenericCallbackServerContext& context);

  void OnReadDone(bool ok) override;

 private:
  // On the executor: from bytes to the core.
  void Run();
  // On any thread, once: hops back to the executor unless already there.
  void Completed(const absl::Status& status);
  // On the executor: reply, audit line, measurement.
  void Reply(absl::Status status);

  const std::unique_ptr<UnaryBody> body_;
  ::grpc::ByteBuffer response_;
  std::thread::id handler_thread_;  // where Run ran
};

}  // namespace cairn::namenode
