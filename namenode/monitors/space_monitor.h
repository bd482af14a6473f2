// Safe mode when the name directories are nearly full.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/file_system.h"
#include "namenode/blocks/block_manager.h"

namespace cairn::namenode {

// Runs on one thread.
class SpaceMonitor {
 public:
  // Turns safe mode on while any of `directories` has fewer than `reserved_bytes` available.
  // `blocks` and `fs` must outlive this.
  SpaceMonitor(BlockManager& blocks, FileSystem& fs, std::vector<std::string> directories,
               int64_t reserved_bytes)
      : blocks_(blocks),
        fs_(fs),
        directories_(std::move(directories)),
        reserved_bytes_(reserved_bytes) {}

  // Looks once. A directory that cannot be looked at is the journal's concern, not this one's.
  void RunOnce();

 private:
  BlockManager& blocks_;
  FileSystem& fs_;
  const std::vector<std::string> directories_;
  const int64_t reserved_bytes_;
  bool low_ = false;
};

}  // namespace cairn::namenode
