// Opens the database of a start: finds the directory that has it, or rebuilds it from a checkpoint.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/file_system.h"
#include "namenode/meta/failure.h"
#include "namenode/meta/meta_store.h"
#include "namenode/meta/recovery.h"
#include "namenode/meta/rocks.h"

namespace cairn::namenode {

// The database, and what it reports its failures to.
struct OpenedDatabase {
  std::shared_ptr<RocksTables> tables;
  std::shared_ptr<Failure> failure;
};

// Opens the database and applies the journal since; its directory is dirs.dirs.front() afterwards.
// The first directory that has a database keeps it; where there is none, or one too old for the
// journal, it is rebuilt from the newest intact checkpoint of any directory. A directory whose disk
// fails is moved to dirs.left_out and another one taken. kDataLoss, naming the file, on damage.
absl::StatusOr<OpenedDatabase> OpenDatabase(RecoveredDirs& dirs, int64_t block_cache_bytes,
                                            FileSystem& fs);

// Makes the database of `dir`, which must have none, from the newest intact checkpoint of any of
// the directories, or empty when the journal reaches back to the beginning.
absl::Status RestoreDatabase(FileSystem& fs, const std::string& dir, const RecoveredDirs& dirs);

// Applies the journal in `dir` after tables.opened_at(). kDataLoss when the journal does not reach
// back that far, or ends before it.
absl::Status Replay(const RecoveredDirs& dirs, const std::string& dir, RocksTables& tables,
                    FileSystem& fs);

// Whether the database in `path` belongs to the directories and this program understands it.
// Transaction 1 must be in it.
absl::Status CheckDatabase(const MetaSnapshot& snapshot, const ClusterIdentity& identity,
                           const std::string& path);

}  // namespace cairn::namenode
