// The RAM index of leases.
#include "namenode/namespace/lease_manager.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace cairn::namenode {
namespace {

// In HDFS's form of a time, "2024-01-31 23:59:59,999+0000"; only a name, never parsed.
std::string InternalHolder(int64_t wall_ms) {
  return fmt::format("HDFS_NameNode-{:%Y-%m-%d %H:%M:%S},{:03}+0000",
                     fmt::gmtime(static_cast<time_t>(wall_ms / 1000)), wall_ms % 1000);
}

}  // namespace

LeaseManager::LeaseManager(const Clock& clock, int64_t soft_limit_ms, int64_t hard_limit_ms)
    : clock_(clock),
      internal_holder_(InternalHolder(clock.WallMs())),
      soft_limit_ms_(soft_limit_ms),
      hard_limit_ms_(hard_limit_ms) {}

std::string LeaseManager::HolderOf(InodeId inode) const {
  const auto it = holders_.find(inode);
  return it == holders_.end() ? std::string() : it->second;
}

bool LeaseManager::Holds(std::string_view holder, InodeId inode) const {
  const auto it = holders_.find(inode);
  return it != holders_.end() && it->second == holder;
}

std::vector<InodeId> LeaseManager::FilesOf(std::string_view holder) const {
  const auto it = leases_.find(std::string(holder));
  if (it == leases_.end()) return {};
  return {it->second.inodes.begin(), it->second.inodes.end()};
}

std::vector<InodeId> LeaseManager::FilesAfter(InodeId after, size_t limit) const {
  std::vector<InodeId> files;
  for (auto it = holders_.upper_bound(after); it != holders_.end() && files.size() < limit; ++it) {
    files.push_back(it->first);
  }
  return files;
}

bool LeaseManager::ExpiredSince(std::string_view holder, int64_t limit_ms) const {
  const auto it = leases_.find(std::string(holder));
  return it == leases_.end() || clock_.MonotonicMs() - it->second.renewed_ms > limit_ms;
}

bool LeaseManager::SoftLimitExpired(std::string_view holder) const {
  return ExpiredSince(holder, soft_limit_ms_);
}

bool LeaseManager::HardLimitExpired(std::string_view holder) const {
  return ExpiredSince(holder, hard_limit_ms_);
}

std::vector<LeaseView> LeaseManager::Expired(size_t limit) const {
  const int64_t now = clock_.MonotonicMs();
  std::vector<LeaseView> expired;
  for (const auto& [holder, lease] : leases_) {
    if (expired.size() >= limit) break;
    if (now - lease.renewed_ms <= hard_limit_ms_) continue;
    expired.push_back({holder, {lease.inodes.begin(), lease.inodes.end()}});
  }
  return expired;
}

std::string LeaseManager::Describe(std::string_view holder) const {
  const auto it = leases_.find(std::string(holder));
  if (it == leases_.end()) return "";
  return fmt::format("[Lease.  Holder: {}, pending creates: {}]", holder, it->second.inodes.size());
}

void LeaseManager::Add(const std::string& holder, InodeId inode) {
  const auto previous = holders_.find(inode);
  if (previous != holders_.end() && previous->second != holder) {
    Remove(std::string(previous->second), inode);
  }
  Lease& lease = leases_[holder];
  lease.inodes.insert(inode);
  lease.renewed_ms = clock_.MonotonicMs();
  holders_[inode] = holder;
}

void LeaseManager::Remove(std::string_view holder, InodeId inode) {
  const auto it = leases_.find(std::string(holder));
  if (it == leases_.end() || it->second.inodes.erase(inode) == 0) return;
  if (it->second.inodes.empty()) leases_.erase(it);
  holders_.erase(inode);
}

void LeaseManager::Renew(std::string_view holder) {
  const auto it = leases_.find(std::string(holder));
  if (it != leases_.end()) it->second.renewed_ms = clock_.MonotonicMs();
}

}  // namespace cairn::namenode
