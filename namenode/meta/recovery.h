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
#include "namenode/meta/rocks.h"

namespace cairn::namenode {

// The directories, locked, with the same journal in each.
struct RecoveredDirs {
  ClusterIdentity identity;
  std::vector<std::unique_ptr<DirLock>> locks;
  std::string best_dir;  // whose journal the others were compared with
  JournalScan journal;   // without a torn tail, synced
};

// Whether every field is the same.
bool SameIdentity(const ClusterIdentity& a, const ClusterIdentity& b);

// Refuses missing, unformatted, foreign, locked and damaged directories, naming them. The journal
// with the highest epoch, then the most transactions, wins; a torn tail is cut; the other
// directories are made equal to the winner.
absl::StatusOr<RecoveredDirs> RecoverDirs(const std::vector<std::string>& dirs, FileSystem& fs);

// Applies the journal after tables.opened_at(). kDataLoss when the journal does not reach back that
// far, or ends before it.
absl::Status Replay(const RecoveredDirs& dirs, RocksTables& tables, FileSystem& fs);

// Whether the database in `path` belongs to the directories and this program understands it.
// Transaction 1 must be in it.
absl::Status CheckDatabase(const MetaSnapshot& snapshot, const ClusterIdentity& identity,
                           const std::string& path);

// Where a new writer continues.
JournalPosition NextPosition(const RecoveredDirs& dirs);

}  // namespace cairn::namenode
