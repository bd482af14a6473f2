// rbw/.blk_<id>.restart: this process ends in the middle of a write and will be back at once.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "common/file_system.h"
#include "datanode/store/storage_layout.h"

namespace cairn::datanode {

// Until `until_ms` (wall clock) a start finds the replica still RBW, for its writer to go on, as
// long as the machine has not been restarted too: its page cache holds what was not synced.
// `boot_id` says which boot this is.
absl::Status WriteRestartFile(FileSystem& fs, const PoolPaths& paths, BlockId id, int64_t until_ms,
                              const std::string& boot_id);
// What the file says at `now_ms` under the boot `boot_id`; false when there is none.
bool IsStillBeingWritten(FileSystem& fs, const PoolPaths& paths, BlockId id, int64_t now_ms,
                         const std::string& boot_id);

}  // namespace cairn::datanode
