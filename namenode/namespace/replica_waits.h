// Operations that wait a moment for the report of a block's replica.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "common/threads.h"
#include "common/types/ids.h"

namespace cairn::namenode {

class OpTask;

// Thread-safe. One thread for all that wait: it goes on with each of them once, when a replica of
// its block is reported or when it has waited long enough.
class ReplicaWaits {
 public:
  using Resume = std::function<void(std::shared_ptr<OpTask>)>;

  // `resume` is called on the thread, without a lock. With a `wait_ms` of 0 nobody waits.
  ReplicaWaits(int64_t wait_ms, Resume resume);
  // Stops.
  ~ReplicaWaits();

  // Keeps the task; false when there are too many, nobody may wait, or it is stopped.
  bool Add(BlockId block, std::shared_ptr<OpTask> task) EXCLUDES(mu_);
  // Replicas of these blocks were reported. Costs nothing when nobody waits.
  void Wake(absl::Span<const BlockId> blocks) EXCLUDES(mu_);
  // Ends the thread; the tasks that still waited.
  std::vector<std::shared_ptr<OpTask>> Stop() EXCLUDES(mu_);

 private:
  struct Wait {
    BlockId block = 0;
    int64_t until_ms = 0;
    std::shared_ptr<OpTask> task;  // null: goes on already
  };
  void Run() EXCLUDES(mu_);

  const int64_t wait_ms_;
  const Resume resume_;
  std::atomic<size_t> waiting_ = 0;
  Mutex mu_;
  CondVar changed_;
  std::deque<Wait> waits_ GUARDED_BY(mu_);  // all wait equally long: the first ends first
  std::vector<std::shared_ptr<OpTask>> ready_ GUARDED_BY(mu_);
  bool stopping_ GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace cairn::namenode
