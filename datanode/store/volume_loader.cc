// Finds out at start which replicas a volume has.
#include "datanode/store/volume_loader.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "datanode/store/meta_file.h"
#include "datanode/store/replica_files.h"

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
  Loader(FileSystem& fs, Volume& volume, LoadFindings& findings)
      : fs_(fs), volume_(volume), paths_(volume.paths()), findings_(findings) {}

  absl::Status Run() {
    RETURN_IF_ERROR(fs_.RemoveRecursively(paths_.tmp()));
    RETURN_IF_ERROR(fs_.CreateDirectories(paths_.tmp()));
    RETURN_IF_ERROR(RemoveHdfsCache());
    RETURN_IF_ERROR(ReadPairs(paths_.rbw(), rbw_));
    for (int leaf = 0; leaf < kLeafCount; ++leaf) RETURN_IF_ERROR(LoadLeaf(leaf));
    for (const auto& [id, pair] : rbw_) RETURN_IF_ERROR(LoadRbw(id, pair));
    return absl::OkStatus();
  }

 private:
  // HDFS's list of replicas at its last shutdown: it would be wrong if HDFS came back.
  absl::Status RemoveHdfsCache() {
    const absl::Status removed = fs_.Remove(paths_.pool_current() + "/replicas");
    return absl::IsNotFound(removed) ? absl::OkStatus() : removed;
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
      ASSIGN_OR_RETURN(const FileInfo info, fs_.Stat(path));
      if ((!block && !meta) || info.is_directory) {
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
    const auto file = fs_.Open(path, OpenMode::kRead);
    RETURN_IF_ERROR(file.status());
    const auto checksum = ReadMetaHeader(**file);
    if (Is(checksum.status(), ErrorKind::kChecksum)) {
      return std::string(checksum.status().message());
    }
    RETURN_IF_ERROR(checksum.status());
    const int64_t expected = MetaFileBytes(*checksum, pair.data_bytes);
    if (pair.meta_bytes == expected) return std::string();
    return fmt::format("{} has {} bytes, {} bytes of data need {}", path, pair.meta_bytes,
                       pair.data_bytes, expected);
  }

  absl::Status LoadRbw(BlockId id, const Pair& pair) {
    if (!pair.has_data()) {
      if (!pair.has_meta()) return absl::OkStatus();
      return fs_.Remove(paths_.MetaFile(ReplicaPlace::kRbw, id, pair.stamp));
    }
    const std::string data = paths_.DataFile(ReplicaPlace::kRbw, id);
    if (!pair.has_meta()) {
      // Created but never written to: nothing is lost with it.
      if (pair.data_bytes == 0) return fs_.Remove(data);
      Stray(data);
      return absl::OkStatus();
    }
    const ReplicaName name{ReplicaPlace::kRbw, id, pair.stamp};
    const auto length = CutToValid(name);
    if (Is(length.status(), ErrorKind::kChecksum)) {
      spdlog::warn("{} cannot be verified: {}", data, std::string(length.status().message()));
      if (pair.data_bytes > 0) {
        Stray(data);
        return absl::OkStatus();
      }
      return RemoveReplicaFiles(fs_, paths_, name).status();
    }
    RETURN_IF_ERROR(length.status());
    const auto record =
        ReplicaRecord::Make(ReplicaState::kWaitingToBeRecovered, pair.stamp, *length);
    const auto existing = volume_.Find(id);
    if (existing && IsBetter(existing->record, record)) {
      spdlog::warn("removing {}: the finalized replica is newer", data);
      return RemoveReplicaFiles(fs_, paths_, name).status();
    }
    if (existing) {
      const ReplicaName old{ReplicaPlace::kFinalized, id, existing->record.generation_stamp};
      ASSIGN_OR_RETURN(const int64_t removed, RemoveReplicaFiles(fs_, paths_, old));
      volume_.AddUsed(-removed);
    }
    ASSIGN_OR_RETURN(const FileInfo meta,
                     fs_.Stat(paths_.MetaFile(ReplicaPlace::kRbw, id, pair.stamp)));
    volume_.AddUsed(*length + meta.size_bytes);
    volume_.Put(id, record);
    return absl::OkStatus();
  }

  absl::StatusOr<int64_t> CutToValid(const ReplicaName& name) {
    ASSIGN_OR_RETURN(const ReplicaFiles files,
                     OpenReplicaFiles(fs_, paths_, name, OpenMode::kReadWrite));
    ASSIGN_OR_RETURN(const DataChecksum checksum, ReadMetaHeader(*files.meta));
    ASSIGN_OR_RETURN(const int64_t length, LastValidLength(*files.data, *files.meta, checksum));
    ASSIGN_OR_RETURN(const int64_t size, files.data->Size());
    if (length < size) {
      spdlog::warn("{} cut from {} to {} bytes: the rest has no valid checksum", files.data->path(),
                   size, length);
    }
    RETURN_IF_ERROR(files.data->Truncate(length));
    RETURN_IF_ERROR(files.meta->Truncate(MetaFileBytes(checksum, length)));
    return length;
  }

  FileSystem& fs_;
  Volume& volume_;
  const PoolPaths& paths_;
  LoadFindings& findings_;
  Pairs rbw_;
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

absl::Status LoadVolume(FileSystem& fs, Volume& volume, LoadFindings& findings) {
  return Loader(fs, volume, findings).Run();
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
