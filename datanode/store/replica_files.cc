// The block file and meta file of a replica on disk.
#include "datanode/store/replica_files.h"

#include <spdlog/spdlog.h>

#include <string>

#include "common/status_macros.h"
#include "datanode/store/meta_file.h"

namespace cairn::datanode {
namespace {

std::string DataFile(const PoolPaths& paths, const ReplicaName& name) {
  return paths.DataFile(name.place, name.id);
}

std::string MetaFile(const PoolPaths& paths, const ReplicaName& name) {
  return paths.MetaFile(name.place, name.id, name.stamp);
}

// Removes a file; returns its size, 0 when there is none.
absl::StatusOr<int64_t> RemoveFile(FileSystem& fs, const std::string& path) {
  const auto info = fs.Stat(path);
  if (absl::IsNotFound(info.status())) return 0;
  RETURN_IF_ERROR(info.status());
  const absl::Status removed = fs.Remove(path);
  if (absl::IsNotFound(removed)) return 0;
  RETURN_IF_ERROR(removed);
  return info->size_bytes;
}

}  // namespace

absl::Status ReplicaFiles::Sync() const {
  RETURN_IF_ERROR(data->Sync());
  return meta->Sync();
}

absl::StatusOr<ReplicaFiles> CreateReplicaFiles(FileSystem& fs, const PoolPaths& paths,
                                                const ReplicaName& name,
                                                const DataChecksum& checksum) {
  ReplicaFiles files;
  const absl::Status status = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(files.data, fs.Open(DataFile(paths, name), OpenMode::kCreateOrTruncate));
    ASSIGN_OR_RETURN(files.meta, fs.Open(MetaFile(paths, name), OpenMode::kCreateOrTruncate));
    return files.meta->WriteAt(0, EncodeMetaHeader(checksum));
  }();
  if (status.ok()) return files;
  files = {};
  if (const auto removed = RemoveReplicaFiles(fs, paths, name); !removed.ok()) {
    spdlog::warn("{} stays behind: {}", DataFile(paths, name),
                 std::string(removed.status().message()));
  }
  return status;
}

absl::StatusOr<ReplicaFiles> OpenReplicaFiles(FileSystem& fs, const PoolPaths& paths,
                                              const ReplicaName& name, OpenMode mode) {
  ReplicaFiles files;
  ASSIGN_OR_RETURN(files.data, fs.Open(DataFile(paths, name), mode));
  ASSIGN_OR_RETURN(files.meta, fs.Open(MetaFile(paths, name), mode));
  return files;
}

absl::Status MoveReplicaFiles(FileSystem& fs, const PoolPaths& paths, const ReplicaName& from,
                              const ReplicaName& to, bool sync) {
  const std::string from_meta = MetaFile(paths, from);
  const std::string to_meta = MetaFile(paths, to);
  if (from_meta != to_meta) RETURN_IF_ERROR(fs.Rename(from_meta, to_meta));
  if (from.place != to.place) {
    const absl::Status moved = fs.Rename(DataFile(paths, from), DataFile(paths, to));
    if (!moved.ok()) {
      const absl::Status undone = fs.Rename(to_meta, from_meta);
      if (!undone.ok()) {
        spdlog::error("cannot rename {} back: {}", to_meta, std::string(undone.message()));
      }
      return moved;
    }
  }
  if (!sync) return absl::OkStatus();
  absl::Status synced = fs.SyncDirectory(paths.Directory(to.place, to.id));
  if (synced.ok() && from.place != to.place) {
    synced = fs.SyncDirectory(paths.Directory(from.place, from.id));
  }
  if (!synced.ok()) {
    const absl::Status undone = MoveReplicaFiles(fs, paths, to, from, /*sync=*/false);
    if (!undone.ok()) {
      spdlog::error("cannot move {} back: {}", to_meta, std::string(undone.message()));
    }
  }
  return synced;
}

absl::Status RemoveSyncedTail(FileSystem& fs, const PoolPaths& paths, BlockId id) {
  const absl::Status removed = fs.Remove(paths.SyncedTailFile(id));
  return absl::IsNotFound(removed) ? absl::OkStatus() : removed;
}

absl::StatusOr<int64_t> RemoveReplicaFiles(FileSystem& fs, const PoolPaths& paths,
                                           const ReplicaName& name) {
  ASSIGN_OR_RETURN(const int64_t data_bytes, RemoveFile(fs, DataFile(paths, name)));
  ASSIGN_OR_RETURN(const int64_t meta_bytes, RemoveFile(fs, MetaFile(paths, name)));
  if (name.place == ReplicaPlace::kRbw) RETURN_IF_ERROR(RemoveSyncedTail(fs, paths, name.id));
  return data_bytes + meta_bytes;
}

}  // namespace cairn::datanode
