// Groups come from this host, never from the caller.
#include "namenode/frontend/caller_rights.h"

#include <algorithm>

namespace cairn::namenode {

void CallerRights::Resolve(Caller& caller) const { Fill(*groups_.GroupsOf(caller.user), caller); }

bool CallerRights::TryResolve(Caller& caller) const {
  const auto groups = groups_.KnownGroupsOf(caller.user);
  if (groups == nullptr) return false;
  Fill(*groups, caller);
  return true;
}

void CallerRights::Fill(const std::vector<std::string>& groups, Caller& caller) const {
  caller.groups = groups;
  caller.superuser = caller.user == rule_.owner ||
                     std::find(caller.groups.begin(), caller.groups.end(), rule_.supergroup) !=
                         caller.groups.end();
}

}  // namespace cairn::namenode
