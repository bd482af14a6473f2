// Names of files and directories of a volume: HDFS's layout -57 (Hadoop 3.4 DataStorage,
// BlockPoolSlice, DatanodeUtil.idToBlockDir).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/types/ids.h"

namespace cairn::datanode {

inline constexpr int32_t kLayoutVersion = -57;
// finalized/ has 32 directories of 32 directories each.
inline constexpr int kLeafFanout = 32;
inline constexpr int kLeafCount = kLeafFanout * kLeafFanout;

// "blk_<id>" and "blk_<id>_<stamp>.meta".
std::string BlockFileName(BlockId id);
std::string MetaFileName(BlockId id, GenerationStamp stamp);

// The inverses; empty for any other name.
std::optional<BlockId> ParseBlockFileName(std::string_view name);
// What the name of a meta file says.
struct MetaName {
  BlockId id = 0;
  GenerationStamp stamp = 0;
};
std::optional<MetaName> ParseMetaFileName(std::string_view name);
// Of "synced_<id>" and ".blk_<id>.restart". Neither begins like a block file: HDFS takes whatever
// does for a meta file.
std::optional<BlockId> ParseSyncedTailFileName(std::string_view name);
std::optional<BlockId> ParseRestartFileName(std::string_view name);

// Which directory below a pool holds a replica's files.
enum class ReplicaPlace { kFinalized, kRbw, kTmp };

// The paths of one block pool on one volume. A plain value.
class PoolPaths {
 public:
  PoolPaths(std::string volume, std::string pool_id);

  const std::string& volume() const { return volume_; }
  std::string lock_file() const { return volume_ + "/in_use.lock"; }
  std::string volume_current() const { return volume_ + "/current"; }
  std::string volume_version() const { return volume_ + "/current/VERSION"; }
  const std::string& pool() const { return pool_; }
  std::string pool_current() const { return pool_ + "/current"; }
  std::string pool_version() const { return pool_ + "/current/VERSION"; }
  std::string finalized() const { return pool_ + "/current/finalized"; }
  std::string rbw() const { return pool_ + "/current/rbw"; }
  std::string tmp() const { return pool_ + "/tmp"; }
  std::string scanner_cursor() const { return pool_ + "/scanner.cursor"; }
  std::string boot_record() const { return pool_ + "/boot.record"; }

  // 0 … kLeafCount - 1, from the block id.
  static int LeafOf(BlockId id);
  std::string LeafDirectory(int leaf) const;
  std::string LeafParent(int leaf) const;
  // Directory, block file and meta file of a replica.
  std::string Directory(ReplicaPlace place, BlockId id) const;
  std::string DataFile(ReplicaPlace place, BlockId id) const;
  std::string MetaFile(ReplicaPlace place, BlockId id, GenerationStamp stamp) const;
  // What rbw/ keeps beside a replica: the end of what was synced (synced_tail.h), and until when it
  // is still being written after a restart.
  std::string SyncedTailFile(BlockId id) const;
  std::string RestartFile(BlockId id) const;

 private:
  std::string volume_;
  std::string pool_;
};

}  // namespace cairn::datanode
