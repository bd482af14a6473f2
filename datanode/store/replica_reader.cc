// Opens pinned snapshots of replicas.
#include "datanode/store/replica_reader.h"

#include <fmt/format.h>

#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "datanode/store/meta_file.h"

namespace cairn::datanode {
namespace {

constexpr int64_t kWaitAckedMs = 3000;

// Everything but the files never changes after construction.
class LocalReplicaReader : public ReplicaReader {
 public:
  LocalReplicaReader(StoreCore& core, const StoredReplica& replica, ReplicaFiles files,
                     const DataChecksum& checksum, ActiveReplica::Progress snapshot)
      : core_(core),
        volume_(replica.volume),
        block_{replica.id, replica.record.generation_stamp, snapshot.bytes_on_disk},
        state_(replica.state()),
        active_(replica.active),
        cuts_(active_ ? active_->cuts() : 0),
        files_(std::move(files)),
        checksum_(checksum),
        snapshot_(std::move(snapshot)) {}

  const Block& block() const override { return block_; }
  ReplicaState state() const override { return state_; }
  const std::string& storage_id() const override { return volume_->storage_id(); }
  int64_t visible_length() const override { return snapshot_.bytes_acked; }
  const DataChecksum& checksum() const override { return checksum_; }
  int data_fd() const override { return files_.data->fd(); }
  int meta_fd() const override { return files_.meta->fd(); }

  absl::Status ReadData(int64_t offset, size_t n, char* out) const override {
    if (offset < 0 || offset > block_.num_bytes ||
        n > static_cast<size_t>(block_.num_bytes - offset)) {
      return absl::InvalidArgumentError(fmt::format("{} bytes at {} are not within the {} of {}", n,
                                                    offset, block_.num_bytes, core_.Name(block_)));
    }
    const auto got = files_.data->ReadAt(offset, n, out);
    if (got.ok() && *got == n) return absl::OkStatus();
    if (!got.ok()) return Damaged(core_.DiskError(volume_, got.status()));
    return Damaged(
        absl::DataLossError(fmt::format("{} ends at byte {} of {}", files_.data->path(),
                                        offset + static_cast<int64_t>(*got), block_.num_bytes)));
  }

  absl::Status ReadChecksums(int64_t offset, int64_t n, std::string& out) const override {
    const bool inside = offset >= 0 && n >= 0 && n <= block_.num_bytes - offset;
    const int64_t end = inside ? offset + n : 0;
    if (!inside || offset % checksum_.bytes_per_checksum != 0 ||
        (end % checksum_.bytes_per_checksum != 0 && end != block_.num_bytes)) {
      return absl::InvalidArgumentError(
          fmt::format("{} bytes at {} are no whole chunks of {}", n, offset, core_.Name(block_)));
    }
    if (checksum_.type == ChecksumType::kNull || n == 0) return absl::OkStatus();
    const int64_t first = offset / checksum_.bytes_per_checksum;
    const bool has_last = end % checksum_.bytes_per_checksum != 0;
    const int64_t stored = checksum_.ChunkCount(n) - (has_last ? 1 : 0);
    auto values = ReadStoredChecksums(*files_.meta, checksum_, first, stored);
    if (!values.ok()) return Damaged(core_.DiskError(volume_, values.status()));
    out += *values;
    if (has_last) out += snapshot_.last_checksum;
    return absl::OkStatus();
  }

  absl::Status ReadVerified(int64_t offset, size_t n, char* out) const override {
    std::string checksums;
    RETURN_IF_ERROR(ReadChecksums(offset, static_cast<int64_t>(n), checksums));
    RETURN_IF_ERROR(ReadData(offset, n, out));
    const absl::Status verified =
        checksum_.Verify(std::string_view(out, n), checksums, offset, core_.Name(block_));
    if (verified.ok()) return verified;
    return Damaged(errors::Checksum(std::string(verified.message())));
  }

 private:
  absl::Status Damaged(absl::Status status) const {
    // What is really damaged is found again.
    if (absl::IsDataLoss(status) && !ChangedSince()) {
      core_.ReportBad(*volume_, block_, std::string(status.message()));
    }
    return status;
  }

  // Whether a recovery has cut the files under this reader, or may be about to. Under the latch,
  // which every cut holds from the first change to the last.
  bool ChangedSince() const {
    const BlockLatches::Latch latch = core_.latches().Acquire(block_.id);
    const auto now = volume_->Find(block_.id);
    return !now || now->record.generation_stamp != block_.generation_stamp ||
           now->record.state() == ReplicaState::kUnderRecovery ||
           (active_ != nullptr && active_->cuts() != cuts_);
  }

  StoreCore& core_;
  const std::shared_ptr<Volume> volume_;
  const Block block_;
  const ReplicaState state_;
  const std::shared_ptr<ActiveReplica> active_;  // null: nobody wrote it
  const int64_t cuts_;
  const ReplicaFiles files_;
  const DataChecksum checksum_;
  const ActiveReplica::Progress snapshot_;
};

absl::StatusOr<StoredReplica> FindReadable(const StoreCore& core, const Block& block) {
  ASSIGN_OR_RETURN(StoredReplica replica, core.Get(block.id));
  if (replica.record.generation_stamp < block.generation_stamp) {
    return errors::Io(fmt::format("Replica gen stamp < block genstamp, block={}, replica={}",
                                  core.Name(block), core.Name(replica.block())));
  }
  if (!IsReadable(replica.original_state())) {
    return errors::Io(fmt::format("Replica is not readable, block={}, replica={}", core.Name(block),
                                  core.Name(replica.block())));
  }
  return replica;
}

// Length and last checksum of a replica that nobody writes; both files must be of the right size.
absl::StatusOr<ActiveReplica::Progress> SnapshotOfFiles(const ReplicaFiles& files,
                                                        const DataChecksum& checksum,
                                                        int64_t length) {
  ActiveReplica::Progress snapshot{length, length, ""};
  ASSIGN_OR_RETURN(const int64_t data_size, files.data->Size());
  ASSIGN_OR_RETURN(const int64_t meta_size, files.meta->Size());
  const int64_t expected = MetaFileBytes(checksum, length);
  if (data_size != length || meta_size != expected) {
    return errors::Checksum(fmt::format("{} has {} bytes and its meta file {}, expected {} and {}",
                                        files.data->path(), data_size, meta_size, length,
                                        expected));
  }
  if (length % checksum.bytes_per_checksum != 0) {
    ASSIGN_OR_RETURN(
        snapshot.last_checksum,
        ReadStoredChecksums(*files.meta, checksum, length / checksum.bytes_per_checksum, 1));
  }
  return snapshot;
}

}  // namespace

bool IsReadable(ReplicaState original_state) {
  return original_state == ReplicaState::kFinalized ||
         original_state == ReplicaState::kBeingWritten;
}

absl::StatusOr<std::unique_ptr<ReplicaReader>> OpenReplicaReader(StoreCore& core,
                                                                 const Block& block,
                                                                 int64_t wait_for_bytes) {
  ASSIGN_OR_RETURN(StoredReplica replica, FindReadable(core, block));
  if (replica.active) replica.active->WaitAcked(wait_for_bytes, kWaitAckedMs);
  // The latch keeps the replica from being moved or cut while it is opened.
  const BlockLatches::Latch latch = core.latches().Acquire(block.id);
  ASSIGN_OR_RETURN(replica, FindReadable(core, block));
  auto files =
      OpenReplicaFiles(core.fs(), replica.volume->paths(), replica.name(), OpenMode::kRead);
  if (!files.ok()) {
    // Perhaps the disk is gone rather than the file: looked into apart from this read.
    if (absl::IsNotFound(files.status())) core.NoteMissing(block.id);
    if (absl::IsUnavailable(files.status())) return files.status();  // the process's lack
    return absl::DataLossError(
        std::string(core.DiskError(replica.volume, files.status()).message()));
  }
  const auto opened = [&]() -> absl::StatusOr<std::unique_ptr<ReplicaReader>> {
    ASSIGN_OR_RETURN(const DataChecksum checksum, ReadMetaHeader(*files->meta));
    ActiveReplica::Progress snapshot;
    if (replica.active) {
      snapshot = replica.active->progress();
    } else {
      ASSIGN_OR_RETURN(snapshot, SnapshotOfFiles(*files, checksum, replica.record.bytes()));
    }
    return std::make_unique<LocalReplicaReader>(core, replica, *std::move(files), checksum,
                                                std::move(snapshot));
  };
  auto reader = opened();
  if (absl::IsDataLoss(reader.status())) {
    core.ReportBad(*replica.volume, replica.block(), std::string(reader.status().message()));
  }
  if (!reader.ok()) return core.DiskError(replica.volume, reader.status());
  return reader;
}

}  // namespace cairn::datanode
