// Moves durable transactions into RocksDB, behind the replies.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "common/threads.h"
#include "common/types/ids.h"
#include "namenode/meta/change_set.h"
#include "namenode/meta/committer.h"
#include "namenode/meta/meta_store.h"
#include "namenode/meta/rocks.h"

namespace cairn::namenode {

// Thread-safe. Batches wait a little so that rows changed several times are written once; they are
// written sooner when someone waits for them or a quarter of the allowed bytes is reached.
class Applier {
 public:
  struct Options {
    Txid applied = 0;                 // what the tables hold
    int64_t max_unapplied_bytes = 0;  // WaitForRoom blocks above it
    int64_t interval_ms = 0;          // longest wait of a batch nobody waits for
  };

  // `on_failure` runs on the applier's thread; nothing is applied afterwards.
  Applier(Options options, std::shared_ptr<RocksTables> tables,
          std::function<void(const absl::Status&)> on_failure);
  // Stop(true), unless stopped.
  ~Applier();

  // Takes a durable batch; batches come in order.
  void Add(Batch batch);
  Txid applied() const { return applied_; }
  std::shared_ptr<const MetaSnapshot> Snapshot() const;
  // Blocks until applied() >= txid. The store's failure ends it.
  absl::Status WaitApplied(Txid txid);
  // Blocks while too much is durable and not applied; returns at once after a failure.
  void WaitForRoom();
  // Whether that would return at once.
  bool HasRoom() const;
  void SetListener(std::function<void(Txid)> listener);
  // Runs `task` on the applier's thread between two applications, with applied(), and returns its
  // result.
  absl::Status Call(absl::AnyInvocable<absl::Status(Txid)> task);

  // Nothing is applied from here on; waiting calls end with `why`.
  void Abort(const absl::Status& why);
  // Ends the thread; with `drain` after everything added is applied.
  void Stop(bool drain);

 private:
  void Run();
  void Work();
  absl::Status EndedLocked() const REQUIRES(mu_);
  // Applies the batches as one step. `batches` is not empty.
  absl::Status Apply(const std::vector<Batch>& batches);
  bool DueLocked() const REQUIRES(mu_);
  // Waits until something is to be done; false at the end.
  bool WaitForWork() REQUIRES(mu_);

  const Options options_;
  const std::shared_ptr<RocksTables> tables_;
  const std::function<void(const absl::Status&)> on_failure_;
  ChangeSet changes_;  // the thread's, for one application

  mutable Mutex mu_;
  CondVar work_;      // for the thread
  CondVar progress_;  // for those who wait
  std::deque<Batch> queue_ GUARDED_BY(mu_);
  // Queued or being applied. Written under mu_; read by every call.
  std::atomic<int64_t> unapplied_bytes_ = 0;
  std::deque<absl::AnyInvocable<void()>> tasks_ GUARDED_BY(mu_);
  std::atomic<Txid> applied_;        // written under mu_; read by every call
  Txid wanted_ GUARDED_BY(mu_) = 0;  // someone waits for it
  std::shared_ptr<const MetaSnapshot> snapshot_ GUARDED_BY(mu_);
  std::function<void(Txid)> listener_ GUARDED_BY(mu_);
  absl::Status aborted_ GUARDED_BY(mu_);
  bool stopping_ GUARDED_BY(mu_) = false;
  bool ended_ GUARDED_BY(mu_) = false;  // the thread has returned
  std::thread thread_;
};

}  // namespace cairn::namenode
