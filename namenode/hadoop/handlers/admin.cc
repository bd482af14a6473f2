// Calls of administrators.
#include "common/types/errors.h"
#include "namenode/hadoop/handlers/handlers.h"

namespace cairn::namenode::hadoop_handlers {

void SetSafeMode(Call& call, const pb::SetSafeModeRequestProto& request,
                 pb::SetSafeModeResponseProto& response, DoneVoid done) {
  SafeModeAction action = SafeModeAction::kGet;
  switch (request.action()) {
    case pb::SAFEMODE_GET:
      call.audit = {.command = "safemode_get"};
      break;
    case pb::SAFEMODE_ENTER:
      action = SafeModeAction::kEnter;
      call.audit = {.command = "safemode_enter"};
      break;
    case pb::SAFEMODE_LEAVE:
      action = SafeModeAction::kLeave;
      call.audit = {.command = "safemode_leave"};
      break;
    case pb::SAFEMODE_FORCE_EXIT:
      action = SafeModeAction::kForceExit;
      call.audit = {.command = "safemode_force_exit"};
      break;
  }
  call.core.names.SetSafeMode(
      call.caller, action,
      FillThen<bool>(std::move(done), [&response](bool on) { response.set_result(on); }));
}

void SaveNamespace(Call& call, const pb::SaveNamespaceRequestProto& request,
                   pb::SaveNamespaceResponseProto& response, DoneVoid done) {
  call.audit = {.command = "saveNamespace"};
  call.core.admin.SaveNamespace(
      call.caller,
      {.max_age_ms = static_cast<int64_t>(request.timewindow()) * 1000,
       .max_missing_txns = static_cast<int64_t>(request.txgap())},
      // True also when the newest checkpoint was good enough, as HDFS says here.
      FillThen<bool>(std::move(done), [&response](bool /*saved*/) { response.set_saved(true); }));
}

void RollEdits(Call& call, const pb::RollEditsRequestProto& /*request*/,
               pb::RollEditsResponseProto& response, DoneVoid done) {
  call.audit = {.command = "rollEditLog"};
  call.core.admin.RollEdits(call.caller, FillThen<Txid>(std::move(done), [&response](Txid first) {
                              response.set_newsegmenttxid(static_cast<uint64_t>(first));
                            }));
}

void RestoreFailedStorage(Call& call, const pb::RestoreFailedStorageRequestProto& request,
                          pb::RestoreFailedStorageResponseProto& response, DoneVoid done) {
  std::optional<bool> enable;
  if (request.arg() != "check") enable = request.arg() == "true";
  call.audit = {.command = RestoreFailedStorageOperation(enable)};
  const absl::StatusOr<bool> on = call.core.admin.RestoreFailedStorage(call.caller, enable);
  response.set_result(on.ok() && *on);
  done(on.status());
}

void RefreshNodes(Call& call, const pb::RefreshNodesRequestProto& /*request*/,
                  pb::RefreshNodesResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "refreshNodes"};
  call.core.admin.RefreshNodes(call.caller, std::move(done));
}

void MetaSave(Call& call, const pb::MetaSaveRequestProto& request,
              pb::MetaSaveResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "metaSave"};
  call.core.admin.MetaSave(call.caller, request.filename(), std::move(done));
}

void SetBalancerBandwidth(Call& call, const pb::SetBalancerBandwidthRequestProto& request,
                          pb::SetBalancerBandwidthResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "setBalancerBandwidth"};
  done(call.core.admin.SetBalancerBandwidth(call.caller, request.bandwidth()));
}

void FinalizeUpgrade(Call& call, const pb::FinalizeUpgradeRequestProto& /*request*/,
                     pb::FinalizeUpgradeResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "finalizeUpgrade"};
  done(CheckSuperuser(call.caller, "finalizeUpgrade"));  // there is none to be finalized
}

void UpgradeStatus(Call& call, const pb::UpgradeStatusRequestProto& /*request*/,
                   pb::UpgradeStatusResponseProto& response, DoneVoid done) {
  call.audit = {.command = "upgradeStatus"};
  response.set_upgradefinalized(true);  // there are no upgrades in steps
  done(absl::OkStatus());
}

void RollingUpgrade(Call& call, const pb::RollingUpgradeRequestProto& request,
                    pb::RollingUpgradeResponseProto& /*response*/, DoneVoid done) {
  const char* const operation = request.action() == pb::START      ? "startRollingUpgrade"
                                : request.action() == pb::FINALIZE ? "finalizeRollingUpgrade"
                                                                   : "queryRollingUpgrade";
  call.audit = {.command = operation};
  absl::Status status = CheckSuperuser(call.caller, operation);
  if (status.ok() && request.action() == pb::START) {
    status =
        call.core.blocks.InSafeMode()
            ? MakeError(ErrorKind::kUnsupportedOperation, "Rolling upgrades are not supported.")
            : errors::Io("Safe mode should be turned ON in order to create namespace image.");
  }
  done(std::move(status));  // empty: none under way
}

void GetCurrentEditLogTxid(Call& call, const pb::GetCurrentEditLogTxidRequestProto& /*request*/,
                           pb::GetCurrentEditLogTxidResponseProto& response, DoneVoid done) {
  response.set_txid(call.core.cluster.last_txid());
  done(CheckSuperuser(call.caller, "getCurrentEditLogTxid"));
}

}  // namespace cairn::namenode::hadoop_handlers
