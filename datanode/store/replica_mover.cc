// Moves a replica between two volumes of this DataNode.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "datanode/store/meta_file.h"
#include "datanode/store/replica_transitions.h"

namespace cairn::datanode {
namespace {

constexpr int64_t kCopyBytes = 1 << 20;

// The replica when it may be moved.
absl::StatusOr<StoredReplica> FindMovable(const StoreCore& core, const Block& block) {
  ASSIGN_OR_RETURN(StoredReplica replica, core.Get(block.id));
  if (replica.state() != ReplicaState::kFinalized ||
      replica.record.generation_stamp != block.generation_stamp) {
    return errors::ReplicaNotFound(
        fmt::format("Replica is not finalized or of another generation stamp: {}, not {}",
                    core.Name(replica.block()), core.Name(block)));
  }
  return replica;
}

absl::StatusOr<std::shared_ptr<Volume>> ChooseTarget(StoreCore& core, const MoveRequest& request,
                                                     const StoredReplica& replica) {
  const auto fits = [&](const Volume& volume) {
    return request.storage_id.empty() ? volume.storage_type() == request.storage_type
                                      : volume.storage_id() == request.storage_id;
  };
  if (fits(*replica.volume)) {
    return errors::ReplicaExists(fmt::format("Replica {} already exists on storage {}",
                                             core.Name(replica.block()),
                                             replica.volume->storage_id()));
  }
  WriteRequest write;
  write.block = replica.block();
  write.storage_type = request.storage_type;
  write.storage_id = request.storage_id;
  ASSIGN_OR_RETURN(std::shared_ptr<Volume> target, core.ChooseVolume(write));
  if (target == replica.volume || !fits(*target)) {
    return errors::DiskOutOfSpace(
        fmt::format("no volume of this DataNode suits for {}", core.Name(replica.block())));
  }
  return target;
}

// Returns the bytes copied.
absl::StatusOr<int64_t> CopyFile(const File& from, File& to,
                                 const std::function<void(int64_t)>& pace) {
  std::string buffer(kCopyBytes, '\0');
  for (int64_t at = 0;;) {
    ASSIGN_OR_RETURN(const size_t n, from.ReadAt(at, buffer.size(), buffer.data()));
    if (n == 0) return at;
    RETURN_IF_ERROR(to.WriteAt(at, std::string_view(buffer).substr(0, n)));
    at += static_cast<int64_t>(n);
    if (pace) pace(static_cast<int64_t>(n));
  }
}

// A verified, synced copy of the replica's files under `name` on `target`; the bytes it takes.
absl::StatusOr<int64_t> CopyTo(StoreCore& core, const StoredReplica& replica, Volume& target,
                               const ReplicaName& name, const MoveRequest& request) {
  ASSIGN_OR_RETURN(const ReplicaFiles from, OpenReplicaFiles(core.fs(), replica.volume->paths(),
                                                             replica.name(), OpenMode::kRead));
  ASSIGN_OR_RETURN(const DataChecksum checksum, ReadMetaHeader(*from.meta));
  ASSIGN_OR_RETURN(const ReplicaFiles to,
                   CreateReplicaFiles(core.fs(), target.paths(), name, checksum));
  ASSIGN_OR_RETURN(const int64_t data_bytes, CopyFile(*from.data, *to.data, request.pace));
  ASSIGN_OR_RETURN(const int64_t meta_bytes, CopyFile(*from.meta, *to.meta, nullptr));
  const absl::Status verified = VerifyReplicaFiles(*to.data, *to.meta, replica.record.bytes());
  if (Is(verified, ErrorKind::kChecksum)) {
    // Most likely the source was damaged before; the scanner tells.
    core.ReportBad(*replica.volume, replica.block(), std::string(verified.message()));
  }
  RETURN_IF_ERROR(verified);
  RETURN_IF_ERROR(to.Sync());
  return data_bytes + meta_bytes;
}

// The copy takes the replica's place, unless that has changed since.
absl::Status Replace(StoreCore& core, const StoredReplica& replica,
                     const std::shared_ptr<Volume>& target, const ReplicaName& copy,
                     int64_t copied_bytes) {
  const BlockLatches::Latch latch = core.latches().Acquire(replica.id);
  ASSIGN_OR_RETURN(const StoredReplica now, FindMovable(core, replica.block()));
  if (now.volume != replica.volume || now.record.bytes() != replica.record.bytes()) {
    return errors::Io(fmt::format("{} has changed while it was moved", core.Name(now.block())));
  }
  RETURN_IF_ERROR(target->EnsureLeaf(replica.id));
  const ReplicaName name = replica.name();
  RETURN_IF_ERROR(MoveReplicaFiles(core.fs(), target->paths(), copy, name, /*sync=*/true));
  target->AddUsed(copied_bytes);
  const uint64_t sequence = target->Put(replica.id, replica.record);
  core.Emit(ReplicaChangeKind::kReceived, *target, sequence, replica.block());
  // What cannot be deleted is a duplicate, which the next start resolves.
  const absl::Status deleted = core.Delete(now, /*quiet=*/false);
  if (!deleted.ok()) spdlog::warn("{}", std::string(deleted.message()));
  return absl::OkStatus();
}

// What a move does after it has been let in.
absl::Status Move(StoreCore& core, const StoredReplica& replica, const MoveRequest& request) {
  ASSIGN_OR_RETURN(const std::shared_ptr<Volume> target, ChooseTarget(core, request, replica));
  const ReplicaName copy{ReplicaPlace::kTmp, replica.id, replica.record.generation_stamp};
  const auto copied = CopyTo(core, replica, *target, copy, request);
  const absl::Status status =
      copied.ok() ? Replace(core, replica, target, copy, *copied) : copied.status();
  if (status.ok()) return status;
  const auto removed = RemoveReplicaFiles(core.fs(), target->paths(), copy);
  if (!removed.ok()) spdlog::warn("{}", std::string(removed.status().message()));
  // Whichever of the two disks it was; a check of a good one does no harm.
  core.DiskError(replica.volume, status).IgnoreError();
  return core.DiskError(target, status);
}

}  // namespace

absl::Status MoveReplicaToStorage(StoreCore& core, const MoveRequest& request) {
  StoredReplica replica;
  {
    // No other file in tmp/ may have the copy's name: while it is being made a second move and a
    // TEMPORARY are refused.
    const BlockLatches::Latch latch = core.latches().Acquire(request.block.id);
    ASSIGN_OR_RETURN(replica, FindMovable(core, request.block));
    if (!core.BeginMove(replica.id)) {
      return errors::Io(fmt::format("{} is being moved already", core.Name(replica.block())));
    }
  }
  const absl::Status status = Move(core, replica, request);
  core.EndMove(replica.id);
  return status;
}

}  // namespace cairn::datanode
