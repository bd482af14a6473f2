// The rows of the metadata database as plain structs: what the namespace works on in RAM is what is
// stored (schema.h has the keys).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/types/ids.h"

namespace cairn::namenode {

// Column families, in the order of schema.h. Numbers are stored in the journal: append only.
enum class Table : uint8_t {
  kEntries = 0,     // BE64(parent id) ‖ name with every byte XOR 0x80 → Inode
  kInodeIndex = 1,  // BE64(inode id) → parent id, name
  kBlocks = 2,      // BE64(block id) → BlockRow
  kFileBlocks = 3,  // BE64(inode id) ‖ BE32(chunk) → kBlocksPerChunk block ids
  kXattrs = 4,      // values over 256 bytes
  kLeases = 5,      // holder ‖ BE64(inode id) → empty
  kPurge = 6,       // BE64(subtree root) → PurgeRow
  kRetry = 7,       // BE64(txid) → RetryRow
  kMeta = 8,        // counters and identity
};
inline constexpr int kTableCount = 9;

// One change of one row: a new value, or a deletion.
struct RowChange {
  Table table = Table::kMeta;
  std::string key;
  std::optional<std::string> value;
};

enum class InodeKind : uint8_t { kFile = 1, kDirectory = 2, kSymlink = 3 };

// Who is writing a file under construction.
struct FileUnderConstruction {
  std::string client_name;     // lease holder
  std::string client_address;  // IP of the writer, for placement and messages
  friend bool operator==(const FileUnderConstruction&, const FileUnderConstruction&) = default;
};

// A file, directory or symlink: one row, keyed by (parent_id, name). There are no hard links.
struct Inode {
  InodeId id = 0;
  InodeId parent_id = 0;  // 0 for the root, whose name is empty
  std::string name;
  InodeKind kind = InodeKind::kFile;
  uint16_t mode = 0;  // rwxrwxrwx plus sticky 01000
  std::string owner;
  std::string group;
  int64_t mtime_ms = 0;
  int64_t atime_ms = 0;        // 0 for directories
  Txid changed_txid = 0;       // last change of the row; set at commit
  uint8_t storage_policy = 0;  // 0: inherited

  int64_t child_count = 0;  // directories

  int64_t length = 0;  // files: sum of the block lengths known so far
  int32_t replication = 0;
  int64_t block_size = 0;
  std::vector<BlockId> blocks;
  std::optional<FileUnderConstruction> under_construction;

  std::string symlink_target;

  bool is_directory() const { return kind == InodeKind::kDirectory; }
  bool is_file() const { return kind == InodeKind::kFile; }
};

// Persisted life of a block. COMPLETE means finalized on at least dfs.namenode.replication.min
// DataNodes when its file was closed or the next block but one was begun.
enum class BlockState : uint8_t {
  kUnderConstruction = 1,
  kCommitted = 2,
  kComplete = 3,
  kUnderRecovery = 4
};

// A block of a file.
struct BlockRow {
  BlockId id = 0;
  InodeId inode = 0;
  GenerationStamp generation_stamp = 0;
  int64_t length = 0;  // bytes; of an unfinished block what fsync last told
  int32_t replication = 0;
  BlockState state = BlockState::kUnderConstruction;
  // Of a block under recovery: the stamp its replicas will have, above every stamp given out
  // before, and the length a truncation cuts it to. Otherwise 0 and empty.
  GenerationStamp recovery_id = 0;
  std::optional<int64_t> truncate_to = std::nullopt;
  // Of a block that is not complete: uuids of the DataNodes that may have what was written since it
  // was last complete. Empty in rows of programs that did not keep it.
  std::vector<std::string> pipeline = {};
  friend bool operator==(const BlockRow&, const BlockRow&) = default;
};

// A deleted subtree whose rows and blocks are still to be reclaimed.
struct PurgeRow {
  Inode root;          // as it was when it was unlinked
  std::string cursor;  // where reclaiming goes on after a restart; opaque to others
};

// The remembered reply of a non-idempotent call (Hadoop's retry cache).
struct RetryRow {
  std::string client_id;  // 16 bytes
  int64_t call_id = 0;
  std::string reply;    // encoded result; its form belongs to the operation
  int64_t wall_ms = 0;  // when it was made, for people
};

}  // namespace cairn::namenode
