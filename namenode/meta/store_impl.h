// The MetaStore over a mirrored journal and RocksDB: the parts and how they are wired.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "common/threads.h"
#include "namenode/meta/applier.h"
#include "namenode/meta/committer.h"
#include "namenode/meta/failure.h"
#include "namenode/meta/journal.h"
#include "namenode/meta/meta_store.h"
#include "namenode/meta/recovery.h"
#include "namenode/meta/restore.h"
#include "namenode/meta/rocks.h"
#include "namenode/meta/verifier.h"

namespace cairn::namenode {

// Thread-safe. Append → Committer (journal, replies) → Applier (RocksDB); a thread of its own makes
// checkpoints.
class StoreImpl : public MetaStore {
 public:
  // Takes over recovered directories and the opened database, and begins a new epoch.
  static absl::StatusOr<std::unique_ptr<StoreImpl>> Start(const MetaStoreOptions& options,
                                                          RecoveredDirs dirs,
                                                          OpenedDatabase database, FileSystem& fs,
                                                          const Clock& clock, FatalHandler fatal);
  ~StoreImpl() override;
  // Ends everything as a crash of the process would: nothing is drained, flushed or marked. The
  // destructor then only frees memory and locks.
  void Crash();

  const ClusterIdentity& identity() const override { return dirs_.identity; }
  int64_t epoch() const override { return epoch_; }
  Txid Append(std::vector<RowChange> changes) override { return committer_->Append(changes); }
  Txid last_appended() const override { return committer_->last_appended(); }
  Txid durable() const override { return committer_->durable(); }
  Txid applied() const override { return applier_->applied(); }
  void HoldCommits() override { committer_->Hold(); }
  void ReleaseCommits() override { committer_->Release(); }
  void WhenDurable(Txid txid, absl::AnyInvocable<void()> done) override;
  void WaitForRoom() override;
  bool HasRoom() const override;
  std::shared_ptr<const MetaSnapshot> Snapshot() const override { return applier_->Snapshot(); }
  absl::Status WaitApplied(Txid txid) override { return applier_->WaitApplied(txid); }
  void SetAppliedListener(std::function<void(Txid)> listener) override;
  absl::Status SaveNamespace() override;
  void RollJournal(absl::AnyInvocable<void(absl::StatusOr<Txid>)> done) override {
    committer_->Roll(std::move(done));
  }
  absl::StatusOr<CheckpointFacts> LastCheckpoint() const override;
  std::vector<std::string> FailedDirectories() const override;
  void SetRestoresFailed(bool on) override { restores_failed_ = on; }
  bool restores_failed() const override { return restores_failed_; }

 private:
  StoreImpl(const MetaStoreOptions& options, RecoveredDirs dirs, OpenedDatabase database,
            std::unique_ptr<Journal> journal, int64_t epoch, Txid checkpointed, FileSystem& fs,
            const Clock& clock, FatalHandler fatal);
  void Close();
  // On the checkpoint thread: a checkpoint of applied() in every directory, then pruning.
  absl::Status MakeCheckpoint();
  absl::Status FinishFirstCheckpoint(Txid txid);
  // On the checkpoint thread, after the checkpoint `txid`: tries to take back what has failed.
  void TakeBackFailed(Txid txid);
  absl::Status TakeBack(size_t index, Txid txid);
  // Locks a directory that is to be taken back, unless the lock that was held still holds it.
  absl::Status Relock(size_t index);
  absl::Status WaitForSegment(const std::string& readmit);
  // What to tell of a fatal failure. When only the database's disk failed and another directory is
  // healthy, the next start is made to go on from that one.
  absl::Status PrepareRestart(const absl::Status& status) const;
  absl::Status MakeCheckpointIn(const std::string& dir, Txid txid);
  // An error when the directory is not the one that was opened: removed, replaced, unmounted.
  absl::Status CheckDirectory(size_t index) const;
  // Drops the directories that are lost. On the timer's thread.
  void DropLostDirectories();
  void PruneAll();
  void CheckpointWhenDue();

  const MetaStoreOptions options_;
  FileSystem& fs_;
  const Clock& clock_;
  mutable Mutex locks_mu_;
  // Of each of `dirs_`; null where it was never held.
  std::vector<std::shared_ptr<DirLock>> locks_ GUARDED_BY(locks_mu_);
  const RecoveredDirs dirs_;  // the database is in the first; those left out are the last
  const int64_t epoch_;
  const std::shared_ptr<Failure> failure_;
  const std::shared_ptr<RocksTables> tables_;
  const std::unique_ptr<Journal> journal_;
  std::unique_ptr<Applier> applier_;
  std::unique_ptr<Committer> committer_;
  bool crashed_ = false;
  std::atomic<bool> restores_failed_;

  // The checkpoint thread's.
  Txid checkpointed_;
  int64_t checkpointed_at_ms_;  // monotonic

  std::unique_ptr<Executor> checkpoint_thread_;
  std::unique_ptr<PeriodicThread> checkpoint_timer_;
  std::unique_ptr<Verifier> verifier_;
};

}  // namespace cairn::namenode
