// Calls that read or change the attributes of one path.
#include "common/types/errors.h"
#include "namenode/grpc/handlers/handlers.h"
#include "wire/cairn/convert.h"

namespace cairn::namenode::grpc_handlers {

void GetFileInfo(Call& call, const v1::GetFileInfoRequest& request,
                 v1::GetFileInfoResponse& response, DoneVoid done) {
  call.audit = {.command = "getfileinfo", .source = request.path()};
  call.core.names.GetFileInfo(
      call.caller, request.path(), request.with_locations(),
      FillThen<std::optional<FileStatus>>(std::move(done),
                                          [&response](const std::optional<FileStatus>& status) {
                                            if (status)
                                              wire::ToProto(*status, *response.mutable_status());
                                          }));
}

void SetPermission(Call& call, const v1::SetPermissionRequest& request,
                   v1::SetPermissionResponse& /*response*/, DoneVoid done) {
  call.audit = {.command = "setPermission", .source = request.path()};
  call.core.names.SetPermission(call.caller, request.path(),
                                static_cast<uint16_t>(request.permission() & 01777),
                                std::move(done));
}

void SetOwner(Call& call, const v1::SetOwnerRequest& request, v1::SetOwnerResponse& /*response*/,
              DoneVoid done) {
  call.audit = {.command = "setOwner", .source = request.path()};
  SetOwnerRequest core_request;
  core_request.path = request.path();
  if (request.has_owner()) core_request.owner = request.owner();
  if (request.has_group()) core_request.group = request.group();
  call.core.names.SetOwner(call.caller, std::move(core_request), std::move(done));
}

void SetTimes(Call& call, const v1::SetTimesRequest& request, v1::SetTimesResponse& /*response*/,
              DoneVoid done) {
  call.audit = {.command = "setTimes", .source = request.path()};
  call.core.names.SetTimes(
      call.caller,
      SetTimesRequest{
          .path = request.path(), .mtime_ms = request.mtime_ms(), .atime_ms = request.atime_ms()},
      std::move(done));
}

void SetReplication(Call& call, const v1::SetReplicationRequest& request,
                    v1::SetReplicationResponse& response, DoneVoid done) {
  call.audit = {.command = "setReplication", .source = request.path()};
  call.core.names.SetReplication(call.caller, request.path(), request.replication(),
                                 FillThen<bool>(std::move(done), [&call, &response](bool changed) {
                                   response.set_changed(changed);
                                   if (!changed)
                                     call.audit.command.clear();  // HDFS audits only what it did
                                 }));
}

void CheckAccess(Call& call, const v1::CheckAccessRequest& request,
                 v1::CheckAccessResponse& /*response*/, DoneVoid done) {
  call.audit = {.command = "checkAccess", .source = request.path()};
  if (request.access() > 7) {
    done(MakeError(ErrorKind::kIllegalArgument,
                   fmt::format("access {} is not a sum of 4, 2 and 1", request.access())));
    return;
  }
  call.core.names.CheckAccess(call.caller, request.path(), static_cast<uint8_t>(request.access()),
                              std::move(done));
}

}  // namespace cairn::namenode::grpc_handlers
