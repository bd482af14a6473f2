// Calls about the file system as a whole.
#include <algorithm>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/hadoop/handlers/handlers.h"
#include "wire/hdfs/convert.h"

namespace cairn::namenode::hadoop_handlers {
namespace {

bool Wanted(pb::DatanodeReportTypeProto type, const DatanodeInfo& node) {
  switch (type) {
    case pb::ALL:
      return true;
    case pb::LIVE:
      return node.live;
    case pb::DEAD:
      return !node.live;
    case pb::DECOMMISSIONING:
      return node.admin == AdminState::kDecommissioning;
    case pb::ENTERING_MAINTENANCE:
      return node.admin == AdminState::kEnteringMaintenance;
    case pb::IN_MAINTENANCE:
      return node.admin == AdminState::kInMaintenance;
  }
  return false;
}

// The DataNodes of a report, or the reason why the caller does not get one.
absl::StatusOr<std::vector<DatanodeInfo>> Report(const Call& call, const char* operation,
                                                 pb::DatanodeReportTypeProto type) {
  RETURN_IF_ERROR(CheckSuperuser(call.caller, operation));
  std::vector<DatanodeInfo> nodes = call.core.blocks.Datanodes();
  std::erase_if(nodes, [type](const DatanodeInfo& node) { return !Wanted(type, node); });
  std::sort(nodes.begin(), nodes.end(), [](const DatanodeInfo& a, const DatanodeInfo& b) {
    return a.id.XferAddress() < b.id.XferAddress();
  });
  return nodes;
}

// When the last heartbeat came on the clock that clients compare with.
int64_t MonotonicOf(const Call& call, const DatanodeInfo& node) {
  return call.core.clock.MonotonicMs() - (call.core.clock.WallMs() - node.last_update_ms);
}

void FillCounts(const FsStats& stats, pb::GetFsReplicatedBlockStatsResponseProto& response) {
  response.set_low_redundancy(static_cast<uint64_t>(stats.under_replicated));
  response.set_corrupt_blocks(static_cast<uint64_t>(stats.corrupt_blocks));
  response.set_missing_blocks(static_cast<uint64_t>(stats.missing_blocks));
  response.set_missing_repl_one_blocks(static_cast<uint64_t>(stats.missing_replication_one_blocks));
  response.set_blocks_in_future(0);
  response.set_pending_deletion_blocks(static_cast<uint64_t>(stats.pending_deletion_blocks));
  response.set_highest_prio_low_redundancy_blocks(0);
}

}  // namespace

void GetServerDefaults(Call& call, const pb::GetServerDefaultsRequestProto& /*request*/,
                       pb::GetServerDefaultsResponseProto& response, DoneVoid done) {
  wire::ToProto(call.core.names.GetServerDefaults(), *response.mutable_serverdefaults());
  done(absl::OkStatus());
}

void GetFsStats(Call& call, const pb::GetFsStatusRequestProto& /*request*/,
                pb::GetFsStatsResponseProto& response, DoneVoid done) {
  call.core.names.GetStats(FillThen<FsStats>(
      std::move(done), [&response](const FsStats& stats) { wire::ToProto(stats, response); }));
}

void GetFsReplicatedBlockStats(Call& call,
                               const pb::GetFsReplicatedBlockStatsRequestProto& /*request*/,
                               pb::GetFsReplicatedBlockStatsResponseProto& response,
                               DoneVoid done) {
  call.core.names.GetStats(FillThen<FsStats>(
      std::move(done), [&response](const FsStats& stats) { FillCounts(stats, response); }));
}

void GetFsECBlockGroupStats(Call& /*call*/, const pb::GetFsECBlockGroupStatsRequestProto& /*r*/,
                            pb::GetFsECBlockGroupStatsResponseProto& response, DoneVoid done) {
  response.set_low_redundancy(0);
  response.set_corrupt_blocks(0);
  response.set_missing_blocks(0);
  response.set_blocks_in_future(0);
  response.set_pending_deletion_blocks(0);
  response.set_highest_prio_low_redundancy_blocks(0);
  done(absl::OkStatus());
}

void GetDatanodeReport(Call& call, const pb::GetDatanodeReportRequestProto& request,
                       pb::GetDatanodeReportResponseProto& response, DoneVoid done) {
  call.audit = {.command = "datanodeReport"};
  const auto nodes = Report(call, "datanodeReport", request.type());
  if (nodes.ok()) {
    for (const DatanodeInfo& node : *nodes) {
      wire::ToProtoReport(node, MonotonicOf(call, node), *response.add_di());
    }
  }
  done(nodes.status());
}

void GetDatanodeStorageReport(Call& call, const pb::GetDatanodeStorageReportRequestProto& request,
                              pb::GetDatanodeStorageReportResponseProto& response, DoneVoid done) {
  call.audit = {.command = "getDatanodeStorageReport"};
  const auto nodes = Report(call, "getDatanodeStorageReport", request.type());
  if (nodes.ok()) {
    for (const DatanodeInfo& node : *nodes) {
      auto& report = *response.add_datanodestoragereports();
      wire::ToProtoReport(node, MonotonicOf(call, node), *report.mutable_datanodeinfo());
      for (const StorageUsage& usage : call.core.blocks.StoragesOf(node.id.uuid)) {
        auto& storage = *report.add_storagereports();
        storage.set_storageuuid(usage.storage_id);
        storage.set_failed(usage.failed);
        storage.set_capacity(static_cast<uint64_t>(usage.capacity));
        storage.set_dfsused(static_cast<uint64_t>(usage.dfs_used));
        storage.set_remaining(static_cast<uint64_t>(usage.remaining));
        storage.set_blockpoolused(static_cast<uint64_t>(usage.dfs_used));
        storage.set_nondfsused(static_cast<uint64_t>(usage.non_dfs_used));
        storage.mutable_storage()->set_storageuuid(usage.storage_id);
        storage.mutable_storage()->set_storagetype(static_cast<pb::StorageTypeProto>(usage.type));
      }
    }
  }
  done(nodes.status());
}

void GetSlowDatanodeReport(Call& /*call*/, const pb::GetSlowDatanodeReportRequestProto& /*request*/,
                           pb::GetSlowDatanodeReportResponseProto& /*response*/, DoneVoid done) {
  done(absl::OkStatus());  // DataNodes do not report slow peers
}

void GetDataEncryptionKey(Call& /*call*/, const pb::GetDataEncryptionKeyRequestProto& /*request*/,
                          pb::GetDataEncryptionKeyResponseProto& /*response*/, DoneVoid done) {
  done(absl::OkStatus());  // empty: transfers are not encrypted
}

void Msync(Call& /*call*/, const pb::MsyncRequestProto& /*request*/,
           pb::MsyncResponseProto& /*response*/, DoneVoid done) {
  done(absl::OkStatus());
}

void GetDelegationToken(Call& /*call*/, const cm::GetDelegationTokenRequestProto& /*request*/,
                        cm::GetDelegationTokenResponseProto& /*response*/, DoneVoid done) {
  done(absl::OkStatus());  // empty, as on every cluster without Kerberos
}

}  // namespace cairn::namenode::hadoop_handlers
