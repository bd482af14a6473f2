// The database of a start.
#include "namenode/meta/restore.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <tuple>

#include "common/status_macros.h"
#include "namenode/meta/change_set.h"
#include "namenode/meta/checkpoint.h"
#include "namenode/meta/row_codec.h"
#include "namenode/meta/schema.h"

namespace cairn::namenode {
namespace {

constexpr size_t kReplayBytes = 32 << 20;  // journal bytes in one RocksDB write

// Why a database cannot be used although nothing in it is damaged; empty when it can.
std::string Unusable(const RecoveredDirs& dirs, const UsableDir& dir, Txid applied) {
  if (applied + 1 < dirs.journal.first_txid()) {
    return fmt::format("it only has the transactions up to {}, and the journal begins at {}",
                       applied, dirs.journal.first_txid());
  }
  // In a directory that was not behind, a journal that ends before the database is damage, which
  // Replay finds.
  if (dir.trusted < dirs.journal.last_txid && applied > dir.trusted) {
    return fmt::format("it has transaction {}, and its directory's journal ended at {}", applied,
                       dir.trusted);
  }
  return "";
}

// The checkpoints that the journal goes on from, newest first and of the same transaction that of
// `dir` first. Those of one directory share files that did not change between them, so that damage
// of one file may be in all of them: the others' are what helps then.
absl::StatusOr<std::vector<std::pair<Txid, std::string>>> UsableCheckpoints(
    FileSystem& fs, const std::string& dir, const RecoveredDirs& dirs) {
  std::vector<std::pair<Txid, std::string>> checkpoints;
  const auto add = [&](const std::string& from) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<Txid> txids, ListCheckpoints(fs, from));
    for (const Txid txid : txids) {
      if (txid + 1 < dirs.journal.first_txid()) continue;
      checkpoints.emplace_back(txid, CheckpointPath(from, txid));
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(add(dir));
  for (const UsableDir& other : dirs.dirs) {
    if (other.path != dir) RETURN_IF_ERROR(add(other.path));
  }
  std::stable_sort(checkpoints.begin(), checkpoints.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  return checkpoints;
}

// Opens the database of one directory and brings it up to the journal's end.
absl::StatusOr<std::shared_ptr<RocksTables>> OpenIn(const RecoveredDirs& dirs, const UsableDir& dir,
                                                    int64_t block_cache_bytes,
                                                    const std::shared_ptr<Failure>& failure,
                                                    FileSystem& fs) {
  const std::string path = RocksPath(dir.path);
  if (fs.Exists(DatabaseFailedPath(dir.path))) {
    RETURN_IF_ERROR(fs.RemoveRecursively(path));
    RETURN_IF_ERROR(fs.Remove(DatabaseFailedPath(dir.path)));
  }
  if (!fs.Exists(path)) RETURN_IF_ERROR(RestoreDatabase(fs, dir.path, dirs));
  ASSIGN_OR_RETURN(std::shared_ptr<RocksTables> tables,
                   RocksTables::Open(path, block_cache_bytes, failure));
  if (const std::string why = Unusable(dirs, dir, tables->opened_at()); !why.empty()) {
    spdlog::warn("{} is rebuilt: {}", path, why);
    tables.reset();
    RETURN_IF_ERROR(fs.RemoveRecursively(path));
    RETURN_IF_ERROR(RestoreDatabase(fs, dir.path, dirs));
    ASSIGN_OR_RETURN(tables, RocksTables::Open(path, block_cache_bytes, failure));
  }
  RETURN_IF_ERROR(Replay(dirs, dir.path, *tables, fs));
  RETURN_IF_ERROR(CheckDatabase(*tables->TakeSnapshot(0), dirs.identity, path));
  return tables;
}

// Removes the databases that no directory uses any more: they would only grow old.
void RemoveOthers(const RecoveredDirs& dirs, FileSystem& fs) {
  for (size_t i = 1; i < dirs.dirs.size(); ++i) {
    const std::string path = RocksPath(dirs.dirs[i].path);
    if (!fs.Exists(path)) continue;
    spdlog::warn("{} is removed: the database is now in {}", path, dirs.dirs.front().path);
    absl::Status removed = fs.RemoveRecursively(path);
    removed.Update(fs.RemoveRecursively(DatabaseFailedPath(dirs.dirs[i].path)));
    if (!removed.ok()) spdlog::warn("{}", std::string(removed.message()));
  }
}

}  // namespace

absl::StatusOr<OpenedDatabase> OpenDatabase(RecoveredDirs& dirs, int64_t block_cache_bytes,
                                            FileSystem& fs) {
  const auto rank = [&](const UsableDir& dir) {
    return std::make_tuple(fs.Exists(DatabaseFailedPath(dir.path)),
                           !fs.Exists(RocksPath(dir.path)));
  };
  std::stable_sort(dirs.dirs.begin(), dirs.dirs.end(),
                   [&](const UsableDir& a, const UsableDir& b) { return rank(a) < rank(b); });
  while (true) {
    // Each try has a failure of its own: what it reports must not end the next.
    auto failure = std::make_shared<Failure>();
    auto tables = OpenIn(dirs, dirs.dirs.front(), block_cache_bytes, failure, fs);
    if (tables.ok() && failure->status().ok()) {
      RemoveOthers(dirs, fs);
      return OpenedDatabase{*std::move(tables), std::move(failure)};
    }
    const absl::Status why = tables.ok() ? failure->status() : tables.status();
    if (!IsDiskFailure(why) || dirs.dirs.size() == 1) return why;
    spdlog::error("STARTING WITHOUT name directory {}: {}", dirs.dirs.front().path,
                  std::string(why.message()));
    dirs.left_out.push_back({dirs.dirs.front().path, why});
    dirs.dirs.erase(dirs.dirs.begin());
  }
}

absl::Status RestoreDatabase(FileSystem& fs, const std::string& dir, const RecoveredDirs& dirs) {
  const JournalScan& journal = dirs.journal;
  ASSIGN_OR_RETURN(const auto checkpoints, UsableCheckpoints(fs, dir, dirs));
  absl::Status damage;
  for (const auto& [txid, checkpoint] : checkpoints) {
    const absl::Status status = UnpackCheckpoint(fs, checkpoint, RocksPath(dir));
    if (status.ok()) {
      spdlog::warn("{} is rebuilt from {}", RocksPath(dir), checkpoint);
      return fs.SyncDirectory(dir);
    }
    const bool own = checkpoint.starts_with(dir + "/");
    if (!absl::IsDataLoss(status) || (own && IsDiskFailure(status))) return status;
    spdlog::error("{} is not usable: {}", checkpoint, std::string(status.message()));
    damage.Update(status);
  }
  if (journal.first_txid() == 1) {
    spdlog::warn("{} is rebuilt from the journal", RocksPath(dir));
    // By rename: whoever is killed here must not leave half a database.
    const std::string unfinished = RocksPath(dir) + ".tmp";
    RETURN_IF_ERROR(fs.RemoveRecursively(unfinished));
    RETURN_IF_ERROR(RocksTables::Create(unfinished));
    RETURN_IF_ERROR(fs.Rename(unfinished, RocksPath(dir)));
    return fs.SyncDirectory(dir);
  }
  RETURN_IF_ERROR(damage);
  return absl::DataLossError(
      fmt::format("{} is missing and {} cannot restore it: it has no checkpoint that the journal, "
                  "which begins at transaction {}, goes on from",
                  RocksPath(dir), dir, journal.first_txid()));
}

absl::Status Replay(const RecoveredDirs& dirs, const std::string& dir, RocksTables& tables,
                    FileSystem& fs) {
  const Txid applied = tables.opened_at();
  const JournalScan& journal = dirs.journal;
  if (applied > journal.last_txid) {
    return absl::DataLossError(fmt::format(
        "journal segment {} ends at transaction {}, but the database already has transaction {}",
        journal.segments.back().path, journal.last_txid, applied));
  }
  if (applied + 1 < journal.first_txid()) {
    return absl::DataLossError(fmt::format(
        "the journal in {} begins at transaction {}, but the database only has those up to {}", dir,
        journal.first_txid(), applied));
  }
  ChangeSet changes;
  std::deque<std::string> payloads;  // what `changes` refers to: must not move
  size_t bytes = 0;
  const auto apply = [&]() -> absl::Status {
    if (changes.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(tables.Apply(changes.Sorted(), changes.last_txid()));
    changes.Clear();
    payloads.clear();
    bytes = 0;
    return absl::OkStatus();
  };
  const auto visit = [&](const std::string& path, int64_t offset, const BatchHeader& header,
                         std::string_view payload) -> absl::Status {
    if (header.last_txid <= applied || header.is_marker()) return absl::OkStatus();
    payloads.emplace_back(payload);
    bytes += payload.size();
    const absl::Status added = changes.Add(payloads.back(), header.first_txid, header.last_txid);
    if (!added.ok()) {
      return absl::DataLossError(fmt::format("journal segment {} is damaged at offset {}: {}", path,
                                             offset, std::string(added.message())));
    }
    return bytes < kReplayBytes ? absl::OkStatus() : apply();
  };
  RETURN_IF_ERROR(ScanJournal(fs, dir, dirs.identity.namespace_id, visit, applied).status());
  RETURN_IF_ERROR(apply());
  spdlog::info("journal replayed from transaction {} to {}", applied + 1, journal.last_txid);
  return absl::OkStatus();
}

absl::Status CheckDatabase(const MetaSnapshot& snapshot, const ClusterIdentity& identity,
                           const std::string& path) {
  ASSIGN_OR_RETURN(const int64_t format, LoadCounter(snapshot, meta_key::kFormat));
  if (format != kFormatVersion) {
    return absl::FailedPreconditionError(
        fmt::format("the database in {} has format version {}, this program reads {}", path, format,
                    kFormatVersion));
  }
  ASSIGN_OR_RETURN(const auto stored, snapshot.Get(Table::kMeta, meta_key::kIdentity));
  if (!stored) return absl::DataLossError(fmt::format("the database in {} has no identity", path));
  ASSIGN_OR_RETURN(const ClusterIdentity database, DecodeIdentity(*stored));
  if (database.cluster_id != identity.cluster_id ||
      database.namespace_id != identity.namespace_id) {
    return absl::FailedPreconditionError(
        fmt::format("the database in {} belongs to cluster {}, the name directories to {}", path,
                    database.cluster_id, identity.cluster_id));
  }
  return absl::OkStatus();
}

}  // namespace cairn::namenode
