// Calls of DataNodes, full block reports excepted (report_reactor.cc).
#include <spdlog/spdlog.h>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/grpc/handlers/handlers.h"
#include "wire/cairn/convert.h"
#include "wire/cairn/utf8.h"

namespace cairn::namenode::grpc_handlers {
namespace {

constexpr int kMaxBadReplicas = 1000;
constexpr int kMaxRecoveredReplicas = 1000;
constexpr int kMaxChangesPerStorage = 10000;
constexpr int kMaxStorages = 1024;
constexpr size_t kMaxLoggedBytes = 1000;

StorageUsage UsageOf(const dn::Storage& storage) {
  StorageUsage usage;
  usage.storage_id = storage.storage_id();
  usage.type = wire::FromProto(storage.type());
  usage.failed = storage.state() == dn::STORAGE_STATE_FAILED;
  return usage;
}

StorageUsage UsageOf(const dn::StorageReport& report) {
  StorageUsage usage = UsageOf(report.storage());
  usage.capacity = report.capacity();
  usage.dfs_used = report.dfs_used();
  usage.non_dfs_used = report.non_dfs_used();
  usage.remaining = report.remaining();
  return usage;
}

// What a DataNode says about itself, for error messages.
std::string NameOf(const v1::DatanodeId& id) {
  return fmt::format("{}:{} ({})", id.host_name(), id.xfer_port(), id.uuid());
}

// Refuses a DataNode whose disks belong to another cluster.
absl::Status CheckCluster(const Call& call, const dn::RegisterRequest& request) {
  const ClusterFacts& ours = call.core.cluster;
  const auto foreign = [&](const char* what, const std::string& theirs, const std::string& mine) {
    return MakeError(ErrorKind::kIncorrectVersion,
                     fmt::format("DataNode {} belongs to {} {}, this NameNode to {}",
                                 NameOf(request.datanode()), what, theirs, mine));
  };
  if (request.cluster_id() != ours.cluster_id) {
    return foreign("cluster", request.cluster_id(), ours.cluster_id);
  }
  if (request.block_pool_id() != ours.block_pool_id) {
    return foreign("block pool", request.block_pool_id(), ours.block_pool_id);
  }
  if (request.namespace_id() != ours.namespace_id) {
    return foreign("namespace", fmt::format("{}", request.namespace_id()),
                   fmt::format("{}", ours.namespace_id));
  }
  return absl::OkStatus();
}

// Refuses a registration that could not be used.
absl::Status CheckRegistration(const dn::RegisterRequest& request) {
  const v1::DatanodeId& id = request.datanode();
  if (id.uuid().empty() || id.uuid().size() > 128) {
    return MakeError(ErrorKind::kIllegalArgument, "a DataNode needs a uuid of 1 to 128 bytes");
  }
  if (id.xfer_port() <= 0 || id.xfer_port() > 65535) {
    return MakeError(ErrorKind::kIllegalArgument,
                     fmt::format("DataNode {}: no such port: {}", NameOf(id), id.xfer_port()));
  }
  if (request.storages_size() > kMaxStorages) {
    return MakeError(ErrorKind::kIllegalArgument,
                     fmt::format("DataNode {}: more than {} storages", NameOf(id), kMaxStorages));
  }
  for (const dn::Storage& storage : request.storages()) {
    if (storage.storage_id().empty()) {
      return MakeError(ErrorKind::kIllegalArgument,
                       fmt::format("DataNode {}: a storage without id", NameOf(id)));
    }
  }
  return absl::OkStatus();
}

void AddCommands(const DatanodeCommands& commands, dn::HeartbeatResponse& response) {
  for (const RecoverCommand& recovery : commands.recoveries) {
    dn::RecoverCommand& command = *response.add_commands()->mutable_recover();
    wire::ToProto(recovery.block, *command.mutable_block());
    command.set_recovery_id(recovery.recovery_id);
    for (const ReplicaLocation& replica : recovery.replicas) {
      wire::ToProto(replica, *command.add_replicas());
    }
    if (recovery.truncate_to) command.set_truncate_to(*recovery.truncate_to);
    command.set_absent(static_cast<dn::AbsentReplicas>(recovery.absent));
  }
  for (const TransferCommand& transfer : commands.transfers) {
    dn::TransferCommand& command = *response.add_commands()->mutable_transfer();
    wire::ToProto(transfer.block, *command.mutable_block());
    for (const ReplicaLocation& target : transfer.targets) {
      wire::ToProto(target, *command.add_targets());
    }
  }
  if (!commands.invalidate.empty()) {
    dn::InvalidateCommand& command = *response.add_commands()->mutable_invalidate();
    for (const Block& block : commands.invalidate) wire::ToProto(block, *command.add_blocks());
  }
  response.set_full_report_wanted(commands.send_full_report);
  response.set_balancer_bandwidth(commands.balancer_bandwidth);
}

absl::StatusOr<std::vector<ReplicaChange>> ChangesOf(const dn::StorageChanges& storage) {
  if (storage.changes_size() > kMaxChangesPerStorage) {
    return MakeError(
        ErrorKind::kIllegalArgument,
        fmt::format("storage {}: {} changes in one call, limit {}", storage.storage().storage_id(),
                    storage.changes_size(), kMaxChangesPerStorage));
  }
  std::vector<ReplicaChange> changes;
  changes.reserve(storage.changes_size());
  for (const dn::ReplicaChange& change : storage.changes()) {
    if (!dn::ChangeKind_IsValid(change.kind()) || change.kind() == dn::CHANGE_KIND_UNSPECIFIED) {
      return MakeError(
          ErrorKind::kIllegalArgument,
          fmt::format("storage {}: unknown kind of change {} of {}", storage.storage().storage_id(),
                      static_cast<int>(change.kind()), wire::FromProto(change.block()).ToString()));
    }
    changes.push_back({.sequence = static_cast<int64_t>(change.sequence()),
                       .block = wire::FromProto(change.block()),
                       .kind = static_cast<ReplicaChangeKind>(change.kind()),
                       .delete_hint = change.delete_hint()});
  }
  return changes;
}

absl::Status TakeChanges(const Call& call, const dn::ReportChangesRequest& request) {
  RETURN_IF_ERROR(CheckSender(call, request.sender()));
  for (const dn::StorageChanges& storage : request.storages()) {
    ASSIGN_OR_RETURN(const std::vector<ReplicaChange> changes, ChangesOf(storage));
    RETURN_IF_ERROR(call.core.blocks.ReplicasChanged(request.sender().datanode_uuid(),
                                                     storage.storage().storage_id(), changes));
    std::vector<BlockId> received;
    for (const ReplicaChange& change : changes) {
      if (change.kind == ReplicaChangeKind::kReceived) received.push_back(change.block.id);
    }
    call.core.names.ReplicasReceived(received);
  }
  return absl::OkStatus();
}

absl::Status RegisterNow(Call& call, const dn::RegisterRequest& request,
                         dn::RegisterResponse& response) {
  RETURN_IF_ERROR(CheckRegistration(request));
  RETURN_IF_ERROR(CheckCluster(call, request));
  DatanodeRegistration registration;
  registration.id = wire::FromProto(request.datanode());
  registration.ip_as_seen = registration.id.ip_addr.empty();
  if (registration.ip_as_seen) registration.id.ip_addr = call.caller.address;
  registration.cluster_id = request.cluster_id();
  registration.block_pool_id = request.block_pool_id();
  registration.software_version = request.software_version();
  for (const dn::Storage& storage : request.storages()) {
    registration.storages.push_back(UsageOf(storage));
  }
  ASSIGN_OR_RETURN(const uint64_t number, call.core.blocks.Register(registration));
  response.set_epoch(call.core.cluster.epoch);
  response.set_ip_addr(registration.id.ip_addr);
  response.set_registration_id(number);
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckSender(const Call& call, const dn::Sender& sender) {
  const std::string& pool = call.core.cluster.block_pool_id;
  if (sender.block_pool_id() != pool) {
    return errors::UnexpectedBlockPool(sender.block_pool_id(), pool);
  }
  return call.core.blocks.CheckRegistration(sender.datanode_uuid(), sender.registration_id());
}

void Handshake(Call& call, const dn::HandshakeRequest& /*request*/, dn::HandshakeResponse& response,
               DoneVoid done) {
  const ClusterFacts& identity = call.core.cluster;
  response.set_cluster_id(identity.cluster_id);
  response.set_block_pool_id(identity.block_pool_id);
  response.set_namespace_id(identity.namespace_id);
  response.set_ctime_ms(identity.creation_ms);
  response.set_software_version(identity.software_version);
  response.set_epoch(call.core.cluster.epoch);
  done(absl::OkStatus());
}

void Register(Call& call, const dn::RegisterRequest& request, dn::RegisterResponse& response,
              DoneVoid done) {
  const absl::Status status = RegisterNow(call, request, response);
  if (!status.ok()) {
    spdlog::warn("refused registration of DataNode at {}: {}", call.caller.address,
                 std::string(status.message()));
  }
  done(status);
}

void Heartbeat(Call& call, const dn::HeartbeatRequest& request, dn::HeartbeatResponse& response,
               DoneVoid done) {
  response.set_epoch(call.core.cluster.epoch);
  const absl::Status allowed = CheckSender(call, request.sender());
  if (Is(allowed, ErrorKind::kUnregisteredNode)) {
    response.add_commands()->mutable_reregister();
    done(absl::OkStatus());
    return;
  }
  if (!allowed.ok()) {
    done(allowed);
    return;
  }
  HeartbeatRequest heartbeat;
  heartbeat.uuid = request.sender().datanode_uuid();
  heartbeat.seen_ip = call.caller.address;
  for (const dn::StorageReport& report : request.storages()) {
    heartbeat.storages.push_back(UsageOf(report));
  }
  heartbeat.xceivers = request.xceiver_count();
  heartbeat.transfers_in_progress = request.transfers_in_progress();
  heartbeat.failed_volumes = request.failed_volumes();
  const absl::StatusOr<DatanodeCommands> commands = call.core.blocks.Heartbeat(heartbeat);
  if (commands.ok() && commands->reregister) {
    response.add_commands()->mutable_reregister();
  } else if (commands.ok()) {
    AddCommands(*commands, response);
  }
  done(commands.status());
}

void ReportChanges(Call& call, const dn::ReportChangesRequest& request,
                   dn::ReportChangesResponse& /*response*/, DoneVoid done) {
  done(TakeChanges(call, request));
}

void ReportBadReplicas(Call& call, const dn::ReportBadBlocksRequest& request,
                       dn::ReportBadBlocksResponse& /*response*/, DoneVoid done) {
  absl::Status status = CheckSender(call, request.sender());
  if (status.ok() && request.replicas_size() > kMaxBadReplicas) {
    status = MakeError(
        ErrorKind::kIllegalArgument,
        fmt::format("{} replicas in one call, limit {}", request.replicas_size(), kMaxBadReplicas));
  }
  if (status.ok()) {
    for (const dn::BadReplica& replica : request.replicas()) {
      call.core.blocks.MarkCorrupt(wire::FromProto(replica.block()), replica.datanode_uuid(),
                                   replica.storage_id());
    }
  }
  done(status);
}

void CommitBlockSynchronization(Call& call, const dn::CommitBlockSynchronizationRequest& request,
                                dn::CommitBlockSynchronizationResponse& /*response*/,
                                DoneVoid done) {
  absl::Status status = CheckSender(call, request.sender());
  if (status.ok() && request.replicas_size() > kMaxRecoveredReplicas) {
    status = MakeError(ErrorKind::kIllegalArgument,
                       fmt::format("{} replicas of a block, limit {}", request.replicas_size(),
                                   kMaxRecoveredReplicas));
  }
  if (!status.ok()) {
    done(status);
    return;
  }
  BlockSyncRequest sync;
  sync.block = wire::FromProto(request.block());
  sync.recovery_id = request.recovery_id();
  sync.new_length = request.new_length();
  sync.delete_block = request.delete_block();
  for (const v1::ReplicaLocation& replica : request.replicas()) {
    sync.replicas.push_back(wire::FromProto(replica));
  }
  spdlog::info("Recovery {} of {} by DataNode {}: {}, {} bytes on {} DataNodes", sync.recovery_id,
               sync.block.ToString(), request.sender().datanode_uuid(),
               sync.delete_block ? "no replica" : "done", sync.new_length, sync.replicas.size());
  call.core.names.CommitBlockSynchronization(std::move(sync), std::move(done));
}

void ErrorReport(Call& call, const dn::ErrorReportRequest& request,
                 dn::ErrorReportResponse& /*response*/, DoneVoid done) {
  const absl::Status status = CheckSender(call, request.sender());
  if (status.ok()) {
    spdlog::warn("DataNode {} at {} reports {}: {}", request.sender().datanode_uuid(),
                 call.caller.address, dn::DatanodeError_Name(request.error()),
                 wire::ToValidUtf8(request.message(), kMaxLoggedBytes));
    if (request.error() == dn::DATANODE_ERROR_FATAL_DISK_ERROR) {
      call.core.blocks.DatanodeFailed(request.sender().datanode_uuid());
    }
  }
  done(status);
}

}  // namespace cairn::namenode::grpc_handlers
