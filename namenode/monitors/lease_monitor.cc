// Lease expiry, file by file.
#include "namenode/monitors/lease_monitor.h"

#include <algorithm>
#include <iterator>

#include <spdlog/spdlog.h>

namespace cairn::namenode {
namespace {

constexpr size_t kHoldersPerRound = 1'000;
constexpr size_t kFilesPerRound = 1'000;

}  // namespace

void LeaseMonitor::RunOnce() {
  if (blocks_.InSafeMode()) return;
  std::vector<InodeId> wanted;
  for (const LeaseView& lease : expired_(kHoldersPerRound)) {
    wanted.insert(wanted.end(), lease.inodes.begin(), lease.inodes.end());
  }
  if (wanted.size() > kFilesPerRound) {  // others each time: some may be stuck
    MutexLock lock(mu_);
    next_ %= wanted.size();
    std::rotate(wanted.begin(), wanted.begin() + static_cast<ptrdiff_t>(next_), wanted.end());
    wanted.resize(kFilesPerRound);
    next_ += kFilesPerRound;
  }
  for (const ReplicationCandidate& stalled : blocks_.StalledRecoveries(kFilesPerRound)) {
    wanted.push_back(stalled.inode);
  }
  std::vector<InodeId> files;
  {
    MutexLock lock(mu_);
    std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(files),
                 [&](InodeId file) REQUIRES(mu_) { return running_.insert(file).second; });
  }
  for (const InodeId file : files) {
    expire_(file, [this, file](absl::StatusOr<bool> closed) { Ended(file, closed); });
  }
}

void LeaseMonitor::Ended(InodeId file, const absl::StatusOr<bool>& closed) {
  if (!closed.ok()) {
    spdlog::warn("The lease of inode {} has expired, but it cannot be ended: {}", file,
                 closed.status().ToString());
  } else if (*closed) {
    spdlog::info("The lease of inode {} has expired: the file is closed", file);
  }
  MutexLock lock(mu_);
  running_.erase(file);
  idle_.NotifyAll();
}

void LeaseMonitor::Drain() {
  MutexLock lock(mu_);
  while (!running_.empty()) idle_.Wait(mu_);
}

}  // namespace cairn::namenode
