// Groups come from this host, never from the caller.
#include "namenode/frontend/caller_rights.h"

#include <utility>

namespace cairn::namenode {

void CallerRights::Resolve(Caller& caller) const { Fill(groups_.GroupsOf(caller.user), caller); }

bool CallerRights::TryResolve(Caller& caller) const {
  auto groups = groups_.KnownGroupsOf(caller.user);
  if (groups == nullptr) return false;
  Fill(std::move(groups), caller);
  return true;
}

void CallerRights::Fill(std::shared_ptr<const std::vector<std::string>> groups,
                        Caller& caller) const {
  caller.groups = std::move(groups);
  caller.superuser = caller.user == rule_.owner || caller.IsIn(rule_.supergroup);
}

}  // namespace cairn::namenode
