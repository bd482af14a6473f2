// Puts the front end and the RPC server together.
#include "namenode/hadoop/hadoop_server.h"

#include <spdlog/spdlog.h>

#include "common/status_macros.h"
#include "common/threads.h"
#include "ipc/server.h"
#include "namenode/hadoop/front_end.h"
#include "namenode/hadoop/method_table.h"

namespace cairn::namenode {
namespace {

constexpr int kBlockingThreads = 2;

class HadoopServerImpl final : public HadoopServer {
 public:
  HadoopServerImpl(const HadoopServerOptions& options, FrontEndCore core, GroupResolver& groups)
      : blocking_("hadoop-rpc", kBlockingThreads),
        front_{.core = std::move(core),
               .rights = CallerRights(options.superusers, groups),
               .audit = AuditLog(options.audit_logger),
               .metrics = CallMetrics(HadoopMethodNames()),
               .groups = groups,
               .blocking = blocking_} {}
  ~HadoopServerImpl() override { Shutdown(); }

  absl::Status Listen(const HadoopServerOptions& options) {
    ASSIGN_OR_RETURN(server_,
                     ipc::Server::Start(options.rpc, HadoopProtocols(front_), front_.core.clock));
    spdlog::info("Hadoop RPC: listening on {} port {}", options.rpc.listen.host, server_->port());
    return absl::OkStatus();
  }

  int port() const override { return server_->port(); }
  std::vector<MethodStats> Metrics() const override { return front_.metrics.Snapshot(); }

  void Shutdown() override {
    if (server_ == nullptr) return;
    server_->Stop();
    blocking_.Shutdown();
    front_.running.WaitUntilNone();
  }

 private:
  Executor blocking_;
  HadoopFrontEnd front_;
  std::unique_ptr<ipc::Server> server_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HadoopServer>> HadoopServer::Start(
    const HadoopServerOptions& options, FrontEndCore core, GroupResolver& groups) {
  auto server = std::make_unique<HadoopServerImpl>(options, std::move(core), groups);
  RETURN_IF_ERROR(server->Listen(options));
  return server;
}

}  // namespace cairn::namenode
