// What every call of the front end shares.
#pragma once

#include <chrono>
#include <cstdint>

#include <grpcpp/support/status.h>
#include "absl/status/status.h"
#include "common/threads.h"
#include "namenode/grpc/audit_log.h"
#include "namenode/grpc/call.h"
#include "namenode/grpc/call_metrics.h"
#include "namenode/grpc/caller_resolver.h"
#include "namenode/grpc/method_table.h"

namespace cairn::namenode {

// Owned by the server; outlives every call. Members are thread-safe.
struct FrontEnd {
  FrontEndCore core;
  CallerResolver resolver;
  AuditLog audit;
  CallMetrics metrics;
  Executor& client_pool;
  Executor& datanode_pool;
  size_t max_queued_calls = 0;  // per pool; beyond it calls are refused

  Executor& PoolOf(const MethodSpec& method) {
    return method.call_class == CallClass::kClient ? client_pool : datanode_pool;
  }
};

// The error of a call that found too many waiting; clients try again.
absl::Status TooBusy();

// gRPC's form of a status, ErrorKind included.
::grpc::Status ToGrpcStatus(const absl::Status& status);

// Time since `start` in microseconds.
int64_t MicrosSince(std::chrono::steady_clock::time_point start);

}  // namespace cairn::namenode
