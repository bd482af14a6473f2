// What each namespace operation takes and gives, as plain structs: the seam between the front ends
// and the core. Semantics are HDFS 3.4's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/types/block.h"
#include "common/types/file_status.h"
#include "common/types/ids.h"

namespace cairn::namenode {

// CreateFlagProto bits.
inline constexpr uint32_t kCreateFlagCreate = 0x01;
inline constexpr uint32_t kCreateFlagOverwrite = 0x02;
inline constexpr uint32_t kCreateFlagAppend = 0x04;
inline constexpr uint32_t kCreateFlagLazyPersist = 0x10;
inline constexpr uint32_t kCreateFlagNewBlock = 0x20;
inline constexpr uint32_t kCreateFlagShouldReplicate = 0x80;

// AddBlockFlagProto.
inline constexpr uint32_t kAddBlockNoLocalWrite = 1;
inline constexpr uint32_t kAddBlockIgnoreClientLocality = 2;

// ClientProtocol.mkdirs.
struct MkdirsRequest {
  std::string path;
  uint16_t mode = 0755;  // after the client's umask
  bool create_parent = true;
};

// ClientProtocol.create. Sizes in bytes.
struct CreateRequest {
  std::string path;
  uint16_t mode = 0644;
  std::string client_name;
  uint32_t flags = kCreateFlagCreate;
  bool create_parent = true;
  int32_t replication = 0;
  int64_t block_size = 0;
  std::string storage_policy;  // empty: inherited
};

// ClientProtocol.append.
struct AppendRequest {
  std::string path;
  std::string client_name;
  bool new_block = false;  // begin a new block even where the last one has room
};

// What append answers.
struct AppendResult {
  std::optional<LocatedBlock> block;  // the last block, when it is to be continued
  FileStatus status;
  std::optional<ExtendedBlock> last_block;  // the last block, full or not; absent without blocks
};

// ClientProtocol.truncate.
struct TruncateRequest {
  std::string path;
  int64_t new_length = 0;
  std::string client_name;
};

// ClientProtocol.concat: `sources` become the end of `target`, in this order.
struct ConcatRequest {
  std::string target;
  std::vector<std::string> sources;
};

// DatanodeProtocol.commitBlockSynchronization: how the recovery of a block ended.
struct BlockSyncRequest {
  ExtendedBlock block;  // with the stamp it had when the recovery began
  GenerationStamp recovery_id = 0;
  int64_t new_length = 0;
  bool delete_block = false;              // no DataNode has a byte of it
  std::vector<ReplicaLocation> replicas;  // those that have the new stamp and length
};

// ClientProtocol.addBlock: `previous` is the file's last block as written, absent for the first.
struct AddBlockRequest {
  std::string path;
  std::string client_name;
  std::optional<ExtendedBlock> previous;
  std::vector<DatanodeId> excluded;
  InodeId file_id = kUnknownInodeId;
  std::vector<std::string> favored_nodes;  // host:port
  uint32_t flags = 0;
};

// ClientProtocol.abandonBlock.
struct AbandonBlockRequest {
  ExtendedBlock block;
  std::string path;
  std::string client_name;
  InodeId file_id = kUnknownInodeId;
};

// ClientProtocol.complete: `last` is the file's last block as written, absent without blocks.
struct CompleteRequest {
  std::string path;
  std::string client_name;
  std::optional<ExtendedBlock> last;
  InodeId file_id = kUnknownInodeId;
};

// ClientProtocol.fsync.
struct FsyncRequest {
  std::string path;
  std::string client_name;
  InodeId file_id = kUnknownInodeId;
  int64_t last_block_length = -1;  // above 0: the known length of the block being written
};

// ClientProtocol.getAdditionalDatanode: `count` places beside `existing`.
struct AdditionalDatanodeRequest {
  std::string path;
  ExtendedBlock block;
  std::vector<ReplicaLocation> existing;
  std::vector<DatanodeId> excluded;
  int32_t count = 1;
  std::string client_name;
  InodeId file_id = kUnknownInodeId;
};

// ClientProtocol.updatePipeline: the block after recovery, with its new stamp and length.
struct UpdatePipelineRequest {
  std::string client_name;
  ExtendedBlock old_block;
  ExtendedBlock new_block;
  std::vector<DatanodeId> new_nodes;
  std::vector<std::string> storage_ids;  // parallel to new_nodes
};

// ClientProtocol.rename and rename2.
struct RenameRequest {
  std::string source;
  std::string destination;
  bool overwrite = false;      // rename2 only
  bool move_to_trash = false;  // rename2 only
};

// ClientProtocol.setTimes; milliseconds since the epoch.
struct SetTimesRequest {
  std::string path;
  int64_t mtime_ms = -1;  // -1: leave
  int64_t atime_ms = -1;
};

// ClientProtocol.setOwner.
struct SetOwnerRequest {
  std::string path;
  std::optional<std::string> owner;  // absent: leave
  std::optional<std::string> group;
};

// ClientProtocol.getListing: the page after the name `start_after`.
struct ListRequest {
  std::string path;
  std::string start_after;
  bool need_location = false;
};

// ClientProtocol.getBatchedListing: listings of `paths` from number `first` on, the first one of
// them after the name `start_after`.
struct BatchedListRequest {
  std::vector<std::string> paths;
  size_t first = 0;
  std::string start_after;
  bool need_location = false;
};

// What getBatchedListing answers.
struct BatchedListing {
  // A page of one path, or why there is none.
  struct Entry {
    size_t path = 0;
    absl::StatusOr<DirectoryListing> listing;
  };
  std::vector<Entry> entries;
  bool has_more = false;  // go on in the last entry's path after its last name, or behind it
};

// ClientProtocol.listOpenFiles: those at or below `path` with ids above `after`.
struct OpenFilesRequest {
  std::string path;
  InodeId after = 0;
  bool on_leaving_datanodes = false;  // only those that DataNodes on their way out wait for
};

// ClientProtocol.listCorruptFileBlocks: those at or below `path`, of blocks with ids above `after`.
struct CorruptFilesRequest {
  std::string path;
  BlockId after = 0;
};

// The checks that most calls begin with: traversal, and what is asked for here.
struct LookupRequest {
  std::string path;
  bool owner = false;     // the caller must own it
  uint8_t access = 0;     // rwx bits the caller needs on it
  bool creation = false;  // a file on the way is ParentNotDirectory instead of AccessControl
};

enum class SafeModeAction { kGet, kEnter, kLeave, kForceExit };

}  // namespace cairn::namenode
