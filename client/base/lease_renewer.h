// Keeps the leases of files open for writing alive.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/threads.h"

namespace cairn::client {

// After this long without a renewal the NameNode may have given the files away
// (dfs.namenode.lease-hard-limit-sec).
inline constexpr int64_t kLeaseHardLimitMs = 1200 * 1000;

// Told when the client's lease is lost.
class LeaseHolder {
 public:
  virtual ~LeaseHolder() = default;
  // Every later call on the file fails with `why`. Must not call the renewer back.
  virtual void Abort(const absl::Status& why) = 0;
};

// Renews one client's lease from one thread, while at least one file is open. Thread-safe.
class LeaseRenewer {
 public:
  // `renew` makes one attempt. `clock` must outlive this.
  LeaseRenewer(int64_t interval_ms, const Clock& clock, std::function<absl::Status()> renew);
  ~LeaseRenewer();

  // The file was just opened, which renewed the lease. Starts the thread with the first file.
  void Add(LeaseHolder* holder);
  // After this returns, Abort is no longer called on `holder`.
  void Remove(LeaseHolder* holder);
  // One round: renews when files are open; when that has failed for the hard limit, aborts them.
  void RunOnce();
  // Ends the thread.
  void Stop();

 private:
  const int64_t interval_ms_;
  const Clock& clock_;
  const std::function<absl::Status()> renew_;
  Mutex mu_;
  std::set<LeaseHolder*> holders_ GUARDED_BY(mu_);
  int64_t last_renewed_ms_ GUARDED_BY(mu_) = 0;
  bool failing_ GUARDED_BY(mu_) = false;
  bool stopped_ GUARDED_BY(mu_) = false;
  std::unique_ptr<PeriodicThread> thread_ GUARDED_BY(mu_);
};

}  // namespace cairn::client
