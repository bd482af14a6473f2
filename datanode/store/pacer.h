// Keeps background work at a bounded rate.
#pragma once

#include <chrono>
#include <cstdint>

#include "common/threads.h"

namespace cairn::datanode {

// At most `per_second` units a second, measured in real time over windows that begin when work
// does. Thread-safe; meant for one worker and one thread that stops it.
class Pacer {
 public:
  // `per_second` of 0 or less: no bound.
  explicit Pacer(int64_t per_second) : per_second_(per_second) {}

  // Accounts for `units` just done and sleeps as long as they came early. False once stopped.
  bool Spend(int64_t units) {
    using std::chrono::milliseconds;
    MutexLock lock(mu_);
    if (stopped_ || per_second_ <= 0) return !stopped_;
    const auto due = window_start_ + milliseconds(spent_ * 1000 / per_second_);
    if (std::chrono::steady_clock::now() > due + milliseconds(1000)) {
      window_start_ = std::chrono::steady_clock::now();
      spent_ = 0;
    }
    spent_ += units;
    const auto until = window_start_ + milliseconds(spent_ * 1000 / per_second_);
    while (!stopped_) {
      const auto left =
          std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now());
      if (left.count() <= 0) break;
      wake_.WaitFor(mu_, left.count());
    }
    return !stopped_;
  }
  bool stopped() const {
    MutexLock lock(mu_);
    return stopped_;
  }
  // Ends the current and every later sleep.
  void Stop() {
    MutexLock lock(mu_);
    stopped_ = true;
    wake_.NotifyAll();
  }

 private:
  const int64_t per_second_;
  mutable Mutex mu_;
  CondVar wake_;
  bool stopped_ GUARDED_BY(mu_) = false;
  std::chrono::steady_clock::time_point window_start_ GUARDED_BY(mu_);
  int64_t spent_ GUARDED_BY(mu_) = 0;
};

}  // namespace cairn::datanode
