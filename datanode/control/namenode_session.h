// The DataNode's life with its NameNode: registration, heartbeats, reports, orders.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "common/clock.h"
#include "common/random.h"
#include "common/threads.h"
#include "datanode/control/command_executor.h"
#include "datanode/control/control_options.h"
#include "datanode/control/data_port.h"
#include "datanode/control/namenode_client.h"
#include "datanode/control/recovery_peer.h"
#include "datanode/control/recovery_worker.h"
#include "datanode/control/report_queue.h"
#include "datanode/store/block_store.h"

namespace cairn::datanode {

// Asks the NameNode which cluster it serves, until it answers. kCancelled when the client is shut
// down; kDisallowedDatanode and kIncorrectVersion are final.
absl::StatusOr<PoolIdentity> LearnPool(NamenodeClient& client, const ControlOptions& options,
                                       Random& random);

// Two threads: one for handshake, registration and heartbeats, one for reports, so that a long full
// report never delays a heartbeat. Thread-safe.
class NamenodeSession {
 public:
  // Called once, on a thread of the session, when this DataNode must not go on: another cluster, a
  // refusal, too many failed volumes.
  using OnFatal = std::function<void(const absl::Status&)>;

  // All must outlive this.
  NamenodeSession(const ControlOptions& options, NamenodeClient& client, BlockStore& store,
                  DataPort& data_port, RecoveryPeer& recovery_peer, const Clock& clock,
                  Random& random, OnFatal on_fatal);
  ~NamenodeSession();

  // `ipc_port` is where this DataNode serves Hadoop RPC, 0 if nowhere; the NameNode tells clients.
  void Start(int32_t ipc_port = 0);
  // Ends the conversation. The NameNode finds out by missing heartbeats.
  void Stop() EXCLUDES(mu_);

  // True while registered.
  bool registered() const EXCLUDES(mu_);
  // True once a full report has been taken in after the current registration.
  bool reported() const EXCLUDES(mu_);
  // The address the NameNode gives to clients for this DataNode; empty before registration.
  std::string ip_addr() const EXCLUDES(mu_);
  // Sends a full report soon, and what has changed.
  void RequestFullReport() EXCLUDES(mu_);
  // Sends what has changed soon, deletions included.
  void RequestChangeReport() EXCLUDES(mu_);
  // The store has other volumes now: tells the NameNode soon, with all replicas behind it.
  void VolumesChanged() EXCLUDES(mu_);
  // How often heartbeats and full reports are sent from now on.
  void SetPace(const ReportPace& pace) EXCLUDES(mu_);

 private:
  void HeartbeatLoop() EXCLUDES(mu_);
  void ReportLoop() EXCLUDES(mu_);

  absl::Status HandshakeAndRegister() EXCLUDES(mu_);
  absl::Status Heartbeat() EXCLUDES(mu_);
  void HandleReply(const pb::HeartbeatResponse& reply) EXCLUDES(mu_);
  // One round of whatever is due. The error of the first call that failed.
  absl::Status SendReports() EXCLUDES(mu_);
  absl::Status SendChanges(const pb::Sender& sender) EXCLUDES(mu_);
  absl::Status SendBadReplicas(const pb::Sender& sender) EXCLUDES(mu_);
  absl::Status SendFullReport(const pb::Sender& sender) EXCLUDES(mu_);
  absl::Status CommitRecovery(const RecoveryResult& result) EXCLUDES(mu_);
  void Complain(pb::DatanodeError error, const std::string& message) EXCLUDES(mu_);

  // Looks at an error of a call: forgets the registration, or ends the session.
  void OnCallError(const absl::Status& status) EXCLUDES(mu_);
  void Fail(const absl::Status& status) EXCLUDES(mu_);
  pb::Sender MakeSender() const EXCLUDES(mu_);
  bool ReportsDue() const REQUIRES(mu_);
  // Waits for `ms`, for a kick, or for the end; false when stopping.
  bool Pause(CondVar& wake, int64_t ms) EXCLUDES(mu_);
  int64_t HeartbeatInterval() const EXCLUDES(mu_);
  // The next pause after `failures` failed calls in a row.
  int64_t RetryDelay(int failures);

  const ControlOptions options_;
  NamenodeClient& client_;
  BlockStore& store_;
  DataPort& data_port_;
  const Clock& clock_;
  Random& random_;
  const OnFatal on_fatal_;
  int32_t ipc_port_ = 0;  // before the threads
  ReportQueue reports_;
  std::unique_ptr<RecoveryWorker> recoveries_;
  std::unique_ptr<CommandExecutor> commands_;

  mutable Mutex mu_;
  CondVar heartbeat_wake_;
  CondVar report_wake_;
  bool stopping_ GUARDED_BY(mu_) = false;
  bool failed_ GUARDED_BY(mu_) = false;
  bool registered_ GUARDED_BY(mu_) = false;
  bool reported_ GUARDED_BY(mu_) = false;
  ReportPace pace_ GUARDED_BY(mu_);
  bool heartbeat_now_ GUARDED_BY(mu_) = false;
  bool volumes_changed_ GUARDED_BY(mu_) = false;
  bool deletions_due_ GUARDED_BY(mu_) = false;  // a heartbeat has passed
  uint64_t registration_id_ GUARDED_BY(mu_) = 0;
  int64_t epoch_ GUARDED_BY(mu_) = 0;
  std::string ip_addr_ GUARDED_BY(mu_);
  int64_t full_report_at_ms_ GUARDED_BY(mu_) = 0;  // monotonic
  int64_t changes_not_before_ms_ GUARDED_BY(mu_) = 0;

  std::thread heartbeat_thread_;
  std::thread report_thread_;
};

}  // namespace cairn::datanode
