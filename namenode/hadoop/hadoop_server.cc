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

// Calls that arrive together are made durable and answered together.
class NamespaceGroups final : public ipc::CallGroups {
 public:
  // `names` must outlive this.
  explicit NamespaceGroups(Namespace& names) : names_(names) {}
  void Begin() override { names_.BeginGroup(); }
  void End(const std::shared_ptr<TaskQueue>& loop) override { names_.EndGroup(loop); }

 private:
  Namespace& names_;
};

class HadoopServerImpl final : public HadoopServer {
 public:
  HadoopServerImpl(const HadoopServerOptions& options, FrontEndCore core,
                   const HadoopServerDeps& deps)
      : proxies_(deps.proxies),
        groups_(core.names),
        blocking_("hadoop-rpc", kBlockingThreads),
        front_{.core = std::move(core),
               .rights = CallerRights(options.superusers, deps.groups),
               .audit = AuditLog(options.audit_logger, options.audit_context),
               .metrics = CallMetrics(HadoopMethodNames()),
               .groups = deps.groups,
               .reconfiguration = deps.reconfiguration,
               .blocking = blocking_} {}
  ~HadoopServerImpl() override { Shutdown(); }

  absl::Status Listen(const HadoopServerOptions& options) {
    ipc::ServerOptions rpc = options.rpc;
    rpc.groups = &groups_;
    rpc.authorize = [this](const wire::RpcContext& context, const std::string& peer_ip,
                           ipc::Authorized done) { Authorize(context, peer_ip, std::move(done)); };
    ASSIGN_OR_RETURN(server_, ipc::Server::Start(rpc, HadoopProtocols(front_), front_.core.clock));
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
  // Who acts as somebody else must be allowed to; that may take a look at groups.
  void Authorize(const wire::RpcContext& context, const std::string& peer_ip,
                 ipc::Authorized done) {
    if (context.real_user.empty()) return done(std::nullopt);
    const bool queued = blocking_.Add([this, context, peer_ip, done] {
      const auto refusal = proxies_.Refusal(context.real_user, context.effective_user, peer_ip);
      done(refusal ? std::optional(ipc::ImpersonationError(*refusal)) : std::nullopt);
    });
    if (!queued) done(ipc::ImpersonationError("the NameNode is stopping"));
  }

  ProxyUsers& proxies_;
  NamespaceGroups groups_;
  Executor blocking_;
  HadoopFrontEnd front_;
  std::unique_ptr<ipc::Server> server_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HadoopServer>> HadoopServer::Start(
    const HadoopServerOptions& options, FrontEndCore core, const HadoopServerDeps& deps) {
  auto server = std::make_unique<HadoopServerImpl>(options, std::move(core), deps);
  RETURN_IF_ERROR(server->Listen(options));
  return server;
}

}  // namespace cairn::namenode
