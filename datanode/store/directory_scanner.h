// Compares what RAM says with what the disks hold, and mends the difference.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "common/threads.h"
#include "datanode/store/pacer.h"
#include "datanode/store/store_core.h"

namespace cairn::datanode {

// A file that is missing counts as gone only when it is still missing kMissingGraceMs after it was
// first missed and its volume passes a check: then the replica is forgotten and reported DELETED
// (block file) or reported bad (meta file). Sizes that do not fit are reported bad at once. Pairs
// that RAM does not know are adopted and reported RECEIVED.
//
// Thread-safe. `core` must outlive this.
class DirectoryScanner {
 public:
  static constexpr int64_t kMissingGraceMs = 10'000;

  // With options().background runs by itself: first at a random point of the interval.
  explicit DirectoryScanner(StoreCore& core);
  ~DirectoryScanner();

  // One pass over all volumes at the bounded rate, then another look at what was missed.
  void RunOnce();

 private:
  void Tick();
  void ScanVolume(const std::shared_ptr<Volume>& volume);
  // One directory of finalized/ against the replicas that RAM has there, sorted by id.
  absl::Status ScanLeaf(const std::shared_ptr<Volume>& volume, int leaf,
                        const std::vector<Block>& known);
  // Looks again at replicas that were missed before.
  void LookAgain();
  // Compares one FINALIZED replica with its files.
  void Reconcile(BlockId id);
  absl::Status ReconcileLatched(const StoredReplica& replica);
  // Whether the file has been missing for long enough on a volume that works.
  bool IsGone(const StoredReplica& replica);
  absl::Status Adopt(const std::shared_ptr<Volume>& volume, BlockId id, GenerationStamp stamp);

  StoreCore& core_;
  Pacer pacer_;
  int64_t next_scan_ms_ = 0;  // monotonic; the periodic thread's own
  Mutex run_mu_;              // one pass at a time
  Mutex mu_;
  absl::flat_hash_map<BlockId, int64_t> missing_since_ms_ GUARDED_BY(mu_);
  std::unique_ptr<PeriodicThread> thread_;
};

}  // namespace cairn::datanode
