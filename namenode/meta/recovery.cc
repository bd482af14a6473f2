// Recovery of name directories.
#include "namenode/meta/recovery.h"

#include <spdlog/spdlog.h>

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

// A directory and its journal.
struct Candidate {
  std::string dir;
  JournalScan journal;
};

// Cuts the torn tail off and makes the rest durable: after a crash of the process alone it may only
// be in the page cache.
absl::Status SettleTail(FileSystem& fs, JournalScan& journal) {
  if (journal.segments.empty()) return absl::OkStatus();
  SegmentScan& last = journal.segments.back();
  ASSIGN_OR_RETURN(const auto file, fs.Open(last.path, OpenMode::kReadWrite));
  if (last.torn()) {
    spdlog::warn("journal segment {}: torn tail of {} bytes after transaction {} cut off",
                 last.path, last.file_bytes - last.valid_bytes, last.last_txid);
    RETURN_IF_ERROR(file->Truncate(last.valid_bytes));
    last.file_bytes = last.valid_bytes;
  }
  return file->Sync();
}

// Whether `have` is byte for byte `want`: the last CRC covers the history.
bool SameSegment(const SegmentScan& have, const SegmentScan& want) {
  return have.header.first_txid == want.header.first_txid && !have.torn() &&
         have.valid_bytes == want.valid_bytes && have.last_crc == want.last_crc &&
         have.header.epoch == want.header.epoch;
}

bool SameJournal(const JournalScan& have, const JournalScan& want) {
  return have.epoch == want.epoch &&
         std::equal(have.segments.begin(), have.segments.end(), want.segments.begin(),
                    want.segments.end(), SameSegment);
}

// Replaces what differs in a directory's journal by the winner's segments.
absl::Status RepairJournal(FileSystem& fs, const Candidate& lagging, const JournalScan& best) {
  spdlog::warn(
      "name directory {}: its journal (epoch {}, transaction {}) is behind and is repaired "
      "up to epoch {}, transaction {}",
      lagging.dir, lagging.journal.epoch, lagging.journal.last_txid, best.epoch, best.last_txid);
  // Until the repair is complete the directory counts as one that has no journal.
  RETURN_IF_ERROR(fs.RemoveRecursively(JournalStatePath(lagging.dir)));
  RETURN_IF_ERROR(fs.SyncDirectory(lagging.dir));
  ASSIGN_OR_RETURN(const std::vector<Txid> names, ListSegments(fs, lagging.dir));
  for (const Txid name : names) {
    const auto same = [&](const SegmentScan& segment) { return segment.header.first_txid == name; };
    const auto& mine = lagging.journal.segments;
    const auto have = std::find_if(mine.begin(), mine.end(), same);
    const auto want = std::find_if(best.segments.begin(), best.segments.end(), same);
    if (have != mine.end() && want != best.segments.end() && SameSegment(*have, *want)) continue;
    RETURN_IF_ERROR(fs.Remove(SegmentPath(lagging.dir, name)));
  }
  for (const SegmentScan& segment : best.segments) {
    const std::string path = SegmentPath(lagging.dir, segment.header.first_txid);
    if (fs.Exists(path)) continue;
    RETURN_IF_ERROR(fs.RemoveRecursively(path + ".tmp"));
    RETURN_IF_ERROR(CopyFile(fs, segment.path, path + ".tmp").status());
    RETURN_IF_ERROR(fs.Rename(path + ".tmp", path));
  }
  RETURN_IF_ERROR(fs.SyncDirectory(lagging.dir));
  return WriteJournalState(fs, lagging.dir, {best.epoch, best.segments.back().header.first_txid});
}

// Gives `dir` the newest checkpoint of the others when it could not restore the namespace alone.
absl::Status RepairCheckpoint(FileSystem& fs, const std::vector<std::string>& dirs,
                              const std::string& dir, Txid journal_begins) {
  RETURN_IF_ERROR(RemoveUnfinishedCheckpoints(fs, dir));
  ASSIGN_OR_RETURN(const std::vector<Txid> have, ListCheckpoints(fs, dir));
  if (journal_begins <= 1 || (!have.empty() && have.back() + 1 >= journal_begins)) {
    return absl::OkStatus();
  }
  for (const std::string& other : dirs) {
    ASSIGN_OR_RETURN(const std::vector<Txid> theirs, ListCheckpoints(fs, other));
    if (theirs.empty() || theirs.back() + 1 < journal_begins) continue;
    spdlog::warn("name directory {}: checkpoint {} is copied from {}", dir, theirs.back(), other);
    return CopyCheckpoint(fs, other, theirs.back(), dir);
  }
  return absl::OkStatus();
}

absl::StatusOr<ClusterIdentity> LockAll(const std::vector<std::string>& dirs, FileSystem& fs,
                                        std::vector<std::unique_ptr<DirLock>>& locks) {
  if (dirs.empty()) return absl::InvalidArgumentError("dfs.namenode.name.dir names no directory");
  std::optional<ClusterIdentity> identity;
  for (const std::string& dir : dirs) {
    ASSIGN_OR_RETURN(ClusterIdentity here, ReadVersion(fs, dir));
    ASSIGN_OR_RETURN(locks.emplace_back(), DirLock::Acquire(fs, dir));
    if (identity && !SameIdentity(*identity, here)) {
      return absl::FailedPreconditionError(fmt::format(
          "Directory {} is in an inconsistent state: it belongs to cluster {} (namespace {}, block "
          "pool {}), and {} to cluster {} (namespace {}, block pool {})",
          dir, here.cluster_id, here.namespace_id, here.block_pool_id, dirs.front(),
          identity->cluster_id, identity->namespace_id, identity->block_pool_id));
    }
    identity = std::move(here);
  }
  return *identity;
}

absl::StatusOr<Candidate> Examine(FileSystem& fs, const std::string& dir, int32_t namespace_id) {
  Candidate candidate{dir, {}};
  ASSIGN_OR_RETURN(const JournalState state, ReadJournalState(fs, dir));
  if (state.epoch == 0) return candidate;  // to be filled from the others
  ASSIGN_OR_RETURN(candidate.journal, ScanJournal(fs, dir, namespace_id));
  return candidate;
}

}  // namespace

bool SameIdentity(const ClusterIdentity& a, const ClusterIdentity& b) {
  return a.cluster_id == b.cluster_id && a.block_pool_id == b.block_pool_id &&
         a.namespace_id == b.namespace_id && a.creation_ms == b.creation_ms;
}

absl::StatusOr<RecoveredDirs> RecoverDirs(const std::vector<std::string>& dirs, FileSystem& fs) {
  RecoveredDirs recovered;
  ASSIGN_OR_RETURN(recovered.identity, LockAll(dirs, fs, recovered.locks));
  std::vector<Candidate> candidates;
  for (const std::string& dir : dirs) {
    ASSIGN_OR_RETURN(candidates.emplace_back(), Examine(fs, dir, recovered.identity.namespace_id));
  }
  const auto rank = [](const Candidate& c) {
    return std::make_tuple(c.journal.epoch, c.journal.last_txid,
                           c.journal.segments.empty() ? 0 : c.journal.segments.back().valid_bytes);
  };
  auto best =
      std::max_element(candidates.begin(), candidates.end(),
                       [&](const Candidate& a, const Candidate& b) { return rank(a) < rank(b); });
  if (best->journal.epoch == 0) {
    return absl::DataLossError(
        fmt::format("{} is missing: the journal is lost", JournalStatePath(dirs.front())));
  }
  RETURN_IF_ERROR(SettleTail(fs, best->journal));
  for (Candidate& candidate : candidates) {
    if (&candidate == &*best) continue;
    RETURN_IF_ERROR(SettleTail(fs, candidate.journal));
    if (!SameJournal(candidate.journal, best->journal)) {
      RETURN_IF_ERROR(RepairJournal(fs, candidate, best->journal));
    }
  }
  for (const std::string& dir : dirs) {
    RETURN_IF_ERROR(RepairCheckpoint(fs, dirs, dir, best->journal.first_txid()));
  }
  recovered.best_dir = best->dir;
  recovered.journal = std::move(best->journal);
  return recovered;
}

absl::Status Replay(const RecoveredDirs& dirs, RocksTables& tables, FileSystem& fs) {
  const Txid applied = tables.opened_at();
  const JournalScan& journal = dirs.journal;
  if (applied > journal.last_txid) {
    return absl::DataLossError(fmt::format(
        "journal segment {} ends at transaction {}, but the database already has transaction {}",
        journal.segments.back().path, journal.last_txid, applied));
  }
  if (applied + 1 < journal.first_txid()) {
    return absl::DataLossError(fmt::format(
        "the journal in {} begins at transaction {}, but the database only has those up to {}: "
        "restore it from a checkpoint",
        dirs.best_dir, journal.first_txid(), applied));
  }
  ChangeSet changes;
  std::deque<std::string> payloads;  // what `changes` refers to: must not move
  size_t bytes = 0;
  const auto apply = [&]() -> absl::Status {
    if (changes.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(tables.Apply(changes.Sorted(), changes.last_txid()));
    changes = ChangeSet();
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
  RETURN_IF_ERROR(
      ScanJournal(fs, dirs.best_dir, dirs.identity.namespace_id, visit, applied).status());
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

JournalPosition NextPosition(const RecoveredDirs& dirs) {
  JournalPosition position;
  position.namespace_id = dirs.identity.namespace_id;
  position.epoch = dirs.journal.epoch + 1;
  position.last_txid = dirs.journal.last_txid;
  for (const SegmentScan& segment : dirs.journal.segments) {
    position.segments.push_back(segment.header.first_txid);
  }
  const SegmentScan& last = dirs.journal.segments.back();
  // A segment without a transaction is replaced; the chain goes on from the one before.
  position.last_crc = last.has_transactions() ? last.last_crc : last.header.previous_crc;
  return position;
}

}  // namespace cairn::namenode
