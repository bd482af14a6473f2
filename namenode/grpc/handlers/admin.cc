// Calls of administrators, fsck excepted (fsck_reactor.cc).
#include <algorithm>

#include "common/types/errors.h"
#include "namenode/grpc/handlers/handlers.h"
#include "wire/cairn/convert.h"

namespace cairn::namenode::grpc_handlers {

void GetDatanodeReport(Call& call, const v1::GetDatanodeReportRequest& request,
                       v1::GetDatanodeReportResponse& response, DoneVoid done) {
  call.audit = {.command = "datanodeReport"};
  if (!v1::DatanodeReportType_IsValid(request.type())) {
    done(MakeError(ErrorKind::kIllegalArgument,
                   fmt::format("unknown report type {}", static_cast<int>(request.type()))));
    return;
  }
  std::vector<DatanodeInfo> datanodes = call.core.blocks.Datanodes();
  std::sort(datanodes.begin(), datanodes.end(), [](const DatanodeInfo& a, const DatanodeInfo& b) {
    return a.id.XferAddress() < b.id.XferAddress();
  });
  for (const DatanodeInfo& datanode : datanodes) {
    if (request.type() == v1::DATANODE_REPORT_TYPE_LIVE && !datanode.live) continue;
    if (request.type() == v1::DATANODE_REPORT_TYPE_DEAD && datanode.live) continue;
    wire::ToProto(datanode, *response.add_datanodes());
  }
  done(absl::OkStatus());
}

void SetSafeMode(Call& call, const v1::SetSafeModeRequest& request,
                 v1::SetSafeModeResponse& response, DoneVoid done) {
  SafeModeAction action = SafeModeAction::kGet;
  switch (request.action()) {
    case v1::SAFE_MODE_ACTION_UNSPECIFIED:
    case v1::SAFE_MODE_ACTION_GET:
      call.audit = {.command = "safemode_get"};
      break;
    case v1::SAFE_MODE_ACTION_ENTER:
      action = SafeModeAction::kEnter;
      call.audit = {.command = "safemode_enter"};
      break;
    case v1::SAFE_MODE_ACTION_LEAVE:
      action = SafeModeAction::kLeave;
      call.audit = {.command = "safemode_leave"};
      break;
    case v1::SAFE_MODE_ACTION_FORCE_EXIT:
      action = SafeModeAction::kForceExit;
      call.audit = {.command = "safemode_force_exit"};
      break;
    default:
      done(MakeError(ErrorKind::kIllegalArgument, fmt::format("unknown safe mode action {}",
                                                              static_cast<int>(request.action()))));
      return;
  }
  call.core.names.SetSafeMode(call.caller, action,
                              FillThen<bool>(std::move(done), [&call, &response](bool on) {
                                response.set_on(on);
                                if (on) response.set_tip(call.core.blocks.SafeModeTip());
                              }));
}

void SaveNamespace(Call& call, const v1::SaveNamespaceRequest& request,
                   v1::SaveNamespaceResponse& response, DoneVoid done) {
  call.audit = {.command = "saveNamespace"};
  call.core.admin.SaveNamespace(
      call.caller,
      {.max_age_ms = request.max_age_ms(), .max_missing_txns = request.max_missing_txns()},
      FillThen<bool>(std::move(done), [&response](bool saved) { response.set_saved(saved); }));
}

void RollEdits(Call& call, const v1::RollEditsRequest& /*request*/, v1::RollEditsResponse& response,
               DoneVoid done) {
  call.audit = {.command = "rollEditLog"};
  call.core.admin.RollEdits(call.caller, FillThen<Txid>(std::move(done), [&response](Txid first) {
                              response.set_first_txid(first);
                            }));
}

void MetaSave(Call& call, const v1::MetaSaveRequest& request, v1::MetaSaveResponse& /*response*/,
              DoneVoid done) {
  call.audit = {.command = "metaSave"};
  call.core.admin.MetaSave(call.caller, request.filename(), std::move(done));
}

void SetBalancerBandwidth(Call& call, const v1::SetBalancerBandwidthRequest& request,
                          v1::SetBalancerBandwidthResponse& /*response*/, DoneVoid done) {
  call.audit = {.command = "setBalancerBandwidth"};
  done(call.core.admin.SetBalancerBandwidth(call.caller, request.bytes_per_second()));
}

void RefreshNodes(Call& call, const v1::RefreshNodesRequest& /*request*/,
                  v1::RefreshNodesResponse& /*response*/, DoneVoid done) {
  call.audit = {.command = "refreshNodes"};
  call.core.admin.RefreshNodes(call.caller, std::move(done));
}

void ListOpenFiles(Call& call, const v1::ListOpenFilesRequest& request,
                   v1::ListOpenFilesResponse& response, DoneVoid done) {
  call.audit = {.command = "listOpenFiles", .source = request.path()};
  call.core.names.ListOpenFiles(
      call.caller, OpenFilesRequest{.path = request.path(), .after = request.after()},
      FillThen<OpenFilesPage>(std::move(done), [&response](const OpenFilesPage& page) {
        for (const OpenFile& file : page.files) wire::ToProto(file, *response.add_files());
        response.set_has_more(page.has_more);
      }));
}

void ListCorruptFiles(Call& call, const v1::ListCorruptFilesRequest& request,
                      v1::ListCorruptFilesResponse& response, DoneVoid done) {
  call.audit = {.command = "listCorruptFileBlocks", .source = request.path()};
  call.core.names.ListCorruptFiles(
      call.caller, CorruptFilesRequest{.path = request.path(), .after = request.after()},
      FillThen<CorruptFilesPage>(std::move(done), [&response](const CorruptFilesPage& page) {
        for (const std::string& path : page.paths) response.add_paths(path);
        response.set_last(page.last);
      }));
}

void GetMetadata(Call& call, const v1::GetMetadataRequest& /*request*/,
                 v1::GetMetadataResponse& response, DoneVoid done) {
  const ClusterFacts& cluster = call.core.cluster;
  response.set_cluster_id(cluster.cluster_id);
  response.set_block_pool_id(cluster.block_pool_id);
  response.set_namespace_id(cluster.namespace_id);
  response.set_software_version(cluster.software_version);
  response.set_started_ms(cluster.started_wall_ms);
  response.set_last_txid(cluster.last_txid());
  response.set_epoch(cluster.epoch);
  done(absl::OkStatus());
}

}  // namespace cairn::namenode::grpc_handlers
