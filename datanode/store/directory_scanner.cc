// Compares what RAM says with what the disks hold.
#include "datanode/store/directory_scanner.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "absl/container/btree_map.h"
#include "common/status_macros.h"
#include "common/types/errors.h"
#include "datanode/store/meta_file.h"

namespace cairn::datanode {
namespace {

constexpr int64_t kTickMs = 1000;

// What a directory listing shows of one block.
struct Seen {
  bool data = false;
  std::vector<GenerationStamp> stamps;  // of its meta files
};

// kChecksum when the sizes of the pair cannot be right; kNotFound when a file is missing.
absl::Status CheckSizes(FileSystem& fs, const PoolPaths& paths, const ReplicaName& name,
                        int64_t length) {
  const std::string data_path = paths.DataFile(name.place, name.id);
  const std::string meta_path = paths.MetaFile(name.place, name.id, name.stamp);
  ASSIGN_OR_RETURN(const FileInfo data, fs.Stat(data_path));
  ASSIGN_OR_RETURN(const FileInfo meta, fs.Stat(meta_path));
  if (data.size_bytes != length) {
    return errors::Checksum(
        fmt::format("{} has {} bytes instead of {}", data_path, data.size_bytes, length));
  }
  if (meta.size_bytes == MetaFileBytes(DataChecksum(), length)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto file, fs.Open(meta_path, OpenMode::kRead));
  ASSIGN_OR_RETURN(const DataChecksum checksum, ReadMetaHeader(*file));
  if (meta.size_bytes == MetaFileBytes(checksum, length)) return absl::OkStatus();
  return errors::Checksum(fmt::format("{} has {} bytes, {} bytes of data need {}", meta_path,
                                      meta.size_bytes, length, MetaFileBytes(checksum, length)));
}

}  // namespace

DirectoryScanner::DirectoryScanner(StoreCore& core)
    : core_(core), pacer_(core.options().directory_scan_entries_per_second) {
  const int64_t interval_ms = core.options().directory_scan_interval_ms;
  if (!core.options().background) return;
  const auto first =
      interval_ms <= 0 ? 0 : core.random().Uniform(static_cast<uint64_t>(interval_ms));
  next_scan_ms_ = core.clock().MonotonicMs() + static_cast<int64_t>(first);
  thread_ = std::make_unique<PeriodicThread>("dir-scanner", kTickMs, [this] { Tick(); });
}

DirectoryScanner::~DirectoryScanner() {
  pacer_.Stop();
  thread_.reset();
}

void DirectoryScanner::Tick() {
  LookAgain();
  const int64_t interval_ms = core_.options().directory_scan_interval_ms;
  if (interval_ms <= 0 || core_.clock().MonotonicMs() < next_scan_ms_) return;
  RunOnce();
  next_scan_ms_ = core_.clock().MonotonicMs() + interval_ms;
}

void DirectoryScanner::RunOnce() {
  MutexLock lock(run_mu_);
  for (const auto& volume : core_.volumes()) ScanVolume(volume);
  LookAgain();
}

void DirectoryScanner::ScanVolume(const std::shared_ptr<Volume>& volume) {
  std::vector<std::vector<Block>> leaves(kLeafCount);
  for (const Block& block : volume->Finalized()) {
    leaves[PoolPaths::LeafOf(block.id)].push_back(block);
  }
  for (int leaf = 0; leaf < kLeafCount && !pacer_.stopped(); ++leaf) {
    const absl::Status status = ScanLeaf(volume, leaf, leaves[leaf]);
    if (status.ok()) continue;
    core_.DiskError(volume, status).IgnoreError();
    return;
  }
}

absl::Status DirectoryScanner::ScanLeaf(const std::shared_ptr<Volume>& volume, int leaf,
                                        const std::vector<Block>& known) {
  const std::string directory = volume->paths().LeafDirectory(leaf);
  const auto names = core_.fs().List(directory);
  if (!names.ok() && !absl::IsNotFound(names.status())) return names.status();
  absl::btree_map<BlockId, Seen> seen;
  if (names.ok()) {
    for (const std::string& name : *names) {
      if (const auto block = ParseBlockFileName(name)) seen[*block].data = true;
      if (const auto meta = ParseMetaFileName(name)) seen[meta->id].stamps.push_back(meta->stamp);
    }
    if (!pacer_.Spend(static_cast<int64_t>(names->size()))) return absl::OkStatus();
  }
  for (const Block& block : known) {
    seen.erase(block.id);
    const ReplicaName name{ReplicaPlace::kFinalized, block.id, block.generation_stamp};
    const absl::Status sizes = CheckSizes(core_.fs(), volume->paths(), name, block.num_bytes);
    if (!sizes.ok()) Reconcile(block.id);
  }
  for (const auto& [id, files] : seen) {
    if (!files.data || files.stamps.empty() || PoolPaths::LeafOf(id) != leaf) continue;
    const GenerationStamp newest = *std::max_element(files.stamps.begin(), files.stamps.end());
    const absl::Status adopted = Adopt(volume, id, newest);
    if (!adopted.ok()) {
      spdlog::warn("blk_{}_{} on {} is unknown and not adopted: {}", id, newest, volume->path(),
                   std::string(adopted.message()));
    }
  }
  return absl::OkStatus();
}

void DirectoryScanner::LookAgain() {
  std::vector<BlockId> ids = core_.TakeMissing();
  {
    MutexLock lock(mu_);
    for (const auto& [id, since] : missing_since_ms_) ids.push_back(id);
  }
  for (const BlockId id : ids) Reconcile(id);
}

void DirectoryScanner::Reconcile(BlockId id) {
  const BlockLatches::Latch latch = core_.latches().Acquire(id);
  const auto replica = core_.Find(id);
  const bool relevant =
      replica && replica->state() == ReplicaState::kFinalized && replica->record.deleting == 0;
  absl::Status status = relevant ? ReconcileLatched(*replica) : absl::OkStatus();
  if (relevant && absl::IsNotFound(status)) return;  // still within its grace
  {
    MutexLock lock(mu_);
    missing_since_ms_.erase(id);
  }
  if (relevant) core_.DiskError(replica->volume, status).IgnoreError();
}

// kNotFound while a file is missing and not yet known to be gone.
absl::Status DirectoryScanner::ReconcileLatched(const StoredReplica& replica) {
  Volume& volume = *replica.volume;
  const absl::Status sizes =
      CheckSizes(core_.fs(), volume.paths(), replica.name(), replica.record.bytes());
  if (Is(sizes, ErrorKind::kChecksum)) {
    core_.ReportBad(volume, replica.block(), std::string(sizes.message()));
    return absl::OkStatus();
  }
  if (!absl::IsNotFound(sizes)) return sizes;
  if (!IsGone(replica)) return sizes;
  const std::string data = volume.paths().DataFile(ReplicaPlace::kFinalized, replica.id);
  const auto info = core_.fs().Stat(data);
  if (info.ok()) {
    core_.ReportBad(volume, replica.block(), "the meta file is missing");
    return absl::OkStatus();
  }
  if (!absl::IsNotFound(info.status())) return info.status();
  spdlog::error("{} is gone from {}: forgotten", core_.Name(replica.block()), volume.path());
  volume.AddUsed(-MetaFileBytes(DataChecksum(), replica.record.bytes()) - replica.record.bytes());
  const uint64_t sequence = volume.Erase(replica.id);
  core_.Emit(ReplicaChangeKind::kDeleted, volume, sequence, replica.block());
  return absl::OkStatus();
}

bool DirectoryScanner::IsGone(const StoredReplica& replica) {
  const int64_t now_ms = core_.clock().MonotonicMs();
  {
    MutexLock lock(mu_);
    const int64_t since = missing_since_ms_.try_emplace(replica.id, now_ms).first->second;
    if (now_ms - since < kMissingGraceMs) return false;
  }
  return core_.CheckVolume(replica.volume);
}

absl::Status DirectoryScanner::Adopt(const std::shared_ptr<Volume>& volume, BlockId id,
                                     GenerationStamp stamp) {
  const BlockLatches::Latch latch = core_.latches().Acquire(id);
  if (const auto existing = core_.Find(id)) {
    // Finalized since the directory was listed, or a duplicate, which the next start resolves.
    if (existing->volume == volume) return absl::OkStatus();
    return absl::AlreadyExistsError(
        fmt::format("{} is on {}", core_.Name(existing->block()), existing->volume->path()));
  }
  const ReplicaName name{ReplicaPlace::kFinalized, id, stamp};
  const auto info = core_.fs().Stat(volume->paths().DataFile(name.place, id));
  RETURN_IF_ERROR(info.status());
  // Nobody vouches for these bytes but their checksums.
  ASSIGN_OR_RETURN(const ReplicaFiles files,
                   OpenReplicaFiles(core_.fs(), volume->paths(), name, OpenMode::kRead));
  RETURN_IF_ERROR(VerifyReplicaFiles(*files.data, *files.meta, info->size_bytes));
  const Block block{id, stamp, info->size_bytes};
  volume->AddUsed(block.num_bytes + MetaFileBytes(DataChecksum(), block.num_bytes));
  const uint64_t sequence =
      volume->Put(id, ReplicaRecord::Make(ReplicaState::kFinalized, stamp, block.num_bytes));
  spdlog::info("adopted {} found on {}", core_.Name(block), volume->path());
  core_.Emit(ReplicaChangeKind::kReceived, *volume, sequence, block);
  return absl::OkStatus();
}

}  // namespace cairn::datanode
