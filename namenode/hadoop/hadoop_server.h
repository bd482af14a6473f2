// The NameNode's Hadoop RPC port (8020 by default): what unmodified Hadoop clients talk to.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include <spdlog/logger.h>
#include "absl/status/statusor.h"
#include "common/server/reconfiguration.h"
#include "common/users/group_resolver.h"
#include "common/users/proxy_users.h"
#include "ipc/server_options.h"
#include "namenode/frontend/call.h"
#include "namenode/frontend/call_metrics.h"
#include "namenode/frontend/caller_rights.h"

namespace cairn::namenode {

// How to serve.
struct HadoopServerOptions {
  ipc::ServerOptions rpc;
  SuperuserRule superusers;
  std::shared_ptr<spdlog::logger> audit_logger;  // null: no audit log
  // hadoop.caller.context.enabled: whether the audit log has the callers' contexts; can change.
  std::shared_ptr<std::atomic<bool>> audit_context = std::make_shared<std::atomic<bool>>(false);
};

// What the server asks beside the core; all must outlive it.
struct HadoopServerDeps {
  GroupResolver& groups;
  ProxyUsers& proxies;
  Reconfiguration& reconfiguration;
};

// Thread-safe.
class HadoopServer {
 public:
  // Listens and serves. kUnavailable names an address that cannot be bound. What `core` refers to
  // must outlive the server.
  static absl::StatusOr<std::unique_ptr<HadoopServer>> Start(const HadoopServerOptions& options,
                                                             FrontEndCore core,
                                                             const HadoopServerDeps& deps);
  // Shutdown.
  virtual ~HadoopServer() = default;

  // The port it listens on.
  virtual int port() const = 0;
  // What was served so far.
  virtual std::vector<MethodStats> Metrics() const = 0;
  // Takes no more calls and waits until those that run have ended: the core must still answer
  // meanwhile. Later calls do nothing.
  virtual void Shutdown() = 0;
};

}  // namespace cairn::namenode
