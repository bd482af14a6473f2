// Who calls, and how a call ends.
#include "namenode/hadoop/front_end.h"

#include "common/users/current_user.h"

namespace cairn::namenode {
namespace {

using SteadyClock = std::chrono::steady_clock;

int64_t MicrosecondsSince(SteadyClock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - start).count();
}

}  // namespace

void RunningCalls::End() {
  if (--count_ > 0) return;
  MutexLock lock(mu_);
  none_left_ = true;
  none_.NotifyAll();
}

void RunningCalls::WaitUntilNone() {
  {
    MutexLock lock(mu_);
    if (std::exchange(waiting_, true)) return;
  }
  End();
  MutexLock lock(mu_);
  while (!none_left_) none_.Wait(mu_);
}

HadoopCall::HadoopCall(HadoopFrontEnd& front, size_t method, std::unique_ptr<ipc::Call> rpc)
    : front_(front), method_(method), rpc_(std::move(rpc)), call_(front.core, "rpc") {
  const wire::RpcContext& context = rpc_->caller();
  call_.caller.user = ShortUserName(context.effective_user);
  call_.real_user = ShortUserName(context.real_user);
  call_.caller.address = rpc_->peer_ip();
  call_.caller.call = {.client_id = rpc_->client_id(), .call_id = rpc_->call_id()};
}

void HadoopCall::Begin() {
  front_.running.Begin();
  if (front_.rights.TryResolve(call_.caller)) {
    Run();
    return;
  }
  const bool queued = front_.blocking.Add([this] {
    front_.rights.Resolve(call_.caller);
    Run();
  });
  if (!queued) Completed(absl::UnavailableError("the NameNode is stopping"));
}

void HadoopCall::Completed(const absl::Status& status) {
  front_.audit.Record(call_, status, rpc_->caller_context());
  front_.metrics.Record(method_, status.ok(), MicrosecondsSince(start_));
  if (status.ok()) {
    SendResponse();
  } else {
    rpc_->Fail(status);
  }
  RunningCalls& running = front_.running;
  delete this;
  running.End();
}

std::optional<std::string_view> AnswerFromCache(HadoopFrontEnd& front, size_t method,
                                                CachedRead* read, const ipc::CallView& call) {
  if (front.audit.on()) return std::nullopt;  // the handler knows what is to be said
  const SteadyClock::time_point start = SteadyClock::now();
  Caller caller;
  caller.user = ShortUserName(call.caller.effective_user);
  caller.address = call.peer_ip;
  if (!front.rights.TryResolve(caller)) return std::nullopt;
  const auto response = read(front.core, caller, call.request, call.room);
  if (response) front.metrics.Record(method, /*ok=*/true, MicrosecondsSince(start));
  return response;
}

}  // namespace cairn::namenode
