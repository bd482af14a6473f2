// Events on their way to the NameNode.
#include "datanode/control/report_queue.h"

#include <algorithm>

namespace cairn::datanode {
namespace {

// So many bad replicas that are not deleted are remembered.
constexpr size_t kMaxTold = 100'000;

}  // namespace

bool ReportQueue::Keep(const ReplicaChange& change) {
  auto [entry, inserted] = changes_[change.storage_id].try_emplace(change.block.id, change);
  if (inserted) return true;
  if (entry->second.sequence > change.sequence) return false;
  entry->second = change;
  return true;
}

void ReportQueue::OnReplicaChange(const ReplicaChange& change) {
  {
    MutexLock lock(mu_);
    if (change.kind == ReplicaChangeKind::kDeleted) {
      bad_.erase({change.block.id, change.storage_id});
      told_.erase({change.block.id, change.storage_id});
    }
    if (!Keep(change) || change.kind == ReplicaChangeKind::kDeleted) return;
    urgent_ = true;
  }
  wake_();
}

void ReportQueue::OnBadReplica(const Block& block, const std::string& storage_id,
                               const std::string& reason) {
  {
    MutexLock lock(mu_);
    bad_[{block.id, storage_id}] = {block, storage_id};
  }
  wake_();
}

void ReportQueue::OnVolumeFailure(const VolumeFailure& failure) {
  {
    MutexLock lock(mu_);
    failures_.push_back(failure);
  }
  wake_();
}

bool ReportQueue::has_urgent() const {
  MutexLock lock(mu_);
  return urgent_;
}

bool ReportQueue::has_changes() const {
  MutexLock lock(mu_);
  return !changes_.empty();
}

bool ReportQueue::has_findings() const {
  MutexLock lock(mu_);
  return !bad_.empty() || !failures_.empty();
}

std::map<std::string, std::vector<ReplicaChange>> ReportQueue::TakeChanges(size_t limit) {
  std::map<std::string, std::vector<ReplicaChange>> taken;
  MutexLock lock(mu_);
  urgent_ = false;
  for (auto storage = changes_.begin(); storage != changes_.end();) {
    std::vector<ReplicaChange>& list = taken[storage->first];
    for (auto& [id, change] : storage->second) list.push_back(std::move(change));
    std::sort(list.begin(), list.end(), [](const ReplicaChange& a, const ReplicaChange& b) {
      return a.sequence < b.sequence;
    });
    storage->second.clear();
    for (; list.size() > limit; list.pop_back()) {
      urgent_ = true;  // what is left over goes with the next call
      storage->second.emplace(list.back().block.id, list.back());
    }
    if (storage->second.empty()) {
      changes_.erase(storage++);
    } else {
      ++storage;
    }
  }
  return taken;
}

void ReportQueue::PutBack(const std::map<std::string, std::vector<ReplicaChange>>& changes) {
  MutexLock lock(mu_);
  for (const auto& [storage_id, list] : changes) {
    for (const ReplicaChange& change : list) {
      if (Keep(change) && change.kind != ReplicaChangeKind::kDeleted) urgent_ = true;
    }
  }
}

std::vector<BadReplicaReport> ReportQueue::TakeBadReplicas(size_t limit) {
  std::vector<BadReplicaReport> taken;
  MutexLock lock(mu_);
  while (!bad_.empty() && taken.size() < limit) {
    taken.push_back(bad_.begin()->second);
    if (told_.size() < kMaxTold) told_.insert(*bad_.begin());
    bad_.erase(bad_.begin());
  }
  return taken;
}

void ReportQueue::TellBadReplicasAgain() {
  MutexLock lock(mu_);
  bad_.merge(told_);
  told_.clear();
}

void ReportQueue::PutBack(const std::vector<BadReplicaReport>& replicas) {
  MutexLock lock(mu_);
  for (const BadReplicaReport& replica : replicas) {
    bad_.try_emplace({replica.block.id, replica.storage_id}, replica);
  }
}

std::vector<VolumeFailure> ReportQueue::TakeVolumeFailures() {
  MutexLock lock(mu_);
  return std::exchange(failures_, {});
}

}  // namespace cairn::datanode
