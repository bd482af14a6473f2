// Reads every finalized replica once in a while and compares it with its checksums.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "common/threads.h"
#include "datanode/store/pacer.h"
#include "datanode/store/store_core.h"

namespace cairn::datanode {

// One thread a volume at scan_bytes_per_second; a pass begins scan_period_ms after the former did.
// Where a pass stands is kept in <pool>/scanner.cursor. Damaged replicas are reported by the reader
// that finds them. Thread-safe. `core` must outlive this.
class BlockScanner {
 public:
  explicit BlockScanner(StoreCore& core);
  ~BlockScanner();

  // Scans this volume from now on, if volumes are scanned at all.
  void AddVolume(const std::shared_ptr<Volume>& volume) EXCLUDES(mu_);
  // Lets go of a volume that is out of service.
  void RemoveVolume(const Volume& volume) EXCLUDES(mu_);
  // Verifies this replica before any other.
  void Suspect(const Block& block);
  // One whole pass over all volumes, at the bounded rate, from the calling thread.
  void RunOnce();

 private:
  // Where a pass of one volume stands. Times are wall time: they outlive the process.
  struct Cursor {
    int64_t pass_started_ms = 0;
    BlockId last_id = 0;  // verified up to here
    bool finished = true;
  };
  struct VolumeScan {
    explicit VolumeScan(std::shared_ptr<Volume> scanned, int64_t rate)
        : volume(std::move(scanned)), pacer(rate) {}
    const std::shared_ptr<Volume> volume;
    Pacer pacer;
    Cursor cursor;         // the thread's own
    int64_t saved_ms = 0;  // monotonic
    std::unique_ptr<PeriodicThread> thread;
  };

  void Tick(VolumeScan& scan);
  // Verifies replicas after `cursor.last_id` until all are done or it must stop for now; `save`
  // persists the cursor from time to time.
  void Pass(Volume& volume, Pacer& pacer, Cursor& cursor, VolumeScan* save);
  // False when it must stop for now: this process lacks descriptors or memory, or is ending.
  bool VerifySuspects(Pacer& pacer);
  // Likewise, and then the replica has not been looked at.
  bool Verify(const Block& block, Pacer& pacer);
  Cursor Load(const Volume& volume) const;
  void Save(VolumeScan& scan);

  StoreCore& core_;
  Mutex mu_;
  std::deque<Block> suspects_ GUARDED_BY(mu_);
  std::vector<std::unique_ptr<VolumeScan>> scans_ GUARDED_BY(mu_);
  Pacer own_pace_;
};

}  // namespace cairn::datanode
