// The block store on local disks: puts its parts together.
#include "datanode/store/local_block_store.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "datanode/store/replica_reader.h"
#include "datanode/store/replica_transitions.h"
#include "datanode/store/restart_file.h"
#include "datanode/store/volume_loader.h"
#include "datanode/store/volume_opener.h"

namespace cairn::datanode {
namespace {

// -1 for replicas that nobody may read.
int64_t VisibleLengthOf(const StoredReplica& replica) {
  if (!IsReadable(replica.original_state())) return -1;
  return replica.active ? replica.active->progress().bytes_acked : replica.record.bytes();
}

absl::Status RefuseNegative(const WriteRequest& request) {
  if (request.block.num_bytes < 0 || request.block.generation_stamp < 0 ||
      request.latest_generation_stamp < 0) {
    return absl::InvalidArgumentError(fmt::format(
        "{} of {} bytes with latest generation stamp {} is no block", request.block.ToString(),
        request.block.num_bytes, request.latest_generation_stamp));
  }
  return absl::OkStatus();
}

// Loads all volumes, each in its own thread: they are different disks.
// kUnavailable when the process lacks what it takes: that says nothing about a disk.
absl::Status LoadVolumes(StoreCore& core) {
  const StoreCore::VolumeList volumes = core.volumes();
  std::vector<LoadFindings> findings(volumes.size());
  std::vector<absl::Status> statuses(volumes.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < volumes.size(); ++i) {
    threads.emplace_back([&, i] {
      statuses[i] = LoadVolume(core.fs(), *volumes[i], core.clock().WallMs(),
                               core.options().boot_id, findings[i]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& status : statuses) {
    if (absl::IsUnavailable(status)) return status;
  }
  StoreCore::VolumeList loaded;
  for (size_t i = 0; i < volumes.size(); ++i) {
    if (statuses[i].ok()) {
      loaded.push_back(volumes[i]);
    } else {
      volumes[i]->MarkFailed();
      core.AddFailure(VolumeFailure{volumes[i]->path(), volumes[i]->storage_id(),
                                    std::string(statuses[i].message()), core.clock().WallMs(), 0});
    }
  }
  core.SetVolumes(loaded);
  const absl::Status resolved = ResolveDuplicates(core.fs(), loaded);
  if (!resolved.ok()) {
    spdlog::warn("a duplicate replica stays: {}", std::string(resolved.message()));
  }
  for (size_t i = 0; i < volumes.size(); ++i) {
    for (const auto& bad : findings[i].bad) core.ReportBad(*volumes[i], bad.block, bad.reason);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<BlockStore>> OpenBlockStore(const StoreOptions& options,
                                                           const PoolIdentity& pool,
                                                           const StoreEnv& env) {
  ASSIGN_OR_RETURN(OpenedVolumes opened, OpenVolumes(options, pool, env));
  auto core = std::make_unique<StoreCore>(options, pool, env);
  for (VolumeFailure& failure : opened.failures) core->AddFailure(std::move(failure));
  core->SetVolumes(std::move(opened.volumes));
  RETURN_IF_ERROR(core->Health());
  RETURN_IF_ERROR(LoadVolumes(*core));
  RETURN_IF_ERROR(core->Health());
  return std::make_unique<LocalBlockStore>(std::move(core), std::move(opened.datanode_uuid), env);
}

LocalBlockStore::LocalBlockStore(std::unique_ptr<StoreCore> core, std::string datanode_uuid,
                                 const StoreEnv& env)
    : core_(std::move(core)),
      datanode_uuid_(std::move(datanode_uuid)),
      env_(env),
      deletions_(*core_),
      directory_scanner_(*core_),
      block_scanner_(*core_) {}

LocalBlockStore::~LocalBlockStore() { core_->background().Shutdown(); }

void LocalBlockStore::SetListener(StoreListener* listener) { core_->SetListener(listener); }

void LocalBlockStore::WatchReplicas(ReplicaWatch changed) {
  MutexLock lock(watch_mu_);
  watch_ = changed;
  for (const auto& volume : core_->volumes()) volume->WatchReplicas(changed);
}

absl::StatusOr<std::unique_ptr<ReplicaWriter>> LocalBlockStore::CreateRbw(
    const WriteRequest& request) {
  RETURN_IF_ERROR(RefuseNegative(request));
  return CreateRbwReplica(*core_, request);
}

absl::StatusOr<std::unique_ptr<ReplicaWriter>> LocalBlockStore::CreateTemporary(
    const WriteRequest& request) {
  RETURN_IF_ERROR(RefuseNegative(request));
  return CreateTemporaryReplica(*core_, request);
}

absl::StatusOr<std::unique_ptr<ReplicaWriter>> LocalBlockStore::Append(
    const WriteRequest& request) {
  return AppendReplica(*core_, request);
}

absl::StatusOr<std::unique_ptr<ReplicaWriter>> LocalBlockStore::RecoverAppend(
    const WriteRequest& request) {
  return RecoverAppendReplica(*core_, request);
}

absl::StatusOr<std::unique_ptr<ReplicaWriter>> LocalBlockStore::RecoverRbw(
    const WriteRequest& request) {
  return RecoverRbwReplica(*core_, request);
}

absl::StatusOr<std::string> LocalBlockStore::RecoverClose(const WriteRequest& request) {
  return RecoverCloseReplica(*core_, request);
}

absl::StatusOr<std::unique_ptr<ReplicaReader>> LocalBlockStore::OpenReader(const Block& block,
                                                                           int64_t wait_for_bytes) {
  return OpenReplicaReader(*core_, block, wait_for_bytes);
}

absl::StatusOr<ReplicaInfo> LocalBlockStore::Get(BlockId id) const {
  ASSIGN_OR_RETURN(const StoredReplica replica, core_->Get(id));
  ReplicaInfo info;
  info.block = replica.block();
  info.state = replica.state();
  info.visible_length = VisibleLengthOf(replica);
  info.storage_id = replica.volume->storage_id();
  info.storage_type = replica.volume->storage_type();
  return info;
}

absl::StatusOr<int64_t> LocalBlockStore::VisibleLength(const Block& block) const {
  ASSIGN_OR_RETURN(const StoredReplica replica, core_->Get(block.id));
  if (replica.record.generation_stamp < block.generation_stamp) {
    return errors::Io(fmt::format(
        "replica.getGenerationStamp() < block.getGenerationStamp(), block={}, replica={}",
        core_->Name(block), core_->Name(replica.block())));
  }
  return VisibleLengthOf(replica);
}

absl::StatusOr<std::optional<ReplicaRecoveryInfo>> LocalBlockStore::InitReplicaRecovery(
    const Block& block, GenerationStamp recovery_id) {
  return InitRecovery(*core_, block, recovery_id);
}

absl::StatusOr<std::string> LocalBlockStore::UpdateReplicaUnderRecovery(const Block& old_block,
                                                                        GenerationStamp recovery_id,
                                                                        int64_t new_length) {
  return UpdateUnderRecovery(*core_, old_block, recovery_id, new_length);
}

void LocalBlockStore::AnnounceRestart(int64_t budget_ms) {
  const int64_t until_ms = core_->clock().WallMs() + budget_ms;
  for (const auto& volume : core_->volumes()) {
    for (const ReplicaEntry& entry : volume->List().replicas) {
      const auto replica = volume->Find(entry.block.id);
      if (!replica || replica->record.state() != ReplicaState::kBeingWritten) continue;
      const absl::Status written = WriteRestartFile(core_->fs(), volume->paths(), entry.block.id,
                                                    until_ms, core_->options().boot_id);
      if (!written.ok()) {
        spdlog::warn("{} will wait for recovery after a restart: {}", core_->Name(entry.block),
                     std::string(written.message()));
      }
    }
  }
}

absl::Status LocalBlockStore::MoveToStorage(const MoveRequest& request) {
  return MoveReplicaToStorage(*core_, request);
}

absl::Status LocalBlockStore::SetVolumes(const std::vector<VolumeOptions>& volumes) {
  if (volumes.empty()) return absl::InvalidArgumentError("No directory is specified.");
  std::string errors;
  const auto failed = [&errors](const std::string& path, const absl::Status& status) {
    spdlog::error("{} is not put into service: {}", path, std::string(status.message()));
    errors +=
        fmt::format("{}{}: {}", errors.empty() ? "" : "\n", path, std::string(status.message()));
  };
  const auto in_service = [this](const std::string& path) {
    const StoreCore::VolumeList all = core_->volumes();
    const auto it = std::ranges::find(all, path, &Volume::path);
    return it == all.end() ? nullptr : *it;
  };
  for (const VolumeOptions& options : volumes) {
    const auto volume = in_service(options.path);
    if (volume == nullptr) {
      if (const absl::Status added = AddVolume(options); !added.ok()) failed(options.path, added);
    } else if (volume->storage_type() != options.storage_type) {
      failed(options.path, absl::InvalidArgumentError("Changing storage type is not allowed."));
    }
  }
  const auto named = [&volumes](const std::string& path) {
    return std::ranges::find(volumes, path, &VolumeOptions::path) != volumes.end();
  };
  for (const auto& volume : core_->volumes()) {
    if (named(volume->path())) continue;
    if (core_->volumes().size() == 1) {
      failed(volume->path(), absl::FailedPreconditionError("it is the last one and stays"));
      break;
    }
    spdlog::info("{} ({}) is taken out of service", volume->path(), volume->storage_id());
    core_->RemoveVolume(volume);
    block_scanner_.RemoveVolume(*volume);
  }
  for (const VolumeFailure& failure : core_->FailedVolumes()) {
    if (!named(failure.path)) core_->ForgetFailures(failure.path);
  }
  return errors.empty() ? absl::OkStatus() : errors::Io(errors);
}

absl::Status LocalBlockStore::AddVolume(const VolumeOptions& options) {
  StoreOptions store_options = core_->options();
  store_options.volumes = {options};
  ASSIGN_OR_RETURN(OpenedVolumes opened,
                   OpenVolumes(store_options, core_->pool(), env_, datanode_uuid_));
  if (opened.volumes.empty()) return errors::Io(opened.failures.front().reason);
  const std::shared_ptr<Volume> volume = opened.volumes.front();
  LoadFindings findings;
  RETURN_IF_ERROR(LoadVolume(core_->fs(), *volume, core_->clock().WallMs(),
                             core_->options().boot_id, findings));
  {
    MutexLock lock(watch_mu_);
    volume->WatchReplicas(watch_);
    core_->AddVolume(volume);
  }
  core_->ForgetFailures(options.path);
  const absl::Status resolved = DropDuplicates(volume);
  if (!resolved.ok()) {
    spdlog::warn("a duplicate replica stays: {}", std::string(resolved.message()));
  }
  for (const auto& bad : findings.bad) core_->ReportBad(*volume, bad.block, bad.reason);
  block_scanner_.AddVolume(volume);
  spdlog::info("{} ({}) is in service", volume->path(), volume->storage_id());
  return absl::OkStatus();
}

// The volume is the last one, so that every look-up finds the other replica already.
absl::Status LocalBlockStore::DropDuplicates(const std::shared_ptr<Volume>& added) {
  for (const ReplicaEntry& entry : added->List().replicas) {
    const BlockLatches::Latch latch = core_->latches().Acquire(entry.block.id);
    const auto served = core_->Find(entry.block.id);
    const auto mine = added->Find(entry.block.id);
    if (!served || !mine || served->volume == added) continue;
    const StoredReplica duplicate{entry.block.id, added, mine->record, mine->active};
    RETURN_IF_ERROR(core_->Delete(duplicate, /*quiet=*/true));
  }
  return absl::OkStatus();
}

std::vector<StorageUsage> LocalBlockStore::Usage() const {
  std::vector<StorageUsage> usage;
  for (const auto& volume : core_->volumes()) {
    auto one = volume->Usage();
    if (one.ok()) {
      usage.push_back(*std::move(one));
    } else {
      core_->DiskError(volume, one.status()).IgnoreError();
    }
  }
  return usage;
}

absl::StatusOr<ReplicaListing> LocalBlockStore::List(std::string_view storage_id) const {
  for (const auto& volume : core_->volumes()) {
    if (volume->storage_id() == storage_id) return volume->List();
  }
  return absl::NotFoundError(fmt::format("storage {} is not in service", storage_id));
}

}  // namespace cairn::datanode
