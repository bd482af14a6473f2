// One check: what is asked of the namespace and of the blocks, in which order (Hadoop 3.4:
// NamenodeFsck.fsck).
#include "namenode/fsck/fsck_service.h"

#include <charconv>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/fsck/block_report.h"
#include "namenode/fsck/fsck_report.h"
#include "namenode/fsck/fsck_text.h"

namespace cairn::namenode {
namespace {

constexpr size_t kMissingPerStep = 64;
constexpr std::string_view kBlockPrefix = "blk_";
constexpr char kProgressIsShown[] =
    "The fsck switch -showprogress is deprecated and no longer has any effect. Progress is now "
    "shown by default.\n";

// Waits for the result of a call into the namespace.
template <typename Result>
class Answer {
 public:
  auto Setter() {
    return [state = state_](Result result) {
      MutexLock lock(state->mu);
      state->result = std::move(result);
      state->there.NotifyAll();
    };
  }
  Result Wait() {
    MutexLock lock(state_->mu);
    while (!state_->result) state_->there.Wait(state_->mu);
    return *std::move(state_->result);
  }

 private:
  // Outlives whichever side is done with it first.
  struct State {
    Mutex mu;
    CondVar there;
    std::optional<Result> result GUARDED_BY(mu);
  };
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

// The words of a text that is separated by single spaces, as Java's split: empty ones at the end
// are left out, but never all of them.
std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words;
  size_t begin = 0;
  while (true) {
    const size_t end = text.find(' ', begin);
    words.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) break;
    begin = end + 1;
  }
  while (words.size() > 1 && words.back().empty()) words.pop_back();
  return words;
}

// The id in "blk_ID" or "blk_ID_STAMP.meta"; 0, which is no block's, for anything else.
BlockId IdOf(std::string_view name) {
  if (!name.starts_with(kBlockPrefix)) return 0;
  BlockId id = 0;
  const char* end = name.data() + name.size();
  const auto [number_end, error] = std::from_chars(name.data() + kBlockPrefix.size(), end, id);
  const std::string_view rest(number_end, static_cast<size_t>(end - number_end));
  const bool whole = rest.empty() || (rest.starts_with('_') && rest.ends_with(".meta"));
  return error == std::errc() && whole ? id : 0;
}

std::string InodePath(const FileStatus& status) {
  return fmt::format("/.reserved/.inodes/{}", status.file_id);
}

}  // namespace

std::string FsckAuditSource(const FsckCall& call) {
  if (!call.options.block_ids) return call.path;
  std::string list;
  for (const std::string& word : Words(*call.options.block_ids)) {
    list += fmt::format("{}{}", list.empty() ? "" : ", ", word);
  }
  return fmt::format("blocksIds=[{}]", list);
}

// The state of one check. Used on its thread, and on the walk's while that waits.
class FsckService::Run {
 public:
  Run(const Deps& deps, const std::atomic<bool>& stopping, FsckCall call)
      : deps_(deps),
        stopping_(stopping),
        call_(std::move(call)),
        started_ms_(deps.clock.MonotonicMs()) {}

  void Go() {
    absl::StatusOr<FsckOutcome> outcome = Check();
    absl::Status status = outcome.status();
    if (!status.ok()) {
      Print(Ended() + fmt::format("{}\n\n\nFsck on path '{}' FAILED", std::string(status.message()),
                                  call_.path));
      outcome = FsckOutcome::kFailed;
    }
    call_.done(*outcome, std::move(status));
  }

 private:
  absl::StatusOr<FsckOutcome> Check();
  absl::Status CheckBlocks(const std::string& names);
  absl::StatusOr<FsckOutcome> ListCorrupt();
  absl::StatusOr<std::optional<std::string>> LineOfMissing(const ReplicationCandidate& missing);
  absl::StatusOr<FsckOutcome> CheckTree();
  absl::Status Repair();

  // Walks the tree below the path; `visit` returns false at the end.
  absl::Status Walk(const std::function<bool(const std::string&, const FileStatus&)>& visit);
  std::vector<BlockInspection> Inspect(const FileStatus& status) const;
  // Whether it is closed and a block of it has no good replica.
  bool IsDamaged(const FileStatus& status) const;
  // The file as it is now; empty when it is gone.
  absl::StatusOr<std::optional<FileStatus>> Fresh(const FileStatus& status);
  FsckCluster Cluster() const;

  void Print(std::string text) {
    if (!broken_ && !call_.sink(std::move(text))) broken_ = true;
  }
  void PrintHeader(const std::string& about) {
    Print(fmt::format("FSCK started by {} (auth:SIMPLE) from /{}{} at {}\n", call_.caller.user,
                      call_.caller.address, about, JavaDate(deps_.clock.WallMs())));
  }
  std::string Ended() const {
    return FsckEnded(deps_.clock.WallMs(), deps_.clock.MonotonicMs() - started_ms_);
  }
  FsckOutcome NotFound() {
    Print(fmt::format("\n\nPath '{}' does not exist", call_.path));
    return FsckOutcome::kNotFound;
  }

  const Deps& deps_;
  const std::atomic<bool>& stopping_;
  FsckCall call_;
  const int64_t started_ms_;
  bool broken_ = false;  // nobody reads on
  std::vector<std::pair<std::string, FileStatus>> damaged_;
};

absl::StatusOr<FsckOutcome> FsckService::Run::Check() {
  if (stopping_) return errors::Retriable("NameNode is shutting down");
  if (call_.options.show_progress) Print(kProgressIsShown);
  if (call_.options.block_ids) {
    RETURN_IF_ERROR(CheckBlocks(*call_.options.block_ids));
    return FsckOutcome::kHealthy;
  }
  PrintHeader(fmt::format(" for path {}", call_.path));
  return call_.options.list_corrupt_file_blocks ? ListCorrupt() : CheckTree();
}

absl::Status FsckService::Run::CheckBlocks(const std::string& names) {
  if (!call_.caller.superuser) return errors::SuperuserRequired(call_.caller.user, "fsck");
  PrintHeader("");
  for (const std::string& name : Words(names)) {
    if (name.find(kBlockPrefix) == std::string::npos) {
      Print(fmt::format("Incorrect blockId format: {}\n", name));
      continue;
    }
    Print("\n");
    const auto block = deps_.blocks.Inspect(IdOf(name));
    Answer<absl::StatusOr<std::string>> answer;
    absl::StatusOr<std::string> path = errors::FileDoesNotExist(name);
    if (block) {
      deps_.names.PathOf(block->row.inode, answer.Setter());
      path = answer.Wait();
    }
    if (Is(path.status(), ErrorKind::kFileNotFound)) {
      Print(fmt::format("Block {} does not exist\n", name));
      continue;
    }
    RETURN_IF_ERROR(path.status());
    Print(BlockReport(name, *path, *block, call_.options.maintenance));
  }
  return absl::OkStatus();
}

absl::Status FsckService::Run::Walk(
    const std::function<bool(const std::string&, const FileStatus&)>& visit) {
  Answer<absl::Status> answer;
  deps_.names.Walk(
      call_.caller, call_.path,
      [&](const std::string& path, const FileStatus& status) {
        return !broken_ && !stopping_ && visit(path, status);
      },
      answer.Setter());
  RETURN_IF_ERROR(answer.Wait());
  if (stopping_) return errors::Retriable("NameNode is shutting down");
  return absl::OkStatus();
}

std::vector<BlockInspection> FsckService::Run::Inspect(const FileStatus& status) const {
  std::vector<BlockInspection> blocks;
  if (!status.locations) return blocks;
  for (const LocatedBlock& block : status.locations->blocks) {
    blocks.push_back(deps_.blocks.Inspect(block.block.block.id).value_or(BlockInspection{}));
  }
  return blocks;
}

bool FsckService::Run::IsDamaged(const FileStatus& status) const {
  if (!status.locations || status.locations->under_construction) return false;
  const std::vector<BlockInspection> blocks = Inspect(status);
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (status.locations->blocks[i].corrupt || !blocks[i].has_good()) return true;
  }
  return false;
}

absl::StatusOr<std::optional<FileStatus>> FsckService::Run::Fresh(const FileStatus& status) {
  Answer<absl::StatusOr<std::optional<FileStatus>>> answer;
  deps_.names.GetFileInfo(call_.caller, InodePath(status), /*need_location=*/true, answer.Setter());
  auto now = answer.Wait();
  if (Is(now.status(), ErrorKind::kFileNotFound)) return std::nullopt;
  return now;
}

absl::StatusOr<FsckOutcome> FsckService::Run::ListCorrupt() {
  Answer<absl::StatusOr<std::optional<FileStatus>>> answer;
  deps_.names.GetFileInfo(call_.caller, call_.path, false, answer.Setter());
  ASSIGN_OR_RETURN(const auto root, answer.Wait());
  if (!root) return NotFound();
  if (!call_.caller.superuser) {
    return errors::SuperuserRequired(call_.caller.user, "listCorruptFileBlocks");
  }
  // As in HDFS the cookie counts missing blocks, of other paths too: its client wants a small
  // number.
  int64_t seen = 0;
  std::vector<std::string> lines;
  BlockId after = std::numeric_limits<BlockId>::min();
  while (lines.size() < kCorruptPage) {
    const auto missing = deps_.blocks.MissingBlocks(after, kMissingPerStep);
    if (missing.empty()) break;
    if (stopping_) return errors::Retriable("NameNode is shutting down");
    for (const ReplicationCandidate& block : missing) {
      if (lines.size() == kCorruptPage) break;
      after = block.block;
      if (seen++ < call_.options.start_block_after) continue;
      ASSIGN_OR_RETURN(std::optional<std::string> line, LineOfMissing(block));
      if (line) lines.push_back(*std::move(line));
    }
  }
  Print(fmt::format("Cookie:\t{}\n", seen));
  std::string found = seen == 0 ? "no" : "no more";
  if (!lines.empty()) found = fmt::format("{}", lines.size());
  for (std::string& line : lines) Print(std::move(line));
  Print(fmt::format("\n\nThe filesystem under path '{}' has {} CORRUPT files\n\n", call_.path,
                    found));
  return FsckOutcome::kHealthy;
}

// How a missing block is listed; empty when it is not one of the files asked for, or has turned up.
absl::StatusOr<std::optional<std::string>> FsckService::Run::LineOfMissing(
    const ReplicationCandidate& missing) {
  const auto block = deps_.blocks.Inspect(missing.block);
  if (!block || block->has_good()) return std::nullopt;
  Answer<absl::StatusOr<std::string>> answer;
  deps_.names.PathOf(missing.inode, answer.Setter());
  const absl::StatusOr<std::string> path = answer.Wait();
  if (Is(path.status(), ErrorKind::kFileNotFound)) return std::nullopt;  // deleted
  RETURN_IF_ERROR(path.status());
  std::string_view below = call_.path;
  while (below.ends_with('/')) below.remove_suffix(1);
  const bool asked_for =
      path->starts_with(below) && (path->size() == below.size() || (*path)[below.size()] == '/');
  if (!asked_for) return std::nullopt;
  return fmt::format("blk_{}\t{}\t{}\n", missing.block, block->row.replication, *path);
}

FsckCluster FsckService::Run::Cluster() const {
  FsckCluster cluster;
  std::set<std::string> racks;
  for (const DatanodeInfo& datanode : deps_.blocks.Datanodes()) {
    if (!datanode.live) continue;
    ++cluster.datanodes;
    racks.insert(datanode.network_location);
  }
  cluster.racks = static_cast<int>(racks.size());
  cluster.default_replication = deps_.names.GetServerDefaults().replication;
  cluster.min_replication = deps_.min_replication;
  return cluster;
}

absl::StatusOr<FsckOutcome> FsckService::Run::CheckTree() {
  const FsckOptions& options = call_.options;
  FsckReport report(options, Cluster(), [this](std::string text) { Print(std::move(text)); });
  const absl::Status walked = Walk([&](const std::string& path, const FileStatus& status) {
    const FsckFindings findings = report.Add(path, status, Inspect(status));
    if (findings.damaged && (options.move || options.remove)) damaged_.emplace_back(path, status);
    if (options.replicate) report.AddQueued(deps_.blocks.LookAgain(findings.misplaced));
    return true;
  });
  if (Is(walked, ErrorKind::kFileNotFound)) return NotFound();
  RETURN_IF_ERROR(walked);
  const absl::Status repaired = Repair();
  Print(report.Totals() + Ended());
  RETURN_IF_ERROR(repaired);
  Print(fmt::format("\n\nThe filesystem under path '{}' is {}", call_.path,
                    report.healthy() ? "HEALTHY" : "CORRUPT"));
  return report.healthy() ? FsckOutcome::kHealthy : FsckOutcome::kCorrupt;
}

// Saves and deletes damaged files as asked for. What goes wrong is logged, as the text has no place
// for it.
absl::Status FsckService::Run::Repair() {
  bool failed = false;
  for (const auto& [path, found] : damaged_) {
    if (stopping_) return errors::Retriable("NameNode is shutting down");
    // The walk may have gone on for long: a DataNode with the blocks may be back, and the file may
    // have been written anew.
    ASSIGN_OR_RETURN(const std::optional<FileStatus> status, Fresh(found));
    if (!status || !IsDamaged(*status)) {
      spdlog::info("fsck: {} is damaged no more, and is left alone", path);
      continue;
    }
    if (call_.options.move) {
      const absl::Status saved = deps_.salvager.Salvage(call_.caller, path, *status);
      if (!saved.ok()) {
        spdlog::error("fsck: cannot save what is left of {}: {}", path,
                      std::string(saved.message()));
        // What an earlier check began to save may be all there is of it, so that it is not deleted.
        failed |= !absl::IsAlreadyExists(saved) || call_.options.remove;
        if (!absl::IsDataLoss(saved)) continue;  // there is something left to be saved
      }
    }
    if (!call_.options.remove) continue;
    Answer<absl::StatusOr<bool>> answer;
    // Not by its path, which may be another file's by now.
    deps_.names.Delete(call_.caller, InodePath(*status), true, answer.Setter());
    const absl::StatusOr<bool> deleted = answer.Wait();
    if (deleted.ok()) {
      spdlog::info("fsck: deleted damaged file {}", path);
    } else {
      spdlog::error("fsck: cannot delete damaged file {}: {}", path,
                    std::string(deleted.status().message()));
      failed = true;
    }
  }
  return failed ? errors::Io("fsck encountered internal errors!") : absl::OkStatus();
}

FsckService::FsckService(const Deps& deps) : deps_(deps), pool_("fsck", kThreads) {}

FsckService::~FsckService() { Stop(); }

bool FsckService::Start(FsckCall call) {
  if (stopping_ || pool_.queued() >= kMaxWaiting) return false;
  return pool_.Add(
      [this, call = std::move(call)]() mutable { Run(deps_, stopping_, std::move(call)).Go(); });
}

void FsckService::Stop() {
  stopping_ = true;
  pool_.Shutdown();
}

}  // namespace cairn::namenode
