// The RAM index of leases.
#include "namenode/namespace/lease_manager.h"

#include <fmt/format.h>

namespace cairn::namenode {

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

bool LeaseManager::SoftLimitExpired(std::string_view holder) const {
  const auto it = leases_.find(std::string(holder));
  return it == leases_.end() || clock_.MonotonicMs() - it->second.renewed_ms > soft_limit_ms_;
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
