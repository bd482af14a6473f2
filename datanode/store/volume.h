// One data directory: its replicas in RAM, its change numbers and its space.
#pragma once

#include <atomic>
#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/file_system.h"
#include "common/threads.h"
#include "datanode/store/active_replica.h"
#include "datanode/store/storage_layout.h"
#include "datanode/store/store_types.h"

namespace cairn::datanode {

// What is kept in RAM of every replica: 16 bytes, since a DataNode has millions. HDFS masks lengths
// to 48 bits in its reports as well.
struct ReplicaRecord {
  GenerationStamp generation_stamp = 0;
  uint64_t length : 48 = 0;  // of a replica without ActiveReplica
  uint64_t state_bits : 4 = 0;
  uint64_t deleting : 1 = 0;
  uint64_t suspect : 1 = 0;  // see ReplicaRecoveryInfo::may_have_lost_bytes

  static ReplicaRecord Make(ReplicaState state, GenerationStamp stamp, int64_t length) {
    ReplicaRecord record;
    record.generation_stamp = stamp;
    record.length = static_cast<uint64_t>(length);
    record.state_bits = static_cast<uint64_t>(state);
    return record;
  }
  ReplicaState state() const { return static_cast<ReplicaState>(state_bits); }
  int64_t bytes() const { return static_cast<int64_t>(length); }
};
static_assert(sizeof(ReplicaRecord) == 16);

// One volume of one pool. Thread-safe; nothing here waits for the disk while holding the lock.
class Volume {
 public:
  // A replica and, while it is written or recovered, its moving part.
  struct Found {
    ReplicaRecord record;
    std::shared_ptr<ActiveReplica> active;
  };

  // `lock` is the locked in_use.lock, held as long as the volume lives. `fs` must outlive this.
  Volume(FileSystem& fs, VolumeOptions options, int64_t reserved_bytes, PoolPaths paths,
         std::string storage_id, std::unique_ptr<File> lock);

  const PoolPaths& paths() const { return paths_; }
  const std::string& path() const { return options_.path; }
  StorageType storage_type() const { return options_.storage_type; }
  const std::string& storage_id() const { return storage_id_; }

  std::optional<Found> Find(BlockId id) const;
  // Adds or replaces; returns the number of this change.
  uint64_t Put(BlockId id, const ReplicaRecord& record,
               std::shared_ptr<ActiveReplica> active = nullptr);
  // Forgets the replica; returns the number of this change.
  uint64_t Erase(BlockId id);
  // Hides a replica that has this stamp until it is erased; false when there is none.
  bool MarkDeleting(const Block& block);
  // See BlockStore::WatchReplicas.
  void WatchReplicas(ReplicaWatch changed);
  // Tells that every replica here is gone.
  void TellAllChanged() const;
  // See BlockStore::List.
  ReplicaListing List();
  // The first FINALIZED replica with an id above `after`.
  std::optional<Block> NextFinalized(BlockId after) const;
  // All FINALIZED replicas, sorted by id.
  std::vector<Block> Finalized() const;
  // Replicas with an attached or former writer, for stopping them when the volume goes.
  std::vector<std::shared_ptr<ActiveReplica>> ActiveReplicas() const;

  // Creates the leaf directory of finalized/ durably unless it is known to exist.
  absl::Status EnsureLeaf(BlockId id);
  void ForgetLeaf(BlockId id);

  // Accounting of files written and removed, and of space promised to replicas being written.
  void AddUsed(int64_t bytes) { dfs_used_ += bytes; }
  void AddPromised(int64_t bytes) { promised_ += bytes; }
  absl::StatusOr<StorageUsage> Usage() const;
  // Bytes a new replica may take.
  absl::StatusOr<int64_t> Available() const;

  // Set once when the volume is dropped. Returns whether this call did it.
  bool MarkFailed() { return !failed_.exchange(true); }
  bool failed() const { return failed_.load(); }
  // True for the caller that should schedule a disk check; EndCheck when it was made.
  bool BeginCheck() { return !check_pending_.exchange(true); }
  void EndCheck() { check_pending_.store(false); }

 private:
  FileSystem& fs_;
  const VolumeOptions options_;
  const int64_t reserved_bytes_;
  const PoolPaths paths_;
  const std::string storage_id_;
  const std::unique_ptr<File> lock_;

  std::atomic<int64_t> dfs_used_ = 0;
  std::atomic<int64_t> promised_ = 0;
  std::atomic<bool> failed_ = false;
  std::atomic<bool> check_pending_ = false;

  mutable Mutex mu_;
  absl::btree_map<BlockId, ReplicaRecord> records_ GUARDED_BY(mu_);
  ReplicaWatch changed_ GUARDED_BY(mu_);
  absl::flat_hash_map<BlockId, std::shared_ptr<ActiveReplica>> active_ GUARDED_BY(mu_);
  uint64_t sequence_ GUARDED_BY(mu_) = 0;
  std::bitset<kLeafCount> known_leaves_ GUARDED_BY(mu_);
};

}  // namespace cairn::datanode
