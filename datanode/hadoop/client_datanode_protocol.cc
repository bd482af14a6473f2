// ClientDatanodeProtocol: readers of files being written, and administrators (dfsadmin).
#include "common/status_macros.h"
#include "common/types/errors.h"
#include "datanode/hadoop/services.h"
#include "proto/hadoop/ClientDatanodeProtocol.pb.h"
#include "wire/transfer/convert.h"

namespace cairn::datanode {
namespace {

namespace pb = ::hadoop::hdfs;

// The versions of the configuration files' defaults that clients are told: Hadoop 3.4's.
constexpr char kConfigVersion[] = "core-3.0.0,hdfs-1";
constexpr std::string_view kDiskBalancerException =
    "org.apache.hadoop.hdfs.server.diskbalancer.DiskBalancerException";

absl::Status GetReplicaVisibleLength(const IpcServices& services, const ipc::Call& call,
                                     const pb::GetReplicaVisibleLengthRequestProto& request,
                                     pb::GetReplicaVisibleLengthResponseProto& response) {
  const ExtendedBlock block = wire::FromProto(request.block());
  RETURN_IF_ERROR(CheckPool(services, block));
  // -1 when the replica is not readable: the field carries Java's signed number.
  ASSIGN_OR_RETURN(const int64_t length, services.store.VisibleLength(block.block));
  response.set_length(static_cast<uint64_t>(length));
  return absl::OkStatus();
}

// The legacy way to short-circuit reads, which HDFS too refuses to everybody by default.
absl::Status GetBlockLocalPathInfo(const IpcServices& services, const ipc::Call& call,
                                   const pb::GetBlockLocalPathInfoRequestProto& request,
                                   pb::GetBlockLocalPathInfoResponseProto& response) {
  return MakeError(
      ErrorKind::kAccessControl,
      fmt::format("Can't continue with getBlockLocalPathInfo() authorization. The user "
                  "{} is not configured in dfs.block.local-path-access.user",
                  call.caller().effective_user));
}

absl::Status GetDatanodeInfo(const IpcServices& services, const ipc::Call& call,
                             const pb::GetDatanodeInfoRequestProto& request,
                             pb::GetDatanodeInfoResponseProto& response) {
  pb::DatanodeLocalInfoProto& info = *response.mutable_localinfo();
  info.set_softwareversion(services.options.software_version);
  info.set_configversion(kConfigVersion);
  const int64_t uptime_ms = services.clock.MonotonicMs() - services.started_ms;
  info.set_uptime(static_cast<uint64_t>(uptime_ms / 1000));
  return absl::OkStatus();
}

absl::Status GetVolumeReport(const IpcServices& services, const ipc::Call& call,
                             const pb::GetVolumeReportRequestProto& request,
                             pb::GetVolumeReportResponseProto& response) {
  RETURN_IF_ERROR(CheckSuperuser(services, call));
  for (const StorageUsage& usage : services.store.Usage()) {
    pb::DatanodeVolumeInfoProto& volume = *response.add_volumeinfo();
    volume.set_path(usage.path);
    volume.set_storagetype(static_cast<pb::StorageTypeProto>(usage.storage_type));
    volume.set_usedspace(static_cast<uint64_t>(usage.dfs_used));
    volume.set_freespace(static_cast<uint64_t>(usage.remaining));
    // Already taken off the others.
    volume.set_reservedspace(0);
    volume.set_reservedspaceforreplicas(0);
    volume.set_numblocks(static_cast<uint64_t>(usage.num_blocks));
  }
  return absl::OkStatus();
}

absl::Status GetBalancerBandwidth(const IpcServices& services, const ipc::Call& call,
                                  const pb::GetBalancerBandwidthRequestProto& request,
                                  pb::GetBalancerBandwidthResponseProto& response) {
  response.set_bandwidth(static_cast<uint64_t>(services.admin.BalanceBandwidth()));
  return absl::OkStatus();
}

absl::Status TriggerBlockReport(const IpcServices& services, const ipc::Call& call,
                                const pb::TriggerBlockReportRequestProto& request,
                                pb::TriggerBlockReportResponseProto& response) {
  RETURN_IF_ERROR(CheckSuperuser(services, call));
  services.admin.TriggerBlockReport(request.incremental());
  return absl::OkStatus();
}

absl::Status EvictWriters(const IpcServices& services, const ipc::Call& call,
                          const pb::EvictWritersRequestProto& request,
                          pb::EvictWritersResponseProto& response) {
  RETURN_IF_ERROR(CheckSuperuser(services, call));
  services.admin.EvictWriters();
  return absl::OkStatus();
}

absl::Status ShutdownDatanode(const IpcServices& services, const ipc::Call& call,
                              const pb::ShutdownDatanodeRequestProto& request,
                              pb::ShutdownDatanodeResponseProto& response) {
  RETURN_IF_ERROR(CheckSuperuser(services, call));
  return services.admin.RequestShutdown(request.forupgrade());
}

absl::Status RefreshNamenodes(const IpcServices& services, const ipc::Call& call,
                              const pb::RefreshNamenodesRequestProto& request,
                              pb::RefreshNamenodesResponseProto& response) {
  RETURN_IF_ERROR(CheckSuperuser(services, call));
  return MakeError(ErrorKind::kUnsupportedOperation,
                   "The NameNode of a running DataNode cannot be changed: restart it.");
}

absl::Status DeleteBlockPool(const IpcServices& services, const ipc::Call& call,
                             const pb::DeleteBlockPoolRequestProto& request,
                             pb::DeleteBlockPoolResponseProto& response) {
  RETURN_IF_ERROR(CheckSuperuser(services, call));
  if (request.blockpool() == services.store.pool_id()) {
    return errors::Io(
        "The block pool is still running. First do a refreshNamenodes to shutdown the block pool "
        "service");
  }
  // Volumes with any other pool are refused at the start: there is nothing to delete.
  return absl::OkStatus();
}

// The disk balancer's methods, answered as where dfs.disk.balancer.enabled is false: no request is
// parsed.
ipc::Method NoDiskBalancer(const IpcServices& services, std::string name) {
  return {std::move(name),
          ipc::OnExecutor(services.executor, [&services](std::unique_ptr<ipc::Call> call) {
            const absl::Status status = CheckSuperuser(services, *call);
            if (!status.ok()) return call->Fail(status);
            call->Fail(wire::RpcError{.exception_class = std::string(kDiskBalancerException),
                                      .message = "Disk Balancer is not enabled."});
          })};
}

}  // namespace

ipc::Protocol ClientDatanodeProtocol(const IpcServices& services) {
  ipc::Protocol protocol{
      .name = "org.apache.hadoop.hdfs.protocol.ClientDatanodeProtocol",
      .version = 1,
      .methods = {
          Row<pb::GetReplicaVisibleLengthRequestProto, pb::GetReplicaVisibleLengthResponseProto>(
              services, "getReplicaVisibleLength", GetReplicaVisibleLength),
          Row<pb::GetBlockLocalPathInfoRequestProto, pb::GetBlockLocalPathInfoResponseProto>(
              services, "getBlockLocalPathInfo", GetBlockLocalPathInfo),
          Row<pb::GetDatanodeInfoRequestProto, pb::GetDatanodeInfoResponseProto>(
              services, "getDatanodeInfo", GetDatanodeInfo),
          Row<pb::GetVolumeReportRequestProto, pb::GetVolumeReportResponseProto>(
              services, "getVolumeReport", GetVolumeReport),
          Row<pb::GetBalancerBandwidthRequestProto, pb::GetBalancerBandwidthResponseProto>(
              services, "getBalancerBandwidth", GetBalancerBandwidth),
          Row<pb::TriggerBlockReportRequestProto, pb::TriggerBlockReportResponseProto>(
              services, "triggerBlockReport", TriggerBlockReport),
          Row<pb::EvictWritersRequestProto, pb::EvictWritersResponseProto>(services, "evictWriters",
                                                                           EvictWriters),
          Row<pb::ShutdownDatanodeRequestProto, pb::ShutdownDatanodeResponseProto>(
              services, "shutdownDatanode", ShutdownDatanode),
          Row<pb::RefreshNamenodesRequestProto, pb::RefreshNamenodesResponseProto>(
              services, "refreshNamenodes", RefreshNamenodes),
          Row<pb::DeleteBlockPoolRequestProto, pb::DeleteBlockPoolResponseProto>(
              services, "deleteBlockPool", DeleteBlockPool),
          NoDiskBalancer(services, "submitDiskBalancerPlan"),
          NoDiskBalancer(services, "cancelDiskBalancerPlan"),
          NoDiskBalancer(services, "queryDiskBalancerPlan"),
          NoDiskBalancer(services, "getDiskBalancerSetting"),
      }};
  // Its methods are served under both names.
  for (ipc::Method& method : ReconfigurationProtocol(services).methods) {
    protocol.methods.push_back(std::move(method));
  }
  return protocol;
}

}  // namespace cairn::datanode
