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

void SaveNamespace(Call& call, const pb::SaveNamespaceRequestProto& /*request*/,
                   pb::SaveNamespaceResponseProto& response, DoneVoid done) {
  call.audit = {.command = "saveNamespace"};
  response.set_saved(true);
  call.core.names.SaveNamespace(call.caller, std::move(done));
}

void UpgradeStatus(Call& /*call*/, const pb::UpgradeStatusRequestProto& /*request*/,
                   pb::UpgradeStatusResponseProto& response, DoneVoid done) {
  response.set_upgradefinalized(true);  // there are no upgrades in steps
  done(absl::OkStatus());
}

void RollingUpgrade(Call& call, const pb::RollingUpgradeRequestProto& request,
                    pb::RollingUpgradeResponseProto& /*response*/, DoneVoid done) {
  if (!call.caller.superuser) {
    done(errors::SuperuserRequired(call.caller.user, "queryRollingUpgrade"));
  } else if (request.action() != pb::QUERY) {
    done(MakeError(ErrorKind::kUnsupportedOperation, "Rolling upgrades are not supported."));
  } else {
    done(absl::OkStatus());  // empty: none under way
  }
}

void GetCurrentEditLogTxid(Call& call, const pb::GetCurrentEditLogTxidRequestProto& /*request*/,
                           pb::GetCurrentEditLogTxidResponseProto& response, DoneVoid done) {
  if (!call.caller.superuser) {
    done(errors::SuperuserRequired(call.caller.user, "getCurrentEditLogTxid"));
    return;
  }
  response.set_txid(call.core.cluster.last_txid());
  done(absl::OkStatus());
}

}  // namespace cairn::namenode::hadoop_handlers
