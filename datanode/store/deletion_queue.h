// Removes the files of invalidated replicas in the background, at a bounded rate.
#pragma once

#include <deque>
#include <thread>
#include <vector>

#include "common/threads.h"
#include "common/types/block.h"
#include "datanode/store/pacer.h"
#include "datanode/store/store_core.h"

namespace cairn::datanode {

// Thread-safe. `core` must outlive this.
class DeletionQueue {
 public:
  explicit DeletionQueue(StoreCore& core);
  // Leaves what is still queued to the next start of the DataNode and the NameNode.
  ~DeletionQueue();

  // See BlockStore::Invalidate.
  void Add(const std::vector<Block>& blocks);
  // Waits until everything added before is gone or has failed.
  void Drain();

 private:
  void Run();
  void Delete(const Block& block);

  StoreCore& core_;
  Pacer pacer_;
  Mutex mu_;
  CondVar changed_;
  std::deque<Block> queue_ GUARDED_BY(mu_);
  bool working_ GUARDED_BY(mu_) = false;
  bool stopping_ GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace cairn::datanode
