// The DataNode's Hadoop RPC port (dfs.datanode.ipc.address).
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "datanode/hadoop/services.h"
#include "ipc/server.h"

namespace cairn::datanode {

// Serves InterDatanodeProtocol, ClientDatanodeProtocol and ReconfigurationProtocol until Stop.
// Thread-safe.
class IpcServer {
 public:
  // Listens and begins to serve. Everything but the options must outlive the server. kUnavailable
  // when the address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<IpcServer>> Start(const IpcOptions& options,
                                                          BlockStore& store, DatanodeAdmin& admin,
                                                          Reconfiguration& reconfiguration,
                                                          const Clock& clock);
  // Stops.
  ~IpcServer();
  IpcServer(const IpcServer&) = delete;
  IpcServer& operator=(const IpcServer&) = delete;

  // Ends every connection and waits for the calls that run.
  void Stop();
  int port() const { return server_->port(); }

 private:
  IpcServer(const IpcOptions& options, BlockStore& store, DatanodeAdmin& admin,
            Reconfiguration& reconfiguration, const Clock& clock);

  const IpcOptions options_;
  HostGroupResolver groups_;
  Executor executor_;
  const IpcServices services_;
  std::unique_ptr<ipc::Server> server_;
};

}  // namespace cairn::datanode
