// The stages of the write pipeline.
#include "datanode/store/replica_transitions.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "datanode/store/meta_file.h"
#include "datanode/store/replica_writer.h"

namespace cairn::datanode {
namespace {

std::string_view StateName(ReplicaState state) {
  switch (state) {
    case ReplicaState::kFinalized:
      return "FINALIZED";
    case ReplicaState::kBeingWritten:
      return "RBW";
    case ReplicaState::kWaitingToBeRecovered:
      return "RWR";
    case ReplicaState::kUnderRecovery:
      return "RUR";
    case ReplicaState::kTemporary:
      return "TEMPORARY";
  }
  return "?";
}

std::string Describe(const StoreCore& core, const StoredReplica& replica) {
  return fmt::format("{}, {}, {} bytes", core.Name(replica.block()), StateName(replica.state()),
                     replica.bytes_on_disk());
}

absl::Status AlreadyExists(const StoreCore& core, const StoredReplica& replica) {
  return errors::ReplicaExists(
      fmt::format("Block {} already exists in state {} and thus cannot be created.",
                  core.Name(replica.block()), StateName(replica.state())));
}

bool Exists(const StoredReplica* replica) {
  return replica != nullptr && replica->record.deleting == 0;
}

// An existing replica (or none) whose stamp lies in [block's, latest], as the recovery stages ask.
absl::Status CheckStamp(const StoreCore& core, const WriteRequest& request,
                        const StoredReplica* replica) {
  if (!Exists(replica)) {
    return errors::ReplicaNotFound(
        fmt::format("Replica does not exist {}", core.Name(request.block)));
  }
  const GenerationStamp stamp = replica->record.generation_stamp;
  if (stamp < request.block.generation_stamp || stamp > request.latest_generation_stamp) {
    return errors::ReplicaNotFound(
        fmt::format("Cannot append to a replica with unexpected generation stamp {}. Expected GS "
                    "range is [{}, {}].",
                    core.Name(replica->block()), request.block.generation_stamp,
                    request.latest_generation_stamp));
  }
  return absl::OkStatus();
}

absl::Status CheckLength(const StoreCore& core, const StoredReplica& replica, int64_t expected) {
  if (replica.bytes_on_disk() == expected) return absl::OkStatus();
  return errors::Io(fmt::format("Corrupted replica {} with a length of {} expected length is {}",
                                core.Name(replica.block()), replica.bytes_on_disk(), expected));
}

// Empty files for `replica`, whose volume this chooses: one that fails or is full after all is
// passed over. The first error when none is left.
absl::StatusOr<ReplicaFiles> CreateSomewhere(StoreCore& core, const WriteRequest& request,
                                             StoredReplica& replica) {
  StoreCore::VolumeList tried;
  absl::Status first_error;
  while (true) {
    auto volume = core.ChooseVolume(request, tried);
    if (!volume.ok()) return first_error.ok() ? volume.status() : first_error;
    replica.volume = *volume;
    auto files =
        CreateReplicaFiles(core.fs(), (*volume)->paths(), replica.name(), request.checksum);
    if (files.ok()) return files;
    const absl::Status error = core.DiskError(*volume, files.status());
    if (absl::IsUnavailable(error)) return error;  // no other volume would do
    spdlog::warn("cannot create {} on {}: {}", core.Name(request.block), (*volume)->path(),
                 std::string(error.message()));
    if (first_error.ok()) first_error = error;
    tried.push_back(*std::move(volume));
  }
}

// Makes an empty replica in `state` on a volume of the request; what `old` holds is deleted first.
WriterOr Create(StoreCore& core, const WriteRequest& request, ReplicaState state,
                GenerationStamp stamp, const std::optional<StoredReplica>& old) {
  const BlockId id = request.block.id;
  if (old) RETURN_IF_ERROR(core.Delete(*old, /*quiet=*/false));
  StoredReplica replica{id, nullptr, ReplicaRecord::Make(state, stamp, 0),
                        std::make_shared<ActiveReplica>(ActiveReplica::Progress{})};
  ASSIGN_OR_RETURN(auto files, CreateSomewhere(core, request, replica));
  const std::shared_ptr<Volume> volume = replica.volume;
  volume->AddUsed(kMetaHeaderBytes);
  auto writer = std::make_unique<LocalReplicaWriter>(
      core, LocalReplicaWriter::Opened{replica, std::move(files), request.checksum}, request);
  const uint64_t sequence = volume->Put(id, replica.record, replica.active);
  if (state == ReplicaState::kBeingWritten) {
    // Not the request's length, which is that of the whole block: nothing has been written yet.
    core.Emit(ReplicaChangeKind::kReceiving, *volume, sequence, Block{id, stamp, 0});
  }
  return writer;
}

// FINALIZED → RBW with `stamp`, ready for more bytes. Names are synced.
WriterOr Reopen(StoreCore& core, const WriteRequest& request, const StoredReplica& replica,
                GenerationStamp stamp) {
  Volume& volume = *replica.volume;
  const int64_t length = replica.record.bytes();
  const ReplicaName from = replica.name();
  const ReplicaName to{ReplicaPlace::kRbw, replica.id, stamp};
  DataChecksum disk;
  ReplicaFiles files;
  ActiveReplica::Progress progress{length, length, ""};
  const absl::Status status = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(files,
                     OpenReplicaFiles(core.fs(), volume.paths(), from, OpenMode::kReadWrite));
    ASSIGN_OR_RETURN(disk, ReadMetaHeader(*files.meta));
    // Verifies nothing but sizes and the last chunk, and leaves both as they are.
    ASSIGN_OR_RETURN(const int64_t data_size, files.data->Size());
    ASSIGN_OR_RETURN(const int64_t meta_size, files.meta->Size());
    if (data_size != length || meta_size != MetaFileBytes(disk, length)) {
      return errors::Checksum(fmt::format(
          "{} has {} bytes and its meta file {}, expected {} and {}", files.data->path(), data_size,
          meta_size, length, MetaFileBytes(disk, length)));
    }
    if (disk.RoundDown(length) != length) {
      ASSIGN_OR_RETURN(progress.last_checksum,
                       ReadStoredChecksums(*files.meta, disk, length / disk.bytes_per_checksum,
                                           disk.type == ChecksumType::kNull ? 0 : 1));
    }
    return MoveReplicaFiles(core.fs(), volume.paths(), from, to, /*sync=*/true);
  }();
  if (!status.ok()) {
    if (Is(status, ErrorKind::kChecksum)) {
      core.ReportBad(volume, replica.block(), std::string(status.message()));
    }
    return core.DiskError(replica.volume, status);
  }
  StoredReplica rbw{replica.id, replica.volume,
                    ReplicaRecord::Make(ReplicaState::kBeingWritten, stamp, length),
                    std::make_shared<ActiveReplica>(std::move(progress))};
  rbw.active->MarkSynced();
  auto writer = std::make_unique<LocalReplicaWriter>(
      core, LocalReplicaWriter::Opened{rbw, std::move(files), disk}, request);
  const uint64_t sequence = volume.Put(rbw.id, rbw.record, rbw.active);
  core.Emit(ReplicaChangeKind::kReceiving, volume, sequence, Block{rbw.id, stamp, length});
  return writer;
}

// A replica whose files are open for writing, and the number of the change that made it so.
struct Restarted {
  LocalReplicaWriter::Opened opened;
  uint64_t sequence = 0;
};

// An RBW without writer gets `stamp` and is cut to `length`.
absl::StatusOr<Restarted> Restart(StoreCore& core, const StoredReplica& replica,
                                  GenerationStamp stamp, int64_t length) {
  Volume& volume = *replica.volume;
  const ActiveReplica::Progress before = replica.active->progress();
  const ReplicaName to{ReplicaPlace::kRbw, replica.id, stamp};
  LocalReplicaWriter::Opened opened;
  opened.replica = replica;
  opened.replica.record = ReplicaRecord::Make(ReplicaState::kBeingWritten, stamp, length);
  // What was synced under the old stamp must not fall back to it: the NameNode knows the new one.
  const bool durable = replica.active != nullptr && replica.active->synced();
  const absl::Status status = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(opened.files, OpenReplicaFiles(core.fs(), volume.paths(), replica.name(),
                                                    OpenMode::kReadWrite));
    ASSIGN_OR_RETURN(opened.disk, ReadMetaHeader(*opened.files.meta));
    ASSIGN_OR_RETURN(std::string last,
                     CutReplica(*opened.files.data, *opened.files.meta, opened.disk,
                                before.bytes_on_disk, before.last_checksum, length, durable));
    replica.active->Reset({length, std::min(before.bytes_acked, length), std::move(last)});
    volume.AddUsed(length - before.bytes_on_disk + opened.disk.ChecksumBytes(length) -
                   opened.disk.ChecksumBytes(before.bytes_on_disk));
    return MoveReplicaFiles(core.fs(), volume.paths(), replica.name(), to, /*sync=*/durable);
  }();
  if (!status.ok()) {
    if (Is(status, ErrorKind::kChecksum)) {
      core.ReportBad(volume, replica.block(), std::string(status.message()));
    }
    return core.DiskError(replica.volume, status);
  }
  const uint64_t sequence = volume.Put(replica.id, opened.replica.record, replica.active);
  return Restarted{std::move(opened), sequence};
}

// As Restart, for more bytes to come. Reported: the NameNode must not take the survivors of a
// pipeline for replicas of the former stamp.
WriterOr RestartForWriting(StoreCore& core, const WriteRequest& request,
                           const StoredReplica& replica, int64_t length) {
  ASSIGN_OR_RETURN(Restarted restarted,
                   Restart(core, replica, request.latest_generation_stamp, length));
  auto writer = std::make_unique<LocalReplicaWriter>(core, std::move(restarted.opened), request);
  core.Emit(ReplicaChangeKind::kReceiving, *replica.volume, restarted.sequence, writer->block());
  return writer;
}

}  // namespace

WriterOr CreateRbwReplica(StoreCore& core, const WriteRequest& request) {
  const GenerationStamp latest = request.latest_generation_stamp;
  ASSIGN_OR_RETURN(
      const auto latch,
      core.LatchWithoutWriter(request.block.id, [&](const StoredReplica* replica) {
        if (!Exists(replica) || (latest != 0 && replica->record.generation_stamp < latest)) {
          return absl::OkStatus();
        }
        return AlreadyExists(core, *replica);
      }));
  return Create(core, request, ReplicaState::kBeingWritten,
                latest != 0 ? latest : request.block.generation_stamp, core.Find(request.block.id));
}

WriterOr CreateTemporaryReplica(StoreCore& core, const WriteRequest& request) {
  ASSIGN_OR_RETURN(const auto latch,
                   core.LatchWithoutWriter(request.block.id, [&](const StoredReplica* replica) {
                     if (!Exists(replica)) return absl::OkStatus();
                     const bool older =
                         replica->record.generation_stamp < request.block.generation_stamp;
                     const bool gives_way = request.is_transfer ||
                                            replica->original_state() != ReplicaState::kFinalized;
                     return older && gives_way ? absl::OkStatus() : AlreadyExists(core, *replica);
                   }));
  if (core.IsMoving(request.block.id)) {
    return errors::ReplicaExists(
        fmt::format("Block {} is being moved between volumes.", core.Name(request.block)));
  }
  return Create(core, request, ReplicaState::kTemporary, request.block.generation_stamp,
                core.Find(request.block.id));
}

WriterOr AppendReplica(StoreCore& core, const WriteRequest& request) {
  // If the block was finalized at a later stamp than the client knows, the client is out of date;
  // if it still has a writer, an append has nothing to append to: neither stops a writer.
  const BlockLatches::Latch latch = core.latches().Acquire(request.block.id);
  const auto found = core.Find(request.block.id);
  if (!found || found->record.deleting != 0) {
    return errors::ReplicaNotFound(
        fmt::format("Replica does not exist {}", core.Name(request.block)));
  }
  if (found->state() != ReplicaState::kFinalized) {
    return errors::ReplicaNotFound(
        fmt::format("Cannot append to an unfinalized replica {}", Describe(core, *found)));
  }
  const GenerationStamp stamp = found->record.generation_stamp;
  if (stamp < request.block.generation_stamp || request.latest_generation_stamp < stamp) {
    return errors::Io(fmt::format(
        "The new generation stamp {} should be greater than the replica {}'s generation "
        "stamp",
        request.latest_generation_stamp, core.Name(found->block())));
  }
  RETURN_IF_ERROR(CheckLength(core, *found, request.min_bytes_received));
  return Reopen(core, request, *found, request.latest_generation_stamp);
}

namespace {

// The check of the append and close recoveries.
absl::Status CheckFinalizedOrRbw(const StoreCore& core, const WriteRequest& request,
                                 const StoredReplica* replica) {
  RETURN_IF_ERROR(CheckStamp(core, request, replica));
  if (replica->state() == ReplicaState::kFinalized ||
      replica->state() == ReplicaState::kBeingWritten) {
    return absl::OkStatus();
  }
  return errors::ReplicaNotFound(
      fmt::format("Cannot recover append/close to a replica that's not FINALIZED and not RBW {}",
                  Describe(core, *replica)));
}

}  // namespace

WriterOr RecoverAppendReplica(StoreCore& core, const WriteRequest& request) {
  ASSIGN_OR_RETURN(const auto latch,
                   core.LatchWithoutWriter(request.block.id, [&](const StoredReplica* replica) {
                     return CheckFinalizedOrRbw(core, request, replica);
                   }));
  ASSIGN_OR_RETURN(const StoredReplica replica, core.Get(request.block.id));
  RETURN_IF_ERROR(CheckLength(core, replica, request.min_bytes_received));
  if (replica.state() == ReplicaState::kFinalized) {
    return Reopen(core, request, replica, request.latest_generation_stamp);
  }
  // The client says that it has all of these acked.
  replica.active->SetAcked(request.min_bytes_received);
  return RestartForWriting(core, request, replica, request.min_bytes_received);
}

WriterOr RecoverRbwReplica(StoreCore& core, const WriteRequest& request) {
  ASSIGN_OR_RETURN(
      const auto latch,
      core.LatchWithoutWriter(request.block.id, [&](const StoredReplica* replica) -> absl::Status {
        RETURN_IF_ERROR(CheckStamp(core, request, replica));
        if (replica->state() == ReplicaState::kBeingWritten) return absl::OkStatus();
        return errors::ReplicaNotFound(
            fmt::format("Cannot recover a non-RBW replica {}", Describe(core, *replica)));
      }));
  ASSIGN_OR_RETURN(const StoredReplica replica, core.Get(request.block.id));
  const ActiveReplica::Progress progress = replica.active->progress();
  if (progress.bytes_acked < request.min_bytes_received ||
      progress.bytes_on_disk > request.max_bytes_received) {
    return errors::ReplicaNotFound(fmt::format(
        "Unmatched length replica {}: bytesAcked = {} bytesRcvd = {}, expected [{}, {}]",
        Describe(core, replica), progress.bytes_acked, progress.bytes_on_disk,
        request.min_bytes_received, request.max_bytes_received));
  }
  return RestartForWriting(core, request, replica, progress.bytes_acked);
}

absl::StatusOr<std::string> RecoverCloseReplica(StoreCore& core, const WriteRequest& request) {
  ASSIGN_OR_RETURN(const auto latch,
                   core.LatchWithoutWriter(request.block.id, [&](const StoredReplica* replica) {
                     return CheckFinalizedOrRbw(core, request, replica);
                   }));
  ASSIGN_OR_RETURN(const StoredReplica replica, core.Get(request.block.id));
  RETURN_IF_ERROR(CheckLength(core, replica, request.min_bytes_received));
  const GenerationStamp stamp = request.latest_generation_stamp;
  const absl::Status finalized = [&]() -> absl::Status {
    if (replica.state() == ReplicaState::kFinalized) {
      return FinalizeReplica(core, replica, replica.name(), stamp, request.min_bytes_received,
                             /*sync=*/true, "");
    }
    ASSIGN_OR_RETURN(const Restarted restarted,
                     Restart(core, replica, stamp, request.min_bytes_received));
    const LocalReplicaWriter::Opened& opened = restarted.opened;
    // The packet that was to end the block may have asked for it, and is not sent again.
    RETURN_IF_ERROR(opened.files.Sync());
    return FinalizeReplica(core, opened.replica, opened.replica.name(), stamp,
                           request.min_bytes_received, /*sync=*/true, "");
  }();
  if (!finalized.ok()) return core.DiskError(replica.volume, finalized);
  return replica.volume->storage_id();
}

}  // namespace cairn::datanode
