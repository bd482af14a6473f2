// Who may act as somebody else: hadoop.proxyuser.USER.users, .groups and .hosts (Hadoop 3.4:
// DefaultImpersonationProvider).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/threads.h"
#include "common/users/group_resolver.h"

namespace cairn {

// The configuration's rules, by the short name of the user who acts.
struct ProxyUserRules {
  struct Rule {
    std::string users;   // "ada,bob" or "*"
    std::string groups;  // "staff,wheel" or "*"
    std::string hosts;   // "10.0.0.1,10.2.0.0/16,gateway.example.org" or "*"
  };
  std::map<std::string, Rule> by_user;

  static constexpr std::string_view kPrefix = "hadoop.proxyuser.";
  // From all properties whose names begin with kPrefix; others of them mean nothing.
  static ProxyUserRules From(const std::map<std::string, std::string>& properties);
};

// Addresses and networks; names are looked up once, those that are not known are left out, as in
// Hadoop.
class MachineList {
 public:
  // May ask the host's name service.
  explicit MachineList(std::string_view hosts);
  // `ip` is numeric.
  bool Includes(const std::string& ip) const;

 private:
  using Bytes = std::array<uint8_t, 16>;  // IPv4 mapped into IPv6
  struct Network {
    Bytes address{};
    int bits = 128;
  };
  static std::optional<Bytes> Parse(const std::string& ip);
  void Add(const std::string& entry);

  bool all_ = false;
  std::vector<Network> networks_;
};

// Thread-safe.
class ProxyUsers {
 public:
  // `groups` must outlive this. Looks names of machines up.
  ProxyUsers(const ProxyUserRules& rules, GroupResolver& groups);

  // Replaces the rules; looks names of machines up.
  void Set(const ProxyUserRules& rules) EXCLUDES(mu_);
  // Why `real_user` (as it calls itself: "name", "name/host@REALM") may not act as
  // `effective_user` from `ip`, in HDFS's words; empty when it may. May ask the host for groups.
  std::optional<std::string> Refusal(const std::string& real_user,
                                     const std::string& effective_user, const std::string& ip)
      EXCLUDES(mu_);

 private:
  struct Entry {
    bool everybody = false;
    std::set<std::string, std::less<>> users;
    std::set<std::string, std::less<>> groups;
    MachineList machines;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  bool MayActAs(const Entry& entry, const std::string& user);

  GroupResolver& groups_;
  Mutex mu_;
  std::shared_ptr<const Entries> entries_ GUARDED_BY(mu_);
};

}  // namespace cairn
