// The end of a store: the first fatal error, told once.
#pragma once

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "common/threads.h"

namespace cairn::namenode {

// Remembers the first fatal error and calls a handler with it, once. Thread-safe. Shared by the
// store's threads and by snapshots, which may outlive the store.
class Failure {
 public:
  // From now on the first report goes to `handler`. Earlier ones were only remembered: look at
  // status() afterwards.
  void Arm(std::function<void(const absl::Status&)> handler) {
    MutexLock lock(handler_mu_);
    handler_ = std::move(handler);
  }
  // Nothing is told from here on; returns when a running handler has.
  void Disarm() { Arm(nullptr); }

  // Returns after the handler has, when this is the first report. Must not be called with a lock
  // that the handler takes.
  void Report(const absl::Status& status) {
    {
      MutexLock lock(mu_);
      if (!status_.ok()) return;
      status_ = status;
    }
    MutexLock lock(handler_mu_);
    if (handler_) handler_(status);
  }
  // OK until the first report.
  absl::Status status() const {
    MutexLock lock(mu_);
    return status_;
  }

 private:
  mutable Mutex mu_;
  absl::Status status_ GUARDED_BY(mu_);
  Mutex handler_mu_;  // held while the handler runs
  std::function<void(const absl::Status&)> handler_ GUARDED_BY(handler_mu_);
};

}  // namespace cairn::namenode
