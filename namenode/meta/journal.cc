// The mirrored journal writer.
#include "namenode/meta/journal.h"

#include <spdlog/spdlog.h>

#include "common/crc32c.h"
#include "common/status_macros.h"
#include "namenode/meta/name_dir.h"

namespace cairn::namenode {

// One name directory. `path` never changes; the files belong to the thread that runs OnEachDir's
// work.
struct Journal::Dir {
  std::string path;
  std::unique_ptr<File> file;  // the newest segment
  int64_t file_bytes = 0;      // of it, with what is reserved; at least what is written
  std::unique_ptr<File> end;   // JournalEndPath
};

Journal::Journal(FileSystem& fs, std::vector<std::string> dirs, int64_t segment_bytes,
                 int64_t reserve_bytes, JournalPosition position)
    : fs_(fs),
      segment_bytes_(segment_bytes),
      reserve_bytes_(std::min(reserve_bytes, segment_bytes)),
      namespace_id_(position.namespace_id),
      epoch_(position.epoch),
      last_txid_(position.last_txid),
      last_crc_(position.last_crc),
      segments_(std::move(position.segments)) {
  for (std::string& dir : dirs) {
    dirs_.push_back(std::make_unique<Dir>(Dir{.path = std::move(dir)}));
  }
  if (dirs_.size() > 1) {
    mirrors_ = std::make_unique<Executor>("journal", static_cast<int>(dirs_.size()) - 1);
  }
}

Journal::~Journal() {
  for (const auto& dir : dirs_) {
    if (dir->file != nullptr && IsHealthy(dir->path) && dir->file_bytes > written_bytes_) {
      // A start would do it.
      dir->file->Truncate(written_bytes_).IgnoreError();
    }
  }
}

absl::StatusOr<std::unique_ptr<Journal>> Journal::Start(
    FileSystem& fs, std::vector<std::string> dirs, int64_t segment_bytes, JournalPosition position,
    const std::vector<FailedDirectory>& left_out, int64_t reserve_bytes) {
  for (const FailedDirectory& failed : left_out) dirs.push_back(failed.dir);
  std::unique_ptr<Journal> journal(
      new Journal(fs, std::move(dirs), segment_bytes, reserve_bytes, std::move(position)));
  for (const FailedDirectory& failed : left_out) {
    MutexLock lock(journal->mu_);
    journal->dropped_.push_back({failed.dir, std::string(failed.why.message())});
  }
  RETURN_IF_ERROR(journal->BeginSegment());
  journal->MarkDropped();
  return journal;
}

absl::Status Journal::BeginSegment() {
  const Txid first = last_txid_ + 1;
  const std::string header = EncodeSegmentHeader({namespace_id_, first, epoch_, last_crc_});
  RETURN_IF_ERROR(OnEachDir([&](Dir& dir) { return BeginSegmentIn(dir, header, first); }));
  written_bytes_ = static_cast<int64_t>(header.size());
  newest_ = first;
  marked_ = true;
  MutexLock lock(mu_);
  // A segment that never got a transaction was replaced.
  if (segments_.empty() || segments_.back() != first) segments_.push_back(first);
  return absl::OkStatus();
}

absl::Status Journal::BeginSegmentIn(Dir& dir, const std::string& header, Txid first_txid) {
  // A directory that was lost must not be taken for a new one.
  if (dir.file != nullptr) {
    RETURN_IF_ERROR(CheckStillNamed(*dir.file));
    if (dir.file_bytes > written_bytes_) RETURN_IF_ERROR(dir.file->Truncate(written_bytes_));
  }
  dir.file.reset();
  dir.end.reset();
  const std::string path = SegmentPath(dir.path, first_txid);
  // By rename, so that a segment never lacks its header.
  RETURN_IF_ERROR(fs_.WriteFileAtomically(path, header));
  ASSIGN_OR_RETURN(dir.file, fs_.Open(path, OpenMode::kReadWrite));
  dir.file_bytes = static_cast<int64_t>(header.size());
  const std::string end = JournalEndPath(dir.path);
  RETURN_IF_ERROR(fs_.WriteFileAtomically(
      end, EncodeJournalEnd({first_txid, static_cast<int64_t>(header.size())})));
  ASSIGN_OR_RETURN(dir.end, fs_.Open(end, OpenMode::kReadWrite));
  return WriteJournalState(fs_, dir.path, {epoch_, first_txid});
}

absl::Status Journal::Append(Txid first, Txid last, std::string& record) {
  if (written_bytes_ >= segment_bytes_ && last_txid_ > 0) RETURN_IF_ERROR(Roll());
  const std::string_view payload = std::string_view(record).substr(kBatchHeaderBytes);
  if (payload.size() > kMaxBatchPayloadBytes) {
    return absl::InternalError(fmt::format("a journal batch of {} bytes is over the limit of {}",
                                           payload.size(), kMaxBatchPayloadBytes));
  }
  BatchHeader header{.payload_bytes = static_cast<uint32_t>(payload.size()),
                     .epoch = epoch_,
                     .first_txid = first,
                     .last_txid = last,
                     .payload_crc = Crc32c(payload)};
  RETURN_IF_ERROR(WriteRecord(header, record));
  marked_ = false;
  return absl::OkStatus();
}

absl::Status Journal::Roll() {
  {
    MutexLock lock(mu_);
    if (segments_.back() > last_txid_) return absl::OkStatus();
  }
  // Closed with a marker, so that the end of every segment but the newest is proven.
  RETURN_IF_ERROR(Mark());
  return BeginSegment();
}

absl::Status Journal::Mark() {
  if (marked_) return absl::OkStatus();
  BatchHeader header{.epoch = epoch_, .first_txid = last_txid_ + 1, .last_txid = last_txid_};
  std::string record(kBatchHeaderBytes, '\0');
  RETURN_IF_ERROR(WriteRecord(header, record));
  marked_ = true;
  return absl::OkStatus();
}

absl::Status Journal::Reserve(Dir& dir, int64_t used) const {
  if (used <= dir.file_bytes) return absl::OkStatus();
  dir.file_bytes = used;
  static constexpr char kZeros[64 << 10] = {};
  const int64_t end = used + reserve_bytes_;
  while (dir.file_bytes < end) {
    const int64_t piece = std::min<int64_t>(end - dir.file_bytes, sizeof(kZeros));
    const absl::Status status =
        dir.file->WriteAt(dir.file_bytes, std::string_view(kZeros, static_cast<size_t>(piece)));
    // Little space is left: what is to be written may still fit.
    if (absl::IsResourceExhausted(status)) return absl::OkStatus();
    RETURN_IF_ERROR(status);
    dir.file_bytes += piece;
  }
  return absl::OkStatus();
}

absl::Status Journal::WriteRecord(BatchHeader& header, std::string& record) {
  header.previous_crc = last_crc_;
  header.zero_sectors = CountZeroSectors(record, written_bytes_);
  EncodeBatchHeader(header, record.data());
  const int64_t synced_bytes = written_bytes_ + static_cast<int64_t>(record.size());
  const std::string end = EncodeJournalEnd({newest_, synced_bytes});
  RETURN_IF_ERROR(OnEachDir([&](Dir& dir) {
    RETURN_IF_ERROR(dir.file->WriteAt(written_bytes_, record));
    RETURN_IF_ERROR(Reserve(dir, synced_bytes));
    RETURN_IF_ERROR(dir.file->Sync());
    // Not synced: it may be behind after a power loss, but never ahead.
    return dir.end->WriteAt(0, end);
  }));
  last_txid_ = header.last_txid;
  last_crc_ = header.crc;
  written_bytes_ = synced_bytes;
  return absl::OkStatus();
}

absl::Status Journal::OnEachDir(const std::function<absl::Status(Dir&)>& work) {
  std::vector<Dir*> healthy;
  for (const auto& dir : dirs_) {
    if (IsHealthy(dir->path)) healthy.push_back(dir.get());
  }
  if (healthy.empty()) return absl::DataLossError("no healthy name directory is left");
  std::vector<absl::Status> results(healthy.size());
  Mutex mu;
  CondVar finished;
  size_t running = healthy.size() - 1;
  for (size_t i = 1; i < healthy.size(); ++i) {
    mirrors_->Add([&, i] {
      results[i] = work(*healthy[i]);
      MutexLock lock(mu);
      --running;
      finished.NotifyOne();
    });
  }
  results[0] = work(*healthy[0]);
  {
    MutexLock lock(mu);
    while (running > 0) finished.Wait(mu);
  }
  size_t good = 0;
  for (size_t i = 0; i < healthy.size(); ++i) {
    if (results[i].ok()) {
      ++good;
    } else {
      Drop(healthy[i]->path, results[i]);
    }
  }
  if (good > 0) {
    if (good < healthy.size()) MarkDropped();  // before anything they miss is acknowledged
    return absl::OkStatus();
  }
  return absl::Status(results[0].code(),
                      fmt::format("the journal could not be written in any name directory: {}",
                                  std::string(results[0].message())));
}

absl::Status Journal::CheckSegment(const std::string& dir) const {
  Txid newest = 0;
  {
    MutexLock lock(mu_);
    newest = segments_.back();
  }
  const std::string path = SegmentPath(dir, newest);
  const absl::Status found = fs_.Stat(path).status();
  if (!absl::IsNotFound(found)) return found;
  {
    // A newer segment may have begun meanwhile, and a checkpoint have removed this one.
    MutexLock lock(mu_);
    if (segments_.back() != newest) return absl::OkStatus();
  }
  return absl::DataLossError(fmt::format("{}, which is open, is gone", path));
}

void Journal::DeleteThrough(Txid txid) {
  std::vector<Txid> removed;
  {
    MutexLock lock(mu_);
    while (segments_.size() > 1 && segments_[1] <= txid + 1) {
      removed.push_back(segments_.front());
      segments_.erase(segments_.begin());
    }
  }
  // Oldest first: what is left is a contiguous journal at every moment.
  for (const auto& dir : dirs_) {
    if (!IsHealthy(dir->path)) continue;
    for (const Txid first : removed) {
      const absl::Status status = fs_.Remove(SegmentPath(dir->path, first));
      if (!status.ok() && !absl::IsNotFound(status)) {
        spdlog::warn("journal segment not removed: {}", std::string(status.message()));
        break;
      }
    }
  }
}

void Journal::Drop(const std::string& dir, const absl::Status& why) {
  MutexLock lock(mu_);
  for (const Dropped& dropped : dropped_) {
    if (dropped.dir == dir) return;
  }
  spdlog::error("name directory {} failed and is no longer written: {}", dir,
                std::string(why.message()));
  dropped_.push_back({dir, std::string(why.message())});
}

void Journal::SetMarked(const std::string& dir, bool marked) {
  MutexLock lock(mu_);
  for (Dropped& dropped : dropped_) {
    if (dropped.dir == dir) dropped.marked = marked;
  }
}

absl::Status Journal::KeepMarked(const std::string& dir) {
  MutexLock marking(marking_);
  if (HealthyDirectory("").empty()) {
    return absl::FailedPreconditionError(
        fmt::format("no name directory is healthy: {} may have what the others lack", dir));
  }
  RETURN_IF_ERROR(MarkBehind({.dir = dir, .why = "it is being filled"}));
  SetMarked(dir, true);
  return absl::OkStatus();
}

absl::Status Journal::CopyClosedSegments(const std::string& dir) const {
  std::vector<Txid> closed;
  {
    MutexLock lock(mu_);
    closed.assign(segments_.begin(), segments_.end() - 1);
  }
  const std::string from = HealthyDirectory(dir);
  if (from.empty()) return absl::FailedPreconditionError("no name directory is healthy");
  for (const Txid first : closed) {
    const std::string path = SegmentPath(dir, first);
    if (fs_.Exists(path)) continue;
    RETURN_IF_ERROR(CopyFileWhole(fs_, SegmentPath(from, first), path));
  }
  return fs_.SyncDirectory(dir);
}

absl::Status Journal::Readmit(const std::string& dir) {
  const auto found =
      std::ranges::find_if(dirs_, [&](const auto& known) { return known->path == dir; });
  if (found == dirs_.end() || IsHealthy(dir)) {
    return absl::InternalError(fmt::format("{} is not a dropped directory", dir));
  }
  RETURN_IF_ERROR(CopyClosedSegments(dir));
  (*found)->file.reset();
  const std::string header = EncodeSegmentHeader({namespace_id_, newest_, epoch_, last_crc_});
  RETURN_IF_ERROR(BeginSegmentIn(**found, header, newest_));
  // From here on it has all that the others have.
  absl::Status unmarked = fs_.Remove(BehindPath(dir));
  if (unmarked.ok()) unmarked = fs_.SyncDirectory(dir);
  if (!unmarked.ok()) {
    // The mark may be gone, and what comes now is not in this directory: mark it once more, and
    // take from it that it has a journal, in case that fails.
    fs_.Remove(JournalStatePath(dir)).IgnoreError();
    SetMarked(dir, false);
    MarkDropped();
    return unmarked;
  }
  MutexLock lock(mu_);
  std::erase_if(dropped_, [&](const Dropped& dropped) { return dropped.dir == dir; });
  return absl::OkStatus();
}

void Journal::MarkDropped() {
  MutexLock marking(marking_);
  std::vector<Dropped> unmarked;
  {
    MutexLock lock(mu_);
    for (const Dropped& dropped : dropped_) {
      if (!dropped.marked) unmarked.push_back(dropped);
    }
  }
  if (unmarked.empty() || HealthyDirectory("").empty()) return;
  for (const Dropped& candidate : unmarked) {
    if (!MarkBehind(candidate).ok()) continue;  // tried again later
    spdlog::warn("name directory {} is marked as behind the others", candidate.dir);
    SetMarked(candidate.dir, true);
  }
}

absl::Status Journal::MarkBehind(const Dropped& dropped) const {
  // What an unmounted or replaced disk left at the path is not ours to write.
  ASSIGN_OR_RETURN(const ClusterIdentity identity, ReadVersion(fs_, dropped.dir));
  if (identity.namespace_id != namespace_id_) {
    return absl::FailedPreconditionError("another file system's directory");
  }
  return fs_.WriteFileAtomically(
      BehindPath(dropped.dir),
      fmt::format("The name directories beside this one went on without it in epoch {}: {}\n",
                  epoch_, dropped.why));
}

bool Journal::IsHealthy(const std::string& dir) const {
  MutexLock lock(mu_);
  return std::none_of(dropped_.begin(), dropped_.end(),
                      [&](const Dropped& dropped) { return dropped.dir == dir; });
}

std::string Journal::HealthyDirectory(const std::string& except) const {
  for (const auto& dir : dirs_) {
    if (dir->path != except && IsHealthy(dir->path)) return dir->path;
  }
  return "";
}

std::vector<std::string> Journal::FailedDirectories() const {
  std::vector<std::string> failed;
  MutexLock lock(mu_);
  for (const Dropped& dropped : dropped_) {
    failed.push_back(fmt::format("{}: {}", dropped.dir, dropped.why));
  }
  return failed;
}

}  // namespace cairn::namenode
