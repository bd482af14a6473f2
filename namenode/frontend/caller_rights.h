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

// Thread-safe. To be asked before any lock is taken.
class CallerRights {
 public:
  // `groups` must outlive this.
  CallerRights(SuperuserRule rule, GroupResolver& groups)
      : rule_(std::move(rule)), groups_(groups) {}
  // Fills in groups and superuser of `caller`, whose user is set. May block on the host's user
  // database.
  void Resolve(Caller& caller) const;
  // The same without blocking; false when that is not possible now.
  bool TryResolve(Caller& caller) const;

 private:
  void Fill(std::shared_ptr<const std::vector<std::string>> groups, Caller& caller) const;

  const SuperuserRule rule_;
  GroupResolver& groups_;
};

}  // namespace cairn::namenode
