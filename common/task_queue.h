// A thread that takes tasks from others.
#pragma once

#include "absl/functional/any_invocable.h"

namespace cairn {

// Thread-safe.
class TaskQueue {
 public:
  virtual ~TaskQueue() = default;
  // Runs `task` soon on the queue's thread; at once on this one when that thread has ended.
  virtual void Run(absl::AnyInvocable<void()> task) = 0;
};

}  // namespace cairn
