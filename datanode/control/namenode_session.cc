// Registration, heartbeats and reports. Source of the rules:
// proto/cairn/internal/v1/datanode.proto.
#include "datanode/control/namenode_session.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "wire/cairn/convert.h"

namespace cairn::datanode {

namespace {

// Changes of one storage, and bad replicas, in one call.
constexpr size_t kMaxChangesPerCall = 10'000;
constexpr size_t kMaxBadReplicasPerCall = 1'000;
// The report thread looks at its timers at least this often.
constexpr int64_t kReportTickMs = 1'000;

// Errors after which trying again cannot help.
bool IsFinal(const absl::Status& status) {
  return Is(status, ErrorKind::kDisallowedDatanode) || Is(status, ErrorKind::kIncorrectVersion);
}

int64_t Jittered(int64_t ms, Random& random) {
  return ms / 2 + static_cast<int64_t>(random.Uniform(static_cast<uint64_t>(ms) + 1));
}

void Fill(const StorageUsage& usage, pb::StorageReport& report) {
  report.mutable_storage()->set_storage_id(usage.storage_id);
  report.mutable_storage()->set_type(wire::ToProto(usage.storage_type));
  report.set_capacity(usage.capacity);
  report.set_dfs_used(usage.dfs_used);
  report.set_remaining(usage.remaining);
  report.set_non_dfs_used(usage.non_dfs_used);
}

}  // namespace

absl::StatusOr<PoolIdentity> LearnPool(NamenodeClient& client, const ControlOptions& options,
                                       Random& random) {
  pb::HandshakeRequest request;
  request.set_software_version(options.software_version);
  for (int64_t pause = options.min_retry_ms;; pause = std::min(pause * 2, options.max_retry_ms)) {
    const auto answer = client.Handshake(request);
    if (answer.ok()) {
      return PoolIdentity{.cluster_id = answer->cluster_id(),
                          .pool_id = answer->block_pool_id(),
                          .namespace_id = answer->namespace_id(),
                          .creation_time = answer->ctime_ms()};
    }
    if (absl::IsCancelled(answer.status()) || IsFinal(answer.status())) return answer.status();
    spdlog::warn("waiting for the NameNode: {}", answer.status().ToString());
    RETURN_IF_ERROR(client.Sleep(Jittered(pause, random)));
  }
}

NamenodeSession::NamenodeSession(const ControlOptions& options, NamenodeClient& client,
                                 BlockStore& store, DataPort& data_port,
                                 RecoveryPeer& recovery_peer, const Clock& clock, Random& random,
                                 OnFatal on_fatal)
    : options_(options),
      client_(client),
      store_(store),
      data_port_(data_port),
      clock_(clock),
      random_(random),
      on_fatal_(std::move(on_fatal)),
      reports_([this] {
        MutexLock lock(mu_);
        report_wake_.NotifyAll();
      }),
      recoveries_(std::make_unique<RecoveryWorker>(
          store, recovery_peer,
          [this](const RecoveryResult& result) { return CommitRecovery(result); })),
      commands_(std::make_unique<CommandExecutor>(
          store, data_port, reports_, *recoveries_, options.transfer_threads,
          [this](std::string message) { Complain(pb::DATANODE_ERROR_INVALID_BLOCK, message); })),
      pace_(options.pace) {}

NamenodeSession::~NamenodeSession() { Stop(); }

void NamenodeSession::Start(int32_t ipc_port) {
  ipc_port_ = ipc_port;
  store_.SetListener(&reports_);
  heartbeat_thread_ = std::thread([this] {
    SetThreadName("dn-heartbeat");
    HeartbeatLoop();
  });
  report_thread_ = std::thread([this] {
    SetThreadName("dn-report");
    ReportLoop();
  });
}

void NamenodeSession::Stop() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    heartbeat_wake_.NotifyAll();
    report_wake_.NotifyAll();
  }
  client_.Shutdown();
  if (heartbeat_thread_.joinable()) heartbeat_thread_.join();
  if (report_thread_.joinable()) report_thread_.join();
  store_.SetListener(nullptr);
  commands_->Shutdown();
  recoveries_->Shutdown();
}

bool NamenodeSession::registered() const {
  MutexLock lock(mu_);
  return registered_;
}

bool NamenodeSession::reported() const {
  MutexLock lock(mu_);
  return registered_ && reported_;
}

std::string NamenodeSession::ip_addr() const {
  MutexLock lock(mu_);
  return ip_addr_;
}

void NamenodeSession::RequestFullReport() {
  MutexLock lock(mu_);
  full_report_at_ms_ = 0;
  report_wake_.NotifyAll();
}

void NamenodeSession::RequestChangeReport() {
  MutexLock lock(mu_);
  deletions_due_ = true;
  changes_not_before_ms_ = 0;
  report_wake_.NotifyAll();
}

void NamenodeSession::VolumesChanged() {
  MutexLock lock(mu_);
  volumes_changed_ = true;
  heartbeat_now_ = true;
  heartbeat_wake_.NotifyAll();
}

void NamenodeSession::SetPace(const ReportPace& pace) {
  MutexLock lock(mu_);
  const int64_t sent_ms = full_report_at_ms_ - pace_.full_report_interval_ms;
  // One that is asked for stays due at once.
  if (reported_ && sent_ms > 0) full_report_at_ms_ = sent_ms + pace.full_report_interval_ms;
  pace_ = pace;
  heartbeat_now_ = true;
  heartbeat_wake_.NotifyAll();
  report_wake_.NotifyAll();
}

pb::Sender NamenodeSession::MakeSender() const {
  pb::Sender sender;
  sender.set_datanode_uuid(store_.datanode_uuid());
  sender.set_block_pool_id(store_.pool_id());
  MutexLock lock(mu_);
  sender.set_registration_id(registration_id_);
  return sender;
}

bool NamenodeSession::Pause(CondVar& wake, int64_t ms) {
  const int64_t until = clock_.MonotonicMs() + ms;
  MutexLock lock(mu_);
  while (!stopping_ && !failed_) {
    const int64_t left = until - clock_.MonotonicMs();
    if (left <= 0) break;
    if (&wake == &heartbeat_wake_ && heartbeat_now_) break;
    wake.WaitFor(mu_, left);
  }
  if (&wake == &heartbeat_wake_) heartbeat_now_ = false;
  return !stopping_ && !failed_;
}

int64_t NamenodeSession::HeartbeatInterval() const {
  MutexLock lock(mu_);
  return pace_.heartbeat_interval_ms;
}

int64_t NamenodeSession::RetryDelay(int failures) {
  const int doublings = std::min(failures - 1, 10);
  return Jittered(std::min(options_.min_retry_ms << doublings, options_.max_retry_ms), random_);
}

void NamenodeSession::Fail(const absl::Status& status) {
  {
    MutexLock lock(mu_);
    if (failed_ || stopping_) return;
    failed_ = true;
    heartbeat_wake_.NotifyAll();
    report_wake_.NotifyAll();
  }
  spdlog::error("this DataNode stops: {}", status.ToString());
  on_fatal_(status);
}

void NamenodeSession::OnCallError(const absl::Status& status) {
  if (IsFinal(status)) {
    Fail(status);
  } else if (Is(status, ErrorKind::kUnregisteredNode)) {
    MutexLock lock(mu_);
    registered_ = false;
    heartbeat_now_ = true;
    heartbeat_wake_.NotifyAll();
  }
}

absl::Status NamenodeSession::HandshakeAndRegister() {
  pb::HandshakeRequest hello;
  hello.set_software_version(options_.software_version);
  ASSIGN_OR_RETURN(const pb::HandshakeResponse identity, client_.Handshake(hello));
  if (identity.cluster_id() != store_.cluster_id() ||
      identity.block_pool_id() != store_.pool_id()) {
    return MakeError(
        ErrorKind::kIncorrectVersion,
        fmt::format("NameNode {} serves cluster {} and block pool {}, but the disks of "
                    "this DataNode belong to cluster {} and block pool {}",
                    client_.address(), identity.cluster_id(), identity.block_pool_id(),
                    store_.cluster_id(), store_.pool_id()));
  }
  pb::RegisterRequest request;
  wire::ToProto(DatanodeId{.uuid = store_.datanode_uuid(),
                           .ip_addr = options_.ip_addr,
                           .host_name = options_.host_name,
                           .xfer_port = data_port_.port(),
                           .ipc_port = ipc_port_},
                *request.mutable_datanode());
  for (const StorageUsage& usage : store_.Usage()) {
    pb::Storage& storage = *request.add_storages();
    storage.set_storage_id(usage.storage_id);
    storage.set_type(wire::ToProto(usage.storage_type));
  }
  request.set_cluster_id(store_.cluster_id());
  request.set_block_pool_id(store_.pool_id());
  request.set_namespace_id(identity.namespace_id());
  request.set_software_version(options_.software_version);
  ASSIGN_OR_RETURN(const pb::RegisterResponse answer, client_.Register(request));
  spdlog::info("registered with NameNode {} (epoch {}) as {} at {}:{}", client_.address(),
               answer.epoch(), store_.datanode_uuid(), answer.ip_addr(), data_port_.port());
  reports_.TellBadReplicasAgain();
  MutexLock lock(mu_);
  const int64_t delay = pace_.full_report_initial_delay_ms;
  epoch_ = std::max(epoch_, answer.epoch());
  registration_id_ = answer.registration_id();
  ip_addr_ = answer.ip_addr();
  registered_ = true;
  reported_ = false;
  full_report_at_ms_ =
      clock_.MonotonicMs() +
      (delay > 0 ? static_cast<int64_t>(random_.Uniform(static_cast<uint64_t>(delay))) : 0);
  report_wake_.NotifyAll();
  return absl::OkStatus();
}

void NamenodeSession::HeartbeatLoop() {
  int failures = 0;
  while (true) {
    const bool known = registered();
    const absl::Status status = known ? Heartbeat() : HandshakeAndRegister();
    if (status.ok()) {
      failures = 0;
      if (!known) continue;  // the first heartbeat follows at once: placement needs the usage
    } else {
      ++failures;
      OnCallError(status);
      {
        // Whatever asked for haste: a NameNode that refuses is not asked again without a pause.
        MutexLock lock(mu_);
        heartbeat_now_ = false;
      }
      spdlog::warn("{} failed: {}", known ? "heartbeat" : "registration", status.ToString());
    }
    int64_t pause = HeartbeatInterval();
    if (failures > 0) pause = std::min(pause, RetryDelay(failures));
    if (!Pause(heartbeat_wake_, pause)) return;
  }
}

absl::Status NamenodeSession::Heartbeat() {
  pb::HeartbeatRequest request;
  *request.mutable_sender() = MakeSender();
  bool volumes_changed = false;
  {
    MutexLock lock(mu_);
    volumes_changed = std::exchange(volumes_changed_, false);
  }
  for (const StorageUsage& usage : store_.Usage()) Fill(usage, *request.add_storages());
  const std::vector<VolumeFailure> failed = store_.FailedVolumes();
  for (const VolumeFailure& failure : failed) {
    if (failure.storage_id.empty()) continue;  // the NameNode never knew it
    pb::Storage& storage = *request.add_storages()->mutable_storage();
    storage.set_storage_id(failure.storage_id);
    storage.set_state(pb::STORAGE_STATE_FAILED);
  }
  request.set_failed_volumes(static_cast<int32_t>(failed.size()));
  request.set_xceiver_count(data_port_.xceiver_count());
  request.set_transfers_in_progress(commands_->transfers_in_progress());
  {
    MutexLock lock(mu_);
    request.set_epoch(epoch_);
  }
  const absl::StatusOr<pb::HeartbeatResponse> reply = client_.Heartbeat(request);
  if (volumes_changed) {
    MutexLock lock(mu_);
    // What a new volume holds is told when the NameNode knows the volume.
    if (reply.ok()) full_report_at_ms_ = 0;
    volumes_changed_ |= !reply.ok();
    report_wake_.NotifyAll();
  }
  RETURN_IF_ERROR(reply.status());
  HandleReply(*reply);
  const absl::Status health = store_.Health();
  if (!health.ok()) {
    Complain(pb::DATANODE_ERROR_FATAL_DISK_ERROR, std::string(health.message()));
    Fail(health);
  }
  return absl::OkStatus();
}

void NamenodeSession::HandleReply(const pb::HeartbeatResponse& reply) {
  {
    MutexLock lock(mu_);
    if (reply.epoch() < epoch_) {
      spdlog::warn("ignored a reply of epoch {}: a NameNode of epoch {} has been heard",
                   reply.epoch(), epoch_);
      return;
    }
    epoch_ = reply.epoch();
    deletions_due_ = true;
    if (reply.full_report_wanted()) full_report_at_ms_ = 0;
    report_wake_.NotifyAll();
    for (const pb::Command& command : reply.commands()) {
      if (command.kind_case() != pb::Command::kReregister) continue;
      spdlog::info("the NameNode asks for a new registration");
      registered_ = false;
      heartbeat_now_ = true;
      return;
    }
  }
  if (reply.balancer_bandwidth() > 0) data_port_.SetBalanceBandwidth(reply.balancer_bandwidth());
  for (const pb::Command& command : reply.commands()) commands_->Execute(command);
}

bool NamenodeSession::ReportsDue() const {
  if (!registered_) return false;
  const int64_t now = clock_.MonotonicMs();
  if (now >= full_report_at_ms_ || (reported_ && reports_.has_findings())) return true;
  return now >= changes_not_before_ms_ &&
         (reports_.has_urgent() || (deletions_due_ && reports_.has_changes()));
}

void NamenodeSession::ReportLoop() {
  int failures = 0;
  while (true) {
    {
      MutexLock lock(mu_);
      while (!stopping_ && !failed_ && !ReportsDue()) report_wake_.WaitFor(mu_, kReportTickMs);
      if (stopping_ || failed_) return;
    }
    const absl::Status status = SendReports();
    if (status.ok()) {
      failures = 0;
      continue;
    }
    ++failures;
    OnCallError(status);
    spdlog::warn("report failed: {}", status.ToString());
    if (!Pause(report_wake_, RetryDelay(failures))) return;
  }
}

absl::Status NamenodeSession::SendReports() {
  const pb::Sender sender = MakeSender();
  for (const VolumeFailure& failure : reports_.TakeVolumeFailures()) {
    Complain(pb::DATANODE_ERROR_DISK_ERROR,
             fmt::format("volume {} failed: {}", failure.path, failure.reason));
    MutexLock lock(mu_);
    heartbeat_now_ = true;
    heartbeat_wake_.NotifyAll();
  }
  bool full_report_due = false;
  {
    MutexLock lock(mu_);
    full_report_due = clock_.MonotonicMs() >= full_report_at_ms_;
    deletions_due_ = false;
    changes_not_before_ms_ = clock_.MonotonicMs() + options_.change_interval_ms;
  }
  RETURN_IF_ERROR(SendChanges(sender));
  if (full_report_due) RETURN_IF_ERROR(SendFullReport(sender));
  // A NameNode that has not heard of a replica takes no notice that it is bad.
  return reported() ? SendBadReplicas(sender) : absl::OkStatus();
}

absl::Status NamenodeSession::SendChanges(const pb::Sender& sender) {
  const auto changes = reports_.TakeChanges(kMaxChangesPerCall);
  if (changes.empty()) return absl::OkStatus();
  absl::flat_hash_map<std::string, StorageType> types;
  for (const StorageUsage& usage : store_.Usage()) types[usage.storage_id] = usage.storage_type;
  pb::ReportChangesRequest request;
  *request.mutable_sender() = sender;
  for (const auto& [storage_id, list] : changes) {
    const auto type = types.find(storage_id);
    if (type == types.end()) continue;  // a failed volume: its replicas are lost anyway
    pb::StorageChanges& storage = *request.add_storages();
    storage.mutable_storage()->set_storage_id(storage_id);
    storage.mutable_storage()->set_type(wire::ToProto(type->second));
    for (const ReplicaChange& change : list) {
      pb::ReplicaChange& out = *storage.add_changes();
      out.set_sequence(WireSequence(change.sequence));
      wire::ToProto(change.block, *out.mutable_block());
      out.set_kind(static_cast<pb::ChangeKind>(change.kind));
      out.set_delete_hint(change.delete_hint);
    }
  }
  if (request.storages().empty()) return absl::OkStatus();
  const absl::Status status = client_.ReportChanges(request);
  if (!status.ok()) reports_.PutBack(changes);
  return status;
}

absl::Status NamenodeSession::SendBadReplicas(const pb::Sender& sender) {
  const std::vector<BadReplicaReport> bad = reports_.TakeBadReplicas(kMaxBadReplicasPerCall);
  if (bad.empty()) return absl::OkStatus();
  pb::ReportBadBlocksRequest request;
  *request.mutable_sender() = sender;
  for (const BadReplicaReport& replica : bad) {
    pb::BadReplica& out = *request.add_replicas();
    wire::ToProto(replica.block, *out.mutable_block());
    out.set_datanode_uuid(store_.datanode_uuid());
    out.set_storage_id(replica.storage_id);
  }
  const absl::Status status = client_.ReportBadBlocks(request);
  if (!status.ok()) reports_.PutBack(bad);
  return status;
}

absl::Status NamenodeSession::SendFullReport(const pb::Sender& sender) {
  std::vector<std::string> storages;
  for (const StorageUsage& usage : store_.Usage()) storages.push_back(usage.storage_id);
  {
    // Before the listing: a request that comes meanwhile asks for a newer one.
    MutexLock lock(mu_);
    full_report_at_ms_ = clock_.MonotonicMs() + pace_.full_report_interval_ms;
  }
  const auto answer = client_.ReportBlocks(sender, store_, storages);
  MutexLock lock(mu_);
  if (!answer.ok()) {
    full_report_at_ms_ = 0;
    return answer.status();
  }
  if (sender.registration_id() == registration_id_) reported_ = true;
  spdlog::info("reported all replicas of {} storages to NameNode {}", storages.size(),
               client_.address());
  return absl::OkStatus();
}

absl::Status NamenodeSession::CommitRecovery(const RecoveryResult& result) {
  pb::CommitBlockSynchronizationRequest request;
  *request.mutable_sender() = MakeSender();
  wire::ToProto(result.block, *request.mutable_block());
  request.set_recovery_id(result.recovery_id);
  request.set_new_length(result.new_length);
  request.set_delete_block(result.delete_block);
  for (const ReplicaLocation& location : result.locations) {
    wire::ToProto(location, *request.add_replicas());
  }
  return client_.CommitBlockSynchronization(request);
}

void NamenodeSession::Complain(pb::DatanodeError error, const std::string& message) {
  spdlog::warn("{}", message);
  pb::ErrorReportRequest request;
  *request.mutable_sender() = MakeSender();
  request.set_error(error);
  request.set_message(message.substr(0, 1000));
  const absl::Status status = client_.ErrorReport(request);
  if (!status.ok()) spdlog::warn("cannot tell the NameNode: {}", status.ToString());
}

}  // namespace cairn::datanode
