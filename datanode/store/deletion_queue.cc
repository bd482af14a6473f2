// Removes the files of invalidated replicas in the background.
#include "datanode/store/deletion_queue.h"

#include <spdlog/spdlog.h>

namespace cairn::datanode {

DeletionQueue::DeletionQueue(StoreCore& core)
    : core_(core), pacer_(core.options().deletions_per_second), thread_([this] { Run(); }) {}

DeletionQueue::~DeletionQueue() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  pacer_.Stop();
  thread_.join();
}

void DeletionQueue::Add(const std::vector<Block>& blocks) {
  std::vector<Block> marked;
  for (const Block& block : blocks) {
    const auto replica = core_.Find(block.id);
    if (replica && replica->volume->MarkDeleting(block)) {
      marked.push_back(block);
    } else if (!replica) {
      spdlog::info("cannot delete {}: there is no such replica", core_.Name(block));
    } else if (replica->record.generation_stamp != block.generation_stamp) {
      spdlog::info("not deleting {}: the replica is {}", core_.Name(block),
                   core_.Name(replica->block()));
    }
  }
  MutexLock lock(mu_);
  queue_.insert(queue_.end(), marked.begin(), marked.end());
  changed_.NotifyAll();
}

void DeletionQueue::Drain() {
  MutexLock lock(mu_);
  while (!stopping_ && (working_ || !queue_.empty())) changed_.Wait(mu_);
}

void DeletionQueue::Run() {
  SetThreadName("store-delete");
  while (true) {
    Block block;
    {
      MutexLock lock(mu_);
      working_ = false;
      changed_.NotifyAll();
      while (!stopping_ && queue_.empty()) changed_.Wait(mu_);
      if (stopping_) return;
      block = queue_.front();
      queue_.pop_front();
      working_ = true;
    }
    Delete(block);
    pacer_.Spend(1);
  }
}

void DeletionQueue::Delete(const Block& block) {
  const auto latch =
      core_.LatchWithoutWriter(block.id, [](const StoredReplica*) { return absl::OkStatus(); });
  absl::Status status = latch.status();
  if (latch.ok()) {
    const auto replica = core_.Find(block.id);
    // Replaced by a new replica meanwhile: that one is not meant.
    if (!replica || replica->record.deleting == 0) return;
    status = core_.Delete(*replica, /*quiet=*/false);
  }
  if (status.ok()) {
    spdlog::info("deleted {}", core_.Name(block));
  } else {
    spdlog::warn("cannot delete {}: {}", core_.Name(block), std::string(status.message()));
  }
}

}  // namespace cairn::datanode
