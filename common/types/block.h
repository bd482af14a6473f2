// Blocks, replicas and the DataNodes that hold them, as every component speaks of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/types/ids.h"

namespace cairn {

// One version of a block.
struct Block {
  BlockId id = 0;
  GenerationStamp generation_stamp = 0;
  int64_t num_bytes = 0;

  friend bool operator==(const Block&, const Block&) = default;
  // HDFS's grep-able form, "blk_1073741825_1001".
  std::string ToString() const;
};

// A block within its pool: unique among all clusters.
struct ExtendedBlock {
  std::string pool_id;
  Block block;

  friend bool operator==(const ExtendedBlock&, const ExtendedBlock&) = default;
  // "BP-1-127.0.0.1-1:blk_1073741825_1001".
  std::string ToString() const;
};

// Numbers are HDFS's StorageTypeProto.
enum class StorageType : uint8_t {
  kDisk = 1,
  kSsd = 2,
  kArchive = 3,
  kRamDisk = 4,
  kProvided = 5,
  kNvdimm = 6
};

// Numbers are HDFS's ReplicaStateProto.
enum class ReplicaState : uint8_t {
  kFinalized = 0,
  kBeingWritten = 1,          // rbw
  kWaitingToBeRecovered = 2,  // rwr: was being written when its DataNode died
  kUnderRecovery = 3,         // rur
  kTemporary = 4              // being copied between DataNodes
};

// Who a DataNode is and where it listens. Identity is the uuid alone; addresses may change.
struct DatanodeId {
  std::string uuid;
  std::string ip_addr;
  std::string host_name;
  int32_t xfer_port = 0;  // DataTransferProtocol
  int32_t ipc_port = 0;   // Hadoop RPC; 0 while not served
  int32_t info_port = 0;  // HTTP; 0 while not served

  // "ip:port" of the data port, the form firstBadLink compares.
  std::string XferAddress() const;
};

// Whether a DataNode is in service.
enum class AdminState : uint8_t {
  kNormal = 0,
  kDecommissioning = 1,  // gets no more replicas; what it holds is copied elsewhere
  kDecommissioned = 2,   // all it holds is elsewhere too
  // Out of service for a while: what it holds counts meanwhile, although it may be down.
  kEnteringMaintenance = 3,  // while something has too few replicas elsewhere
  kInMaintenance = 4,
};
inline bool IsMaintenance(AdminState state) {
  return state == AdminState::kEnteringMaintenance || state == AdminState::kInMaintenance;
}

// A DataNode as seen by clients. Usage in bytes over all its storages.
struct DatanodeInfo {
  DatanodeId id;
  std::string network_location;  // rack, e.g. "/default-rack"
  int64_t capacity = 0;
  int64_t dfs_used = 0;
  int64_t non_dfs_used = 0;
  int64_t remaining = 0;
  int64_t num_blocks = 0;
  int64_t last_update_ms = 0;        // wall clock of the last heartbeat
  int64_t last_block_report_ms = 0;  // wall clock of the last full report
  int32_t xceiver_count = 0;
  int32_t failed_volumes = 0;
  bool live = true;
  bool stale = false;
  AdminState admin = AdminState::kNormal;
};

// One replica's place.
struct ReplicaLocation {
  DatanodeInfo datanode;
  std::string storage_id;  // "DS-…"
  StorageType storage_type = StorageType::kDisk;
};

// A block of a file with its places, nearest to the reader first.
struct LocatedBlock {
  ExtendedBlock block;
  int64_t offset = 0;    // of the block's first byte in the file; -1 when it has no place in one
  bool corrupt = false;  // every replica is known to be corrupt
  std::vector<ReplicaLocation> locations;
};

// What getBlockLocations answers for a range of a file.
struct LocatedBlocks {
  int64_t file_length = 0;  // without an unfinished last block
  bool under_construction = false;
  bool last_block_complete = false;
  std::vector<LocatedBlock> blocks;      // those that overlap the range, unfinished ones included
  std::vector<LocatedBlock> last_block;  // empty or one element: the file's last block
  InodeId file_id = kUnknownInodeId;     // of the file, to ask for more of the very same one
};

}  // namespace cairn
