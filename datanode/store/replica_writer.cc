// Writes one replica's block and meta file, packet by packet.
#include "datanode/store/replica_writer.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "datanode/store/meta_file.h"

namespace cairn::datanode {

LocalReplicaWriter::LocalReplicaWriter(StoreCore& core, Opened opened, const WriteRequest& request)
    : core_(core),
      volume_(opened.replica.volume),
      active_(opened.replica.active),
      id_(opened.replica.id),
      stamp_(opened.replica.record.generation_stamp),
      temporary_(opened.replica.state() == ReplicaState::kTemporary),
      sender_(request.checksum),
      disk_(opened.disk),
      files_(std::move(opened.files)),
      tail_file_(core.fs(), volume_->paths(), id_) {
  promised_ = std::max<int64_t>(0, request.block.num_bytes - bytes_on_disk());
  volume_->AddPromised(promised_);
  active_->Attach(request.stop_writer);
  if (active_->synced()) ProtectTail();
}

LocalReplicaWriter::~LocalReplicaWriter() { Abort(); }

Block LocalReplicaWriter::block() const { return Block{id_, stamp_, bytes_on_disk()}; }

absl::Status LocalReplicaWriter::CheckUsable() const {
  if (!attached_) return absl::AbortedError("the writer was closed");
  if (active_->stop_requested()) {
    return absl::AbortedError(
        fmt::format("{} is being recovered: its writer was stopped", core_.Name(block())));
  }
  return failed_;
}

absl::Status LocalReplicaWriter::CheckPacket(int64_t offset, std::string_view data,
                                             std::string_view checksums, bool verify) const {
  const int64_t received = bytes_on_disk();
  if (offset < 0 || offset > received) {
    return absl::InvalidArgumentError(fmt::format(
        "Received an out-of-sequence packet for {} at offset {}. Expecting packet starting at {}",
        core_.Name(block()), offset, received));
  }
  const int64_t in_chunk = offset % sender_.bytes_per_checksum;
  const auto size = static_cast<int64_t>(data.size());
  if (in_chunk != 0 && size > sender_.bytes_per_checksum - in_chunk) {
    return absl::InvalidArgumentError(
        fmt::format("a packet of {} bytes at offset {} of {} begins within a chunk of {} bytes and "
                    "passes its end",
                    size, offset, core_.Name(block()), sender_.bytes_per_checksum));
  }
  if (sender_.type == ChecksumType::kNull) return absl::OkStatus();
  // A packet within a chunk carries one value, of its own bytes alone; so both cases count alike.
  if (static_cast<int64_t>(checksums.size()) != sender_.ChecksumBytes(size)) {
    return absl::InvalidArgumentError(
        fmt::format("a packet of {} bytes for {} has {} bytes of checksums instead of {}", size,
                    core_.Name(block()), checksums.size(), sender_.ChecksumBytes(size)));
  }
  // What shares a chunk with bytes that are here already decides over their checksum.
  const bool continues_chunk = disk_.RoundDown(received) != received;
  if (!verify && !continues_chunk && sender_ == disk_) return absl::OkStatus();
  const absl::Status verified = sender_.Verify(data, checksums, offset, core_.Name(block()));
  return verified.ok() ? verified : errors::Checksum(std::string(verified.message()));
}

absl::StatusOr<std::string> LocalReplicaWriter::ChecksumsToStore(
    const ActiveReplica::Progress& progress, int64_t offset, std::string_view fresh,
    std::string_view checksums) const {
  if (disk_.type == ChecksumType::kNull) return std::string();
  const int64_t received = progress.bytes_on_disk;
  const int64_t chunk_begin = disk_.RoundDown(received);
  if (sender_ == disk_ && !checksums.empty() && offset <= chunk_begin &&
      offset % disk_.bytes_per_checksum == 0) {
    const auto skipped = static_cast<size_t>(disk_.ChecksumBytes(chunk_begin - offset));
    return std::string(checksums.substr(skipped));
  }
  if (received == chunk_begin) return disk_.Compute(fresh);
  // The chunk continues bytes on disk: they must be what their checksum says, or a damage would get
  // a valid checksum here.
  ASSIGN_OR_RETURN(std::string bytes, ReadExactly(*files_.data, chunk_begin,
                                                  static_cast<size_t>(received - chunk_begin)));
  const absl::Status verified =
      disk_.Verify(bytes, progress.last_checksum, chunk_begin, files_.data->path());
  if (!verified.ok()) {
    core_.ReportBad(*volume_, block(), std::string(verified.message()));
    return absl::DataLossError(std::string(verified.message()));
  }
  bytes.append(fresh);
  return disk_.Compute(bytes);
}

absl::Status LocalReplicaWriter::StorePacket(const ActiveReplica::Progress& progress,
                                             std::string_view fresh, const std::string& values) {
  if (synced_tail_) {
    RETURN_IF_ERROR(tail_file_.Keep(*synced_tail_));
    synced_tail_.reset();
  }
  // Data before checksums: a crash between them leaves a stored value that fits a beginning of the
  // chunk (LastValidLength).
  RETURN_IF_ERROR(files_.data->WriteAt(progress.bytes_on_disk, fresh));
  if (values.empty()) return absl::OkStatus();
  const int64_t chunk = progress.bytes_on_disk / disk_.bytes_per_checksum;
  return files_.meta->WriteAt(MetaOffset(disk_, chunk), values);
}

void LocalReplicaWriter::RestoreAfterError(const ActiveReplica::Progress& progress) {
  const auto cut = CutReplica(*files_.data, *files_.meta, disk_, progress.bytes_on_disk,
                              progress.last_checksum, progress.bytes_on_disk, /*durable=*/false);
  if (!cut.ok()) {
    spdlog::warn("{} keeps bytes of a failed write: {}", core_.Name(block()),
                 std::string(cut.status().message()));
  }
}

absl::Status LocalReplicaWriter::Write(int64_t offset, std::string_view data,
                                       std::string_view checksums, bool verify) {
  RETURN_IF_ERROR(CheckUsable());
  RETURN_IF_ERROR(CheckPacket(offset, data, checksums, verify));
  const ActiveReplica::Progress progress = active_->progress();
  const int64_t end = offset + static_cast<int64_t>(data.size());
  if (end <= progress.bytes_on_disk) return absl::OkStatus();
  const std::string_view fresh = data.substr(static_cast<size_t>(progress.bytes_on_disk - offset));
  const auto values = ChecksumsToStore(progress, offset, fresh, checksums);
  if (!values.ok()) return core_.DiskError(volume_, values.status());
  if (const absl::Status stored = StorePacket(progress, fresh, *values); !stored.ok()) {
    RestoreAfterError(progress);
    failed_ = core_.DiskError(volume_, stored);
    return failed_;
  }
  const size_t value_size = disk_.checksum_size();
  std::string last;
  if (end % disk_.bytes_per_checksum != 0 && value_size > 0) {
    last = values->substr(values->size() - value_size);
  }
  active_->Advance(end, std::move(last));
  const auto added = static_cast<int64_t>(fresh.size());
  volume_->AddUsed(added + disk_.ChecksumBytes(end) - disk_.ChecksumBytes(progress.bytes_on_disk));
  const int64_t kept = std::min(promised_, added);
  promised_ -= kept;
  volume_->AddPromised(-kept);
  return absl::OkStatus();
}

absl::Status LocalReplicaWriter::Sync() {
  RETURN_IF_ERROR(CheckUsable());
  const absl::Status status = [&]() -> absl::Status {
    RETURN_IF_ERROR(files_.Sync());
    if (names_synced_) return absl::OkStatus();
    return core_.fs().SyncDirectory(temporary_ ? volume_->paths().tmp() : volume_->paths().rbw());
  }();
  // A failed fsync may have dropped dirty pages: a later one that succeeds would prove nothing.
  if (!status.ok()) return failed_ = core_.DiskError(volume_, status);
  names_synced_ = true;
  active_->MarkSynced();
  ProtectTail();
  return absl::OkStatus();
}

void LocalReplicaWriter::ProtectTail() {
  synced_tail_.reset();
  if (temporary_) return;  // a restart removes it anyway
  const ActiveReplica::Progress progress = active_->progress();
  if (progress.last_checksum.empty()) return;
  synced_tail_ = SyncedTail{progress.bytes_on_disk, progress.last_checksum};
}

StoredReplica LocalReplicaWriter::Current() const {
  const auto state = temporary_ ? ReplicaState::kTemporary : ReplicaState::kBeingWritten;
  return StoredReplica{id_, volume_, ReplicaRecord::Make(state, stamp_, 0), active_};
}

absl::Status LocalReplicaWriter::ConvertToRbw() {
  if (!temporary_) return absl::FailedPreconditionError("only a TEMPORARY becomes RBW");
  BlockLatches::Latch latch = core_.latches().Acquire(id_);
  if (const absl::Status usable = CheckUsable(); !usable.ok()) {
    latch.Release();
    Abort();
    return usable;
  }
  const ReplicaName from = Current().name();
  const ReplicaName to{ReplicaPlace::kRbw, id_, stamp_};
  const absl::Status moved = [&]() -> absl::Status {
    RETURN_IF_ERROR(files_.Sync());
    return MoveReplicaFiles(core_.fs(), volume_->paths(), from, to, /*sync=*/true);
  }();
  if (!moved.ok()) {
    latch.Release();
    Abort();
    return core_.DiskError(volume_, moved);
  }
  active_->MarkSynced();
  active_->SetAcked(bytes_on_disk());
  const uint64_t sequence =
      volume_->Put(id_, ReplicaRecord::Make(ReplicaState::kBeingWritten, stamp_, 0), active_);
  core_.Emit(ReplicaChangeKind::kReceiving, *volume_, sequence, block());
  Detach();
  return absl::OkStatus();
}

absl::StatusOr<Block> LocalReplicaWriter::Finalize(bool sync, std::string_view delete_hint) {
  const absl::Status status = [&]() -> absl::Status {
    const BlockLatches::Latch latch = core_.latches().Acquire(id_);
    RETURN_IF_ERROR(CheckUsable());
    const bool durable = sync || active_->synced();
    if (durable) RETURN_IF_ERROR(files_.Sync());
    RETURN_IF_ERROR(FinalizeReplica(core_, Current(), Current().name(), stamp_, bytes_on_disk(),
                                    durable, delete_hint));
    Detach();
    return absl::OkStatus();
  }();
  if (status.ok()) return block();
  Abort();
  return core_.DiskError(volume_, status);
}

void LocalReplicaWriter::Abort() {
  if (!attached_) return;
  if (temporary_) {
    const BlockLatches::Latch latch = core_.latches().Acquire(id_);
    const absl::Status deleted = core_.Delete(Current(), /*quiet=*/true);
    if (!deleted.ok()) {
      spdlog::warn("cannot delete the temporary {}: {}", core_.Name(block()),
                   std::string(deleted.message()));
    }
  }
  Detach();
}

void LocalReplicaWriter::Detach() {
  attached_ = false;
  files_ = {};
  volume_->AddPromised(-std::exchange(promised_, 0));
  active_->Detach();
}

absl::Status FinalizeReplica(StoreCore& core, const StoredReplica& replica, const ReplicaName& from,
                             GenerationStamp stamp, int64_t length, bool sync,
                             std::string_view delete_hint) {
  Volume& volume = *replica.volume;
  const ReplicaName to{ReplicaPlace::kFinalized, replica.id, stamp};
  RETURN_IF_ERROR(volume.EnsureLeaf(replica.id));
  absl::Status moved = MoveReplicaFiles(core.fs(), volume.paths(), from, to, sync);
  if (!moved.ok()) {
    volume.ForgetLeaf(replica.id);
    return moved;
  }
  if (replica.active && replica.active->synced()) {
    // Of no use any more; should it stay, the next start removes it.
    const absl::Status removed = RemoveSyncedTail(core.fs(), volume.paths(), replica.id);
    if (!removed.ok()) spdlog::warn("{}", std::string(removed.message()));
  }
  const uint64_t sequence =
      volume.Put(replica.id, ReplicaRecord::Make(ReplicaState::kFinalized, stamp, length));
  if (replica.active) replica.active->SetAcked(length);
  core.Emit(ReplicaChangeKind::kReceived, volume, sequence, Block{replica.id, stamp, length},
            delete_hint);
  return absl::OkStatus();
}

}  // namespace cairn::datanode
