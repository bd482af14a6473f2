// What every Hadoop RPC call shares, and the wrapper around every handler.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "common/server/reconfiguration.h"
#include "common/threads.h"
#include "ipc/call.h"
#include "ipc/method_table.h"
#include "namenode/frontend/audit_log.h"
#include "namenode/frontend/call.h"
#include "namenode/frontend/call_metrics.h"
#include "namenode/frontend/caller_rights.h"
#include "namenode/namespace/namespace.h"

namespace cairn::namenode {

// How many calls have begun and not ended. Thread-safe.
class RunningCalls {
 public:
  void Begin() { ++count_; }
  void End() EXCLUDES(mu_);
  // No call begins any more.
  void WaitUntilNone() EXCLUDES(mu_);

 private:
  std::atomic<int64_t> count_ = 1;  // and one more until somebody waits for none
  Mutex mu_;
  CondVar none_;
  bool waiting_ GUARDED_BY(mu_) = false;
  bool none_left_ GUARDED_BY(mu_) = false;
};

// Owned by the server; outlives every call. Members are thread-safe.
struct HadoopFrontEnd {
  FrontEndCore core;
  CallerRights rights;
  AuditLog audit;
  CallMetrics metrics;
  GroupResolver& groups;
  Reconfiguration& reconfiguration;
  // For what may block: a first look at a user's groups.
  Executor& blocking;
  RunningCalls running;
};

// Answers one of the reads that are made most from what is cached, as its handler would, with the
// response serialized into `room`; nothing when that is the handler's after all.
using CachedRead = std::optional<std::string_view>(const FrontEndCore& core, const Caller& caller,
                                                   std::string_view request, std::string& room);

// Makes such a read for a call.
std::optional<std::string_view> AnswerFromCache(HadoopFrontEnd& front, size_t method,
                                                CachedRead* read, const ipc::CallView& call);

// One call from its arrival to its reply; deletes itself after that.
class HadoopCall {
 public:
  // Answers and ends the call.
  void Completed(const absl::Status& status);

 protected:
  HadoopCall(HadoopFrontEnd& front, size_t method, std::unique_ptr<ipc::Call> rpc);
  virtual ~HadoopCall() = default;
  // Finds out who calls, then runs Run on this thread or on `front.blocking`.
  void Begin();
  virtual void Run() = 0;
  virtual void SendResponse() = 0;

  HadoopFrontEnd& front_;
  const size_t method_;
  const std::unique_ptr<ipc::Call> rpc_;
  Call call_;

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// The call of one method. Its handler, `void(Call&, const Request&, Response&, DoneVoid)`, checks
// and converts the request, calls the core and fills the response before it calls `done`; call,
// request and response live until then. It is called on an event loop: it must not block.
template <typename Request, typename Response, typename Handler>
class TypedHadoopCall final : public HadoopCall {
 public:
  // Begins a call; it ends by itself.
  static void Start(HadoopFrontEnd& front, size_t method, const Handler& handler,
                    std::unique_ptr<ipc::Call> rpc) {
    const auto* request = rpc->Parse<Request>();
    if (request == nullptr) return;
    (new TypedHadoopCall(front, method, handler, std::move(rpc), request))->Begin();
  }

 private:
  // Else it has its `bytes`, as hadoop_handlers::SerializedResponse.
  static constexpr bool kIsMessage = std::is_base_of_v<google::protobuf::MessageLite, Response>;

  TypedHadoopCall(HadoopFrontEnd& front, size_t method, const Handler& handler,
                  std::unique_ptr<ipc::Call> rpc, const Request* request)
      : HadoopCall(front, method, std::move(rpc)),
        handler_(handler),
        request_(request),
        response_(NewResponse(rpc_->arena())) {}
  void Run() override {
    handler_(call_, *request_, *response_,
             [this](const absl::Status& status) { Completed(status); });
  }
  void SendResponse() override {
    if constexpr (kIsMessage) {
      rpc_->Reply(*response_);
    } else {
      rpc_->ReplyBytes(response_->bytes);
    }
  }
  static Response* NewResponse(google::protobuf::Arena& arena) {
    if constexpr (kIsMessage) {
      return google::protobuf::Arena::CreateMessage<Response>(&arena);
    } else {
      return google::protobuf::Arena::Create<Response>(&arena);
    }
  }

  const Handler handler_;
  const Request* const request_;  // on the call's arena, as the response
  Response* const response_;
};

}  // namespace cairn::namenode
