// The store's life: wiring, checkpoints, the end.
#include "namenode/meta/store_impl.h"

#include <spdlog/spdlog.h>

#include <future>

#include "common/status_macros.h"
#include "namenode/meta/checkpoint.h"

namespace cairn::namenode {
namespace {

// Marks a failure that a plain restart gets over.
constexpr char kRestartPayload[] = "cairn.namenode/restart-helps";

constexpr int64_t kTickMs = 1000;
constexpr int64_t kCheckCacheBytes = 1 << 20;  // to read a new checkpoint's own records

// With the directories left out, which may be taken back, behind the others.
RecoveredDirs WithLeftOut(RecoveredDirs dirs) {
  for (const FailedDirectory& failed : dirs.left_out) dirs.dirs.push_back({.path = failed.dir});
  return dirs;
}

std::vector<std::shared_ptr<DirLock>> TakeLocks(RecoveredDirs& dirs) {
  std::vector<std::shared_ptr<DirLock>> locks;
  for (UsableDir& dir : dirs.dirs) locks.push_back(std::move(dir.lock));
  return locks;
}

}  // namespace

absl::StatusOr<std::unique_ptr<StoreImpl>> StoreImpl::Start(const MetaStoreOptions& options,
                                                            RecoveredDirs dirs,
                                                            OpenedDatabase database, FileSystem& fs,
                                                            const Clock& clock,
                                                            FatalHandler fatal) {
  const JournalPosition position = NextPosition(dirs);
  std::vector<std::string> paths;
  for (const UsableDir& dir : dirs.dirs) paths.push_back(dir.path);
  ASSIGN_OR_RETURN(auto journal, Journal::Start(fs, std::move(paths), options.segment_bytes,
                                                position, dirs.left_out, options.reserve_bytes));
  ASSIGN_OR_RETURN(const std::vector<Txid> checkpoints,
                   ListCheckpoints(fs, dirs.dirs.front().path));
  const Txid checkpointed = checkpoints.empty() ? 0 : checkpoints.back();
  const auto failure = database.failure;
  std::unique_ptr<StoreImpl> store(
      new StoreImpl(options, WithLeftOut(std::move(dirs)), std::move(database), std::move(journal),
                    position.epoch, checkpointed, fs, clock, std::move(fatal)));
  RETURN_IF_ERROR(failure->status());
  return store;
}

StoreImpl::StoreImpl(const MetaStoreOptions& options, RecoveredDirs dirs, OpenedDatabase database,
                     std::unique_ptr<Journal> journal, int64_t epoch, Txid checkpointed,
                     FileSystem& fs, const Clock& clock, FatalHandler fatal)
    : options_(options),
      fs_(fs),
      clock_(clock),
      locks_(TakeLocks(dirs)),
      dirs_(std::move(dirs)),
      epoch_(epoch),
      failure_(std::move(database.failure)),
      tables_(std::move(database.tables)),
      journal_(std::move(journal)),
      restores_failed_(options.restore_failed_dirs),
      checkpointed_(checkpointed),
      checkpointed_at_ms_(clock.MonotonicMs()) {
  const Txid last = dirs_.journal.last_txid;
  const auto fail = [this](const absl::Status& status) { failure_->Report(status); };
  applier_ = std::make_unique<Applier>(
      Applier::Options{last, options_.max_unapplied_bytes, options_.apply_interval_ms}, tables_,
      fail);
  committer_ = std::make_unique<Committer>(
      Committer::Options{last, options_.max_unsynced_bytes, options_.marker_idle_ms}, *journal_,
      [this](Batch batch) { applier_->Add(std::move(batch)); }, fail);
  failure_->Arm([this, fatal = std::move(fatal)](const absl::Status& reported) {
    const absl::Status status = PrepareRestart(reported);
    spdlog::critical("metadata store failed: {}", std::string(status.message()));
    committer_->Abort();
    applier_->Abort(status);
    fatal(status);
  });
  checkpoint_thread_ = std::make_unique<Executor>("checkpoint", 1);
  checkpoint_timer_ = std::make_unique<PeriodicThread>("checkpoint-due", kTickMs, [this] {
    DropLostDirectories();
    journal_->MarkDropped();
    CheckpointWhenDue();
  });
  verifier_ = std::make_unique<Verifier>(tables_, fs_, options_.verify_bytes_per_second,
                                         options_.verify_pause_ms, fail);
}

StoreImpl::~StoreImpl() {
  if (!crashed_) Close();
  failure_->Disarm();
}

void StoreImpl::Close() {
  verifier_.reset();
  checkpoint_timer_.reset();
  checkpoint_thread_.reset();
  committer_->Stop(failure_->status().ok());
  applier_->Stop(failure_->status().ok());
  if (!failure_->status().ok()) return;
  if (const absl::Status status = tables_->Flush(); !status.ok()) {
    spdlog::error("metadata store: closing: {}", std::string(status.message()));
  }
}

void StoreImpl::Crash() {
  verifier_.reset();
  committer_->Stop(false);
  applier_->Stop(false);
  checkpoint_timer_.reset();
  checkpoint_thread_.reset();
  crashed_ = true;
}

void StoreImpl::WhenDurable(Txid txid, absl::AnyInvocable<void()> done) {
  committer_->WhenDurable(txid, std::move(done));
}

void StoreImpl::WaitForRoom() {
  committer_->WaitForRoom();
  applier_->WaitForRoom();
}

bool StoreImpl::HasRoom() const { return committer_->HasRoom() && applier_->HasRoom(); }

void StoreImpl::SetAppliedListener(std::function<void(Txid)> listener) {
  applier_->SetListener(std::move(listener));
}

std::vector<std::string> StoreImpl::FailedDirectories() const {
  return journal_->FailedDirectories();
}

absl::Status StoreImpl::SaveNamespace() {
  RETURN_IF_ERROR(applier_->WaitApplied(committer_->last_appended()));
  absl::Status result;
  Mutex mu;
  CondVar finished;
  bool done = false;
  const bool queued = checkpoint_thread_->Add([&] {
    absl::Status status = MakeCheckpoint();
    MutexLock lock(mu);
    result = std::move(status);
    done = true;
    finished.NotifyOne();
  });
  if (!queued) return absl::CancelledError("the metadata store is closing");
  MutexLock lock(mu);
  while (!done) finished.Wait(mu);
  return result;
}

absl::StatusOr<CheckpointFacts> StoreImpl::LastCheckpoint() const {
  const std::string& first = dirs_.dirs.front().path;
  ASSIGN_OR_RETURN(const std::vector<Txid> txids, ListCheckpoints(fs_, first));
  if (txids.empty()) return CheckpointFacts{};
  ASSIGN_OR_RETURN(const FileInfo made, fs_.Stat(CheckpointPath(first, txids.back())));
  return CheckpointFacts{.txid = txids.back(), .made_ms = made.mtime_ms};
}

absl::Status StoreImpl::MakeCheckpoint() {
  const std::string& first = dirs_.dirs.front().path;
  Txid txid = 0;
  RETURN_IF_ERROR(CheckDirectory(0));
  RETURN_IF_ERROR(RemoveUnfinishedCheckpoints(fs_, first));
  RETURN_IF_ERROR(fs_.CreateDirectories(CheckpointsPath(first)));
  RETURN_IF_ERROR(applier_->Call([&](Txid applied) -> absl::Status {
    txid = applied;
    if (fs_.Exists(CheckpointPath(first, txid))) return absl::OkStatus();
    return tables_->MakeCheckpoint(UnfinishedCheckpointPath(first));
  }));
  if (!fs_.Exists(CheckpointPath(first, txid))) {
    const absl::Status finished = FinishFirstCheckpoint(txid);
    if (absl::IsDataLoss(finished)) failure_->Report(finished);
    RETURN_IF_ERROR(finished);
  }
  for (size_t i = 1; i < dirs_.dirs.size(); ++i) {
    const std::string& dir = dirs_.dirs[i].path;
    if (!journal_->IsHealthy(dir)) continue;
    absl::Status status = CheckDirectory(i);
    if (status.ok()) status = MakeCheckpointIn(dir, txid);
    if (status.ok()) status = CheckDirectory(i);  // nor was it lost meanwhile
    // The process's lack of descriptors or memory says nothing of the directory.
    if (absl::IsUnavailable(status)) return status;
    if (!status.ok()) journal_->Drop(dir, status);
  }
  checkpointed_ = txid;
  checkpointed_at_ms_ = clock_.MonotonicMs();
  if (restores_failed_) TakeBackFailed(txid);
  PruneAll();
  spdlog::info("checkpoint of transaction {} made", txid);
  return absl::OkStatus();
}

absl::Status StoreImpl::FinishFirstCheckpoint(Txid txid) {
  const std::string& first = dirs_.dirs.front().path;
  std::map<std::string, uint32_t> crcs;
  {
    // The copy itself knows what its table files were written with.
    ASSIGN_OR_RETURN(const auto copy,
                     RocksTables::Open(UnfinishedCheckpointPath(first), kCheckCacheBytes,
                                       std::make_shared<Failure>(), true));
    for (const TableFile& file : copy->LiveFiles()) {
      crcs[file.path.substr(file.path.rfind('/') + 1)] = file.crc;
    }
  }
  return FinishCheckpoint(fs_, first, txid, crcs);
}

absl::Status StoreImpl::MakeCheckpointIn(const std::string& dir, Txid txid) {
  if (fs_.Exists(CheckpointPath(dir, txid))) return absl::OkStatus();
  RETURN_IF_ERROR(RemoveUnfinishedCheckpoints(fs_, dir));
  return CopyCheckpoint(fs_, dirs_.dirs.front().path, txid, dir);
}

void StoreImpl::TakeBackFailed(Txid txid) {
  for (size_t i = 1; i < dirs_.dirs.size(); ++i) {
    const std::string& dir = dirs_.dirs[i].path;
    if (journal_->IsHealthy(dir)) continue;
    const absl::Status status = TakeBack(i, txid);
    if (status.ok()) {
      spdlog::info("name directory {} is filled and written again", dir);
    } else {
      spdlog::warn("name directory {} cannot be taken back: {}", dir,
                   std::string(status.message()));
    }
  }
}

absl::Status StoreImpl::TakeBack(size_t index, Txid txid) {
  const std::string& dir = dirs_.dirs[index].path;
  RETURN_IF_ERROR(failure_->status());
  RETURN_IF_ERROR(CheckCanBeFilled(fs_, dir, dirs_.identity));
  RETURN_IF_ERROR(Relock(index));
  if (!fs_.Exists(VersionPath(dir))) RETURN_IF_ERROR(WriteVersion(fs_, dir, dirs_.identity));
  // Until it has everything, a start must not begin with it.
  RETURN_IF_ERROR(journal_->KeepMarked(dir));
  RETURN_IF_ERROR(RemoveHistory(fs_, dir));
  RETURN_IF_ERROR(fs_.CreateDirectories(CheckpointsPath(dir)));
  RETURN_IF_ERROR(MakeCheckpointIn(dir, txid));
  // Most of the journal is copied beside the committer, who then copies what came meanwhile.
  RETURN_IF_ERROR(WaitForSegment(""));
  RETURN_IF_ERROR(journal_->CopyClosedSegments(dir));
  RETURN_IF_ERROR(ScanJournal(fs_, dir, dirs_.identity.namespace_id).status());
  return WaitForSegment(dir);
}

absl::Status StoreImpl::Relock(size_t index) {
  std::shared_ptr<DirLock> held;
  {
    MutexLock lock(locks_mu_);
    held = locks_[index];
  }
  if (held != nullptr && held->Check().ok()) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::shared_ptr<DirLock> anew, DirLock::Acquire(fs_, dirs_.dirs[index].path));
  MutexLock lock(locks_mu_);
  locks_[index] = std::move(anew);
  return absl::OkStatus();
}

absl::Status StoreImpl::WaitForSegment(const std::string& readmit) {
  std::promise<absl::Status> begun;
  const auto done = [&begun](const absl::StatusOr<Txid>& first) {
    begun.set_value(first.status());
  };
  readmit.empty() ? committer_->Roll(done) : committer_->Readmit(readmit, done);
  return begun.get_future().get();
}

absl::Status StoreImpl::CheckDirectory(size_t index) const {
  const std::string& dir = dirs_.dirs[index].path;
  std::shared_ptr<DirLock> held;
  {
    MutexLock lock(locks_mu_);
    held = locks_[index];
  }
  if (held == nullptr) return absl::InternalError(fmt::format("{} is not locked", dir));
  RETURN_IF_ERROR(held->Check());
  if (absl::IsNotFound(fs_.Stat(VersionPath(dir)).status())) {
    return absl::DataLossError(fmt::format("{} is gone", VersionPath(dir)));
  }
  ASSIGN_OR_RETURN(const ClusterIdentity identity, ReadVersion(fs_, dir));
  if (!SameIdentity(identity, dirs_.identity)) {
    return absl::DataLossError(
        fmt::format("{} now belongs to cluster {}", VersionPath(dir), identity.cluster_id));
  }
  // A directory that was dropped may have failed when a segment began.
  return journal_->IsHealthy(dir) ? journal_->CheckSegment(dir) : absl::OkStatus();
}

void StoreImpl::DropLostDirectories() {
  for (size_t i = 0; i < dirs_.dirs.size(); ++i) {
    const std::string& dir = dirs_.dirs[i].path;
    if (!journal_->IsHealthy(dir)) continue;
    const absl::Status status = CheckDirectory(i);
    // The process's lack of descriptors or memory says nothing of the directory.
    if (!status.ok() && !absl::IsUnavailable(status)) journal_->Drop(dir, status);
  }
  // A database beside a journal that is no longer written makes no checkpoints: begin anew with
  // another one now, not when it has to write.
  const std::string& database = dirs_.dirs.front().path;
  if (journal_->IsHealthy(database)) return;
  failure_->Report(absl::DataLossError(
      fmt::format("name directory {}, which has the database, has failed", database)));
}

bool MetaStore::RestartHelps(const absl::Status& fatal) {
  return fatal.GetPayload(kRestartPayload).has_value();
}

absl::Status StoreImpl::PrepareRestart(const absl::Status& status) const {
  const std::string& dir = dirs_.dirs.front().path;
  const std::string other = journal_->HealthyDirectory(dir);
  if (other.empty()) return status;
  const bool lost = !CheckDirectory(0).ok();
  if (!lost && !IsDiskFailure(status)) return status;
  // Best effort: on a disk that cannot be written the next start meets the failure itself.
  if (!lost) {
    fs_.WriteFileAtomically(DatabaseFailedPath(dir),
                            fmt::format("{}\n", std::string(status.message())))
        .IgnoreError();
  }
  absl::Status restart(
      status.code(),
      fmt::format("{}. Start the NameNode again: it goes on with the database of name directory {}",
                  std::string(status.message()), other));
  restart.SetPayload(kRestartPayload, absl::Cord());
  return restart;
}

void StoreImpl::PruneAll() {
  Txid needed_after = checkpointed_;
  for (const auto& [dir, lock, trusted] : dirs_.dirs) {
    if (!journal_->IsHealthy(dir)) continue;
    const auto oldest = PruneCheckpoints(fs_, dir, options_.checkpoints_retained);
    if (!oldest.ok()) {
      spdlog::warn("old checkpoints in {} are kept: {}", dir,
                   std::string(oldest.status().message()));
      return;
    }
    needed_after = std::min(needed_after, *oldest);
  }
  journal_->DeleteThrough(needed_after);
}

void StoreImpl::CheckpointWhenDue() {
  if (checkpoint_thread_->queued() > 0) return;  // one is under way
  checkpoint_thread_->Add([this] {
    const int64_t txns = applier_->applied() - checkpointed_;
    const int64_t age_ms = clock_.MonotonicMs() - checkpointed_at_ms_;
    const bool due =
        txns >= options_.checkpoint_txns || (txns > 0 && age_ms >= options_.checkpoint_period_ms);
    if (!due || !failure_->status().ok()) return;
    if (const absl::Status status = MakeCheckpoint(); !status.ok()) {
      spdlog::error("checkpoint failed: {}", std::string(status.message()));
      checkpointed_at_ms_ = clock_.MonotonicMs();
    }
  });
}

}  // namespace cairn::namenode
