// Finds out at start which replicas a volume has.
#include "datanode/store/volume_loader.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "datanode/store/boot_record.h"
#include "datanode/store/meta_file.h"
#include "datanode/store/replica_files.h"
#include "datanode/store/restart_file.h"
#include "datanode/store/synced_tail.h"

namespace cairn::datanode {
namespace {

constexpr size_t kMaxStrayRemembered = 1000;

// What one directory has of one block; sizes in bytes, -1 when the file is missing.
struct Pair {
  int64_t data_bytes = -1;
  int64_t meta_bytes = -1;
  GenerationStamp stamp = 0;

  bool has_data() const { return data_bytes >= 0; }
  bool has_meta() const { return meta_bytes >= 0; }
};
using Pairs = absl::btree_map<BlockId, Pair>;

// True when `a` is to be kept rather than `b`.
bool IsBetter(const ReplicaRecord& a, const ReplicaRecord& b) {
  if (a.generation_stamp != b.generation_stamp) return a.generation_stamp > b.generation_stamp;
  if (a.length != b.length) return a.length > b.length;
  return a.state() == ReplicaState::kFinalized;
}

ReplicaPlace PlaceOf(const ReplicaRecord& record) {
  return record.state() == ReplicaState::kFinalized ? ReplicaPlace::kFinalized : ReplicaPlace::kRbw;
}

class Loader {
 public:
  Loader(FileSystem& fs, Volume& volume, int64_t now_ms, const std::string& boot_id,
         LoadFindings& findings)
      : fs_(fs),
        volume_(volume),
        paths_(volume.paths()),
        now_ms_(now_ms),
        boot_id_(boot_id),
        findings_(findings) {}

  absl::Status Run() {
    RETURN_IF_ERROR(fs_.RemoveRecursively(paths_.tmp()));
    RETURN_IF_ERROR(fs_.CreateDirectories(paths_.tmp()));
    RETURN_IF_ERROR(RemoveHdfsCache());
    RETURN_IF_ERROR(ReadPairs(paths_.rbw(), rbw_));
    for (int leaf = 0; leaf < kLeafCount; ++leaf) RETURN_IF_ERROR(LoadLeaf(leaf));
    ASSIGN_OR_RETURN(const BootRecord before, ReadBootRecord(fs_, paths_));
    BootRecord now{boot_id_, {}};
    std::vector<std::pair<ReplicaName, Inspected>> inspected;
    for (const auto& [id, pair] : rbw_) {
      if (!pair.has_data()) {
        if (pair.has_meta()) {
          RETURN_IF_ERROR(fs_.Remove(paths_.MetaFile(ReplicaPlace::kRbw, id, pair.stamp)));
        }
        continue;
      }
      const ReplicaName name{ReplicaPlace::kRbw, id, pair.stamp};
      ASSIGN_OR_RETURN(Inspected one, Inspect(name, pair, before));
      if (one.suspect) now.suspects.emplace(id, pair.stamp);
      inspected.emplace_back(name, std::move(one));
    }
    // Before anything is cut: the files will not tell again.
    if (now != before) RETURN_IF_ERROR(WriteBootRecord(fs_, paths_, now));
    for (const auto& [name, one] : inspected) RETURN_IF_ERROR(LoadRbw(name, rbw_[name.id], one));
    return RemoveLeftovers();
  }

 private:
  // What is to be made of a replica in rbw/.
  struct Inspected {
    std::optional<DataChecksum> checksum;  // empty: it is lost with the meta file or its header
    int64_t length = 0;                    // bytes that count
    std::optional<SyncedTail> tail;        // to return to: ends at `length`
    bool suspect = false;                  // see ReplicaRecoveryInfo::may_have_lost_bytes
  };

  // HDFS's list of replicas at its last shutdown: it would be wrong if HDFS came back.
  absl::Status RemoveHdfsCache() {
    const absl::Status removed = fs_.Remove(paths_.pool_current() + "/replicas");
    return absl::IsNotFound(removed) ? absl::OkStatus() : removed;
  }

  // Restart files count once; synced tails without a replica in rbw are of no use.
  absl::Status RemoveLeftovers() {
    for (const BlockId id : restart_files_) RETURN_IF_ERROR(fs_.Remove(paths_.RestartFile(id)));
    for (const BlockId id : synced_tails_) {
      const auto pair = rbw_.find(id);
      if (pair != rbw_.end() && pair->second.has_data()) continue;
      RETURN_IF_ERROR(RemoveSyncedTail(fs_, paths_, id));
    }
    return absl::OkStatus();
  }

  void Stray(const std::string& path) {
    spdlog::warn("{} belongs to no replica", path);
    if (findings_.stray.size() < kMaxStrayRemembered) findings_.stray.push_back(path);
  }

  // Collects the block and meta files of `directory`; a missing directory has none.
  absl::Status ReadPairs(const std::string& directory, Pairs& pairs) {
    const auto names = fs_.List(directory);
    if (absl::IsNotFound(names.status())) return absl::OkStatus();
    RETURN_IF_ERROR(names.status());
    for (const std::string& name : *names) {
      const std::string path = directory + "/" + name;
      const auto block = ParseBlockFileName(name);
      const auto meta = ParseMetaFileName(name);
      const auto info_or = fs_.Stat(path);
      if (absl::IsNotFound(info_or.status())) continue;  // gone since it was listed
      ASSIGN_OR_RETURN(const FileInfo info, info_or);
      if (const auto tail = ParseSyncedTailFileName(name)) {
        synced_tails_.push_back(*tail);
      } else if (const auto restart = ParseRestartFileName(name)) {
        restart_files_.push_back(*restart);
      } else if ((!block && !meta) || info.is_directory) {
        Stray(path);
      } else if (block) {
        pairs[*block].data_bytes = info.size_bytes;
      } else {
        RETURN_IF_ERROR(AddMeta(directory, *meta, info.size_bytes, pairs[meta->id]));
      }
    }
    return absl::OkStatus();
  }

  // Of several meta files of a block the newest counts.
  absl::Status AddMeta(const std::string& directory, const MetaName& meta, int64_t bytes,
                       Pair& pair) {
    if (pair.has_meta()) {
      const GenerationStamp older = std::min(pair.stamp, meta.stamp);
      Stray(directory + "/" + MetaFileName(meta.id, older));
      if (meta.stamp < pair.stamp) return absl::OkStatus();
    }
    pair.meta_bytes = bytes;
    pair.stamp = meta.stamp;
    return absl::OkStatus();
  }

  absl::Status LoadLeaf(int leaf) {
    Pairs pairs;
    RETURN_IF_ERROR(ReadPairs(paths_.LeafDirectory(leaf), pairs));
    for (auto& [id, pair] : pairs) {
      if (PoolPaths::LeafOf(id) != leaf) {
        Stray(paths_.LeafDirectory(leaf) + "/" + BlockFileName(id));
        continue;
      }
      RETURN_IF_ERROR(LoadFinalized(id, pair));
    }
    return absl::OkStatus();
  }

  absl::Status LoadFinalized(BlockId id, Pair pair) {
    const auto in_rbw = rbw_.find(id);
    Pair* other = in_rbw == rbw_.end() ? nullptr : &in_rbw->second;
    if (!pair.has_data()) {
      const std::string meta = paths_.MetaFile(ReplicaPlace::kFinalized, id, pair.stamp);
      if (other != nullptr && other->has_data() && !other->has_meta()) {
        // Finalizing moved the meta file only.
        RETURN_IF_ERROR(fs_.Rename(meta, paths_.MetaFile(ReplicaPlace::kRbw, id, pair.stamp)));
        other->meta_bytes = pair.meta_bytes;
        other->stamp = pair.stamp;
        return absl::OkStatus();
      }
      spdlog::warn("removing {}: its block file does not exist", meta);
      return fs_.Remove(meta);
    }
    if (!pair.has_meta() && other != nullptr && other->has_meta() && !other->has_data()) {
      // An append moved the meta file only.
      RETURN_IF_ERROR(fs_.Rename(paths_.MetaFile(ReplicaPlace::kRbw, id, other->stamp),
                                 paths_.MetaFile(ReplicaPlace::kFinalized, id, other->stamp)));
      pair.meta_bytes = std::exchange(other->meta_bytes, -1);
      pair.stamp = other->stamp;
    }
    ASSIGN_OR_RETURN(const std::string damage, Damage(id, pair));
    if (!damage.empty()) {
      findings_.bad.push_back({Block{id, pair.stamp, pair.data_bytes}, damage});
    }
    volume_.AddUsed(pair.data_bytes + std::max<int64_t>(0, pair.meta_bytes));
    volume_.Put(id, ReplicaRecord::Make(ReplicaState::kFinalized, pair.stamp, pair.data_bytes));
    return absl::OkStatus();
  }

  // Why the sizes cannot be right; empty when they are. Opens only meta files whose size is not
  // that of the usual 512-byte chunks: there are millions.
  absl::StatusOr<std::string> Damage(BlockId id, const Pair& pair) {
    if (!pair.has_meta()) return std::string("the meta file is missing");
    if (pair.meta_bytes == MetaFileBytes(DataChecksum(), pair.data_bytes)) return std::string();
    const std::string path = paths_.MetaFile(ReplicaPlace::kFinalized, id, pair.stamp);
    const auto checksum = [&]() -> absl::StatusOr<DataChecksum> {
      ASSIGN_OR_RETURN(const auto file, fs_.Open(path, OpenMode::kRead));
      return ReadMetaHeader(*file);
    }();
    // Damaged, or a sector that cannot be read: one replica, not a volume.
    if (absl::IsDataLoss(checksum.status())) return std::string(checksum.status().message());
    RETURN_IF_ERROR(checksum.status());
    const int64_t expected = MetaFileBytes(*checksum, pair.data_bytes);
    if (pair.meta_bytes == expected) return std::string();
    return fmt::format("{} has {} bytes, {} bytes of data need {}", path, pair.meta_bytes,
                       pair.data_bytes, expected);
  }

  // Looks at the files without changing them.
  absl::StatusOr<Inspected> Inspect(const ReplicaName& name, const Pair& pair,
                                    const BootRecord& before) {
    Inspected found;
    found.suspect = boot_id_.empty() || before.boot_id != boot_id_ ||
                    before.suspects.contains({name.id, name.stamp});
    if (!pair.has_meta()) {
      found.suspect = true;
      return found;
    }
    ASSIGN_OR_RETURN(const ReplicaFiles files,
                     OpenReplicaFiles(fs_, paths_, name, OpenMode::kRead));
    const auto checksum = ReadMetaHeader(*files.meta);
    if (absl::IsDataLoss(checksum.status())) {
      spdlog::warn("{} cannot be verified: {}", files.data->path(),
                   std::string(checksum.status().message()));
      found.suspect = true;
      return found;
    }
    RETURN_IF_ERROR(checksum.status());
    found.checksum = *checksum;
    auto length = LastValidLength(*files.data, *files.meta, *checksum);
    if (!absl::IsDataLoss(length.status())) {
      RETURN_IF_ERROR(length.status());
      ASSIGN_OR_RETURN(const bool whole, IsWhole(*files.meta, *checksum, *length));
      found.suspect = found.suspect || !whole;
    } else {
      found.suspect = true;
    }
    if (found.suspect) {
      length = ValidPrefix(*files.data, *files.meta, *checksum);
      RETURN_IF_ERROR(length.status());
    }
    found.length = *length;
    if (checksum->type == ChecksumType::kNull) return found;
    const auto tail = TailToReturnTo(name, files, *checksum, found.length);
    if (absl::IsDataLoss(tail.status())) {  // a sector that cannot be read: one replica, no volume
      found.suspect = true;
      ASSIGN_OR_RETURN(found.length, ValidPrefix(*files.data, *files.meta, *checksum));
      return found;
    }
    RETURN_IF_ERROR(tail.status());
    if (!*tail) return found;
    found.tail = *tail;
    found.length = found.tail->length;
    found.suspect = true;
    return found;
  }

  absl::Status LoadRbw(const ReplicaName& name, const Pair& pair, const Inspected& found) {
    const BlockId id = name.id;
    const std::string data = paths_.DataFile(ReplicaPlace::kRbw, id);
    // Created but never written to: nothing is lost with it.
    if (!found.checksum && pair.data_bytes == 0) {
      return RemoveReplicaFiles(fs_, paths_, name).status();
    }
    auto record =
        ReplicaRecord::Make(ReplicaState::kWaitingToBeRecovered, pair.stamp, found.length);
    record.suspect = found.suspect;
    const auto existing = volume_.Find(id);
    if (existing && (!found.checksum || IsBetter(existing->record, record))) {
      spdlog::warn("removing {}: the finalized replica is newer, or has its checksums", data);
      return RemoveReplicaFiles(fs_, paths_, name).status();
    }
    if (existing) {
      const ReplicaName old{ReplicaPlace::kFinalized, id, existing->record.generation_stamp};
      ASSIGN_OR_RETURN(const int64_t removed, RemoveReplicaFiles(fs_, paths_, old));
      volume_.AddUsed(-removed);
    }
    if (!found.checksum) {
      spdlog::warn(
          "{}: no byte of {} is left without checksums; it stays until the block does not "
          "need it",
          data, pair.data_bytes);
      volume_.AddUsed(pair.data_bytes + std::max<int64_t>(0, pair.meta_bytes));
      volume_.Put(id, record);
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(Cut(name, found));
    volume_.AddUsed(found.length + MetaFileBytes(*found.checksum, found.length));
    std::shared_ptr<ActiveReplica> active;
    if (!found.suspect && IsStillBeingWritten(fs_, paths_, id, now_ms_, boot_id_)) {
      ASSIGN_OR_RETURN(active, Resume(name, *found.checksum, found.length));
      record = ReplicaRecord::Make(ReplicaState::kBeingWritten, pair.stamp, found.length);
    }
    volume_.Put(id, record, active);
    return absl::OkStatus();
  }

  // The moving part of a replica whose writer is expected back; all of it counts as acknowledged.
  absl::StatusOr<std::shared_ptr<ActiveReplica>> Resume(const ReplicaName& name,
                                                        const DataChecksum& checksum,
                                                        int64_t length) {
    ActiveReplica::Progress progress{length, length, ""};
    if (checksum.RoundDown(length) != length && checksum.type != ChecksumType::kNull) {
      ASSIGN_OR_RETURN(const ReplicaFiles files,
                       OpenReplicaFiles(fs_, paths_, name, OpenMode::kRead));
      ASSIGN_OR_RETURN(
          progress.last_checksum,
          ReadStoredChecksums(*files.meta, checksum, length / checksum.bytes_per_checksum, 1));
    }
    auto active = std::make_shared<ActiveReplica>(std::move(progress));
    active->MarkSynced();  // perhaps: the former process knew
    return active;
  }

  // The end of what was synced, when the files themselves no longer vouch for it: `valid` is
  // shorter, or the chunk that held it has a checksum without its bytes.
  absl::StatusOr<std::optional<SyncedTail>> TailToReturnTo(const ReplicaName& name,
                                                           const ReplicaFiles& files,
                                                           const DataChecksum& checksum,
                                                           int64_t valid) {
    ASSIGN_OR_RETURN(const int64_t size, files.data->Size());
    ASSIGN_OR_RETURN(const auto tails, ReadSyncedTails(fs_, paths_, name.id));
    for (const SyncedTail& tail : tails) {
      const int64_t begin = checksum.RoundDown(tail.length);
      if (tail.length > size || tail.length <= begin || begin > valid) continue;
      ASSIGN_OR_RETURN(const std::string bytes,
                       ReadExactly(*files.data, begin, static_cast<size_t>(tail.length - begin)));
      if (!checksum.Verify(bytes, tail.checksum, begin, files.data->path()).ok()) continue;
      if (valid < tail.length) return tail;
      if (valid < begin + checksum.bytes_per_checksum) return std::nullopt;  // verified with it
      ASSIGN_OR_RETURN(const std::string chunk,
                       ReadExactly(*files.data, begin, checksum.bytes_per_checksum));
      ASSIGN_OR_RETURN(
          const std::string stored,
          ReadStoredChecksums(*files.meta, checksum, begin / checksum.bytes_per_checksum, 1));
      if (checksum.Verify(chunk, stored, begin, files.data->path()).ok()) return std::nullopt;
      return tail;
    }
    return std::nullopt;
  }

  absl::Status Cut(const ReplicaName& name, const Inspected& found) {
    ASSIGN_OR_RETURN(const ReplicaFiles files,
                     OpenReplicaFiles(fs_, paths_, name, OpenMode::kReadWrite));
    const DataChecksum& checksum = *found.checksum;
    if (found.tail) {
      const int64_t chunk = found.length / checksum.bytes_per_checksum;
      RETURN_IF_ERROR(files.meta->WriteAt(MetaOffset(checksum, chunk), found.tail->checksum));
    }
    ASSIGN_OR_RETURN(const int64_t size, files.data->Size());
    if (found.length < size) {
      spdlog::warn("{} cut from {} to {} bytes: the rest has no valid checksum", files.data->path(),
                   size, found.length);
    }
    RETURN_IF_ERROR(files.meta->Truncate(MetaFileBytes(checksum, found.length)));
    return files.data->Truncate(found.length);
  }

  FileSystem& fs_;
  Volume& volume_;
  const PoolPaths& paths_;
  const int64_t now_ms_;
  const std::string& boot_id_;
  LoadFindings& findings_;
  Pairs rbw_;
  std::vector<BlockId> synced_tails_;
  std::vector<BlockId> restart_files_;
};

absl::Status DropReplica(FileSystem& fs, Volume& volume, BlockId id, const ReplicaRecord& record) {
  spdlog::warn("removing the older or shorter duplicate of blk_{}_{} on {}", id,
               record.generation_stamp, volume.path());
  const ReplicaName name{PlaceOf(record), id, record.generation_stamp};
  ASSIGN_OR_RETURN(const int64_t bytes, RemoveReplicaFiles(fs, volume.paths(), name));
  volume.AddUsed(-bytes);
  volume.Erase(id);
  return absl::OkStatus();
}

}  // namespace

absl::Status LoadVolume(FileSystem& fs, Volume& volume, int64_t now_ms, const std::string& boot_id,
                        LoadFindings& findings) {
  return Loader(fs, volume, now_ms, boot_id, findings).Run();
}

absl::Status ResolveDuplicates(FileSystem& fs,
                               const std::vector<std::shared_ptr<Volume>>& volumes) {
  for (size_t i = 1; i < volumes.size(); ++i) {
    const ReplicaListing listing = volumes[i]->List();
    for (const ReplicaEntry& entry : listing.replicas) {
      const BlockId id = entry.block.id;
      for (size_t j = 0; j < i; ++j) {
        const auto mine = volumes[i]->Find(id);
        const auto other = volumes[j]->Find(id);
        if (!mine || !other) continue;
        const bool keep_other = !IsBetter(mine->record, other->record);
        Volume& loser = keep_other ? *volumes[i] : *volumes[j];
        RETURN_IF_ERROR(DropReplica(fs, loser, id, keep_other ? mine->record : other->record));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace cairn::datanode
