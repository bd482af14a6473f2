// Opens the name directories of a file system: checks, compares and repairs what is in them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/file_system.h"
#include "namenode/meta/journal.h"
#include "namenode/meta/journal_reader.h"
#include "namenode/meta/meta_store.h"
#include "namenode/meta/name_dir.h"

namespace cairn::namenode {

// A directory that can be used: locked, with the same journal as every other.
struct UsableDir {
  std::string path;
  std::unique_ptr<DirLock> lock;
  // A database or checkpoint in it is of this history up to this transaction. It is the journal's
  // last one unless the directory was behind.
  Txid trusted = 0;
};

// What a start has to go on from. `dirs` is not empty.
struct RecoveredDirs {
  ClusterIdentity identity;
  std::vector<UsableDir> dirs;
  std::vector<FailedDirectory> left_out;  // of this run
  JournalScan journal;                    // without a torn tail, synced; in every one of `dirs`
};

// Whether every field is the same.
bool SameIdentity(const ClusterIdentity& a, const ClusterIdentity& b);

// An error unless `dir` is there and is this file system's, or empty.
absl::Status CheckCanBeFilled(FileSystem& fs, const std::string& dir,
                              const ClusterIdentity& identity);

// Whether the error means that a directory cannot be used any more (its disk fails, is full or
// read-only, or the directory is gone), rather than that its content is wrong, that it is not ours,
// or that the process lacks something.
bool IsDiskFailure(const absl::Status& status);

// Refuses foreign, locked, unformatted and damaged directories, naming them. The journal with the
// highest epoch, then the most transactions, wins; a torn tail is cut; the other directories are
// made equal to the winner, empty ones included. A directory that is missing or whose disk fails is
// left out, with a line in the log, as long as another one can be used; one that is marked as
// behind never wins.
absl::StatusOr<RecoveredDirs> RecoverDirs(const std::vector<std::string>& dirs, FileSystem& fs);

// Where a new writer continues.
JournalPosition NextPosition(const RecoveredDirs& dirs);

}  // namespace cairn::namenode
