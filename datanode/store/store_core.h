// What all parts of the local block store share: volumes, latches, events and failing disks.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/threads.h"
#include "datanode/store/block_latches.h"
#include "datanode/store/replica_files.h"
#include "datanode/store/store_types.h"
#include "datanode/store/volume.h"

namespace cairn::datanode {

// A replica with the volume it is on. A snapshot, unless its block's latch is held.
struct StoredReplica {
  BlockId id = 0;
  std::shared_ptr<Volume> volume;
  ReplicaRecord record;
  std::shared_ptr<ActiveReplica> active;

  ReplicaState state() const { return record.state(); }
  // The state it had before a recovery took it.
  ReplicaState original_state() const {
    return state() == ReplicaState::kUnderRecovery ? active->original_state() : state();
  }
  int64_t bytes_on_disk() const {
    return active ? active->progress().bytes_on_disk : record.bytes();
  }
  Block block() const { return Block{id, record.generation_stamp, bytes_on_disk()}; }
  ReplicaName name() const;
};

// Thread-safe. No call holds a lock during disk I/O.
class StoreCore {
 public:
  using VolumeList = std::vector<std::shared_ptr<Volume>>;

  StoreCore(const StoreOptions& options, const PoolIdentity& pool, const StoreEnv& env);
  ~StoreCore();

  const StoreOptions& options() const { return options_; }
  const PoolIdentity& pool() const { return pool_; }
  FileSystem& fs() const { return env_.fs; }
  const Clock& clock() const { return env_.clock; }
  Random& random() const { return env_.random; }
  BlockLatches& latches() { return latches_; }
  // "BP-…:blk_N_GS" for messages.
  std::string Name(const Block& block) const;

  void SetVolumes(VolumeList volumes);
  void AddVolume(std::shared_ptr<Volume> volume);
  // Takes the volume out of service: its writers stop, its replicas are gone for everybody. False
  // when it was out already.
  bool RemoveVolume(const std::shared_ptr<Volume>& volume);
  // Volumes in service.
  VolumeList volumes() const;
  // The replica, invalidated ones included; empty when there is none.
  std::optional<StoredReplica> Find(BlockId id) const;
  // As Find, without invalidated ones: kReplicaNotFound.
  absl::StatusOr<StoredReplica> Get(BlockId id) const;
  // A volume with room for the request's block, round robin among those of the wished kind and none
  // of `tried`: kDiskOutOfSpace when there is none.
  absl::StatusOr<std::shared_ptr<Volume>> ChooseVolume(const WriteRequest& request,
                                                       const VolumeList& tried = {});

  // Takes the latch of `id` when no writer is attached, stopping the one that is. Before that and
  // again under the latch `check` is asked whether the replica suits (null: there is none).
  absl::StatusOr<BlockLatches::Latch> LatchWithoutWriter(
      BlockId id, const std::function<absl::Status(const StoredReplica*)>& check);

  // Events; see StoreListener. ReportBad does nothing when the replica has changed since.
  void SetListener(StoreListener* listener);
  void Emit(ReplicaChangeKind kind, const Volume& volume, uint64_t sequence, const Block& block,
            std::string_view delete_hint = "");
  void ReportBad(const Volume& volume, const Block& block, const std::string& reason);

  // Replicas whose files an open did not find; the directory scanner takes them and looks closer.
  void NoteMissing(BlockId id);
  std::vector<BlockId> TakeMissing();

  // Notes that a copy of the replica is being made in tmp/; false when one is already. The caller
  // holds the latch.
  bool BeginMove(BlockId id);
  void EndMove(BlockId id);
  bool IsMoving(BlockId id) const;

  // Deletes the replica's files and forgets it, its latch being held by the caller; DELETED is
  // reported unless it was TEMPORARY or `quiet`.
  absl::Status Delete(const StoredReplica& replica, bool quiet);

  // What a caller should see of a failed disk operation. Errors that speak of the disk have the
  // volume checked in the background.
  absl::Status DiskError(const std::shared_ptr<Volume>& volume, absl::Status status);
  // Tries the volume: writes, reads and removes a file. Drops it when that fails. True when it is
  // fine.
  bool CheckVolume(const std::shared_ptr<Volume>& volume);
  void AddFailure(VolumeFailure failure);
  // Forgets the failures of this directory, which is given up or tried again.
  void ForgetFailures(const std::string& path);
  std::vector<VolumeFailure> FailedVolumes() const;
  absl::Status Health() const;

  // For checks that must not delay their cause: a thread a volume, so that one that hangs does not
  // keep the others from being checked.
  Executor& background() { return background_; }

 private:
  struct BadReplica {
    Block block;
    std::string storage_id;
    std::string reason;
  };

  absl::Status Probe(const Volume& volume) const;
  void Drop(const std::shared_ptr<Volume>& volume, const absl::Status& why);

  const StoreOptions options_;
  const PoolIdentity pool_;
  const StoreEnv env_;
  BlockLatches latches_;

  mutable SharedMutex volumes_mu_;
  VolumeList volumes_ GUARDED_BY(volumes_mu_);
  std::atomic<uint64_t> next_volume_ = 0;

  mutable Mutex mu_;
  std::vector<VolumeFailure> failures_ GUARDED_BY(mu_);
  std::vector<BlockId> missing_ GUARDED_BY(mu_);
  absl::flat_hash_set<BlockId> moving_ GUARDED_BY(mu_);

  SharedMutex listener_mu_;  // shared while the listener runs
  StoreListener* listener_ GUARDED_BY(listener_mu_) = nullptr;
  Mutex untold_mu_;
  std::vector<BadReplica> untold_ GUARDED_BY(untold_mu_);  // found while nobody listened

  Executor background_;
};

}  // namespace cairn::datanode
