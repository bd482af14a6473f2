// Formatting, opening and restoring a MetaStore.
#include "namenode/meta/meta_store.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "common/status_macros.h"
#include "namenode/meta/checkpoint.h"
#include "namenode/meta/committer.h"
#include "namenode/meta/recovery.h"
#include "namenode/meta/rocks.h"
#include "namenode/meta/row_codec.h"
#include "namenode/meta/schema.h"
#include "namenode/meta/store_impl.h"

namespace cairn::namenode {
namespace {

constexpr size_t kMaxClusterIdBytes = 255;

// Leaves `dir` existing and without anything of ours.
absl::Status ClearForFormat(const std::string& dir, bool force, FileSystem& fs) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, fs.List(dir));
  std::erase(names, "in_use.lock");
  std::erase(names, "lost+found");  // a file system of its own
  if (names.empty()) return absl::OkStatus();
  if (!force) {
    return absl::FailedPreconditionError(fmt::format(
        "Directory {} is not empty: format refuses to overwrite it (-force removes the file system "
        "in it)",
        dir));
  }
  return RemoveNameDirContents(fs, dir);
}

// Cluster ids are a line of VERSION files, here and on DataNodes, and words in logs and addresses.
absl::Status CheckClusterId(const std::string& id) {
  const auto bad = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
  const size_t limit = kMaxClusterIdBytes;
  if (!id.empty() && id.size() <= limit && std::none_of(id.begin(), id.end(), bad)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "Invalid cluster id \"{}\": it must have 1 to {} bytes, without spaces and control "
      "characters",
      absl::Utf8SafeCHexEscape(id.substr(0, limit)) + (id.size() > limit ? "..." : ""), limit));
}

std::vector<RowChange> FirstRows(const ClusterIdentity& identity,
                                 std::vector<RowChange> initial_rows) {
  std::vector<RowChange> rows = std::move(initial_rows);
  rows.push_back(CounterChange(meta_key::kFormat, kFormatVersion));
  EncodeIdentity(identity, rows);
  return rows;
}

// The newest checkpoint of `dir` that is intact; 0 when there is none at all. An error names the
// damage when there are only damaged ones.
absl::StatusOr<Txid> NewestIntactCheckpoint(FileSystem& fs, const std::string& dir) {
  ASSIGN_OR_RETURN(const std::vector<Txid> txids, ListCheckpoints(fs, dir));
  absl::Status first_error;
  for (auto it = txids.rbegin(); it != txids.rend(); ++it) {
    const absl::Status status = VerifyCheckpoint(fs, CheckpointPath(dir, *it));
    if (status.ok()) return *it;
    spdlog::error("checkpoint {} is not usable: {}", *it, std::string(status.message()));
    first_error.Update(status);
  }
  RETURN_IF_ERROR(first_error);
  return Txid{0};
}

// The directory whose journal reaches furthest, of those that have one and are intact.
absl::StatusOr<std::string> BestSource(FileSystem& fs, const std::vector<std::string>& dirs) {
  std::string best;
  std::pair<int64_t, Txid> best_rank;
  absl::Status first_error;
  for (const std::string& dir : dirs) {
    const auto identity = ReadVersion(fs, dir);
    if (!identity.ok()) {
      first_error.Update(identity.status());
      continue;
    }
    const auto journal = ScanJournal(fs, dir, identity->namespace_id);
    first_error.Update(journal.status());
    if (!journal.ok() || journal->epoch == 0) continue;
    const std::pair rank(journal->epoch, journal->last_txid);
    if (rank > best_rank) {
      best_rank = rank;
      best = dir;
    }
  }
  if (!best.empty()) return best;
  RETURN_IF_ERROR(first_error);
  return absl::FailedPreconditionError("no name directory has a journal to restore from");
}

// Gives the fresh directory `to` the journal of `from`.
absl::Status CopyJournal(FileSystem& fs, const std::string& from, const std::string& to) {
  ASSIGN_OR_RETURN(const JournalState state, ReadJournalState(fs, from));
  ASSIGN_OR_RETURN(const std::vector<Txid> segments, ListSegments(fs, from));
  for (const Txid segment : segments) {
    const std::string path = SegmentPath(to, segment);
    RETURN_IF_ERROR(fs.RemoveRecursively(path));
    RETURN_IF_ERROR(CopyFile(fs, SegmentPath(from, segment), path).status());
  }
  RETURN_IF_ERROR(fs.SyncDirectory(to));
  return WriteJournalState(fs, to, state);
}

}  // namespace

absl::Status MetaStore::Format(const MetaStoreOptions& options, const ClusterIdentity& identity,
                               bool force, std::vector<RowChange> initial_rows, FileSystem& fs) {
  if (options.name_dirs.empty()) {
    return absl::InvalidArgumentError("dfs.namenode.name.dir names no directory");
  }
  RETURN_IF_ERROR(CheckClusterId(identity.cluster_id));
  std::vector<std::unique_ptr<DirLock>> locks;
  for (const std::string& dir : options.name_dirs) {
    RETURN_IF_ERROR(CreateDirectoryDurably(fs, dir));
    ASSIGN_OR_RETURN(locks.emplace_back(), DirLock::Acquire(fs, dir));
    if (!force) RETURN_IF_ERROR(ClearForFormat(dir, false, fs));
  }
  for (const std::string& dir : options.name_dirs) {
    RETURN_IF_ERROR(ClearForFormat(dir, force, fs));
  }
  RETURN_IF_ERROR(RocksTables::Create(RocksPath(options.name_dirs.front())));
  ASSIGN_OR_RETURN(const auto journal,
                   Journal::Start(fs, options.name_dirs, options.segment_bytes,
                                  {.namespace_id = identity.namespace_id, .epoch = 1}));
  Batch batch;
  AppendTransaction(FirstRows(identity, std::move(initial_rows)), batch.record);
  RETURN_IF_ERROR(journal->Append(1, 1, batch.record));
  RETURN_IF_ERROR(journal->Mark());
  if (const auto failed = journal->FailedDirectories(); !failed.empty()) {
    return absl::InternalError(fmt::format("formatting failed in {}", failed.front()));
  }
  // Last: a directory without VERSION is not formatted.
  for (const std::string& dir : options.name_dirs) {
    RETURN_IF_ERROR(WriteVersion(fs, dir, identity));
    spdlog::info("Storage directory {} has been successfully formatted.", dir);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<MetaStore>> MetaStore::Open(const MetaStoreOptions& options,
                                                           FileSystem& fs, const Clock& clock,
                                                           FatalHandler fatal) {
  ASSIGN_OR_RETURN(RecoveredDirs dirs, RecoverDirs(options.name_dirs, fs));
  const std::string path = RocksPath(options.name_dirs.front());
  if (!fs.Exists(path)) {
    return absl::FailedPreconditionError(
        fmt::format("{} is missing: restore it from a checkpoint", path));
  }
  auto failure = std::make_shared<Failure>();
  ASSIGN_OR_RETURN(std::shared_ptr<RocksTables> tables,
                   RocksTables::Open(path, options.block_cache_bytes, failure));
  RETURN_IF_ERROR(Replay(dirs, *tables, fs));
  RETURN_IF_ERROR(CheckDatabase(*tables->TakeSnapshot(0), dirs.identity, path));
  ASSIGN_OR_RETURN(auto store, StoreImpl::Start(options, std::move(dirs), std::move(tables),
                                                std::move(failure), fs, clock, std::move(fatal)));
  return store;
}

absl::Status MetaStore::RestoreFromCheckpoint(const MetaStoreOptions& options,
                                              const std::string& source, FileSystem& fs) {
  if (options.name_dirs.empty()) {
    return absl::InvalidArgumentError("dfs.namenode.name.dir names no directory");
  }
  const std::string& first = options.name_dirs.front();
  std::string source_dir = source;
  if (source_dir.empty()) {
    ASSIGN_OR_RETURN(source_dir, BestSource(fs, options.name_dirs));
  }
  ASSIGN_OR_RETURN(const ClusterIdentity identity, ReadVersion(fs, source_dir));
  RETURN_IF_ERROR(CreateDirectoryDurably(fs, first));
  std::vector<std::unique_ptr<DirLock>> locks;
  ASSIGN_OR_RETURN(locks.emplace_back(), DirLock::Acquire(fs, source_dir));
  if (first != source_dir) {
    ASSIGN_OR_RETURN(locks.emplace_back(), DirLock::Acquire(fs, first));
  }
  if (fs.Exists(RocksPath(first))) {
    return absl::FailedPreconditionError(
        fmt::format("{} exists: move it away before restoring", RocksPath(first)));
  }
  ASSIGN_OR_RETURN(const Txid checkpoint, NewestIntactCheckpoint(fs, source_dir));
  // What is unreadable in the journal is found before anything is written.
  ASSIGN_OR_RETURN(const JournalScan journal, ScanJournal(fs, source_dir, identity.namespace_id));
  if (journal.epoch == 0 || checkpoint + 1 < journal.first_txid()) {
    return absl::DataLossError(
        fmt::format("{} cannot restore the namespace: its newest intact checkpoint has transaction "
                    "{} and its journal begins at {}",
                    source_dir, checkpoint, journal.first_txid()));
  }
  const std::string version = VersionPath(first);
  if (!fs.Exists(version)) {
    ASSIGN_OR_RETURN(std::vector<std::string> names, fs.List(first));
    std::erase(names, "in_use.lock");
    if (!names.empty()) RETURN_IF_ERROR(RemoveNameDirContents(fs, first));
    RETURN_IF_ERROR(WriteVersion(fs, first, identity));
  }
  ASSIGN_OR_RETURN(const JournalState mine, ReadJournalState(fs, first));
  if (first != source_dir && mine.epoch == 0) RETURN_IF_ERROR(CopyJournal(fs, source_dir, first));
  if (checkpoint > 0) {
    RETURN_IF_ERROR(UnpackCheckpoint(fs, CheckpointPath(source_dir, checkpoint), RocksPath(first)));
  } else {
    RETURN_IF_ERROR(RocksTables::Create(RocksPath(first)));
  }
  RETURN_IF_ERROR(fs.SyncDirectory(first));
  spdlog::info("{} restored from checkpoint {} of {}", RocksPath(first), checkpoint, source_dir);
  return absl::OkStatus();
}

}  // namespace cairn::namenode
