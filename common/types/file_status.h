// What the NameNode tells about files, directories and the whole file system.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/types/block.h"
#include "common/types/ids.h"

namespace cairn {

enum class FileType : uint8_t {
  kDirectory = 1,
  kFile = 2,
  kSymlink = 3
};  // HdfsFileStatusProto.FileType

// One file or directory. For directories length, replication, block_size and atime_ms are 0, as in
// HDFS. `Text` is how names are held.
template <typename Text>
struct BasicFileStatus {
  FileType type = FileType::kFile;
  Text path = {};  // local name in a listing, empty in a status of the asked path itself
  int64_t length = 0;
  uint16_t permission = 0;  // rwxrwxrwx plus sticky 01000
  Text owner = {};
  Text group = {};
  int64_t mtime_ms = 0;
  int64_t atime_ms = 0;
  int32_t replication = 0;
  int64_t block_size = 0;
  InodeId file_id = 0;
  int64_t children = 0;  // of a directory
  Text symlink_target = {};
  uint8_t storage_policy = 0;  // 0: none set on it or an ancestor

  bool is_directory() const { return type == FileType::kDirectory; }
};

// Copies every field.
template <typename From, typename To>
void CopyStatus(const BasicFileStatus<From>& from, BasicFileStatus<To>& to) {
  to = {.type = from.type,
        .path = To(from.path),
        .length = from.length,
        .permission = from.permission,
        .owner = To(from.owner),
        .group = To(from.group),
        .mtime_ms = from.mtime_ms,
        .atime_ms = from.atime_ms,
        .replication = from.replication,
        .block_size = from.block_size,
        .file_id = from.file_id,
        .children = from.children,
        .symlink_target = To(from.symlink_target),
        .storage_policy = from.storage_policy};
}

struct FileStatus;

// A status for the moment: its names are somebody else's.
struct FileStatusView : BasicFileStatus<std::string_view> {
  FileStatusView() = default;
  FileStatusView(const FileStatus& status);
};

// A status to keep.
struct FileStatus : BasicFileStatus<std::string> {
  FileStatus() = default;
  explicit FileStatus(const FileStatusView& view) { CopyStatus(view, *this); }

  std::optional<LocatedBlocks> locations;  // when asked for
};

inline FileStatusView::FileStatusView(const FileStatus& status) { CopyStatus(status, *this); }

// One page of a directory, in the NameNode's order (signed bytes of the UTF-8 name).
struct DirectoryListing {
  std::vector<FileStatus> entries;
  int64_t remaining = 0;  // entries after this page; 0 on the last. Exact where the NameNode holds
                          // the whole directory, else at least 1
};

// A file open for writing.
struct OpenFile {
  InodeId id = 0;
  std::string path;
  std::string client_name;     // lease holder
  std::string client_address;  // IP
};

// A page of them, by id.
struct OpenFilesPage {
  std::vector<OpenFile> files;
  bool has_more = false;
};

// Files with blocks that have no good replica: a path for each such block, by block id.
struct CorruptFilesPage {
  std::vector<std::string> paths;  // none on the last page
  BlockId last = 0;                // where the next page begins
};

// Totals of a subtree.
struct ContentSummary {
  int64_t length = 0;
  int64_t file_count = 0;
  int64_t directory_count = 0;  // the directory itself included
  int64_t space_consumed = 0;   // bytes times replication
  int64_t quota = -1;           // -1: none
  int64_t space_quota = -1;
};

// Totals of the cluster; sizes in bytes.
struct FsStats {
  int64_t capacity = 0;
  int64_t used = 0;
  int64_t remaining = 0;
  int64_t under_replicated = 0;
  int64_t corrupt_blocks = 0;
  int64_t missing_blocks = 0;
  int64_t missing_replication_one_blocks = 0;
  int64_t pending_deletion_blocks = 0;
  int64_t pending_replication_blocks = 0;
  int64_t total_files = 0;  // inodes, the root included
  int64_t total_blocks = 0;
  int64_t live_datanodes = 0;
  int64_t dead_datanodes = 0;
  int64_t stale_datanodes = 0;
};

// What a client needs to know before it writes (dfs.blocksize, dfs.replication, … of the NameNode).
struct ServerDefaults {
  int64_t block_size = 0;
  int32_t bytes_per_checksum = 0;
  int32_t write_packet_size = 0;
  int32_t replication = 0;
  int32_t file_buffer_size = 0;
  int64_t trash_interval_minutes = 0;
};

}  // namespace cairn
