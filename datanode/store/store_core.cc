// What all parts of the local block store share.
#include "datanode/store/store_core.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"

namespace cairn::datanode {
namespace {

constexpr size_t kMaxUntold = 10'000;
constexpr std::string_view kProbeName = "/cairn_disk_check";
constexpr std::string_view kProbeMoved = "_moved";

ReplicaPlace PlaceOf(ReplicaState state) {
  switch (state) {
    case ReplicaState::kFinalized:
      return ReplicaPlace::kFinalized;
    case ReplicaState::kTemporary:
      return ReplicaPlace::kTmp;
    default:
      return ReplicaPlace::kRbw;
  }
}

}  // namespace

ReplicaName StoredReplica::name() const {
  return ReplicaName{PlaceOf(original_state()), id, record.generation_stamp};
}

StoreCore::StoreCore(const StoreOptions& options, const PoolIdentity& pool, const StoreEnv& env)
    : options_(options),
      pool_(pool),
      env_(env),
      background_("store-check", static_cast<int>(std::max<size_t>(1, options.volumes.size()))) {}

StoreCore::~StoreCore() { background_.Shutdown(); }

std::string StoreCore::Name(const Block& block) const {
  return ExtendedBlock{pool_.pool_id, block}.ToString();
}

void StoreCore::SetVolumes(VolumeList volumes) {
  WriterLock lock(volumes_mu_);
  volumes_ = std::move(volumes);
}

void StoreCore::AddVolume(std::shared_ptr<Volume> volume) {
  WriterLock lock(volumes_mu_);
  volumes_.push_back(std::move(volume));
}

StoreCore::VolumeList StoreCore::volumes() const {
  ReaderLock lock(volumes_mu_);
  return volumes_;
}

std::optional<StoredReplica> StoreCore::Find(BlockId id) const {
  ReaderLock lock(volumes_mu_);
  for (const auto& volume : volumes_) {
    if (auto found = volume->Find(id)) {
      return StoredReplica{id, volume, found->record, std::move(found->active)};
    }
  }
  return std::nullopt;
}

absl::StatusOr<StoredReplica> StoreCore::Get(BlockId id) const {
  auto replica = Find(id);
  if (!replica || replica->record.deleting != 0) {
    return errors::ReplicaNotFound(
        fmt::format("Replica not found for {}:{}", pool_.pool_id, BlockFileName(id)));
  }
  return *std::move(replica);
}

absl::StatusOr<std::shared_ptr<Volume>> StoreCore::ChooseVolume(const WriteRequest& request,
                                                                const VolumeList& tried) {
  const VolumeList all = volumes();
  const uint64_t start = next_volume_++;
  // Round robin, then the wished ones to the front: storage id before type.
  VolumeList candidates;
  for (size_t i = 0; i < all.size(); ++i) candidates.push_back(all[(start + i) % all.size()]);
  std::stable_sort(candidates.begin(), candidates.end(), [&](const auto& a, const auto& b) {
    const auto rank = [&](const Volume& volume) {
      if (!request.storage_id.empty() && volume.storage_id() == request.storage_id) return 0;
      return volume.storage_type() == request.storage_type ? 1 : 2;
    };
    return rank(*a) < rank(*b);
  });
  int64_t most = 0;
  for (const auto& volume : candidates) {
    if (std::find(tried.begin(), tried.end(), volume) != tried.end()) continue;
    const auto available = volume->Available();
    if (!available.ok()) {
      DiskError(volume, available.status()).IgnoreError();
      continue;
    }
    if (*available > request.block.num_bytes) return volume;
    most = std::max(most, *available);
  }
  return errors::DiskOutOfSpace(
      fmt::format("Out of space: The volume with the most available space (={} B) is less than the "
                  "block size (={} B).",
                  most, request.block.num_bytes));
}

absl::StatusOr<BlockLatches::Latch> StoreCore::LatchWithoutWriter(
    BlockId id, const std::function<absl::Status(const StoredReplica*)>& check) {
  while (true) {
    BlockLatches::Latch latch = latches_.Acquire(id);
    const auto replica = Find(id);
    RETURN_IF_ERROR(check(replica ? &*replica : nullptr));
    if (!replica || !replica->active || !replica->active->attached()) return latch;
    // Not under the latch: the writer may need it to leave.
    latch.Release();
    RETURN_IF_ERROR(replica->active->StopWriter(options_.stop_writer_timeout_ms));
  }
}

void StoreCore::SetListener(StoreListener* listener) {
  WriterLock lock(listener_mu_);
  listener_ = listener;
  if (listener == nullptr) return;
  std::vector<BadReplica> untold;
  {
    MutexLock untold_lock(untold_mu_);
    untold.swap(untold_);
  }
  for (const BadReplica& bad : untold) {
    listener->OnBadReplica(bad.block, bad.storage_id, bad.reason);
  }
  for (const VolumeFailure& failure : FailedVolumes()) listener->OnVolumeFailure(failure);
}

void StoreCore::Emit(ReplicaChangeKind kind, const Volume& volume, uint64_t sequence,
                     const Block& block, std::string_view delete_hint) {
  ReaderLock lock(listener_mu_);
  if (listener_ == nullptr) return;
  listener_->OnReplicaChange(
      ReplicaChange{kind, volume.storage_id(), sequence, block, std::string(delete_hint)});
}

void StoreCore::ReportBad(const Volume& volume, const Block& block, const std::string& reason) {
  const auto found = volume.Find(block.id);
  if (volume.failed() || !found || found->record.deleting != 0 ||
      found->record.generation_stamp != block.generation_stamp) {
    return;
  }
  spdlog::error("bad replica {} on {}: {}", Name(block), volume.path(), reason);
  ReaderLock lock(listener_mu_);
  if (listener_ != nullptr) {
    listener_->OnBadReplica(block, volume.storage_id(), reason);
    return;
  }
  MutexLock untold_lock(untold_mu_);
  if (untold_.size() < kMaxUntold) untold_.push_back({block, volume.storage_id(), reason});
}

void StoreCore::NoteMissing(BlockId id) {
  MutexLock lock(mu_);
  if (missing_.size() < kMaxUntold) missing_.push_back(id);
}

std::vector<BlockId> StoreCore::TakeMissing() {
  MutexLock lock(mu_);
  return std::exchange(missing_, {});
}

bool StoreCore::BeginMove(BlockId id) {
  MutexLock lock(mu_);
  return moving_.insert(id).second;
}

void StoreCore::EndMove(BlockId id) {
  MutexLock lock(mu_);
  moving_.erase(id);
}

bool StoreCore::IsMoving(BlockId id) const {
  MutexLock lock(mu_);
  return moving_.contains(id);
}

absl::Status StoreCore::Delete(const StoredReplica& replica, bool quiet) {
  Volume& volume = *replica.volume;
  const auto bytes = RemoveReplicaFiles(fs(), volume.paths(), replica.name());
  if (!bytes.ok()) return DiskError(replica.volume, bytes.status());
  volume.AddUsed(-*bytes);
  const uint64_t sequence = volume.Erase(replica.id);
  if (!quiet && replica.original_state() != ReplicaState::kTemporary) {
    Emit(ReplicaChangeKind::kDeleted, volume, sequence, replica.block());
  }
  return absl::OkStatus();
}

absl::Status StoreCore::DiskError(const std::shared_ptr<Volume>& volume, absl::Status status) {
  if (status.ok() || KindOf(status)) return status;
  if (absl::IsAborted(status) || absl::IsInvalidArgument(status)) return status;
  if (absl::IsUnavailable(status)) return status;  // out of descriptors or memory: not the disk
  if (absl::IsResourceExhausted(status)) {
    return errors::DiskOutOfSpace(std::string(status.message()));
  }
  if (volume->BeginCheck()) {
    spdlog::warn("checking {} after: {}", volume->path(), std::string(status.message()));
    const bool queued = background_.Add([this, volume] {
      volume->EndCheck();
      CheckVolume(volume);
    });
    if (!queued) volume->EndCheck();
  }
  return status;
}

absl::Status StoreCore::Probe(const Volume& volume) const {
  const PoolPaths& paths = volume.paths();
  RETURN_IF_ERROR(fs().Stat(paths.volume_version()).status());
  RETURN_IF_ERROR(fs().Stat(paths.pool_version()).status());
  RETURN_IF_ERROR(fs().List(paths.finalized()).status());
  RETURN_IF_ERROR(fs().List(paths.rbw()).status());
  // Two checks may run at once: neither may remove the other's file.
  const std::string name = fmt::format("{}{}_{:x}", paths.tmp(), kProbeName, random().Next64());
  const std::string moved = fmt::format("{}{}", name, kProbeMoved);
  const std::string content = "what was written can be read";
  const absl::Status status = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const auto file, fs().Open(name, OpenMode::kCreateOrTruncate));
    RETURN_IF_ERROR(file->WriteAt(0, content));
    RETURN_IF_ERROR(file->Sync());
    std::string read(content.size(), '\0');
    ASSIGN_OR_RETURN(const size_t n, file->ReadAt(0, read.size(), read.data()));
    if (n != content.size() || read != content) {
      return absl::DataLossError(fmt::format("{} does not read back what was written", name));
    }
    // Where no file can be moved no replica is ever finalized.
    return fs().Rename(name, moved);
  }();
  RETURN_IF_ERROR(status);
  return fs().Remove(moved);
}

bool StoreCore::CheckVolume(const std::shared_ptr<Volume>& volume) {
  if (volume->failed()) return false;
  const absl::Status status = Probe(*volume);
  // A full disk is no broken disk, and a process out of descriptors says nothing about it.
  if (status.ok() || absl::IsResourceExhausted(status) || absl::IsUnavailable(status)) return true;
  Drop(volume, status);
  return false;
}

void StoreCore::Drop(const std::shared_ptr<Volume>& volume, const absl::Status& why) {
  const auto usage = volume->Usage();
  if (!RemoveVolume(volume)) return;
  AddFailure(VolumeFailure{volume->path(), volume->storage_id(), std::string(why.message()),
                           env_.clock.WallMs(), usage.ok() ? usage->capacity : 0});
}

bool StoreCore::RemoveVolume(const std::shared_ptr<Volume>& volume) {
  if (!volume->MarkFailed()) return false;
  {
    WriterLock lock(volumes_mu_);
    std::erase(volumes_, volume);
  }
  volume->TellAllChanged();
  volume->WatchReplicas(nullptr);  // it may outlive the store with those who use it
  for (const auto& active : volume->ActiveReplicas()) active->StopWriter(0).IgnoreError();
  return true;
}

void StoreCore::ForgetFailures(const std::string& path) {
  MutexLock lock(mu_);
  std::erase_if(failures_, [&](const VolumeFailure& failure) { return failure.path == path; });
}

void StoreCore::AddFailure(VolumeFailure failure) {
  spdlog::error("volume {} dropped: {}", failure.path, failure.reason);
  {
    MutexLock lock(mu_);
    failures_.push_back(failure);
  }
  ReaderLock lock(listener_mu_);
  if (listener_ != nullptr) listener_->OnVolumeFailure(failure);
}

std::vector<VolumeFailure> StoreCore::FailedVolumes() const {
  MutexLock lock(mu_);
  return failures_;
}

absl::Status StoreCore::Health() const {
  const size_t valid = volumes().size();
  const auto failed = static_cast<int64_t>(FailedVolumes().size());
  const int32_t tolerated = options_.failed_volumes_tolerated;
  if (valid > 0 && (tolerated < 0 || failed <= tolerated)) return absl::OkStatus();
  return errors::Io(fmt::format(
      "Too many failed volumes - current valid volumes: {}, volumes configured: {}, volumes "
      "failed: {}, volume failures tolerated: {}",
      valid, options_.volumes.size(), failed, options_.failed_volumes_tolerated));
}

}  // namespace cairn::datanode
