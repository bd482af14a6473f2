// The block file and meta file of a replica on disk: create, open, move, remove.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/data_checksum.h"
#include "common/file_system.h"
#include "datanode/store/storage_layout.h"

namespace cairn::datanode {

// Both files of a replica, open.
struct ReplicaFiles {
  std::unique_ptr<File> data;
  std::unique_ptr<File> meta;

  // Makes both durable; not their names.
  absl::Status Sync() const;
};

// Where a replica's files are: place, id and stamp of the meta file's name.
struct ReplicaName {
  ReplicaPlace place = ReplicaPlace::kFinalized;
  BlockId id = 0;
  GenerationStamp stamp = 0;
};

// Both files, empty but for the meta header; leftovers of the same name are replaced. Nothing is
// left on error.
absl::StatusOr<ReplicaFiles> CreateReplicaFiles(FileSystem& fs, const PoolPaths& paths,
                                                const ReplicaName& name,
                                                const DataChecksum& checksum);
absl::StatusOr<ReplicaFiles> OpenReplicaFiles(FileSystem& fs, const PoolPaths& paths,
                                              const ReplicaName& name, OpenMode mode);
// Renames the meta file, then the block file, which decides where the replica is; the loader puts
// back a pair that a crash separated. Undone on error. With `sync` both directories are made
// durable. The target directory must exist.
absl::Status MoveReplicaFiles(FileSystem& fs, const PoolPaths& paths, const ReplicaName& from,
                              const ReplicaName& to, bool sync);
// Removes what synced_tail.h keeps for a replica; nothing there is success.
absl::Status RemoveSyncedTail(FileSystem& fs, const PoolPaths& paths, BlockId id);
// Removes both and what else rbw/ has of the replica; missing files are success. Returns the bytes
// that the two had.
absl::StatusOr<int64_t> RemoveReplicaFiles(FileSystem& fs, const PoolPaths& paths,
                                           const ReplicaName& name);

}  // namespace cairn::datanode
