// The protocols beside ClientProtocol: what `hdfs groups` and `hdfs dfsadmin` ask.
#include <fmt/format.h>

#include "common/types/errors.h"
#include "namenode/hadoop/handlers/handlers.h"

namespace cairn::namenode::hadoop_handlers {

void GetGroupsForUser(GroupResolver& groups, Call& /*call*/,
                      const cm::GetGroupsForUserRequestProto& request,
                      cm::GetGroupsForUserResponseProto& response, DoneVoid done) {
  if (request.user().empty()) return done(MakeError(ErrorKind::kIllegalArgument, "Null user"));
  const auto known = groups.GroupsOf(request.user());
  for (const std::string& group : *known) response.add_groups(group);
  done(absl::OkStatus());
}

void RefreshUserToGroupsMappings(GroupResolver& groups, Call& call,
                                 const cm::RefreshUserToGroupsMappingsRequestProto& /*request*/,
                                 cm::RefreshUserToGroupsMappingsResponseProto& /*response*/,
                                 DoneVoid done) {
  call.audit = {.command = "refreshUserToGroupsMappings"};
  groups.Refresh();
  done(absl::OkStatus());
}

void RefreshSuperUserGroupsConfiguration(
    Call& call, const cm::RefreshSuperUserGroupsConfigurationRequestProto& /*request*/,
    cm::RefreshSuperUserGroupsConfigurationResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "refreshSuperUserGroupsConfiguration"};
  call.core.admin.RefreshProxyUsers(std::move(done));
}

void RefreshCallQueue(Call& call, const cm::RefreshCallQueueRequestProto& /*request*/,
                      cm::RefreshCallQueueResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "refreshCallQueue"};
  done(absl::OkStatus());  // calls do not wait in a queue that could be of another kind
}

void MonitorHealth(Call& call, const cm::MonitorHealthRequestProto& /*request*/,
                   cm::MonitorHealthResponseProto& /*response*/, DoneVoid done) {
  done(CheckSuperuser(call.caller, "monitorHealth"));
}

void GenericRefresh(Call& /*call*/, const cm::GenericRefreshRequestProto& request,
                    cm::GenericRefreshResponseCollectionProto& /*response*/, DoneVoid done) {
  done(MakeError(ErrorKind::kIllegalArgument,
                 fmt::format("Identifier '{}' does not exist in RefreshRegistry. Valid options "
                             "are: ",
                             request.identifier())));
}

}  // namespace cairn::namenode::hadoop_handlers
