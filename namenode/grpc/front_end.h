// What every call of the front end shares.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include <grpcpp/support/status.h>
#include "absl/status/status.h"
#include "common/threads.h"
#include "namenode/frontend/audit_log.h"
#include "namenode/frontend/call.h"
#include "namenode/frontend/call_metrics.h"
#include "namenode/fsck/fsck_service.h"
#include "namenode/grpc/caller_resolver.h"
#include "namenode/grpc/method_table.h"

namespace cairn::namenode {

// Owned by the server; outlives every call. Members are thread-safe.
struct FrontEnd {
  FrontEndCore core;
  CallerResolver resolver;
  AuditLog audit;
  CallMetrics metrics;
  FsckService& fsck;
  Executor& client_pool;
  Executor& datanode_pool;
  size_t max_queued_calls = 0;  // per pool; beyond it calls are refused

  Executor& PoolOf(const MethodSpec& method) {
    return method.call_class == CallClass::kClient ? client_pool : datanode_pool;
  }
};

// Orders what our executors did with a call before what gRPC's threads do with it next. gRPC does
// so too, but is not instrumented: this makes the order visible to the thread sanitizer. Give
// before every Start… and Finish, Take first in every callback.
class Handover {
 public:
  void Give() { given_.store(true, std::memory_order_release); }
  void Take() const { (void)given_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> given_{false};
};

// The error of a call that found too many waiting; clients try again.
absl::Status TooBusy();

// gRPC's form of a status, ErrorKind included.
::grpc::Status ToGrpcStatus(const absl::Status& status);

// Time since `start` in microseconds.
int64_t MicrosSince(std::chrono::steady_clock::time_point start);

}  // namespace cairn::namenode
