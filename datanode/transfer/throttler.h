// Bounds on balancing: bandwidth shared by all moves, and the number of moves at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "common/clock.h"
#include "common/threads.h"

namespace cairn::datanode {

// Spreads bytes over time. Thread-safe.
class Throttler {
 public:
  // `bytes_per_second` > 0. `clock` must outlive this.
  Throttler(int64_t bytes_per_second, const Clock& clock);

  // Waits until `bytes` more may be sent; all callers share the bandwidth. Returns at once after
  // Stop.
  void Acquire(int64_t bytes) EXCLUDES(mu_);
  // Takes effect for later calls of Acquire.
  void SetBandwidth(int64_t bytes_per_second) EXCLUDES(mu_);
  int64_t bandwidth() const EXCLUDES(mu_);
  void Stop() EXCLUDES(mu_);

 private:
  const Clock& clock_;
  mutable Mutex mu_;
  CondVar wake_;
  int64_t bytes_per_second_ GUARDED_BY(mu_);
  double next_free_ms_ GUARDED_BY(mu_) = 0;  // monotonic; when everything granted has been sent
  bool stopped_ GUARDED_BY(mu_) = false;
};

// The slots of dfs.datanode.balance.max.concurrent.moves. Thread-safe.
class MoverSlots {
 public:
  explicit MoverSlots(int32_t slots) : slots_(slots) {}

  // Takes a slot until the returned object is destroyed; null when all are taken. This must
  // outlive what it hands out.
  std::shared_ptr<void> TryTake();
  int32_t slots() const { return slots_.load(); }
  // Holds for slots taken from now on.
  void SetSlots(int32_t slots) { slots_ = slots; }

 private:
  std::atomic<int32_t> slots_;
  std::atomic<int32_t> taken_ = 0;
};

}  // namespace cairn::datanode
