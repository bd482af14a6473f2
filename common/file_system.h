// The local disk, injected so that tests can fail it, fill it and cut its power
// (common/testing/faulty_file_system.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace cairn {

// An open file. Thread-compatible, except ReadAt, which may run beside any other call. Closing is
// by destruction and reports nothing: call Sync first where it matters.
//
// Every error names the path, the call and the system's reason. Its code: kNotFound ENOENT,
// kAlreadyExists EEXIST, kResourceExhausted ENOSPC and EDQUOT, kDataLoss EIO, kPermissionDenied
// EACCES, EPERM and EROFS, kUnavailable EMFILE, ENFILE and ENOMEM (the process's lack, not the
// disk's), otherwise kInternal.
class File {
 public:
  virtual ~File() = default;
  // Appends all of `data` at the end. After an error an unknown prefix may have been written.
  virtual absl::Status Append(std::string_view data) = 0;
  // Writes all of `data` at `offset`, extending the file where needed.
  virtual absl::Status WriteAt(int64_t offset, std::string_view data) = 0;
  // Reads up to `n` bytes at `offset` into `out`; returns the bytes read, fewer than `n` only at
  // the end of the file.
  virtual absl::StatusOr<size_t> ReadAt(int64_t offset, size_t n, char* out) const = 0;
  // Cuts or extends (with zeros) to `size` bytes; later appends go there.
  virtual absl::Status Truncate(int64_t size) = 0;
  // Makes content and size durable (fdatasync).
  virtual absl::Status Sync() = 0;
  // Bytes in the file.
  virtual absl::StatusOr<int64_t> Size() const = 0;
  // The file descriptor, for sendfile and descriptor passing; owned by this object.
  virtual int fd() const = 0;
  virtual const std::string& path() const = 0;
};

// How Open treats the file.
enum class OpenMode {
  kRead,             // must exist
  kReadWrite,        // must exist; position at the end
  kCreate,           // must not exist
  kCreateOrTruncate  // emptied when it exists
};

// What Stat tells.
struct FileInfo {
  int64_t size_bytes = 0;
  bool is_directory = false;
  int64_t mtime_ms = 0;
};

// Space of the file system that holds a path, in bytes.
struct SpaceInfo {
  int64_t capacity = 0;
  int64_t available = 0;  // to an ordinary user
  int64_t free = 0;       // what root might still use included
};

// Thread-safe. Errors as File's. Names are only durable after SyncDirectory of their directory.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  virtual absl::StatusOr<FileInfo> Stat(const std::string& path) = 0;
  // Names of the entries without "." and "..", in no order.
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& directory) = 0;
  // Creates the directory and missing ancestors, mode 0700; an existing directory is success.
  virtual absl::Status CreateDirectories(const std::string& path) = 0;
  virtual absl::Status Remove(const std::string& path) = 0;  // a file or an empty directory
  virtual absl::Status RemoveRecursively(const std::string& path) = 0;  // a missing path is success
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;  // replaces `to`
  virtual absl::Status Link(const std::string& from, const std::string& to) = 0;    // hard link
  virtual absl::Status SyncDirectory(const std::string& directory) = 0;
  virtual absl::StatusOr<SpaceInfo> Space(const std::string& path) = 0;

  bool Exists(const std::string& path) { return Stat(path).ok(); }
  // The whole file; kResourceExhausted when it is larger than `limit_bytes`.
  absl::StatusOr<std::string> ReadFile(const std::string& path, int64_t limit_bytes);
  // Replaces `path` durably and atomically: temporary file, sync, rename, sync of the directory.
  absl::Status WriteFileAtomically(const std::string& path, std::string_view content);
};

// The machine's disk. Lives for the whole process.
FileSystem& PosixFileSystem();

}  // namespace cairn
