// What a name directory contains and where: VERSION, lock, journal, checkpoints, RocksDB.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/file_system.h"
#include "common/types/ids.h"
#include "namenode/meta/meta_store.h"

namespace cairn::namenode {

// Version of the directory's layout, in VERSION.
inline constexpr int64_t kLayoutVersion = 1;
// VERSION, journal_state and checkpoint manifests are refused beyond this size.
inline constexpr int64_t kMaxTextFileBytes = 16 << 20;

inline std::string VersionPath(const std::string& dir) { return dir + "/VERSION"; }
inline std::string LockPath(const std::string& dir) { return dir + "/in_use.lock"; }
inline std::string JournalStatePath(const std::string& dir) { return dir + "/journal_state"; }
inline std::string JournalEndPath(const std::string& dir) { return dir + "/journal_end"; }
inline std::string RocksPath(const std::string& dir) { return dir + "/rocksdb"; }
// Left in a directory that was dropped while others went on: what it holds is not the end of the
// history, so it must not be started from alone.
inline std::string BehindPath(const std::string& dir) { return dir + "/behind"; }
// Left in a directory whose disk failed under the database: the next start prefers another one.
inline std::string DatabaseFailedPath(const std::string& dir) { return dir + "/database_failed"; }
inline std::string CheckpointsPath(const std::string& dir) { return dir + "/checkpoints"; }
std::string SegmentPath(const std::string& dir, Txid first_txid);
std::string CheckpointPath(const std::string& dir, Txid txid);

// First txids of the segments in `dir`, ascending.
absl::StatusOr<std::vector<Txid>> ListSegments(FileSystem& fs, const std::string& dir);
// Txids of the finished checkpoints in `dir`, ascending.
absl::StatusOr<std::vector<Txid>> ListCheckpoints(FileSystem& fs, const std::string& dir);

// Text files of Cairn end in a line "crc32c=XXXXXXXX" that covers what is before it.
std::string WithCrcLine(std::string text);
// The lines before the CRC line; kDataLoss naming `path` when the CRC is wrong.
absl::StatusOr<std::vector<std::string>> ReadCheckedLines(FileSystem& fs, const std::string& path);

absl::Status WriteVersion(FileSystem& fs, const std::string& dir, const ClusterIdentity& identity);
// kFailedPrecondition, in HDFS's words, when the directory is missing or not formatted; kDataLoss
// when VERSION is damaged.
absl::StatusOr<ClusterIdentity> ReadVersion(FileSystem& fs, const std::string& dir);

// Where the journal of a directory stands: rewritten when a segment begins, so that a lost last
// segment is noticed and a directory that missed an epoch is known to be behind.
struct JournalState {
  int64_t epoch = 0;
  Txid segment = 0;  // first txid of the newest segment
};
absl::Status WriteJournalState(FileSystem& fs, const std::string& dir, const JournalState& state);
// Epoch 0 when there is none yet: a directory that is to be filled from its mirrors.
absl::StatusOr<JournalState> ReadJournalState(FileSystem& fs, const std::string& dir);

// kDataLoss when `file`'s path no longer leads to it: the file was removed or replaced, or its disk
// is not mounted any more. Writes to it would be lost with the descriptor.
absl::Status CheckStillNamed(const File& file);

// Exclusive use of a name directory, by flock on in_use.lock; ends with the object or the process.
class DirLock {
 public:
  // kFailedPrecondition, in HDFS's words, when another process (or store) holds it. A directory
  // that can only be read is locked all the same.
  static absl::StatusOr<std::unique_ptr<DirLock>> Acquire(FileSystem& fs, const std::string& dir);
  // CheckStillNamed for the lock: whether the directory is still the one that was locked.
  // Thread-safe.
  absl::Status Check() const { return CheckStillNamed(*file_); }

 private:
  explicit DirLock(std::unique_ptr<File> file) : file_(std::move(file)) {}
  const std::unique_ptr<File> file_;
};

// Creates `dir` and missing ancestors so that they survive a power cut.
absl::Status CreateDirectoryDurably(FileSystem& fs, const std::string& dir);

// Removes everything Cairn writes into a name directory, except the lock.
absl::Status RemoveNameDirContents(FileSystem& fs, const std::string& dir);

// Removes journal, checkpoints and database of a formatted directory, which then is one to be
// filled from its mirrors.
absl::Status RemoveHistory(FileSystem& fs, const std::string& dir);

// Copies the file's first `max_bytes` (all when there are fewer) and syncs the copy, which must not
// exist. Returns its CRC32C.
absl::StatusOr<uint32_t> CopyFile(FileSystem& fs, const std::string& from, const std::string& to,
                                  int64_t max_bytes = std::numeric_limits<int64_t>::max());
// The same under a temporary name, "<to>.tmp", and then by rename, so that `to` is whole or not
// there. The caller syncs the directory.
absl::Status CopyFileWhole(FileSystem& fs, const std::string& from, const std::string& to,
                           int64_t max_bytes = std::numeric_limits<int64_t>::max());
// CRC32C and size of a file.
struct FileSum {
  uint32_t crc = 0;
  int64_t bytes = 0;
};
absl::StatusOr<FileSum> SumFile(FileSystem& fs, const std::string& path);

}  // namespace cairn::namenode
