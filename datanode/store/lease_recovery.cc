// The two steps of a lease recovery at a DataNode: initReplicaRecovery and
// updateReplicaUnderRecovery (Hadoop 3.4 FsDatasetImpl; data-transfer facts, "Block states and
// recovery").
#include <fmt/format.h>

#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "datanode/store/meta_file.h"
#include "datanode/store/replica_transitions.h"
#include "datanode/store/replica_writer.h"

namespace cairn::datanode {
namespace {

absl::Status CheckInit(const StoreCore& core, const Block& block, GenerationStamp recovery_id,
                       const StoredReplica* replica) {
  if (replica == nullptr || replica->record.deleting != 0) return absl::OkStatus();
  const GenerationStamp stamp = replica->record.generation_stamp;
  if (stamp < block.generation_stamp) {
    return errors::Io(fmt::format(
        "replica.getGenerationStamp() < block.getGenerationStamp(), block={}, replica={}",
        core.Name(block), core.Name(replica->block())));
  }
  if (stamp >= recovery_id) {
    return errors::Io(fmt::format(
        "THIS IS NOT SUPPOSED TO HAPPEN: replica.getGenerationStamp() >= recoveryId = {}, "
        "block={}, replica={}",
        recovery_id, core.Name(block), core.Name(replica->block())));
  }
  if (replica->state() == ReplicaState::kUnderRecovery &&
      replica->active->recovery_id() >= recovery_id) {
    return errors::ReplicaRecoveryInProgress(fmt::format(
        "rur.getRecoveryID() >= recoveryId = {}, block={}, rur={} with recovery id {}", recovery_id,
        core.Name(block), core.Name(replica->block()), replica->active->recovery_id()));
  }
  return absl::OkStatus();
}

// Gives a replica that nobody was writing the moving part that a recovery needs.
absl::StatusOr<std::shared_ptr<ActiveReplica>> Activate(StoreCore& core,
                                                        const StoredReplica& replica) {
  const int64_t length = replica.record.bytes();
  ActiveReplica::Progress progress{length, length, ""};
  // Its files tell nothing and stay as they are.
  const bool all_lost = replica.record.suspect != 0 && length == 0;
  const absl::Status status = [&]() -> absl::Status {
    if (all_lost) return absl::OkStatus();
    ASSIGN_OR_RETURN(const ReplicaFiles files, OpenReplicaFiles(core.fs(), replica.volume->paths(),
                                                                replica.name(), OpenMode::kRead));
    ASSIGN_OR_RETURN(const DataChecksum disk, ReadMetaHeader(*files.meta));
    ASSIGN_OR_RETURN(const int64_t data_size, files.data->Size());
    ASSIGN_OR_RETURN(const int64_t meta_size, files.meta->Size());
    if (data_size < length || meta_size < MetaFileBytes(disk, length)) {
      return errors::Checksum(fmt::format(
          "{} has {} bytes and its meta file {}, expected {} and {}", files.data->path(), data_size,
          meta_size, length, MetaFileBytes(disk, length)));
    }
    if (disk.RoundDown(length) == length || disk.type == ChecksumType::kNull) {
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(progress.last_checksum,
                     ReadStoredChecksums(*files.meta, disk, length / disk.bytes_per_checksum, 1));
    return absl::OkStatus();
  }();
  if (!status.ok()) {
    if (Is(status, ErrorKind::kChecksum)) {
      core.ReportBad(*replica.volume, replica.block(), std::string(status.message()));
    }
    return core.DiskError(replica.volume, status);
  }
  auto active = std::make_shared<ActiveReplica>(std::move(progress));
  active->MarkSynced();  // perhaps: an earlier process knew
  return active;
}

// Cuts the files `name` of the replica and makes their content durable; the caller moves them.
absl::Status CutAndSync(StoreCore& core, const StoredReplica& replica, const ReplicaName& name,
                        int64_t new_length) {
  const ActiveReplica::Progress before = replica.active->progress();
  ASSIGN_OR_RETURN(const ReplicaFiles files, OpenReplicaFiles(core.fs(), replica.volume->paths(),
                                                              name, OpenMode::kReadWrite));
  ASSIGN_OR_RETURN(const DataChecksum disk, ReadMetaHeader(*files.meta));
  ASSIGN_OR_RETURN(std::string last,
                   CutReplica(*files.data, *files.meta, disk, before.bytes_on_disk,
                              before.last_checksum, new_length, /*durable=*/true));
  replica.active->Reset({new_length, std::min(before.bytes_acked, new_length), std::move(last)});
  replica.volume->AddUsed(new_length - before.bytes_on_disk + disk.ChecksumBytes(new_length) -
                          disk.ChecksumBytes(before.bytes_on_disk));
  return files.Sync();
}

// Cuts, renames and finalizes a replica under recovery; the latch is held.
absl::Status TakeLength(StoreCore& core, const StoredReplica& replica, GenerationStamp recovery_id,
                        int64_t new_length) {
  ReplicaName name = replica.name();
  if (name.place == ReplicaPlace::kFinalized && new_length < replica.bytes_on_disk()) {
    // Cut where a crash leaves an RWR, not where it would leave a finalized replica of a length
    // that nobody asked for, or one that its meta file does not fit.
    const ReplicaName rbw{ReplicaPlace::kRbw, replica.id, name.stamp};
    RETURN_IF_ERROR(MoveReplicaFiles(core.fs(), replica.volume->paths(), name, rbw, /*sync=*/true));
    name = rbw;
  }
  absl::Status status = CutAndSync(core, replica, name, new_length);
  if (status.ok()) {
    status = FinalizeReplica(core, replica, name, recovery_id, new_length, /*sync=*/true, "");
  }
  if (!status.ok() && name.place != replica.name().place) {
    replica.active->SetRecovery(recovery_id, ReplicaState::kWaitingToBeRecovered);
  }
  return status;
}

}  // namespace

absl::StatusOr<std::optional<ReplicaRecoveryInfo>> InitRecovery(StoreCore& core, const Block& block,
                                                                GenerationStamp recovery_id) {
  ASSIGN_OR_RETURN(const auto latch,
                   core.LatchWithoutWriter(block.id, [&](const StoredReplica* replica) {
                     return CheckInit(core, block, recovery_id, replica);
                   }));
  const auto found = core.Find(block.id);
  if (!found || found->record.deleting != 0) return std::nullopt;
  StoredReplica replica = *found;
  const ReplicaState original = replica.original_state();
  if (!replica.active) {
    ASSIGN_OR_RETURN(replica.active, Activate(core, replica));
  }
  replica.active->SetRecovery(recovery_id, original);
  auto record = ReplicaRecord::Make(ReplicaState::kUnderRecovery, replica.record.generation_stamp,
                                    replica.bytes_on_disk());
  record.suspect = replica.record.suspect;
  replica.volume->Put(block.id, record, replica.active);
  return ReplicaRecoveryInfo{replica.block(), original, record.suspect != 0};
}

absl::StatusOr<std::string> UpdateUnderRecovery(StoreCore& core, const Block& old_block,
                                                GenerationStamp recovery_id, int64_t new_length) {
  const BlockLatches::Latch latch = core.latches().Acquire(old_block.id);
  ASSIGN_OR_RETURN(const StoredReplica replica, core.Get(old_block.id));
  if (replica.state() != ReplicaState::kUnderRecovery) {
    return errors::Io(
        fmt::format("replica.getState() != RUR, replica={}", core.Name(replica.block())));
  }
  if (replica.active->recovery_id() != recovery_id) {
    return errors::Io(fmt::format("rur.getRecoveryID() != recoveryId = {}, rur={} with id {}",
                                  recovery_id, core.Name(replica.block()),
                                  replica.active->recovery_id()));
  }
  if (replica.bytes_on_disk() != old_block.num_bytes) {
    return errors::Io(
        fmt::format("THIS IS NOT SUPPOSED TO HAPPEN: replica.getBytesOnDisk() != "
                    "block.getNumBytes(), {} has {} "
                    "bytes, not {}",
                    core.Name(replica.block()), replica.bytes_on_disk(), old_block.num_bytes));
  }
  if (new_length < 0 || new_length > replica.bytes_on_disk()) {
    return errors::Io(fmt::format("rur.getNumBytes() < newlength = {}, rur={} of {} bytes",
                                  new_length, core.Name(replica.block()), replica.bytes_on_disk()));
  }
  const absl::Status status = TakeLength(core, replica, recovery_id, new_length);
  if (Is(status, ErrorKind::kChecksum)) {
    core.ReportBad(*replica.volume, replica.block(), std::string(status.message()));
  }
  if (!status.ok()) return core.DiskError(replica.volume, status);
  return replica.volume->storage_id();
}

}  // namespace cairn::datanode
