// Rules are made ready once; a question costs two look-ups and maybe one for groups.
#include "common/users/proxy_users.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/net/address.h"
#include "common/users/current_user.h"

namespace cairn {
namespace {

constexpr int kMappedBits = 96;  // in front of an IPv4 address within an IPv6 one

std::vector<std::string> Elements(std::string_view text) {
  std::vector<std::string> elements;
  for (const absl::string_view part :
       absl::StrSplit(absl::string_view(text.data(), text.size()), ',')) {
    const absl::string_view trimmed = absl::StripAsciiWhitespace(part);
    if (!trimmed.empty()) elements.emplace_back(trimmed);
  }
  return elements;
}

bool IsAll(std::string_view text) {
  const std::vector<std::string> elements = Elements(text);
  return elements.size() == 1 && elements.front() == "*";
}

std::set<std::string, std::less<>> SetOf(std::string_view text) {
  const std::vector<std::string> elements = Elements(text);
  return {elements.begin(), elements.end()};
}

}  // namespace

ProxyUserRules ProxyUserRules::From(const std::map<std::string, std::string>& properties) {
  ProxyUserRules rules;
  for (const auto& [name, value] : properties) {
    if (!name.starts_with(kPrefix)) continue;
    const size_t dot = name.rfind('.');
    if (dot < kPrefix.size()) continue;
    const std::string user = name.substr(kPrefix.size(), dot - kPrefix.size());
    const std::string what = name.substr(dot + 1);
    if (what == "users") rules.by_user[user].users = value;
    if (what == "groups") rules.by_user[user].groups = value;
    if (what == "hosts") rules.by_user[user].hosts = value;
  }
  return rules;
}

std::optional<MachineList::Bytes> MachineList::Parse(const std::string& ip) {
  Bytes bytes{};
  if (::inet_pton(AF_INET6, ip.c_str(), bytes.data()) == 1) return bytes;
  if (::inet_pton(AF_INET, ip.c_str(), bytes.data() + kMappedBits / 8) != 1) return std::nullopt;
  bytes[10] = 0xff;
  bytes[11] = 0xff;
  return bytes;
}

MachineList::MachineList(std::string_view hosts) {
  if (IsAll(hosts)) {
    all_ = true;
    return;
  }
  for (const std::string& entry : Elements(hosts)) Add(entry);
}

void MachineList::Add(const std::string& entry) {
  const size_t slash = entry.find('/');
  if (const auto address = Parse(entry.substr(0, slash)); address) {
    int bits = 128;
    if (slash != std::string::npos) {
      const char* const end = entry.data() + entry.size();
      const auto [stop, error] = std::from_chars(entry.data() + slash + 1, end, bits);
      if (error != std::errc() || stop != end || bits < 0) return;
      if (entry.find(':') == std::string::npos) bits += kMappedBits;
      if (bits > 128) return;
    }
    networks_.push_back({*address, bits});
    return;
  }
  const auto found = Resolve({entry, 0});
  if (!found.ok()) return;
  for (const SocketAddress& address : *found) {
    if (const auto bytes = Parse(address.ip()); bytes) networks_.push_back({*bytes, 128});
  }
}

bool MachineList::Includes(const std::string& ip) const {
  if (all_) return true;
  const auto address = Parse(ip);
  if (!address) return false;
  return std::ranges::any_of(networks_, [&](const Network& network) {
    const auto whole = static_cast<size_t>(network.bits / 8);
    if (std::memcmp(network.address.data(), address->data(), whole) != 0) return false;
    const int left = network.bits % 8;
    if (left == 0) return true;
    return (network.address[whole] ^ (*address)[whole]) >> (8 - left) == 0;
  });
}

ProxyUsers::ProxyUsers(const ProxyUserRules& rules, GroupResolver& groups) : groups_(groups) {
  Set(rules);
}

void ProxyUsers::Set(const ProxyUserRules& rules) {
  auto entries = std::make_shared<Entries>();
  for (const auto& [user, rule] : rules.by_user) {
    entries->emplace(user, Entry{.everybody = IsAll(rule.users) || IsAll(rule.groups),
                                 .users = SetOf(rule.users),
                                 .groups = SetOf(rule.groups),
                                 .machines = MachineList(rule.hosts)});
  }
  MutexLock lock(mu_);
  entries_ = std::move(entries);
}

bool ProxyUsers::MayActAs(const Entry& entry, const std::string& user) {
  if (entry.everybody || entry.users.contains(user)) return true;
  if (entry.groups.empty()) return false;
  const auto groups = groups_.GroupsOf(user);
  return std::ranges::any_of(
      *groups, [&](const std::string& group) { return entry.groups.contains(group); });
}

std::optional<std::string> ProxyUsers::Refusal(const std::string& real_user,
                                               const std::string& effective_user,
                                               const std::string& ip) {
  std::shared_ptr<const Entries> entries;
  {
    MutexLock lock(mu_);
    entries = entries_;
  }
  const auto entry = entries->find(std::string(ShortUserName(real_user)));
  if (entry == entries->end() ||
      !MayActAs(entry->second, std::string(ShortUserName(effective_user)))) {
    return fmt::format("User: {} is not allowed to impersonate {}", real_user, effective_user);
  }
  if (!entry->second.machines.Includes(ip)) {
    return fmt::format("Unauthorized connection for super-user: {} from IP /{}", real_user, ip);
  }
  return std::nullopt;
}

}  // namespace cairn
