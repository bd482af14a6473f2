// The DataNode's data port: DataTransferProtocol v28.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "absl/container/flat_hash_set.h"
#include "common/net/socket.h"
#include "common/net/unix_socket.h"
#include "datanode/transfer/block_copier.h"
#include "datanode/transfer/idle_connections.h"
#include "datanode/transfer/operation.h"

namespace cairn::datanode {

// Accepts connections and serves their operations until Stop. Idle connections wait in one event
// loop; an operation borrows a thread with a small stack, and a connection whose operation finds
// none is closed. Thread-safe. The process must ignore SIGPIPE.
class TransferServer {
 public:
  // Listens and begins to serve. `store` and `clock` must outlive the server. kUnavailable when the
  // address or the domain socket cannot be listened on, kFailedPrecondition when others could
  // replace that socket.
  static absl::StatusOr<std::unique_ptr<TransferServer>> Start(const TransferOptions& options,
                                                               BlockStore& store,
                                                               const Clock& clock);
  // Stops.
  ~TransferServer();
  TransferServer(const TransferServer&) = delete;
  TransferServer& operator=(const TransferServer&) = delete;

  // Ends every connection and operation and waits for their threads. Replicas being written stay
  // for recovery. With `will_restart` their writers are told first that this DataNode comes back,
  // so that they wait for it instead of going on without (TransferOptions::restart_notice_ms).
  void Stop(bool will_restart = false);

  int port() const { return port_; }
  // Shared memory segments and slots of local clients.
  const ShortCircuitRegistry& short_circuit() const { return short_circuit_; }
  // Operations running now.
  int32_t xceiver_count() const { return threads_.running(); }
  // Connections that wait for an operation.
  size_t idle_connections() const { return idle_.size(); }
  // Copies to other DataNodes being sent now.
  int32_t copies_running() const { return copier_.running(); }

  // BlockCopier::CopyForNamenode; Stop ends it early.
  absl::Status CopyForNamenode(const ExtendedBlock& block, const CopyTargets& targets);
  // Bytes per second shared by all moves from now on; above 0.
  void SetBalanceBandwidth(int64_t bytes_per_second);
  // What that is now.
  int64_t balance_bandwidth() const { return balance_throttler_.bandwidth(); }
  // How many moves for balancing, and how many operations at all, may run at a time from now on.
  void SetMaxMoves(int32_t moves) { mover_slots_.SetSlots(moves); }
  void SetMaxOperations(int32_t operations) { threads_.SetMaxOperations(operations); }
  // Ends the writes of clients that are in progress; their replicas stay for recovery.
  void EvictWriters() EXCLUDES(mu_);

 private:
  TransferServer(const TransferOptions& options, std::unique_ptr<TcpListener> listener,
                 BlockStore& store, const Clock& clock);

  absl::Status ListenLocally();
  template <typename Listener>
  void AcceptFrom(Listener& listener);
  void OnReady(std::unique_ptr<FrameSocket> connection);
  void Serve(std::unique_ptr<FrameSocket> connection) EXCLUDES(mu_);
  // One operation; `sockets` holds the connection.
  AfterOperation ServeOne(FrameSocket& connection, const std::shared_ptr<SocketGroup>& sockets,
                          wire::ShmId& segment);
  std::shared_ptr<SocketGroup> NewGroup() EXCLUDES(mu_);
  void Forget(SocketGroup& group) EXCLUDES(mu_);

  const TransferOptions options_;
  const int port_;
  std::unique_ptr<TcpListener> listener_;         // until Stop: peers are then refused at once
  std::unique_ptr<UnixListener> local_listener_;  // null without a domain socket
  BlockStore& store_;
  const Clock& clock_;
  Throttler balance_throttler_;
  MoverSlots mover_slots_;
  ShortCircuitRegistry short_circuit_;
  OperationThreads threads_;
  TransferServices services_;
  BlockCopier copier_;
  IdleConnections idle_;
  std::thread acceptor_;
  std::thread local_acceptor_;

  Mutex mu_;
  CondVar stop_;
  bool stopping_ GUARDED_BY(mu_) = false;
  absl::flat_hash_set<SocketGroup*> active_ GUARDED_BY(mu_);  // owned by running operations
};

}  // namespace cairn::datanode
