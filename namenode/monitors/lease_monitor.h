// Ends leases whose holders were not heard of within the hard limit, and begins recoveries anew
// that have come to a halt.
#pragma once

#include <functional>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "common/threads.h"
#include "common/types/ids.h"
#include "namenode/blocks/block_manager.h"
#include "namenode/namespace/lease_manager.h"
#include "namenode/namespace/namespace.h"

namespace cairn::namenode {

// Thread-safe.
class LeaseMonitor {
 public:
  // Up to so many holders past the hard limit.
  using ExpiredLeases = std::function<std::vector<LeaseView>(size_t limit)>;
  // Ends the lease of one file, or drives the recovery of its last block on; true when it is closed
  // or gone.
  using ExpireLease = std::function<void(InodeId file, Done<bool> done)>;

  // `blocks` tells about safe mode, in which leases do not expire. All must outlive
  // this.
  LeaseMonitor(const BlockManager& blocks, ExpiredLeases expired, ExpireLease expire)
      : blocks_(blocks), expired_(std::move(expired)), expire_(std::move(expire)) {}

  // One round; does not wait. A file whose last attempt has not ended is left alone.
  void RunOnce();
  // Waits for the calls it has made. Call before destruction, while the namespace still answers.
  void Drain();

 private:
  void Ended(InodeId file, const absl::StatusOr<bool>& closed);

  const BlockManager& blocks_;
  const ExpiredLeases expired_;
  const ExpireLease expire_;
  Mutex mu_;
  CondVar idle_;
  absl::flat_hash_set<InodeId> running_ GUARDED_BY(mu_);
  size_t next_ GUARDED_BY(mu_) = 0;  // where the next round begins when there are too many files
};

}  // namespace cairn::namenode
