// The NameNode's gRPC server: one port for clients, administrators and DataNodes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <spdlog/logger.h>
#include "absl/status/statusor.h"
#include "common/users/group_resolver.h"
#include "namenode/frontend/call.h"
#include "namenode/frontend/call_metrics.h"
#include "namenode/fsck/fsck_service.h"
#include "namenode/grpc/caller_resolver.h"

namespace cairn::namenode {

// How to serve.
struct GrpcServerOptions {
  std::string host = "0.0.0.0";         // numeric or a name; IPv6 without brackets
  int port = 0;                         // 0: any free one
  int client_threads = 10;              // dfs.namenode.handler.count
  int datanode_threads = 4;             // dfs.namenode.service.handler.count's part of the work
  size_t max_queued_calls = 10'000;     // per kind of caller; beyond it calls are refused
  size_t max_memory_bytes = 512 << 20;  // of requests being received and replies being sent
  SuperuserRule superusers;
  std::shared_ptr<spdlog::logger> audit_logger;  // null: no audit log
};

// Thread-safe. Client calls and DataNode calls run on executors of their own: a flood of the first
// delays no heartbeat.
class GrpcServer {
 public:
  // Listens and serves. kUnavailable names an address that cannot be bound. What `core` refers to,
  // `groups` and `fsck` must outlive the server.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const GrpcServerOptions& options,
                                                           FrontEndCore core, GroupResolver& groups,
                                                           FsckService& fsck);
  // Shutdown.
  virtual ~GrpcServer() = default;

  // The port it listens on.
  virtual int port() const = 0;
  // What was served so far.
  virtual std::vector<MethodStats> Metrics() const = 0;
  // Takes no more calls, gives those under way `grace_ms` to end, then cancels them; returns when
  // none is left. The core must still answer meanwhile. Later calls do nothing.
  virtual void Shutdown(int64_t grace_ms) = 0;
};

}  // namespace cairn::namenode
