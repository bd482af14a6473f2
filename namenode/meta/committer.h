// Turns appended transactions into durable ones: one journal write and sync per batch.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/threads.h"
#include "common/types/ids.h"
#include "namenode/meta/journal.h"
#include "namenode/meta/journal_format.h"
#include "namenode/meta/rows.h"

namespace cairn::namenode {

// Consecutive transactions in the journal's form.
struct Batch {
  Txid first = 0;
  Txid last = 0;
  std::string record = std::string(kBatchHeaderBytes, '\0');  // header, then payload

  std::string_view payload() const { return std::string_view(record).substr(kBatchHeaderBytes); }
};

// Thread-safe. Transactions get their ids in the order of the Append calls, become durable in that
// order, and the callbacks of WhenDurable run in that order.
class Committer {
 public:
  struct Options {
    Txid last_txid = 0;              // everything up to it is durable already
    int64_t max_unsynced_bytes = 0;  // WaitForRoom blocks above it
    int64_t marker_idle_ms = 0;      // a pause this long after a batch writes a marker
  };

  // `on_durable` gets each batch right after it became durable and before its callbacks; it runs on
  // the committer's thread, as `on_failure` does when the journal fails (nothing becomes durable
  // afterwards). `journal` must outlive this.
  Committer(Options options, Journal& journal, std::function<void(Batch)> on_durable,
            std::function<void(const absl::Status&)> on_failure);
  // Stop(true), unless stopped.
  ~Committer();

  // Memory only: a copy into the open batch.
  Txid Append(const std::vector<RowChange>& changes);
  // See MetaStore::HoldCommits.
  void Hold() { ++holds_; }
  void Release();
  void WhenDurable(Txid txid, absl::AnyInvocable<void()> done);
  // Has the journal begin a new segment behind what is appended now; `done` gets its first
  // transaction's id, on the committer's thread, or an error when there will be none.
  void Roll(absl::AnyInvocable<void(absl::StatusOr<Txid>)> done);
  // The same, and then has the journal write to `dir` again (Journal::Readmit), whose error `done`
  // gets; that of a segment which cannot be begun is a failure of the journal.
  void Readmit(std::string dir, absl::AnyInvocable<void(absl::StatusOr<Txid>)> done);
  Txid last_appended() const { return last_appended_; }
  Txid durable() const { return durable_; }
  // Blocks while too much is appended and not durable; returns at once after a failure.
  void WaitForRoom();
  // Whether that would return at once.
  bool HasRoom() const;

  // Nothing becomes durable from here on; callbacks that wait never run.
  void Abort();
  // Ends the thread; with `drain` after what is appended is durable, its callbacks have run and a
  // marker is written.
  void Stop(bool drain);

 private:
  void Run();
  // Writes one batch and publishes it. False when the journal failed or Abort was called.
  bool Commit(Batch batch);
  void Mark();
  using RollDone = absl::AnyInvocable<void(absl::StatusOr<Txid>)>;
  // Who waits for a new segment.
  struct WaitingRoll {
    std::string readmit;  // a directory, or empty
    RollDone done;
  };
  void AddRoll(WaitingRoll roll);
  // Begins the segment that `rolls` wait for.
  void BeginSegment(std::vector<WaitingRoll> rolls);

  const Options options_;
  Journal& journal_;
  const std::function<void(Batch)> on_durable_;
  const std::function<void(const absl::Status&)> on_failure_;

  mutable Mutex mu_;
  CondVar work_;                            // something to write, or the end
  CondVar room_;                            // fewer unsynced bytes
  std::deque<Batch> open_ GUARDED_BY(mu_);  // the last one grows
  std::atomic<int32_t> holds_ = 0;
  // The open batches may be written: somebody else than a holder appended, or a hold ended. Not
  // only the last hold: holders that overlap without end must not hold up everyone.
  bool due_ GUARDED_BY(mu_) = false;
  std::atomic<int64_t> unsynced_bytes_ = 0;  // written under mu_; read by every call
  // Written under mu_; read by every call.
  std::atomic<Txid> last_appended_;
  std::atomic<Txid> durable_;
  std::deque<std::pair<Txid, absl::AnyInvocable<void()>>> waiting_ GUARDED_BY(mu_);  // by txid
  std::vector<WaitingRoll> rolls_ GUARDED_BY(mu_);
  bool aborted_ GUARDED_BY(mu_) = false;
  bool stopping_ GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace cairn::namenode
