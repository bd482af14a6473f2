// Which groups a user is in, as the NameNode sees it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/threads.h"

namespace cairn {

// Groups of users, primary group first. May block on the host's database: resolve before taking any
// lock. Thread-safe.
class GroupResolver {
 public:
  virtual ~GroupResolver() = default;
  // The groups of `user`; none when the user is unknown or in no group.
  virtual std::shared_ptr<const std::vector<std::string>> GroupsOf(const std::string& user) = 0;
  // The same without blocking; null when it is not known without asking the host.
  virtual std::shared_ptr<const std::vector<std::string>> KnownGroupsOf(const std::string& user) {
    return GroupsOf(user);
  }
  // Forgets what is cached (dfsadmin -refreshUserToGroupsMappings).
  virtual void Refresh() = 0;
};

using StaticGroups = std::map<std::string, std::vector<std::string>>;

// Parses hadoop.user.group.static.mapping.overrides: "user1=group1,group2;user2=;user3=group2".
// kInvalidArgument names the faulty part.
absl::StatusOr<StaticGroups> ParseStaticGroups(std::string_view text);

// What the resolver of a daemon needs to know.
struct GroupResolverOptions {
  StaticGroups overrides;             // these users never reach the host's database
  int64_t cache_ms = 300'000;         // hadoop.security.groups.cache.secs
  size_t max_cached_users = 100'000;  // names come from clients: bounded
};

// The static mapping, then the host's database (getgrouplist), cached. `clock` must outlive it.
class HostGroupResolver : public GroupResolver {
 public:
  HostGroupResolver(GroupResolverOptions options, const Clock& clock);
  std::shared_ptr<const std::vector<std::string>> GroupsOf(const std::string& user) override;
  std::shared_ptr<const std::vector<std::string>> KnownGroupsOf(const std::string& user) override;
  void Refresh() override;

 private:
  struct Entry {
    std::shared_ptr<const std::vector<std::string>> groups;
    int64_t expires_ms = 0;  // monotonic
  };

  const GroupResolverOptions options_;
  const Clock& clock_;
  Mutex mu_;
  absl::flat_hash_map<std::string, Entry> cache_ GUARDED_BY(mu_);
};

}  // namespace cairn
