// Arguments and results of the client library that the NameNode's types do not cover.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/types/file_status.h"

namespace cairn::client {

class ClientContext;

// How DfsClient::Create makes a file.
struct CreateOptions {
  bool overwrite = false;      // replace an existing file; otherwise it is kFileAlreadyExists
  bool create_parent = true;   // make missing directories; otherwise kFileNotFound
  uint16_t permission = 0666;  // before the umask is applied
  int32_t replication = 0;     // 0: ClientOptions::replication
  int64_t block_size = 0;      // 0: ClientOptions::block_size
  // Every block is on the disks (fsync) of its DataNodes before the next one begins or Close
  // returns (HDFS's SYNC_BLOCK).
  bool sync_block = false;
};

// How DfsClient::Append reopens a file.
struct AppendOptions {
  bool new_block = false;  // leave the last block as it is, even if it has room
  // CreateOptions::sync_block for what is appended.
  bool sync_block = false;
};

// Which DataNodes a report lists. Numbers are HDFS's DatanodeReportTypeProto.
enum class DatanodeReportType { kAll = 1, kLive = 2, kDead = 3 };

// Numbers are HDFS's SafeModeActionProto.
enum class SafeModeAction { kLeave = 1, kEnter = 2, kGet = 3, kForceExit = 4 };

// What `fsck` is asked to print.
struct FsckRequest {
  std::string path = "/";
  bool files = false;
  bool blocks = false;
  bool locations = false;
  bool racks = false;
  bool open_for_write = false;  // also check files that are being written
  bool replica_details = false;
  bool upgrade_domains = false;
  bool maintenance = false;
  bool storage_policies = false;
  bool show_progress = false;
  bool move = false;                      // copy what is left of damaged files to /lost+found
  bool remove = false;                    // delete damaged files
  bool replicate = false;                 // have badly placed blocks replicated
  bool list_corrupt_file_blocks = false;  // instead, a page of the blocks without a good replica,
  int64_t start_block_after = 0;          // after so many of them
  std::optional<std::string> block_ids;   // instead, describe these, separated by spaces
};

// HDFS's checksum of a file.
struct FileChecksum {
  std::string algorithm;  // "MD5-of-0MD5-of-512CRC32C"
  std::string bytes;      // 28 bytes: int32 bytes per CRC, int64 CRCs per block, MD5 (big-endian)

  friend bool operator==(const FileChecksum&, const FileChecksum&) = default;
  // `bytes` in lower-case hexadecimal, as `hadoop fs -checksum` prints it.
  std::string Hex() const;
};

// The entries of one directory in the NameNode's order, fetched page by page. Entries that come or
// go meanwhile may be missed or seen, none twice. Thread-compatible; must not outlive its client.
class ListingIterator {
 public:
  // Use DfsClient::List.
  ListingIterator(ClientContext& context, std::string path, bool with_locations);
  // The next entry, or empty at the end. A missing path is kFileNotFound.
  absl::StatusOr<std::optional<FileStatus>> Next();

 private:
  ClientContext& context_;
  const std::string path_;
  const bool with_locations_;
  std::deque<FileStatus> page_;
  std::string last_name_;
  bool at_end_ = false;
};

}  // namespace cairn::client
