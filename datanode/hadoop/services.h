// What the handlers of the Hadoop RPC port share.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/server/reconfiguration.h"
#include "common/threads.h"
#include "common/types/block.h"
#include "datanode/hadoop/datanode_admin.h"
#include "datanode/hadoop/ipc_options.h"
#include "datanode/store/block_store.h"
#include "ipc/method_table.h"

namespace cairn::datanode {

// Everything a handler may use; all members outlive the server.
struct IpcServices {
  const IpcOptions& options;
  BlockStore& store;
  DatanodeAdmin& admin;
  Reconfiguration& reconfiguration;
  GroupResolver& groups;
  const Clock& clock;
  const int64_t started_ms;  // monotonic
  Executor& executor;        // handlers run here: the store waits for disks
};

// "Unexpected BlockPoolId …" unless the block is of the pool served here.
absl::Status CheckPool(const IpcServices& services, const ExtendedBlock& block);
// kAccessControl "Permission denied." unless the caller is a superuser.
absl::Status CheckSuperuser(const IpcServices& services, const ipc::Call& call);

// A row of a protocol's table, whose `function(services, call, request, response)` returns a status
// and may block.
template <typename Request, typename Response, typename Function>
ipc::Method Row(const IpcServices& services, std::string name, Function function) {
  return {std::move(name),
          ipc::OnExecutor(services.executor,
                          ipc::Unary<Request, Response>(
                              [&services, function](const ipc::Call& call, const Request& request,
                                                    Response& response) -> absl::Status {
                                return function(services, call, request, response);
                              }))};
}

// The tables, one file each.
ipc::Protocol InterDatanodeProtocol(const IpcServices& services);
ipc::Protocol ClientDatanodeProtocol(const IpcServices& services);
ipc::Protocol ReconfigurationProtocol(const IpcServices& services);

}  // namespace cairn::datanode
