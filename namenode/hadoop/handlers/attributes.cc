// Calls that read or change the attributes of one path.
#include "namenode/hadoop/handlers/handlers.h"
#include "wire/hdfs/convert.h"
#include "wire/hdfs/replies.h"

namespace cairn::namenode::hadoop_handlers {
namespace {

template <typename Response>
void ReplyStatus(Call& call, const std::string& path, bool locations, Response& response,
                 DoneVoid done) {
  call.audit = {.command = "getfileinfo", .source = path};
  call.core.names.GetFileInfo(
      call.caller, path, locations,
      FillThen<std::optional<FileStatus>>(std::move(done),
                                          [&response](const std::optional<FileStatus>& status) {
                                            if (status)
                                              wire::ToProto(*status, *response.mutable_fs());
                                          }));
}

// Hadoop sends a time that is to stay as -1.
int64_t Time(uint64_t milliseconds) { return static_cast<int64_t>(milliseconds); }

}  // namespace

void GetFileInfo(Call& call, const pb::GetFileInfoRequestProto& request,
                 SerializedResponse& response, DoneVoid done) {
  call.audit = {.command = "getfileinfo", .source = request.src()};
  call.core.names.GetFileInfo(
      call.caller, request.src(), false,
      FillThen<std::optional<FileStatus>>(
          std::move(done), [&response](const std::optional<FileStatus>& status) {
            if (status) response.bytes = wire::EncodeStatusResponse(*status, response.room);
          }));
}

void GetFileLinkInfo(Call& call, const pb::GetFileLinkInfoRequestProto& request,
                     pb::GetFileLinkInfoResponseProto& response, DoneVoid done) {
  ReplyStatus(call, request.src(), false, response, std::move(done));
}

void GetLocatedFileInfo(Call& call, const pb::GetLocatedFileInfoRequestProto& request,
                        pb::GetLocatedFileInfoResponseProto& response, DoneVoid done) {
  ReplyStatus(call, request.src(), true, response, std::move(done));
}

void GetPreferredBlockSize(Call& call, const pb::GetPreferredBlockSizeRequestProto& request,
                           pb::GetPreferredBlockSizeResponseProto& response, DoneVoid done) {
  call.core.names.GetPreferredBlockSize(
      call.caller, request.filename(),
      FillThen<int64_t>(std::move(done), [&response](int64_t bytes) {
        response.set_bsize(static_cast<uint64_t>(bytes));
      }));
}

void SetPermission(Call& call, const pb::SetPermissionRequestProto& request,
                   pb::SetPermissionResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "setPermission", .source = request.src()};
  call.core.names.SetPermission(call.caller, request.src(),
                                static_cast<uint16_t>(request.permission().perm() & 01777),
                                std::move(done));
}

void SetOwner(Call& call, const pb::SetOwnerRequestProto& request,
              pb::SetOwnerResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "setOwner", .source = request.src()};
  SetOwnerRequest core_request;
  core_request.path = request.src();
  if (request.has_username()) core_request.owner = request.username();
  if (request.has_groupname()) core_request.group = request.groupname();
  call.core.names.SetOwner(call.caller, std::move(core_request), std::move(done));
}

void SetTimes(Call& call, const pb::SetTimesRequestProto& request,
              pb::SetTimesResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "setTimes", .source = request.src()};
  call.core.names.SetTimes(call.caller,
                           SetTimesRequest{.path = request.src(),
                                           .mtime_ms = Time(request.mtime()),
                                           .atime_ms = Time(request.atime())},
                           std::move(done));
}

void SetReplication(Call& call, const pb::SetReplicationRequestProto& request,
                    pb::SetReplicationResponseProto& response, DoneVoid done) {
  call.audit = {.command = "setReplication", .source = request.src()};
  // A Java short on its way through an unsigned field.
  const auto replication = static_cast<int16_t>(request.replication());
  call.core.names.SetReplication(call.caller, request.src(), replication,
                                 FillThen<bool>(std::move(done), [&call, &response](bool changed) {
                                   response.set_result(changed);
                                   if (!changed) call.audit.command.clear();
                                 }));
}

void CheckAccess(Call& call, const pb::CheckAccessRequestProto& request,
                 pb::CheckAccessResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "checkAccess", .source = request.path()};
  call.core.names.CheckAccess(call.caller, request.path(), static_cast<uint8_t>(request.mode()),
                              std::move(done));
}

}  // namespace cairn::namenode::hadoop_handlers
