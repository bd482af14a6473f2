// rbw/.blk_<id>.restart: this process ends in the middle of a write and will be back at once.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "common/file_system.h"
#include "datanode/store/storage_layout.h"

namespace cairn::datanode {

// Until `until_ms` (wall clock) a start finds the replica still RBW, for its writer to go on, as
// long as the machine has not been restarted too: its page cache holds what was not synced.
absl::Status WriteRestartFile(FileSystem& fs, const PoolPaths& paths, BlockId id, int64_t until_ms);
// What the file says at `now_ms`; false when there is none.
bool IsStillBeingWritten(FileSystem& fs, const PoolPaths& paths, BlockId id, int64_t now_ms);

}  // namespace cairn::datanode
