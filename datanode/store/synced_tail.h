// What keeps the partial last chunk of a replica in rbw/ safe from a power cut while it grows.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/file_system.h"
#include "datanode/store/storage_layout.h"

namespace cairn::datanode {

// The end of a replica as of a sync: `length` ends within a chunk, `checksum` is the stored value
// of that chunk's bytes up to there.
struct SyncedTail {
  int64_t length = 0;
  std::string checksum;
};

// The meta file has one value for the last chunk and overwrites it when the chunk grows. After a
// power cut the new value may be on the disk without the bytes that it covers, and then nothing in
// the two files vouches for those that were synced. So before such an overwrite the synced value is
// made durable in rbw/synced_<id>; the loader goes back to it when it has to. Format:
// docs/storage_format.md. Thread-compatible.
class SyncedTailFile {
 public:
  // `fs` and `paths` must outlive this.
  SyncedTailFile(FileSystem& fs, const PoolPaths& paths, BlockId id)
      : fs_(fs), paths_(paths), id_(id) {}

  // `tail` is durable on return. The former one stays beside it, in case the power goes meanwhile.
  absl::Status Keep(const SyncedTail& tail);

 private:
  absl::Status Open();

  FileSystem& fs_;
  const PoolPaths& paths_;
  const BlockId id_;
  std::unique_ptr<File> file_;
  int slot_ = 0;  // written next
};

// What is kept for the replica, longest first; empty when there is nothing.
absl::StatusOr<std::vector<SyncedTail>> ReadSyncedTails(FileSystem& fs, const PoolPaths& paths,
                                                        BlockId id);

}  // namespace cairn::datanode
