// Recovery of name directories.
#include "namenode/meta/recovery.h"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <system_error>
#include <tuple>

#include "common/status_macros.h"
#include "namenode/meta/checkpoint.h"

namespace cairn::namenode {
namespace {

// A configured directory as it was found.
struct Candidate {
  std::string dir;
  std::unique_ptr<DirLock> lock;
  std::optional<ClusterIdentity> identity;  // none: empty or not readable
  std::string behind;                       // why it must not win; empty: it may
  JournalScan journal;
  absl::Status failure;  // why it cannot be used in this run
  Txid trusted = 0;      // as UsableDir's

  bool may_win() const { return journal.epoch > 0 && behind.empty(); }
};

// Notes a disk's failure; every other error is for the caller.
absl::Status LeaveOut(Candidate& candidate, const absl::Status& status) {
  if (!IsDiskFailure(status)) return status;
  candidate.failure.Update(status);
  return absl::OkStatus();
}

absl::Status SurveyFormatted(FileSystem& fs, Candidate& candidate) {
  const auto identity = ReadVersion(fs, candidate.dir);
  RETURN_IF_ERROR(identity.status());
  candidate.identity = *identity;
  ASSIGN_OR_RETURN(candidate.lock, DirLock::Acquire(fs, candidate.dir));
  const auto behind = fs.ReadFile(BehindPath(candidate.dir), kMaxTextFileBytes);
  if (behind.ok()) candidate.behind = behind->empty() ? "marked as behind" : *behind;
  if (!behind.ok() && !absl::IsNotFound(behind.status())) return behind.status();
  ASSIGN_OR_RETURN(const JournalState state, ReadJournalState(fs, candidate.dir));
  if (state.epoch == 0) return absl::OkStatus();  // to be filled from the others
  ASSIGN_OR_RETURN(candidate.journal, ScanJournal(fs, candidate.dir, identity->namespace_id));
  return absl::OkStatus();
}

// Whether nothing of a name directory is in `dir`: it may be filled.
absl::StatusOr<bool> IsUnused(FileSystem& fs, const std::string& dir) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, fs.List(dir));
  std::erase(names, "in_use.lock");
  std::erase(names, "lost+found");   // a file system of its own
  std::erase(names, "VERSION.tmp");  // it was to be formatted
  return names.empty();
}

// Reads what `dir` holds. An error refuses the start.
absl::StatusOr<Candidate> Survey(FileSystem& fs, const std::string& dir) {
  Candidate candidate{.dir = dir};
  const auto info = fs.Stat(dir);
  if (absl::IsNotFound(info.status()) || (info.ok() && !info->is_directory)) {
    candidate.failure = absl::FailedPreconditionError(
        fmt::format("Directory {} is in an inconsistent state: storage directory does not exist or "
                    "is not accessible.",
                    dir));
    return candidate;
  }
  absl::Status status = info.status();
  if (status.ok()) {
    const auto unused = IsUnused(fs, dir);
    status = unused.status();
    if (unused.ok()) {
      if (*unused) return candidate;
      status = SurveyFormatted(fs, candidate);
    }
  }
  RETURN_IF_ERROR(LeaveOut(candidate, status));
  return candidate;
}

absl::StatusOr<std::vector<Candidate>> SurveyAll(FileSystem& fs,
                                                 const std::vector<std::string>& dirs) {
  if (dirs.empty()) return absl::InvalidArgumentError("dfs.namenode.name.dir names no directory");
  std::vector<Candidate> all;
  const Candidate* first = nullptr;
  all.reserve(dirs.size());
  for (const std::string& dir : dirs) {
    ASSIGN_OR_RETURN(Candidate here, Survey(fs, dir));
    all.push_back(std::move(here));
  }
  for (const Candidate& here : all) {
    if (!here.identity) continue;
    if (first == nullptr) first = &here;
    if (SameIdentity(*first->identity, *here.identity)) continue;
    return absl::FailedPreconditionError(fmt::format(
        "Directory {} is in an inconsistent state: it belongs to cluster {} (namespace {}, block "
        "pool {}), and {} to cluster {} (namespace {}, block pool {})",
        here.dir, here.identity->cluster_id, here.identity->namespace_id,
        here.identity->block_pool_id, first->dir, first->identity->cluster_id,
        first->identity->namespace_id, first->identity->block_pool_id));
  }
  return all;
}

// Why none of the directories can be started from.
absl::Status NoneCanWin(FileSystem& fs, const std::vector<Candidate>& all) {
  std::vector<std::string> failures;
  for (const Candidate& candidate : all) {
    if (!candidate.failure.ok()) {
      failures.emplace_back(candidate.failure.message());
    } else if (!candidate.identity) {
      failures.push_back(
          fmt::format("NameNode is not formatted: {} has no VERSION file (run namenode -format)",
                      candidate.dir));
    }
  }
  const std::string unusable = fmt::format("{}", fmt::join(failures, "; "));
  for (const Candidate& candidate : all) {
    if (candidate.behind.empty()) continue;
    return absl::FailedPreconditionError(fmt::format(
        "name directory {} lacks the latest changes, and no directory that has them can be used "
        "({}). {} says: {}. Bring the other back; or remove that file, which loses those changes",
        candidate.dir, unusable.empty() ? "none is configured" : unusable,
        BehindPath(candidate.dir), candidate.behind.substr(0, candidate.behind.find('\n'))));
  }
  for (const Candidate& candidate : all) {
    if (candidate.identity && candidate.failure.ok()) {
      return absl::DataLossError(
          fmt::format("{} is missing: the journal is lost", JournalStatePath(candidate.dir)));
    }
  }
  const bool all_missing = std::none_of(all.begin(), all.end(), [&](const Candidate& candidate) {
    return candidate.failure.ok() || fs.Exists(candidate.dir);
  });
  return absl::FailedPreconditionError(
      unusable + (all_missing ? " (namenode -format makes a new file system)" : ""));
}

// Cuts off a torn tail and what is reserved, and makes the rest durable: after a crash of the
// process alone it may only be in the page cache. It is written once more, because a sync that
// failed has marked it as clean.
absl::Status SettleTail(FileSystem& fs, JournalScan& journal) {
  if (journal.segments.empty()) return absl::OkStatus();
  SegmentScan& last = journal.segments.back();
  ASSIGN_OR_RETURN(const auto file, fs.Open(last.path, OpenMode::kReadWrite));
  if (last.torn) {
    spdlog::warn("journal segment {}: torn tail after transaction {} cut off at {} bytes",
                 last.path, last.last_txid, last.valid_bytes);
  }
  if (last.file_bytes > last.valid_bytes) {
    RETURN_IF_ERROR(file->Truncate(last.valid_bytes));
    last.file_bytes = last.valid_bytes;
    last.torn = false;
  }
  if (last.valid_bytes > last.synced_bytes) {
    ASSIGN_OR_RETURN(const std::string bytes, fs.ReadFile(last.path, kMaxSegmentBytes));
    const auto unsynced = std::string_view(bytes).substr(static_cast<size_t>(last.synced_bytes));
    RETURN_IF_ERROR(file->WriteAt(last.synced_bytes, unsynced));
  }
  return file->Sync();
}

// Whether `have` has the batches of `want`, and but for reserved zeros nothing else: the last CRC
// covers the history.
bool SameSegment(const SegmentScan& have, const SegmentScan& want) {
  return have.header.first_txid == want.header.first_txid && !have.torn &&
         have.valid_bytes == want.valid_bytes && have.last_crc == want.last_crc &&
         have.header.epoch == want.header.epoch;
}

bool SameJournal(const JournalScan& have, const JournalScan& want) {
  return have.epoch == want.epoch &&
         std::equal(have.segments.begin(), have.segments.end(), want.segments.begin(),
                    want.segments.end(), SameSegment);
}

const SegmentScan* FindSegment(const JournalScan& journal, Txid first_txid) {
  for (const SegmentScan& segment : journal.segments) {
    if (segment.header.first_txid == first_txid) return &segment;
  }
  return nullptr;
}

// Whether `want` begins with the whole history of `have`: batches are chained by their CRCs, so
// that the last ones decide.
absl::StatusOr<bool> Continues(FileSystem& fs, const JournalScan& want, const JournalScan& have) {
  if (have.segments.empty()) return false;
  const SegmentScan& last = have.segments.back();
  const SegmentScan* const same = FindSegment(want, last.header.first_txid);
  if (same == nullptr) return false;
  if (!last.has_transactions()) return same->header.previous_crc == last.header.previous_crc;
  ASSIGN_OR_RETURN(const std::string mine, fs.ReadFile(last.path, kMaxSegmentBytes));
  ASSIGN_OR_RETURN(const std::string theirs, fs.ReadFile(same->path, kMaxSegmentBytes));
  return theirs.starts_with(
      std::string_view(mine).substr(0, static_cast<size_t>(last.valid_bytes)));
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
    const SegmentScan* const have = FindSegment(lagging.journal, name);
    const SegmentScan* const want = FindSegment(best, name);
    if (have != nullptr && want != nullptr && SameSegment(*have, *want)) continue;
    RETURN_IF_ERROR(fs.Remove(SegmentPath(lagging.dir, name)));
  }
  for (const SegmentScan& segment : best.segments) {
    const std::string path = SegmentPath(lagging.dir, segment.header.first_txid);
    if (fs.Exists(path)) continue;
    RETURN_IF_ERROR(CopyFileWhole(fs, segment.path, path, segment.valid_bytes));
  }
  RETURN_IF_ERROR(fs.SyncDirectory(lagging.dir));
  const SegmentScan& newest = best.segments.back();
  RETURN_IF_ERROR(
      fs.WriteFileAtomically(JournalEndPath(lagging.dir),
                             EncodeJournalEnd({newest.header.first_txid, newest.valid_bytes})));
  return WriteJournalState(fs, lagging.dir, {best.epoch, newest.header.first_txid});
}

// Removes the checkpoints, and the database where it cannot be of the winner's history, of a
// directory that was behind.
absl::Status RemoveUntrusted(FileSystem& fs, const Candidate& candidate) {
  ASSIGN_OR_RETURN(const std::vector<Txid> checkpoints, ListCheckpoints(fs, candidate.dir));
  for (const Txid txid : checkpoints) {
    if (txid <= candidate.trusted) continue;
    RETURN_IF_ERROR(fs.RemoveRecursively(CheckpointPath(candidate.dir, txid)));
  }
  if (candidate.trusted > 0) return absl::OkStatus();
  return fs.RemoveRecursively(RocksPath(candidate.dir));
}

// Makes `candidate`'s journal the winner's.
absl::Status MakeEqual(FileSystem& fs, Candidate& candidate, const ClusterIdentity& identity,
                       const JournalScan& best) {
  if (!candidate.identity) {
    spdlog::warn("name directory {} is empty and is filled from the others", candidate.dir);
    ASSIGN_OR_RETURN(candidate.lock, DirLock::Acquire(fs, candidate.dir));
    RETURN_IF_ERROR(WriteVersion(fs, candidate.dir, identity));
  }
  RETURN_IF_ERROR(SettleTail(fs, candidate.journal));
  candidate.trusted = best.last_txid;
  if (!SameJournal(candidate.journal, best)) {
    ASSIGN_OR_RETURN(const bool continues, Continues(fs, best, candidate.journal));
    candidate.trusted = continues ? candidate.journal.last_txid : 0;
    RETURN_IF_ERROR(RemoveUntrusted(fs, candidate));
    RETURN_IF_ERROR(RepairJournal(fs, candidate, best));
  }
  if (candidate.behind.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(fs.Remove(BehindPath(candidate.dir)));
  return fs.SyncDirectory(candidate.dir);
}

// Gives `candidate` the newest checkpoint of the others when it could not restore the namespace
// alone.
absl::Status RepairCheckpoint(FileSystem& fs, const std::vector<Candidate>& all,
                              const Candidate& candidate, Txid journal_begins) {
  const std::string& dir = candidate.dir;
  RETURN_IF_ERROR(RemoveUnfinishedCheckpoints(fs, dir));
  ASSIGN_OR_RETURN(const std::vector<Txid> have, ListCheckpoints(fs, dir));
  if (journal_begins <= 1 || (!have.empty() && have.back() + 1 >= journal_begins)) {
    return absl::OkStatus();
  }
  for (const Candidate& other : all) {
    if (!other.may_win() || other.dir == dir) continue;
    ASSIGN_OR_RETURN(const std::vector<Txid> theirs, ListCheckpoints(fs, other.dir));
    if (theirs.empty() || theirs.back() + 1 < journal_begins) continue;
    spdlog::warn("name directory {}: checkpoint {} is copied from {}", dir, theirs.back(),
                 other.dir);
    return CopyCheckpoint(fs, other.dir, theirs.back(), dir);
  }
  return absl::OkStatus();
}

}  // namespace

bool SameIdentity(const ClusterIdentity& a, const ClusterIdentity& b) {
  return a.cluster_id == b.cluster_id && a.block_pool_id == b.block_pool_id &&
         a.namespace_id == b.namespace_id && a.creation_ms == b.creation_ms;
}

absl::Status CheckCanBeFilled(FileSystem& fs, const std::string& dir,
                              const ClusterIdentity& identity) {
  ASSIGN_OR_RETURN(const bool unused, IsUnused(fs, dir));
  if (unused) return absl::OkStatus();
  ASSIGN_OR_RETURN(const ClusterIdentity theirs, ReadVersion(fs, dir));
  if (SameIdentity(theirs, identity)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("{} belongs to cluster {}", dir, theirs.cluster_id));
}

bool IsDiskFailure(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnavailable:
      return false;
    case absl::StatusCode::kDataLoss:
      // The code is shared by damage and by a disk that cannot be read.
      return std::string(status.message()).find(std::generic_category().message(EIO)) !=
             std::string::npos;
    default:
      return true;
  }
}

absl::StatusOr<RecoveredDirs> RecoverDirs(const std::vector<std::string>& dirs, FileSystem& fs) {
  ASSIGN_OR_RETURN(std::vector<Candidate> all, SurveyAll(fs, dirs));
  const auto rank = [](const Candidate& c) {
    return std::make_tuple(c.may_win(), c.journal.epoch, c.journal.last_txid,
                           c.journal.segments.empty() ? 0 : c.journal.segments.back().valid_bytes);
  };
  Candidate& best =
      *std::max_element(all.begin(), all.end(),
                        [&](const Candidate& a, const Candidate& b) { return rank(a) < rank(b); });
  if (!best.may_win()) return NoneCanWin(fs, all);
  // When the best one can only be read, it still is what the others are made equal to.
  RETURN_IF_ERROR(LeaveOut(best, SettleTail(fs, best.journal)));
  best.trusted = best.journal.last_txid;
  for (Candidate& candidate : all) {
    if (&candidate == &best || !candidate.failure.ok()) continue;
    RETURN_IF_ERROR(LeaveOut(candidate, MakeEqual(fs, candidate, *best.identity, best.journal)));
  }
  RecoveredDirs recovered;
  for (Candidate& candidate : all) {
    if (candidate.failure.ok()) {
      RETURN_IF_ERROR(
          LeaveOut(candidate, RepairCheckpoint(fs, all, candidate, best.journal.first_txid())));
    }
    if (!candidate.failure.ok()) {
      recovered.left_out.push_back({candidate.dir, candidate.failure});
      continue;
    }
    recovered.dirs.push_back({candidate.dir, std::move(candidate.lock), candidate.trusted});
  }
  if (recovered.dirs.empty()) return NoneCanWin(fs, all);
  for (const FailedDirectory& failed : recovered.left_out) {
    spdlog::error("STARTING WITHOUT name directory {}: {}", failed.dir,
                  std::string(failed.why.message()));
  }
  recovered.identity = *best.identity;
  recovered.journal = std::move(best.journal);
  return recovered;
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
