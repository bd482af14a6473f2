// The threads that operations borrow: small stacks, made on demand, kept for a while, bounded.
#pragma once

#include <cstdint>
#include <deque>

#include "absl/functional/any_invocable.h"
#include "common/threads.h"

namespace cairn::datanode {

// Thread-safe. Threads are detached; Shutdown waits for all of them.
class OperationThreads {
 public:
  // At most `max_operations` run at a time.
  explicit OperationThreads(int32_t max_operations);
  ~OperationThreads();

  // Runs `task` on a thread of its own; false (and the task dropped) when all are taken, no thread
  // can be made, or Shutdown has begun.
  bool Run(absl::AnyInvocable<void()> task) EXCLUDES(mu_);
  // As Run, for a task that an operation needs beside its own thread (at most one per operation):
  // not counted against the bound.
  bool RunHelper(absl::AnyInvocable<void()> task) EXCLUDES(mu_);
  // Holds for operations that begin from now on.
  void SetMaxOperations(int32_t max_operations) EXCLUDES(mu_);
  // Operations running now.
  int32_t running() const EXCLUDES(mu_);
  // Refuses new tasks and waits for all threads to end; the caller has made the tasks end.
  void Shutdown() EXCLUDES(mu_);

 private:
  struct Task {
    absl::AnyInvocable<void()> body;
    bool counted = false;
  };

  bool Start(Task task) EXCLUDES(mu_);
  void ThreadMain();
  static void* Entry(void* self);

  mutable Mutex mu_;
  int32_t max_operations_ GUARDED_BY(mu_);
  CondVar work_;
  CondVar ended_;
  std::deque<Task> tasks_ GUARDED_BY(mu_);  // never more than idle_ threads to take them
  int32_t idle_ GUARDED_BY(mu_) = 0;        // threads that wait, minus tasks already theirs
  int32_t threads_ GUARDED_BY(mu_) = 0;
  int32_t running_ GUARDED_BY(mu_) = 0;
  bool stopping_ GUARDED_BY(mu_) = false;
};

}  // namespace cairn::datanode
