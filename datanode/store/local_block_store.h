// The block store on local disks: puts its parts together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "datanode/store/block_scanner.h"
#include "datanode/store/block_store.h"
#include "datanode/store/deletion_queue.h"
#include "datanode/store/directory_scanner.h"
#include "datanode/store/store_core.h"

namespace cairn::datanode {

// Thread-safe; see BlockStore. Made by OpenBlockStore.
class LocalBlockStore : public BlockStore {
 public:
  LocalBlockStore(std::unique_ptr<StoreCore> core, std::string datanode_uuid, const StoreEnv& env);
  ~LocalBlockStore() override;

  void SetListener(StoreListener* listener) override;
  void WatchReplicas(ReplicaWatch changed) override EXCLUDES(watch_mu_);
  const std::string& datanode_uuid() const override { return datanode_uuid_; }
  const std::string& cluster_id() const override { return core_->pool().cluster_id; }
  const std::string& pool_id() const override { return core_->pool().pool_id; }

  absl::StatusOr<std::unique_ptr<ReplicaWriter>> CreateRbw(const WriteRequest& request) override;
  absl::StatusOr<std::unique_ptr<ReplicaWriter>> CreateTemporary(
      const WriteRequest& request) override;
  absl::StatusOr<std::unique_ptr<ReplicaWriter>> Append(const WriteRequest& request) override;
  absl::StatusOr<std::unique_ptr<ReplicaWriter>> RecoverAppend(
      const WriteRequest& request) override;
  absl::StatusOr<std::unique_ptr<ReplicaWriter>> RecoverRbw(const WriteRequest& request) override;
  absl::StatusOr<std::string> RecoverClose(const WriteRequest& request) override;

  absl::StatusOr<std::unique_ptr<ReplicaReader>> OpenReader(const Block& block,
                                                            int64_t wait_for_bytes) override;
  absl::StatusOr<ReplicaInfo> Get(BlockId id) const override;
  absl::StatusOr<int64_t> VisibleLength(const Block& block) const override;

  absl::StatusOr<std::optional<ReplicaRecoveryInfo>> InitReplicaRecovery(
      const Block& block, GenerationStamp recovery_id) override;
  absl::StatusOr<std::string> UpdateReplicaUnderRecovery(const Block& old_block,
                                                         GenerationStamp recovery_id,
                                                         int64_t new_length) override;

  void Invalidate(const std::vector<Block>& blocks) override { deletions_.Add(blocks); }
  void Suspect(const Block& block) override { block_scanner_.Suspect(block); }

  void AnnounceRestart(int64_t budget_ms) override;
  absl::Status MoveToStorage(const MoveRequest& request) override;
  absl::Status SetVolumes(const std::vector<VolumeOptions>& volumes) override;
  std::vector<StorageUsage> Usage() const override;
  std::vector<VolumeFailure> FailedVolumes() const override { return core_->FailedVolumes(); }
  absl::StatusOr<ReplicaListing> List(std::string_view storage_id) const override;
  absl::Status Health() const override { return core_->Health(); }

  void RunDirectoryScan() override { directory_scanner_.RunOnce(); }
  void RunBlockScan() override { block_scanner_.RunOnce(); }
  void DrainDeletions() override { deletions_.Drain(); }

 private:
  absl::Status AddVolume(const VolumeOptions& options) EXCLUDES(watch_mu_);
  absl::Status DropDuplicates(const std::shared_ptr<Volume>& added);

  const std::unique_ptr<StoreCore> core_;
  const std::string datanode_uuid_;
  const StoreEnv env_;
  Mutex watch_mu_;
  ReplicaWatch watch_ GUARDED_BY(watch_mu_);  // for volumes that are added
  DeletionQueue deletions_;
  DirectoryScanner directory_scanner_;
  BlockScanner block_scanner_;
};

}  // namespace cairn::datanode
