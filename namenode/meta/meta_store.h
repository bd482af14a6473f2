// The durable truth of the NameNode: a mirrored journal in front of RocksDB
// (docs/storage_format.md).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/file_system.h"
#include "common/random.h"
#include "common/types/ids.h"
#include "namenode/meta/rows.h"

namespace cairn::namenode {

// How a MetaStore is opened. Sizes in bytes.
struct MetaStoreOptions {
  std::vector<std::string> name_dirs;  // dfs.namenode.name.dir; RocksDB lives in one (at first the
                                       // first), the journal in all
  int64_t max_unsynced_bytes =
      64 << 20;  // appended and not yet in the journal; beyond it mutations wait
  int64_t max_unapplied_bytes = 256 << 20;     // durable and not yet in RocksDB
  int64_t segment_bytes = 64 << 20;            // a journal segment is closed at this size
  int64_t reserve_bytes = 4 << 20;             // zeros written ahead of the journal's end
  int64_t checkpoint_txns = 1000000;           // dfs.namenode.checkpoint.txns
  int64_t checkpoint_period_ms = 3600000;      // dfs.namenode.checkpoint.period
  int checkpoints_retained = 2;                // dfs.namenode.num.checkpoints.retained
  bool restore_failed_dirs = false;            // dfs.namenode.name.dir.restore, at the start
  int64_t block_cache_bytes = 64 << 20;        // RocksDB's
  int64_t verify_bytes_per_second = 16 << 20;  // background checksum pass over the SSTs
  int64_t verify_pause_ms = 3600000;           // between two such passes
  // Durable transactions are merged this long before RocksDB gets them: a file is made, completed
  // and renamed within seconds, and only what comes of it is worth a row.
  int64_t apply_interval_ms = 2000;
  int64_t marker_idle_ms = 100;  // a pause of this length is marked in the journal: damage before
                                 // the mark cannot pass for a torn tail
};

// Who this file system is; written by Format, checked on every open.
struct ClusterIdentity {
  std::string cluster_id;     // CID-<uuid>
  std::string block_pool_id;  // BP-<rand>-<ip>-<ms>
  int32_t namespace_id = 0;   // 31 bits
  int64_t creation_ms = 0;    // cTime
};

// Up to which transaction a checkpoint goes, and when it was made.
struct CheckpointFacts {
  Txid txid = 0;  // 0: there is none
  int64_t made_ms = 0;
};

// A consistent, unchanging view of RocksDB as of one applied transaction. Thread-safe. Reads touch
// the disk: never call under a lock.
class MetaSnapshot {
 public:
  virtual ~MetaSnapshot() = default;
  // Every change up to and including this transaction is in the view, none after.
  virtual Txid txid() const = 0;
  virtual absl::StatusOr<std::optional<std::string>> Get(Table table,
                                                         std::string_view key) const = 0;
  // Calls `row` for the keys in [begin, end) in byte order (`end` empty: to the table's end) until
  // it returns false.
  virtual absl::Status Scan(
      Table table, std::string_view begin, std::string_view end,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> row) const = 0;
};

// Thread-safe. A failed journal write or fsync in every directory, a failed RocksDB write and
// damage found on read or by the background pass call `fatal` once, which must end the process:
// nothing more becomes durable after it.
class MetaStore {
 public:
  using FatalHandler = std::function<void(const absl::Status&)>;

  // Writes a new, empty file system holding `initial_rows` into every directory. Refuses (naming
  // the directory) one that is not empty, unless `force`, which removes what Cairn wrote there.
  static absl::Status Format(const MetaStoreOptions& options, const ClusterIdentity& identity,
                             bool force, std::vector<RowChange> initial_rows, FileSystem& fs);

  // Opens and recovers: replays the journal from RocksDB's applied transaction; where there is no
  // database it is rebuilt from a checkpoint. Goes on without a directory that is missing or whose
  // disk fails as long as another one can be used. Refuses a foreign or locked directory and any
  // damage, naming the file. `fs` and `clock` must outlive the store.
  static absl::StatusOr<std::unique_ptr<MetaStore>> Open(const MetaStoreOptions& options,
                                                         FileSystem& fs, const Clock& clock,
                                                         FatalHandler fatal);

  // kFailedPrecondition naming the database when a name directory has one: rebuilding would replace
  // it.
  static absl::Status CheckNoDatabase(const MetaStoreOptions& options, FileSystem& fs);

  // Whether a store that ended with `fatal` goes on when it is opened again: the disk under its
  // database failed, and another name directory can take over.
  static bool RestartHelps(const absl::Status& fatal);

  // Drains, flushes and closes; snapshots must be gone.
  virtual ~MetaStore() = default;

  virtual const ClusterIdentity& identity() const = 0;
  // Rises with every open; commands to DataNodes carry it.
  virtual int64_t epoch() const = 0;

  // Adds one transaction to the open batch: memory only. Transactions are ordered as their Append
  // calls are; callers serialise them (the namespace lock).
  virtual Txid Append(std::vector<RowChange> changes) = 0;
  virtual Txid last_appended() const = 0;
  virtual Txid durable() const = 0;
  virtual Txid applied() const = 0;
  // Between the two, which are short, transactions are better not made durable one by one: a thread
  // that appends several has a batch of them. Only a hint; nested and concurrent holds are fine.
  virtual void HoldCommits() {}
  virtual void ReleaseCommits() {}
  // Runs `done` once `txid` is durable: at once on this thread if it already is, otherwise on the
  // committer's. `done` must be short and take no lock that is held around Append.
  virtual void WhenDurable(Txid txid, absl::AnyInvocable<void()> done) = 0;
  // Blocks while more than the allowed bytes are unsynced or unapplied. Call before taking the
  // namespace lock.
  virtual void WaitForRoom() = 0;
  // Whether WaitForRoom would return at once: lets event loops hand a mutation to a thread that may
  // wait.
  virtual bool HasRoom() const = 0;

  // The view as of applied(). Cheap.
  virtual std::shared_ptr<const MetaSnapshot> Snapshot() const = 0;
  // Blocks until applied() >= txid; fails only when the store has failed.
  virtual absl::Status WaitApplied(Txid txid) = 0;
  // `listener` hears every rise of applied(), on the applier's thread. Set once, before the first
  // Append.
  virtual void SetAppliedListener(std::function<void(Txid)> listener) = 0;

  // Makes a checkpoint of everything appended before the call in every directory and drops all but
  // the newest retained ones with the journal before them. Blocks.
  virtual absl::Status SaveNamespace() = 0;
  // Begins a new journal segment in every directory; `done` gets the id of its first transaction,
  // on the committer's thread.
  virtual void RollJournal(absl::AnyInvocable<void(absl::StatusOr<Txid>)> done) = 0;
  // The newest checkpoint beside the database. Reads the disk.
  virtual absl::StatusOr<CheckpointFacts> LastCheckpoint() const = 0;
  // Directories that could not be used at the start or have failed since and are not written (the
  // first error of each).
  virtual std::vector<std::string> FailedDirectories() const = 0;
  // Whether each checkpoint tries to take failed directories back: one that can be written again is
  // emptied, gets the checkpoint and the journal since, and is then one like the others. Not the
  // directory of the database: when that fails, the store ends (RestartHelps).
  virtual void SetRestoresFailed(bool on) = 0;
  virtual bool restores_failed() const = 0;
};

}  // namespace cairn::namenode
