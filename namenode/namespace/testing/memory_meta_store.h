// A MetaStore in memory whose committer and applier move only when a test says so.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/threads.h"
#include "namenode/meta/meta_store.h"
#include "namenode/meta/testing/map_snapshot.h"

namespace cairn::namenode {

// What outlives a MemoryMetaStore: the transactions that became durable.
struct MemoryDisk {
  MapSnapshot rows;  // every durable transaction
  Txid last = 0;
};

// Thread-safe. By default an appended transaction is durable and applied at once.
class MemoryMetaStore : public MetaStore {
 public:
  // Goes on where `disk` ends; transactions reach it when they become durable.
  explicit MemoryMetaStore(std::shared_ptr<MemoryDisk> disk);
  ~MemoryMetaStore() override;

  // -- the test's levers
  // Whether Append makes durable / applies at once.
  void SetAuto(bool durable, bool apply);
  void MakeDurable(Txid txid);
  // Applies everything up to `txid`, which becomes durable first.
  void ApplyUpTo(Txid txid);
  // Called before every read of any snapshot, without a lock; may block.
  void SetReadHook(std::function<void()> hook);
  // Reads of snapshots so far.
  int64_t reads() const;
  // While false, WaitForRoom blocks.
  void SetRoom(bool room);

  const ClusterIdentity& identity() const override { return identity_; }
  int64_t epoch() const override { return 1; }
  Txid Append(std::vector<RowChange> changes) override;
  Txid last_appended() const override;
  Txid durable() const override;
  Txid applied() const override;
  void WhenDurable(Txid txid, absl::AnyInvocable<void()> done) override;
  void WaitForRoom() override;
  bool HasRoom() const override;
  std::shared_ptr<const MetaSnapshot> Snapshot() const override;
  // Applies instead of waiting.
  absl::Status WaitApplied(Txid txid) override;
  void SetAppliedListener(std::function<void(Txid)> listener) override {}
  absl::Status SaveNamespace() override { return absl::OkStatus(); }
  void RollJournal(absl::AnyInvocable<void(absl::StatusOr<Txid>)> done) override {
    done(last_appended() + 1);
  }
  absl::StatusOr<CheckpointFacts> LastCheckpoint() const override { return CheckpointFacts{}; }
  std::vector<std::string> FailedDirectories() const override { return {}; }
  void SetRestoresFailed(bool on) override { restores_failed_ = on; }
  bool restores_failed() const override { return restores_failed_; }

 private:
  class HookedSnapshot;

  std::vector<absl::AnyInvocable<void()>> MakeDurableLocked(Txid txid) REQUIRES(mu_);
  void ApplyLocked(Txid txid) REQUIRES(mu_);
  void BeforeRead() const;

  const ClusterIdentity identity_{"CID-test", "BP-1-127.0.0.1-1", 1, 1};
  const std::shared_ptr<MemoryDisk> disk_;
  std::atomic<bool> restores_failed_ = false;
  mutable Mutex mu_;
  CondVar room_changed_;
  bool auto_durable_ GUARDED_BY(mu_) = true;
  bool auto_apply_ GUARDED_BY(mu_) = true;
  bool room_ GUARDED_BY(mu_) = true;
  std::shared_ptr<MapSnapshot> rows_ GUARDED_BY(mu_);  // as of applied_
  std::deque<std::pair<Txid, std::vector<RowChange>>> not_durable_ GUARDED_BY(mu_);
  std::deque<std::pair<Txid, std::vector<RowChange>>> not_applied_ GUARDED_BY(mu_);
  std::multimap<Txid, absl::AnyInvocable<void()>> waiting_ GUARDED_BY(mu_);
  Txid last_ GUARDED_BY(mu_) = 0;
  Txid durable_ GUARDED_BY(mu_) = 0;
  Txid applied_ GUARDED_BY(mu_) = 0;
  std::function<void()> hook_ GUARDED_BY(mu_);
  mutable int64_t reads_ GUARDED_BY(mu_) = 0;
};

}  // namespace cairn::namenode
