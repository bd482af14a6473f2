// One data directory: its replicas in RAM, its change numbers and its space.
#include "datanode/store/volume.h"

#include <utility>

#include "common/status_macros.h"

namespace cairn::datanode {

Volume::Volume(FileSystem& fs, VolumeOptions options, int64_t reserved_bytes, PoolPaths paths,
               std::string storage_id, std::unique_ptr<File> lock)
    : fs_(fs),
      options_(std::move(options)),
      reserved_bytes_(reserved_bytes),
      paths_(std::move(paths)),
      storage_id_(std::move(storage_id)),
      lock_(std::move(lock)) {}

std::optional<Volume::Found> Volume::Find(BlockId id) const {
  MutexLock lock(mu_);
  const auto it = records_.find(id);
  if (it == records_.end()) return std::nullopt;
  Found found{it->second, nullptr};
  if (const auto active = active_.find(id); active != active_.end()) found.active = active->second;
  return found;
}

uint64_t Volume::Put(BlockId id, const ReplicaRecord& record,
                     std::shared_ptr<ActiveReplica> active) {
  MutexLock lock(mu_);
  if (!records_.insert_or_assign(id, record).second && changed_) changed_(id);
  if (active) {
    active_.insert_or_assign(id, std::move(active));
  } else {
    active_.erase(id);
  }
  return ++sequence_;
}

uint64_t Volume::Erase(BlockId id) {
  MutexLock lock(mu_);
  records_.erase(id);
  active_.erase(id);
  if (changed_) changed_(id);
  return ++sequence_;
}

bool Volume::MarkDeleting(const Block& block) {
  MutexLock lock(mu_);
  const auto it = records_.find(block.id);
  if (it == records_.end() || it->second.generation_stamp != block.generation_stamp ||
      it->second.deleting != 0) {
    return false;
  }
  it->second.deleting = 1;
  if (changed_) changed_(block.id);
  return true;
}

void Volume::WatchReplicas(ReplicaWatch changed) {
  MutexLock lock(mu_);
  changed_ = failed() ? nullptr : std::move(changed);
}

void Volume::TellAllChanged() const {
  MutexLock lock(mu_);
  if (!changed_) return;
  for (const auto& [id, record] : records_) changed_(id);
}

ReplicaListing Volume::List() {
  ReplicaListing listing;
  MutexLock lock(mu_);
  listing.sequence = ++sequence_;
  listing.replicas.reserve(records_.size());
  for (const auto& [id, record] : records_) {
    ReplicaState state = record.state();
    int64_t length = record.bytes();
    if (state != ReplicaState::kFinalized && state != ReplicaState::kWaitingToBeRecovered) {
      const auto it = active_.find(id);
      if (it == active_.end()) continue;
      if (state == ReplicaState::kUnderRecovery) state = it->second->original_state();
      length = it->second->progress().bytes_on_disk;
    }
    if (record.deleting != 0 || state == ReplicaState::kTemporary) continue;
    listing.replicas.push_back({Block{id, record.generation_stamp, length}, state});
  }
  return listing;
}

std::optional<Block> Volume::NextFinalized(BlockId after) const {
  MutexLock lock(mu_);
  for (auto it = records_.upper_bound(after); it != records_.end(); ++it) {
    if (it->second.state() == ReplicaState::kFinalized && it->second.deleting == 0) {
      return Block{it->first, it->second.generation_stamp, it->second.bytes()};
    }
  }
  return std::nullopt;
}

std::vector<Block> Volume::Finalized() const {
  std::vector<Block> blocks;
  MutexLock lock(mu_);
  blocks.reserve(records_.size());
  for (const auto& [id, record] : records_) {
    if (record.state() != ReplicaState::kFinalized || record.deleting != 0) continue;
    blocks.push_back(Block{id, record.generation_stamp, record.bytes()});
  }
  return blocks;
}

std::vector<std::shared_ptr<ActiveReplica>> Volume::ActiveReplicas() const {
  std::vector<std::shared_ptr<ActiveReplica>> active;
  MutexLock lock(mu_);
  for (const auto& [id, replica] : active_) active.push_back(replica);
  return active;
}

absl::Status Volume::EnsureLeaf(BlockId id) {
  const int leaf = PoolPaths::LeafOf(id);
  {
    MutexLock lock(mu_);
    if (known_leaves_.test(leaf)) return absl::OkStatus();
  }
  RETURN_IF_ERROR(fs_.CreateDirectories(paths_.LeafDirectory(leaf)));
  RETURN_IF_ERROR(fs_.SyncDirectory(paths_.LeafParent(leaf)));
  RETURN_IF_ERROR(fs_.SyncDirectory(paths_.finalized()));
  MutexLock lock(mu_);
  known_leaves_.set(leaf);
  return absl::OkStatus();
}

void Volume::ForgetLeaf(BlockId id) {
  MutexLock lock(mu_);
  known_leaves_.reset(PoolPaths::LeafOf(id));
}

// As FsVolumeImpl of Hadoop 3.4: du.reserved is first eaten by what others store on the disk.
absl::StatusOr<StorageUsage> Volume::Usage() const {
  ASSIGN_OR_RETURN(const SpaceInfo space, fs_.Space(paths_.volume()));
  StorageUsage usage;
  usage.storage_id = storage_id_;
  usage.storage_type = options_.storage_type;
  usage.path = options_.path;
  usage.capacity = std::max<int64_t>(0, space.capacity - reserved_bytes_);
  usage.dfs_used = dfs_used_.load();
  const int64_t others = std::max<int64_t>(0, space.capacity - space.free - usage.dfs_used);
  const int64_t still_reserved = std::max<int64_t>(0, reserved_bytes_ - others);
  usage.non_dfs_used = std::max<int64_t>(0, others - reserved_bytes_);
  usage.remaining =
      std::max<int64_t>(0, std::min(usage.capacity - usage.dfs_used,
                                    space.available - still_reserved - promised_.load()));
  MutexLock lock(mu_);
  usage.num_blocks = static_cast<int64_t>(records_.size());
  return usage;
}

absl::StatusOr<int64_t> Volume::Available() const {
  ASSIGN_OR_RETURN(const StorageUsage usage, Usage());
  return usage.remaining;
}

}  // namespace cairn::datanode
