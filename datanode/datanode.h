// A whole DataNode, put together from its parts: used by main and by tests in their own process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/config/reconfigurator.h"
#include "common/file_system.h"
#include "common/random.h"
#include "common/threads.h"
#include "datanode/admin_port.h"
#include "datanode/control/namenode_client.h"
#include "datanode/control/namenode_session.h"
#include "datanode/control/recovery_peer.h"
#include "datanode/hadoop/ipc_server.h"
#include "datanode/options.h"
#include "datanode/store/block_store.h"
#include "datanode/transfer/transfer_server.h"
#include "datanode/transfer_data_port.h"

namespace cairn::datanode {

// Thread-safe. The process must ignore SIGPIPE.
class Datanode {
 public:
  // Called at most once, on a thread of the DataNode, when it cannot start or go on; the owner then
  // stops it. Must not call Stop itself.
  using OnFatal = std::function<void(const absl::Status&)>;

  // Called at most once, on a thread of the DataNode, when an administrator asks it to shut down;
  // the owner then stops it, with `will_restart` passed on. Must not call Stop itself.
  using OnShutdown = std::function<void(bool will_restart)>;

  // Reads the configuration again.
  using Reload = std::function<absl::StatusOr<Configuration>()>;

  // Everything in `env` must outlive this. `reload` null: the configuration never changes.
  Datanode(DatanodeOptions options, const StoreEnv& env, OnFatal on_fatal,
           OnShutdown on_shutdown = nullptr, Reload reload = nullptr);
  // Stops.
  ~Datanode();
  Datanode(const Datanode&) = delete;
  Datanode& operator=(const Datanode&) = delete;

  // Begins and returns at once: learns from the NameNode (waiting for it as long as it takes) which
  // cluster it serves, opens the disks, opens the data port, registers and reports.
  void Start();
  // Waits until this DataNode is registered and has reported its replicas. kDeadlineExceeded after
  // `timeout_ms`; the fatal error when there was one.
  absl::Status WaitReady(int64_t timeout_ms) EXCLUDES(mu_);
  // Ends every operation and closes the disks. Later calls do nothing. With `will_restart` clients
  // that write through this DataNode are told that it comes back, and their replicas wait for them
  // (dfs.datanode.oob.timeout-ms, dfs.datanode.restart.replica.expiration).
  void Stop(bool will_restart = false) EXCLUDES(mu_);

  // Of the data port; 0 before it is open.
  int xfer_port() const EXCLUDES(mu_);
  // Of the Hadoop RPC port; 0 before it is open.
  int ipc_port() const EXCLUDES(mu_);
  // Empty before the disks are open.
  std::string uuid() const EXCLUDES(mu_);
  // Null before the disks are open and after Stop.
  BlockStore* store() const EXCLUDES(mu_);
  // Null before it exists and after Stop.
  NamenodeSession* session() const EXCLUDES(mu_);
  // Changes its properties while it runs. Null before it is open and after Stop.
  Reconfiguration* reconfiguration() const EXCLUDES(mu_);

 private:
  absl::Status Open() EXCLUDES(mu_);
  // The properties that can be changed while these parts run.
  std::vector<Reconfigurator::Property> ReconfigurableProperties(BlockStore& store,
                                                                 TransferServer& transfers,
                                                                 NamenodeSession& session) const;
  void Fail(const absl::Status& status) EXCLUDES(mu_);

  const DatanodeOptions options_;
  const StoreEnv env_;
  const OnFatal on_fatal_;
  const OnShutdown on_shutdown_;
  const Reload reload_;
  NamenodeClient client_;
  std::thread starter_;

  mutable Mutex mu_;
  CondVar changed_;
  absl::Status fatal_ GUARDED_BY(mu_);
  bool stopped_ GUARDED_BY(mu_) = false;
  // In the order of their making; ended in the opposite one. Set once by starter_.
  std::unique_ptr<BlockStore> store_ GUARDED_BY(mu_);
  std::unique_ptr<TransferServer> transfers_ GUARDED_BY(mu_);
  std::unique_ptr<TransferDataPort> data_port_ GUARDED_BY(mu_);
  std::unique_ptr<RecoveryPeer> recovery_peer_ GUARDED_BY(mu_);
  std::unique_ptr<NamenodeSession> session_ GUARDED_BY(mu_);
  std::unique_ptr<AdminPort> admin_ GUARDED_BY(mu_);
  std::unique_ptr<Reconfigurator> reconfigurator_ GUARDED_BY(mu_);
  std::unique_ptr<IpcServer> ipc_ GUARDED_BY(mu_);
};

}  // namespace cairn::datanode
