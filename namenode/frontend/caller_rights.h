// What a user may claim here: groups and the superuser's rights.
#pragma once

#include <string>

#include "common/users/group_resolver.h"
#include "namenode/namespace/caller.h"

namespace cairn::namenode {

// Who is a superuser.
struct SuperuserRule {
  std::string owner;       // the user this NameNode runs as
  std::string supergroup;  // dfs.permissions.superusergroup
};

// Thread-safe. May block on the host's user database: not for event loops, and before any lock.
class CallerRights {
 public:
  // `groups` must outlive this.
  CallerRights(SuperuserRule rule, GroupResolver& groups)
      : rule_(std::move(rule)), groups_(groups) {}
  // Fills in groups and superuser of `caller`, whose user is set.
  void Resolve(Caller& caller) const;

 private:
  const SuperuserRule rule_;
  GroupResolver& groups_;
};

}  // namespace cairn::namenode
