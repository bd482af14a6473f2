// For tests: a NameNode's DatanodeService on a loopback port that remembers what it is told and
// answers as the test wishes.
#pragma once

#include <grpcpp/server.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/threads.h"
#include "proto/cairn/internal/v1/datanode.grpc.pb.h"

namespace cairn::datanode {

// Thread-safe.
class FakeNamenode : public internal::v1::DatanodeService::Service {
 public:
  // Listens on `port`, 0 for a free one.
  explicit FakeNamenode(int port = 0);
  ~FakeNamenode() override;

  int port() const { return port_; }
  std::string address() const { return fmt::format("127.0.0.1:{}", port_); }

  // What it answers from now on.
  void SetCluster(const std::string& cluster_id, const std::string& pool_id) EXCLUDES(mu_);
  void SetEpoch(int64_t epoch) EXCLUDES(mu_);
  // The next calls of `method` fail with `error`, one per call of this.
  void FailNext(const std::string& method, const absl::Status& error) EXCLUDES(mu_);
  // Goes out with the next heartbeat reply.
  void Order(const internal::v1::Command& command) EXCLUDES(mu_);
  void WantFullReport() EXCLUDES(mu_);
  // Told with the next heartbeat reply only.
  void TellBalancerBandwidth(int64_t bytes_per_second) EXCLUDES(mu_);
  // Heartbeats and reports of the current registrations are refused until a new one.
  void ForgetRegistrations() EXCLUDES(mu_);

  // What it was told.
  int registrations() const EXCLUDES(mu_);
  internal::v1::RegisterRequest last_registration() const EXCLUDES(mu_);
  int heartbeats() const EXCLUDES(mu_);
  internal::v1::HeartbeatRequest last_heartbeat() const EXCLUDES(mu_);
  std::vector<internal::v1::BlockReportChunk> chunks() const EXCLUDES(mu_);
  int full_reports() const EXCLUDES(mu_);
  std::vector<internal::v1::ReportChangesRequest> changes() const EXCLUDES(mu_);
  std::vector<internal::v1::BadReplica> bad_replicas() const EXCLUDES(mu_);
  std::vector<internal::v1::CommitBlockSynchronizationRequest> commits() const EXCLUDES(mu_);
  std::vector<std::string> complaints() const EXCLUDES(mu_);

  grpc::Status Handshake(grpc::ServerContext*, const internal::v1::HandshakeRequest*,
                         internal::v1::HandshakeResponse*) override;
  grpc::Status Register(grpc::ServerContext*, const internal::v1::RegisterRequest*,
                        internal::v1::RegisterResponse*) override;
  grpc::Status Heartbeat(grpc::ServerContext*, const internal::v1::HeartbeatRequest*,
                         internal::v1::HeartbeatResponse*) override;
  grpc::Status ReportBlocks(grpc::ServerContext*,
                            grpc::ServerReader<internal::v1::BlockReportChunk>*,
                            internal::v1::BlockReportResponse*) override;
  grpc::Status ReportChanges(grpc::ServerContext*, const internal::v1::ReportChangesRequest*,
                             internal::v1::ReportChangesResponse*) override;
  grpc::Status ReportBadBlocks(grpc::ServerContext*, const internal::v1::ReportBadBlocksRequest*,
                               internal::v1::ReportBadBlocksResponse*) override;
  grpc::Status CommitBlockSynchronization(
      grpc::ServerContext*, const internal::v1::CommitBlockSynchronizationRequest*,
      internal::v1::CommitBlockSynchronizationResponse*) override;
  grpc::Status ErrorReport(grpc::ServerContext*, const internal::v1::ErrorReportRequest*,
                           internal::v1::ErrorReportResponse*) override;

 private:
  // The error planned for this call, or that of an unknown sender.
  grpc::Status Check(const std::string& method, const internal::v1::Sender* sender) REQUIRES(mu_);

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;

  mutable Mutex mu_;
  std::string cluster_id_ GUARDED_BY(mu_) = "CID-test";
  std::string pool_id_ GUARDED_BY(mu_) = "BP-1-127.0.0.1-1";
  int64_t epoch_ GUARDED_BY(mu_) = 1;
  uint64_t registration_id_ GUARDED_BY(mu_) = 0;
  bool registered_ GUARDED_BY(mu_) = false;
  bool want_full_report_ GUARDED_BY(mu_) = false;
  std::deque<std::pair<std::string, absl::Status>> failures_ GUARDED_BY(mu_);
  std::vector<internal::v1::Command> orders_ GUARDED_BY(mu_);
  int registrations_ GUARDED_BY(mu_) = 0;
  int64_t balancer_bandwidth_ GUARDED_BY(mu_) = 0;
  int heartbeats_ GUARDED_BY(mu_) = 0;
  int full_reports_ GUARDED_BY(mu_) = 0;
  internal::v1::RegisterRequest last_registration_ GUARDED_BY(mu_);
  internal::v1::HeartbeatRequest last_heartbeat_ GUARDED_BY(mu_);
  std::vector<internal::v1::BlockReportChunk> chunks_ GUARDED_BY(mu_);
  std::vector<internal::v1::ReportChangesRequest> changes_ GUARDED_BY(mu_);
  std::vector<internal::v1::BadReplica> bad_replicas_ GUARDED_BY(mu_);
  std::vector<internal::v1::CommitBlockSynchronizationRequest> commits_ GUARDED_BY(mu_);
  std::vector<std::string> complaints_ GUARDED_BY(mu_);
};

}  // namespace cairn::datanode
