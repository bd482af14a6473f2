// Composition of the Hadoop RPC port, and the checks its handlers share.
#include "datanode/hadoop/ipc_server.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::datanode {

absl::Status CheckPool(const IpcServices& services, const ExtendedBlock& block) {
  if (block.pool_id == services.store.pool_id()) return absl::OkStatus();
  return errors::UnexpectedBlockPool(block.pool_id, services.store.pool_id());
}

absl::Status CheckSuperuser(const IpcServices& services, const ipc::Call& call) {
  const IpcOptions& options = services.options;
  const std::string& user = call.caller().effective_user;
  if (!options.permissions_enabled || user == options.owner) return absl::OkStatus();
  const auto groups = services.groups.GroupsOf(user);
  if (std::ranges::find(*groups, options.supergroup) != groups->end()) return absl::OkStatus();
  return MakeError(ErrorKind::kAccessControl, "Permission denied.");
}

IpcServer::IpcServer(const IpcOptions& options, BlockStore& store, DatanodeAdmin& admin,
                     Reconfiguration& reconfiguration, const Clock& clock)
    : options_(options),
      groups_(options.groups, clock),
      executor_("ipc-handler", options.handler_threads),
      services_{.options = options_,
                .store = store,
                .admin = admin,
                .reconfiguration = reconfiguration,
                .groups = groups_,
                .clock = clock,
                .started_ms = clock.MonotonicMs(),
                .executor = executor_} {}

absl::StatusOr<std::unique_ptr<IpcServer>> IpcServer::Start(const IpcOptions& options,
                                                            BlockStore& store, DatanodeAdmin& admin,
                                                            Reconfiguration& reconfiguration,
                                                            const Clock& clock) {
  std::unique_ptr<IpcServer> server(new IpcServer(options, store, admin, reconfiguration, clock));
  const IpcServices& services = server->services_;
  ASSIGN_OR_RETURN(server->server_, ipc::Server::Start(options.server,
                                                       {InterDatanodeProtocol(services),
                                                        ClientDatanodeProtocol(services),
                                                        ReconfigurationProtocol(services)},
                                                       clock));
  spdlog::info("RPC port {} is open", server->port());
  return server;
}

IpcServer::~IpcServer() { Stop(); }

void IpcServer::Stop() {
  if (server_ != nullptr) server_->Stop();
  executor_.Shutdown();
}

}  // namespace cairn::datanode
