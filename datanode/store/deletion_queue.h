// Removes the files of invalidated replicas in the background.
#pragma once

#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "common/threads.h"
#include "datanode/store/pacer.h"
#include "datanode/store/store_core.h"

namespace cairn::datanode {

// One thread a volume, so that a slow disk does not keep the others from being cleared; together at
// most StoreOptions::deletions_per_second. What is queued when the store closes is found again by
// the next start. Thread-safe.
class DeletionQueue {
 public:
  // `core` must outlive this and have its volumes.
  explicit DeletionQueue(StoreCore& core);
  ~DeletionQueue();

  // Hides those of `blocks` that exist with that stamp and queues their deletion.
  void Add(const std::vector<Block>& blocks) EXCLUDES(mu_);
  // Waits until the queue is empty.
  void Drain() EXCLUDES(mu_);

 private:
  struct Lane {
    const Volume* volume = nullptr;
    std::deque<Block> queue;
    bool working = false;
    std::thread thread;
  };

  bool Idle() const REQUIRES(mu_);
  void Run(Lane& lane) EXCLUDES(mu_);
  void Delete(const Block& block);

  StoreCore& core_;
  Pacer pacer_;
  Mutex mu_;
  CondVar changed_;
  std::vector<std::unique_ptr<Lane>> lanes_;  // fixed; their queues GUARDED_BY(mu_)
  bool stopping_ GUARDED_BY(mu_) = false;
};

}  // namespace cairn::datanode
