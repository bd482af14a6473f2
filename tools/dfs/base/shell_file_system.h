// The file systems a shell command works on: a cluster, or the machine's own, behind one interface.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/client_types.h"
#include "client/streams.h"
#include "common/types/block.h"
#include "common/types/file_status.h"

namespace cairn::client {
class DfsClient;
}

namespace cairn::dfs {

// What a command may ask of a file system. Paths are absolute and normalized. Errors carry the text
// to show. Thread-compatible.
class ShellFileSystem {
 public:
  virtual ~ShellFileSystem() = default;

  // "hdfs://127.0.0.1:8020" or "file:".
  virtual std::string uri() const = 0;
  virtual bool is_local() const = 0;
  // Where relative paths start: /user/<name>, or the working directory.
  virtual std::string working_directory() const = 0;

  // Empty when nothing is there. FileStatus::path is empty.
  virtual absl::StatusOr<std::optional<FileStatus>> Stat(const std::string& path) = 0;
  // The children of a directory by name; FileStatus::path is the name.
  virtual absl::StatusOr<std::vector<FileStatus>> List(const std::string& path) = 0;
  virtual absl::StatusOr<ContentSummary> Summary(const std::string& path) = 0;
  // Bits: 4 read, 2 write, 1 execute.
  virtual absl::Status CheckAccess(const std::string& path, int access) = 0;
  virtual absl::StatusOr<FsStats> Stats() = 0;
  virtual absl::StatusOr<ServerDefaults> Defaults() = 0;
  virtual absl::StatusOr<client::FileChecksum> Checksum(const std::string& path) = 0;
  virtual absl::StatusOr<LocatedBlocks> Locations(const std::string& path, int64_t length) = 0;

  virtual absl::StatusOr<std::unique_ptr<client::InputStream>> Open(const std::string& path) = 0;
  // Replaces a file that is there.
  virtual absl::StatusOr<std::unique_ptr<client::OutputStream>> Create(const std::string& path) = 0;
  // An existing file, from its end; in a block of its own when asked.
  virtual absl::StatusOr<std::unique_ptr<client::OutputStream>> Append(const std::string& path,
                                                                       bool new_block) = 0;
  // False: started, and done when the file is closed.
  virtual absl::StatusOr<bool> Truncate(const std::string& path, int64_t new_length) = 0;
  // Ends the claim of the file's writer; true: it is closed now. kUnimplemented outside a cluster.
  virtual absl::StatusOr<bool> RecoverLease(const std::string& path) = 0;
  // Nobody writes the file.
  virtual absl::StatusOr<bool> IsClosed(const std::string& path) = 0;

  // `permission` before the umask. Missing ancestors are made.
  virtual absl::Status Mkdirs(const std::string& path, uint16_t permission) = 0;
  // False: refused without a reason.
  virtual absl::StatusOr<bool> Rename(const std::string& from, const std::string& to) = 0;
  // Moves a file over another one, or where none is, in one step.
  virtual absl::Status RenameOver(const std::string& from, const std::string& to) = 0;
  virtual absl::Status MoveToTrash(const std::string& from, const std::string& to) = 0;
  // False: refused without a reason, as for the root.
  virtual absl::StatusOr<bool> Delete(const std::string& path, bool recursive) = 0;
  virtual absl::Status SetPermission(const std::string& path, uint16_t permission) = 0;
  virtual absl::Status SetOwner(const std::string& path, const std::optional<std::string>& owner,
                                const std::optional<std::string>& group) = 0;
  virtual absl::Status SetTimes(const std::string& path, int64_t mtime_ms, int64_t atime_ms) = 0;
  virtual absl::StatusOr<bool> SetReplication(const std::string& path, int32_t replication) = 0;
};

// The machine's own files.
std::unique_ptr<ShellFileSystem> MakeLocalFileSystem();
// A cluster, shown as `uri`, acting as `user`. Takes the client.
std::unique_ptr<ShellFileSystem> MakeClusterFileSystem(std::string uri, std::string user,
                                                       std::unique_ptr<client::DfsClient> client);

}  // namespace cairn::dfs
