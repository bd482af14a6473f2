// The protocols beside ClientProtocol: what `hdfs groups` and `hdfs dfsadmin` ask.
#include "common/types/errors.h"
#include "namenode/hadoop/handlers/handlers.h"

namespace cairn::namenode::hadoop_handlers {

void GetGroupsForUser(GroupResolver& groups, Call& /*call*/,
                      const cm::GetGroupsForUserRequestProto& request,
                      cm::GetGroupsForUserResponseProto& response, DoneVoid done) {
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

}  // namespace cairn::namenode::hadoop_handlers
