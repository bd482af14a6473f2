// What the store noticed and the NameNode does not know yet.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/threads.h"
#include "datanode/store/store_types.h"

namespace cairn::datanode {

// A replica found damaged.
struct BadReplicaReport {
  Block block;
  std::string storage_id;
};

// Collects the store's events until they are reported. Of several changes of one block in one
// storage only the newest is kept. RECEIVING and RECEIVED are urgent, DELETED waits for the next
// heartbeat. Thread-safe.
class ReportQueue : public StoreListener {
 public:
  // The changes of one storage, by block id.
  using StorageChanges = absl::flat_hash_map<BlockId, ReplicaChange>;

  // `wake` is called, without a lock, when something urgent has come; it must return at once.
  explicit ReportQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

  void OnReplicaChange(const ReplicaChange& change) override EXCLUDES(mu_);
  void OnBadReplica(const Block& block, const std::string& storage_id,
                    const std::string& reason) override EXCLUDES(mu_);
  void OnVolumeFailure(const VolumeFailure& failure) override EXCLUDES(mu_);

  // True when changes wait that must go out at once.
  bool has_urgent() const EXCLUDES(mu_);
  bool has_changes() const EXCLUDES(mu_);
  // True when bad replicas or volume failures wait.
  bool has_findings() const EXCLUDES(mu_);

  // Takes up to `limit` changes of every storage, oldest first (by number).
  std::map<std::string, std::vector<ReplicaChange>> TakeChanges(size_t limit) EXCLUDES(mu_);
  // Puts changes that could not be reported back, unless a newer one of the block has come.
  void PutBack(const std::map<std::string, std::vector<ReplicaChange>>& changes) EXCLUDES(mu_);

  std::vector<BadReplicaReport> TakeBadReplicas(size_t limit) EXCLUDES(mu_);
  void PutBack(const std::vector<BadReplicaReport>& replicas) EXCLUDES(mu_);
  // Those taken before wait again, unless they have been deleted: the NameNode keeps no record of
  // them, and after its restart it would take them for good ones.
  void TellBadReplicasAgain() EXCLUDES(mu_);

  // Volumes that failed since the last call.
  std::vector<VolumeFailure> TakeVolumeFailures() EXCLUDES(mu_);

 private:
  using BadReplicas = std::map<std::pair<BlockId, std::string>, BadReplicaReport>;

  // True when it is newer than what is there.
  bool Keep(const ReplicaChange& change) REQUIRES(mu_);

  const std::function<void()> wake_;
  mutable Mutex mu_;
  absl::flat_hash_map<std::string, StorageChanges> changes_ GUARDED_BY(mu_);  // by storage id
  BadReplicas bad_ GUARDED_BY(mu_);
  BadReplicas told_ GUARDED_BY(mu_);  // bad ones that were taken
  std::vector<VolumeFailure> failures_ GUARDED_BY(mu_);
  bool urgent_ GUARDED_BY(mu_) = false;
};

}  // namespace cairn::datanode
