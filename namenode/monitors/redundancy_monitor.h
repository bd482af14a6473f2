// Replication rounds: asks the namespace, off every lock, which blocks still belong to a file.
#pragma once

#include <functional>

#include "common/threads.h"
#include "common/types/ids.h"
#include "namenode/blocks/block_manager.h"
#include "namenode/namespace/namespace.h"

namespace cairn::namenode {

// Thread-safe.
class RedundancyMonitor {
 public:
  // Namespace::IsLinked: whether the file is still in the tree.
  using IsLinked = std::function<void(InodeId file, Done<bool> done)>;

  // `blocks` must outlive this.
  RedundancyMonitor(BlockManager& blocks, IsLinked is_linked)
      : blocks_(blocks), is_linked_(std::move(is_linked)) {}

  // One round: candidates, one question per file, copies of the linked ones. Does not wait for the
  // answers; a round whose predecessor has not ended does nothing.
  void RunOnce();
  // Waits for the end of the running round. Call before destruction, while the namespace still
  // answers.
  void Drain();

 private:
  struct Round;
  void Finish(Round& round);
  void SetIdle();

  BlockManager& blocks_;
  const IsLinked is_linked_;
  Mutex mu_;
  CondVar idle_;
  bool running_ GUARDED_BY(mu_) = false;
};

}  // namespace cairn::namenode
