// One round at a time.
#include "namenode/monitors/redundancy_monitor.h"

#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace cairn::namenode {

// Shared by the answers of one round; the last one ends it.
struct RedundancyMonitor::Round {
  Mutex mu;
  size_t open GUARDED_BY(mu) = 0;
  absl::flat_hash_map<InodeId, std::vector<BlockId>> blocks;  // constant once questions are out
  std::vector<BlockId> linked GUARDED_BY(mu);
  std::vector<BlockId> unlinked GUARDED_BY(mu);
};

void RedundancyMonitor::RunOnce() {
  {
    MutexLock lock(mu_);
    if (running_) return;
    running_ = true;
  }
  auto round = std::make_shared<Round>();
  std::vector<InodeId> files;  // in the order of urgency
  for (const ReplicationCandidate& candidate : blocks_.ReplicationCandidates()) {
    auto& of_file = round->blocks[candidate.inode];
    if (of_file.empty()) files.push_back(candidate.inode);
    of_file.push_back(candidate.block);
  }
  if (files.empty()) return SetIdle();
  {
    MutexLock lock(round->mu);
    round->open = files.size();
  }
  for (const InodeId file : files) {
    is_linked_(file, [this, round, file](absl::StatusOr<bool> linked) {
      bool last = false;
      {
        MutexLock lock(round->mu);
        if (linked.ok()) {  // else: asked again in a later round
          auto& list = *linked ? round->linked : round->unlinked;
          const auto& of_file = round->blocks.at(file);
          list.insert(list.end(), of_file.begin(), of_file.end());
        }
        last = --round->open == 0;
      }
      if (last) Finish(*round);
    });
  }
}

void RedundancyMonitor::Finish(Round& round) {
  std::vector<BlockId> linked;
  std::vector<BlockId> unlinked;
  {
    MutexLock lock(round.mu);
    linked.swap(round.linked);
    unlinked.swap(round.unlinked);
  }
  blocks_.MarkUnlinked(unlinked);
  blocks_.ScheduleReplication(linked);
  SetIdle();
}

void RedundancyMonitor::SetIdle() {
  MutexLock lock(mu_);
  running_ = false;
  idle_.NotifyAll();
}

void RedundancyMonitor::Drain() {
  MutexLock lock(mu_);
  while (running_) idle_.Wait(mu_);
}

}  // namespace cairn::namenode
