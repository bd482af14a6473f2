// A NameNode for tests.
#include "datanode/control/testing/fake_namenode.h"

#include <utility>

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <stdexcept>

#include "common/types/errors.h"
#include "wire/cairn/rpc_status.h"

namespace cairn::datanode {

namespace {

grpc::Status ToGrpc(const absl::Status& status) {
  const wire::RpcStatusParts parts = wire::ToRpcStatus(status);
  return {static_cast<grpc::StatusCode>(parts.code), parts.message, parts.details};
}

}  // namespace

FakeNamenode::FakeNamenode(int port) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(fmt::format("127.0.0.1:{}", port), grpc::InsecureServerCredentials(),
                           &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ == 0) throw std::runtime_error("cannot listen");
}

FakeNamenode::~FakeNamenode() {
  server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
}

void FakeNamenode::SetCluster(const std::string& cluster_id, const std::string& pool_id) {
  MutexLock lock(mu_);
  cluster_id_ = cluster_id;
  pool_id_ = pool_id;
}

void FakeNamenode::SetEpoch(int64_t epoch) {
  MutexLock lock(mu_);
  epoch_ = epoch;
}

void FakeNamenode::FailNext(const std::string& method, const absl::Status& error) {
  MutexLock lock(mu_);
  failures_.emplace_back(method, error);
}

void FakeNamenode::Order(const internal::v1::Command& command) {
  MutexLock lock(mu_);
  orders_.push_back(command);
}

void FakeNamenode::TellBalancerBandwidth(int64_t bytes_per_second) {
  MutexLock lock(mu_);
  balancer_bandwidth_ = bytes_per_second;
}

void FakeNamenode::WantFullReport() {
  MutexLock lock(mu_);
  want_full_report_ = true;
}

void FakeNamenode::ForgetRegistrations() {
  MutexLock lock(mu_);
  registered_ = false;
}

int FakeNamenode::registrations() const {
  MutexLock lock(mu_);
  return registrations_;
}

internal::v1::RegisterRequest FakeNamenode::last_registration() const {
  MutexLock lock(mu_);
  return last_registration_;
}

int FakeNamenode::heartbeats() const {
  MutexLock lock(mu_);
  return heartbeats_;
}

internal::v1::HeartbeatRequest FakeNamenode::last_heartbeat() const {
  MutexLock lock(mu_);
  return last_heartbeat_;
}

std::vector<internal::v1::BlockReportChunk> FakeNamenode::chunks() const {
  MutexLock lock(mu_);
  return chunks_;
}

int FakeNamenode::full_reports() const {
  MutexLock lock(mu_);
  return full_reports_;
}

std::vector<internal::v1::ReportChangesRequest> FakeNamenode::changes() const {
  MutexLock lock(mu_);
  return changes_;
}

std::vector<internal::v1::BadReplica> FakeNamenode::bad_replicas() const {
  MutexLock lock(mu_);
  return bad_replicas_;
}

std::vector<internal::v1::CommitBlockSynchronizationRequest> FakeNamenode::commits() const {
  MutexLock lock(mu_);
  return commits_;
}

std::vector<std::string> FakeNamenode::complaints() const {
  MutexLock lock(mu_);
  return complaints_;
}

grpc::Status FakeNamenode::Check(const std::string& method, const internal::v1::Sender* sender) {
  for (auto failure = failures_.begin(); failure != failures_.end(); ++failure) {
    if (failure->first != method) continue;
    const grpc::Status status = ToGrpc(failure->second);
    failures_.erase(failure);
    return status;
  }
  if (sender != nullptr && (!registered_ || sender->registration_id() != registration_id_)) {
    return ToGrpc(errors::UnregisteredNode("register first"));
  }
  return grpc::Status::OK;
}

grpc::Status FakeNamenode::Handshake(grpc::ServerContext*, const internal::v1::HandshakeRequest*,
                                     internal::v1::HandshakeResponse* response) {
  MutexLock lock(mu_);
  response->set_cluster_id(cluster_id_);
  response->set_block_pool_id(pool_id_);
  response->set_namespace_id(1);
  response->set_epoch(epoch_);
  return Check("Handshake", nullptr);
}

grpc::Status FakeNamenode::Register(grpc::ServerContext*,
                                    const internal::v1::RegisterRequest* request,
                                    internal::v1::RegisterResponse* response) {
  MutexLock lock(mu_);
  if (const grpc::Status status = Check("Register", nullptr); !status.ok()) return status;
  ++registrations_;
  last_registration_ = *request;
  registered_ = true;
  response->set_epoch(epoch_);
  response->set_ip_addr("127.0.0.1");
  response->set_registration_id(++registration_id_);
  return grpc::Status::OK;
}

grpc::Status FakeNamenode::Heartbeat(grpc::ServerContext*,
                                     const internal::v1::HeartbeatRequest* request,
                                     internal::v1::HeartbeatResponse* response) {
  MutexLock lock(mu_);
  const grpc::Status status = Check("Heartbeat", &request->sender());
  if (!status.ok()) return status;
  ++heartbeats_;
  last_heartbeat_ = *request;
  response->set_epoch(epoch_);
  response->set_full_report_wanted(want_full_report_);
  response->set_balancer_bandwidth(std::exchange(balancer_bandwidth_, 0));
  want_full_report_ = false;
  for (const auto& order : orders_) *response->add_commands() = order;
  orders_.clear();
  return grpc::Status::OK;
}

grpc::Status FakeNamenode::ReportBlocks(grpc::ServerContext*,
                                        grpc::ServerReader<internal::v1::BlockReportChunk>* reader,
                                        internal::v1::BlockReportResponse* response) {
  internal::v1::BlockReportChunk chunk;
  std::vector<internal::v1::BlockReportChunk> chunks;
  while (reader->Read(&chunk)) chunks.push_back(chunk);
  MutexLock lock(mu_);
  const grpc::Status status =
      Check("ReportBlocks", chunks.empty() ? nullptr : &chunks.front().sender());
  if (!status.ok()) return status;
  chunks_ = std::move(chunks);
  ++full_reports_;
  response->set_epoch(epoch_);
  return grpc::Status::OK;
}

grpc::Status FakeNamenode::ReportChanges(grpc::ServerContext*,
                                         const internal::v1::ReportChangesRequest* request,
                                         internal::v1::ReportChangesResponse*) {
  MutexLock lock(mu_);
  const grpc::Status status = Check("ReportChanges", &request->sender());
  if (status.ok()) changes_.push_back(*request);
  return status;
}

grpc::Status FakeNamenode::ReportBadBlocks(grpc::ServerContext*,
                                           const internal::v1::ReportBadBlocksRequest* request,
                                           internal::v1::ReportBadBlocksResponse*) {
  MutexLock lock(mu_);
  const grpc::Status status = Check("ReportBadBlocks", &request->sender());
  if (!status.ok()) return status;
  for (const auto& replica : request->replicas()) bad_replicas_.push_back(replica);
  return status;
}

grpc::Status FakeNamenode::CommitBlockSynchronization(
    grpc::ServerContext*, const internal::v1::CommitBlockSynchronizationRequest* request,
    internal::v1::CommitBlockSynchronizationResponse*) {
  MutexLock lock(mu_);
  const grpc::Status status = Check("CommitBlockSynchronization", &request->sender());
  if (status.ok()) commits_.push_back(*request);
  return status;
}

grpc::Status FakeNamenode::ErrorReport(grpc::ServerContext*,
                                       const internal::v1::ErrorReportRequest* request,
                                       internal::v1::ErrorReportResponse*) {
  MutexLock lock(mu_);
  const grpc::Status status = Check("ErrorReport", &request->sender());
  if (status.ok()) complaints_.push_back(request->message());
  return status;
}

}  // namespace cairn::datanode
