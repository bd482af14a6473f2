// Groups come from this host, never from the caller.
#include "namenode/frontend/caller_rights.h"

#include <algorithm>

namespace cairn::namenode {

void CallerRights::Resolve(Caller& caller) const {
  caller.groups = *groups_.GroupsOf(caller.user);
  caller.superuser = caller.user == rule_.owner ||
                     std::find(caller.groups.begin(), caller.groups.end(), rule_.supergroup) !=
                         caller.groups.end();
}

}  // namespace cairn::namenode
