// Removes the files of invalidated replicas in the background.
#include "datanode/store/deletion_queue.h"

#include <spdlog/spdlog.h>

namespace cairn::datanode {

DeletionQueue::DeletionQueue(StoreCore& core)
    : core_(core), pacer_(core.options().deletions_per_second) {
  for (const auto& volume : core.volumes()) {
    Lane& lane = *lanes_.emplace_back(std::make_unique<Lane>());
    lane.volume = volume.get();
    lane.thread = std::thread([this, &lane] { Run(lane); });
  }
}

DeletionQueue::~DeletionQueue() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  pacer_.Stop();
  for (const auto& lane : lanes_) lane->thread.join();
}

void DeletionQueue::Add(const std::vector<Block>& blocks) {
  std::vector<std::pair<Lane*, Block>> marked;
  for (const Block& block : blocks) {
    const auto replica = core_.Find(block.id);
    if (replica && replica->volume->MarkDeleting(block)) {
      for (const auto& lane : lanes_) {
        if (lane->volume == replica->volume.get()) marked.emplace_back(lane.get(), block);
      }
    } else if (!replica) {
      spdlog::info("cannot delete {}: there is no such replica", core_.Name(block));
    } else if (replica->record.generation_stamp != block.generation_stamp) {
      spdlog::info("not deleting {}: the replica is {}", core_.Name(block),
                   core_.Name(replica->block()));
    }
  }
  MutexLock lock(mu_);
  for (const auto& [lane, block] : marked) lane->queue.push_back(block);
  changed_.NotifyAll();
}

void DeletionQueue::Drain() {
  MutexLock lock(mu_);
  while (!stopping_ && !Idle()) changed_.Wait(mu_);
}

bool DeletionQueue::Idle() const {
  for (const auto& lane : lanes_) {
    if (lane->working || !lane->queue.empty()) return false;
  }
  return true;
}

void DeletionQueue::Run(Lane& lane) {
  SetThreadName("store-delete");
  while (true) {
    Block block;
    {
      MutexLock lock(mu_);
      lane.working = false;
      changed_.NotifyAll();
      while (!stopping_ && lane.queue.empty()) changed_.Wait(mu_);
      if (stopping_) return;
      block = lane.queue.front();
      lane.queue.pop_front();
      lane.working = true;
    }
    Delete(block);
    pacer_.Spend(1);
  }
}

void DeletionQueue::Delete(const Block& block) {
  const auto latch = core_.LatchWithoutWriter(block.id, [](const StoredReplica* replica) {
    // Replaced by a new replica meanwhile: neither that one is meant nor its writer.
    const bool meant = replica != nullptr && replica->record.deleting != 0;
    return meant ? absl::OkStatus() : absl::CancelledError("replaced");
  });
  if (absl::IsCancelled(latch.status())) return;
  absl::Status status = latch.status();
  if (latch.ok()) {
    const auto replica = core_.Find(block.id);
    if (!replica) return;  // its volume was taken out of service meanwhile
    status = core_.Delete(*replica, /*quiet=*/false);
  }
  if (status.ok()) {
    spdlog::info("deleted {}", core_.Name(block));
  } else {
    spdlog::warn("cannot delete {}: {}", core_.Name(block), std::string(status.message()));
  }
}

}  // namespace cairn::datanode
