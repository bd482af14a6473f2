// Groups from the static mapping or the host's database, cached.
#include "common/users/group_resolver.h"

#include <grp.h>
#include <pwd.h>

namespace cairn {
namespace {

constexpr int kMaxGroups = 65'536;  // the kernel's own limit (NGROUPS_MAX)

std::string GroupName(gid_t gid) {
  std::vector<char> buffer(16'384);
  group entry;
  group* found = nullptr;
  // A group with many members needs a larger buffer.
  while (::getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found) == ERANGE &&
         buffer.size() < (size_t{1} << 24)) {
    buffer.resize(buffer.size() * 4);
  }
  return found != nullptr ? found->gr_name : fmt::format("{}", gid);
}

std::vector<std::string> HostGroups(const std::string& user) {
  std::vector<char> buffer(16'384);
  passwd entry;
  passwd* found = nullptr;
  if (::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return {};
  }
  std::vector<gid_t> ids(64);
  int count = static_cast<int>(ids.size());
  while (::getgrouplist(user.c_str(), found->pw_gid, ids.data(), &count) < 0 &&
         ids.size() < kMaxGroups) {
    ids.resize(std::max<size_t>(static_cast<size_t>(count), ids.size() * 2));
    count = static_cast<int>(ids.size());
  }
  std::vector<std::string> groups;
  for (int i = 0; i < count && i < static_cast<int>(ids.size()); ++i) {
    groups.push_back(GroupName(ids[static_cast<size_t>(i)]));
  }
  return groups;
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// Calls `each` with every trimmed, non-empty part of `text` between separators.
template <typename Each>
void Split(std::string_view text, char separator, Each each) {
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    if (const std::string_view part = Trim(text.substr(0, end)); !part.empty()) each(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

absl::StatusOr<StaticGroups> ParseStaticGroups(std::string_view text) {
  StaticGroups result;
  std::string bad;
  Split(text, ';', [&](std::string_view mapping) {
    const size_t equals = mapping.find('=');
    const std::string_view user = Trim(mapping.substr(0, equals));
    if (user.empty() || equals == std::string_view::npos ||
        mapping.find('=', equals + 1) != std::string_view::npos) {
      bad = std::string(mapping);
      return;
    }
    std::vector<std::string>& groups = result[std::string(user)];
    groups.clear();
    Split(mapping.substr(equals + 1), ',',
          [&](std::string_view group) { groups.emplace_back(group); });
  });
  if (!bad.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("Static group mapping '{}' is not of the form user=group1,group2", bad));
  }
  return result;
}

HostGroupResolver::HostGroupResolver(GroupResolverOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

std::shared_ptr<const std::vector<std::string>> HostGroupResolver::KnownGroupsOf(
    const std::string& user) {
  MutexLock lock(mu_);
  const auto cached = cache_.find(user);
  const bool fresh = cached != cache_.end() && cached->second.expires_ms > clock_.MonotonicMs();
  return fresh ? cached->second.groups : nullptr;
}

std::shared_ptr<const std::vector<std::string>> HostGroupResolver::GroupsOf(
    const std::string& user) {
  if (auto known = KnownGroupsOf(user)) return known;
  const auto fixed = options_.overrides.find(user);
  auto groups = std::make_shared<const std::vector<std::string>>(
      fixed != options_.overrides.end() ? fixed->second : HostGroups(user));
  MutexLock lock(mu_);
  const int64_t now_ms = clock_.MonotonicMs();
  if (cache_.size() >= options_.max_cached_users && !cache_.contains(user)) {
    absl::erase_if(cache_, [&](const auto& entry) { return entry.second.expires_ms <= now_ms; });
    if (cache_.size() >= options_.max_cached_users) cache_.erase(cache_.begin());
  }
  cache_[user] = {.groups = groups, .expires_ms = now_ms + options_.cache_ms};
  return groups;
}

void HostGroupResolver::Refresh() {
  MutexLock lock(mu_);
  cache_.clear();
}

}  // namespace cairn
