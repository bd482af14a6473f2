// FaultyFileSystem: planned failures, and an undo log of everything that is not durable yet.
#include "common/testing/faulty_file_system.h"

#include <array>
#include <filesystem>
#include <limits>
#include <map>

#include "common/status_macros.h"

namespace cairn {
namespace {

constexpr int kOps = static_cast<int>(FileOp::kSize) + 1;

std::string ParentOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string Normalized(const std::string& path) {
  std::string result = std::filesystem::path(path).lexically_normal().string();
  while (result.size() > 1 && result.ends_with('/')) result.pop_back();
  return result;
}

bool IsBelow(const std::string& path, const std::string& directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

// What a file's bytes were at its last Sync, as changes to apply backwards.
struct Content {
  struct Overwritten {
    int64_t offset;
    std::string bytes;
    bool by_cut = false;  // the file was made shorter than this
  };
  int64_t durable_size = 0;
  std::vector<Overwritten> undo;  // oldest first
  // What the disk has where a Sync failed: later ones do not write it. Oldest first.
  std::vector<Overwritten> lost;
};

bool ChangesSomething(FileOp op) {
  switch (op) {
    case FileOp::kStat:
    case FileOp::kList:
    case FileOp::kSpace:
    case FileOp::kReadAt:
    case FileOp::kSize:
    case FileOp::kOpen:  // what it may create counts when it is first written
      return false;
    default:
      return true;
  }
}

// One change of a name that is not durable before its directory is synced.
struct NameChange {
  enum class Kind { kCreated, kCreatedDirectory, kRemoved, kRemovedDirectory, kRenamed };
  Kind kind;
  std::string path;  // the name that appeared or went
  std::string from;  // of kRenamed
  // The durable bytes of the file that went (kRemoved) or was replaced (kRenamed).
  std::optional<std::string> lost_bytes;
};

}  // namespace

Fault Fault::Eio(FileOp op, std::string path_contains, int after, int times) {
  return {op, std::move(path_contains), after, times,
          absl::DataLossError("injected: Input/output error")};
}

Fault Fault::NoSpace(FileOp op, std::string path_contains, int after, int times) {
  return {op, std::move(path_contains), after, times,
          absl::ResourceExhaustedError("injected: No space left on device")};
}

// Everything behind one lock; calls are serialised, which a test does not mind.
class FaultyFileSystem::State {
 public:
  explicit State(FileSystem& base) : base_(base) {}

  // Counts the call and fails it when a fault or the power cut says so.
  absl::Status Begin(FileOp op, const std::string& path, const std::string& other = "")
      REQUIRES(mu_) {
    ++calls_[static_cast<size_t>(op)];
    if (cut_after_ >= 0 && ChangesSomething(op) && cut_after_-- == 0) {
      off_ = true;
      ++boots_;
    }
    while (!hangs_.empty() && path.find(hangs_) != std::string::npos && op != FileOp::kSpace &&
           op != FileOp::kStat) {
      unhung_.Wait(mu_);
    }
    if (off_) return absl::UnavailableError(fmt::format("power is cut: {}", path));
    for (Fault& fault : faults_) {
      const bool matches =
          fault.op == op &&
          (path.find(fault.path_contains) != std::string::npos ||
           (!other.empty() && other.find(fault.path_contains) != std::string::npos));
      if (!matches || fault.times == 0) continue;
      if (fault.after > 0) {
        --fault.after;
        continue;
      }
      if (fault.times > 0) --fault.times;
      return {fault.error.code(), fmt::format("{} ({})", std::string(fault.error.message()), path)};
    }
    return absl::OkStatus();
  }

  // The content record of a file; made on first sight, when everything counts as durable.
  std::shared_ptr<Content> ContentOf(const std::string& path) REQUIRES(mu_) {
    std::shared_ptr<Content>& content = contents_[path];
    if (content == nullptr) {
      content = std::make_shared<Content>();
      const auto info = base_.Stat(path);
      content->durable_size = info.ok() ? info->size_bytes : 0;
    }
    return content;
  }

  // The bytes of the file as of its last Sync, plus `torn_bytes` that happen to survive.
  absl::StatusOr<std::string> DurableBytes(const std::string& path, Random* torn) REQUIRES(mu_) {
    const std::shared_ptr<Content> content = ContentOf(path);
    ASSIGN_OR_RETURN(std::string bytes, base_.ReadFile(path, std::numeric_limits<int64_t>::max()));
    auto size = static_cast<size_t>(content->durable_size);
    const bool cut_happened = torn != nullptr && bytes.size() < size && torn->Uniform(2) == 0;
    if (cut_happened) size = bytes.size();
    if (torn != nullptr && bytes.size() > size) size += torn->Uniform(bytes.size() - size + 1);
    if (bytes.size() < size) bytes.resize(size);
    for (auto step = content->undo.rbegin(); step != content->undo.rend(); ++step) {
      const bool happened = step->by_cut ? cut_happened : torn != nullptr && torn->Uniform(2) == 0;
      if (happened) continue;
      if (bytes.size() < static_cast<size_t>(step->offset)) continue;  // beyond the smaller size
      bytes.replace(static_cast<size_t>(step->offset), step->bytes.size(), step->bytes);
    }
    for (auto lost = content->lost.rbegin(); lost != content->lost.rend(); ++lost) {
      if (bytes.size() < static_cast<size_t>(lost->offset)) continue;
      bytes.replace(static_cast<size_t>(lost->offset), lost->bytes.size(), lost->bytes);
    }
    bytes.resize(size);
    return bytes;
  }

  // Remembers the durable bytes of [begin, end) before they are changed.
  absl::Status SaveBefore(Content& content, const File& file, int64_t begin, int64_t end,
                          bool by_cut) REQUIRES(mu_) {
    ASSIGN_OR_RETURN(const int64_t size, file.Size());
    end = std::min({end, content.durable_size, size});
    if (begin >= end) return absl::OkStatus();
    std::string old(static_cast<size_t>(end - begin), '\0');
    ASSIGN_OR_RETURN(const size_t got, file.ReadAt(begin, old.size(), old.data()));
    old.resize(got);
    content.undo.push_back({begin, std::move(old), by_cut});
    return absl::OkStatus();
  }

  // A sync failed: the system gives up what it should have written, and calls it written.
  static void LoseUnsynced(Content& content, int64_t size) {
    for (const Content::Overwritten& step : content.undo) {
      if (!step.by_cut) content.lost.push_back(step);
    }
    if (size > content.durable_size) {
      const auto appended = static_cast<size_t>(size - content.durable_size);
      content.lost.push_back({content.durable_size, std::string(appended, '\0')});
    }
  }

  // [begin, end) is written anew, so that the next sync writes it; until then the disk has what it
  // had.
  static void MakeDirty(Content& content, int64_t begin, int64_t end) {
    std::vector<Content::Overwritten> kept;
    for (Content::Overwritten& lost : content.lost) {
      const int64_t lost_end = lost.offset + static_cast<int64_t>(lost.bytes.size());
      const int64_t from = std::clamp(begin, lost.offset, lost_end);
      const int64_t to = std::clamp(end, from, lost_end);
      const auto piece = [&](int64_t piece_begin, int64_t piece_end) -> Content::Overwritten {
        return {piece_begin, lost.bytes.substr(static_cast<size_t>(piece_begin - lost.offset),
                                               static_cast<size_t>(piece_end - piece_begin))};
      };
      if (from > lost.offset) kept.push_back(piece(lost.offset, from));
      if (to > from) content.undo.insert(content.undo.begin(), piece(from, to));
      if (lost_end > to) kept.push_back(piece(to, lost_end));
    }
    content.lost = std::move(kept);
  }

  // Forgets what must be undone in `directory`, which has been synced.
  void MakeNamesDurable(const std::string& directory) REQUIRES(mu_) {
    std::vector<NameChange> kept;
    for (size_t i = 0; i < changes_.size(); ++i) {
      NameChange& change = changes_[i];
      if (ParentOf(change.path) != directory) {
        kept.push_back(std::move(change));
        continue;
      }
      if (change.kind != NameChange::Kind::kRenamed) continue;
      for (NameChange& earlier : kept) {  // what was below the old name is below the new one
        MovePath(earlier.path, change.from, change.path);
        MovePath(earlier.from, change.from, change.path);
      }
    }
    changes_ = std::move(kept);
  }

  // Files known below `from` are known below `to` now.
  void MoveContents(const std::string& from, const std::string& to) REQUIRES(mu_) {
    std::map<std::string, std::shared_ptr<Content>> moved;
    for (auto& [path, content] : contents_) {
      std::string name = path;
      if (name == from) {
        name = to;
      } else if (name == to) {
        continue;
      } else {
        MovePath(name, from, to);
      }
      moved[name] = content;
    }
    contents_ = std::move(moved);
  }

  // Removes a file or an empty directory so that it can be brought back.
  absl::Status RemoveOne(const std::string& path) REQUIRES(mu_) {
    ASSIGN_OR_RETURN(const FileInfo info, base_.Stat(path));
    NameChange change{.kind = NameChange::Kind::kRemovedDirectory, .path = path};
    if (!info.is_directory) {
      change.kind = NameChange::Kind::kRemoved;
      ASSIGN_OR_RETURN(change.lost_bytes, DurableBytes(path, nullptr));
    }
    RETURN_IF_ERROR(base_.Remove(path));
    contents_.erase(path);
    changes_.push_back(std::move(change));
    return absl::OkStatus();
  }

  absl::Status RemoveTree(const std::string& path) REQUIRES(mu_) {
    ASSIGN_OR_RETURN(const FileInfo info, base_.Stat(path));
    if (info.is_directory) {
      ASSIGN_OR_RETURN(const std::vector<std::string> names, base_.List(path));
      for (const std::string& name : names) RETURN_IF_ERROR(RemoveTree(path + "/" + name));
    }
    return RemoveOne(path);
  }

  absl::Status Rewind(Random* torn) REQUIRES(mu_) {
    for (const auto& [path, content] : contents_) {
      if (!base_.Exists(path)) continue;
      ASSIGN_OR_RETURN(const std::string bytes, DurableBytes(path, torn));
      RETURN_IF_ERROR(Overwrite(path, bytes));
    }
    for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
      RETURN_IF_ERROR(Undo(*change));
    }
    changes_.clear();
    contents_.clear();
    return absl::OkStatus();
  }

  FileSystem& base_;
  mutable Mutex mu_;
  CondVar unhung_;
  std::string hangs_ GUARDED_BY(mu_);  // empty: nothing
  bool off_ GUARDED_BY(mu_) = false;
  int64_t cut_after_ GUARDED_BY(mu_) = -1;  // calls until the power goes; -1: it stays
  int64_t boots_ GUARDED_BY(mu_) = 0;       // files opened in an earlier one are dead
  std::vector<Fault> faults_ GUARDED_BY(mu_);
  std::array<int64_t, kOps> calls_ GUARDED_BY(mu_) = {};
  std::map<std::string, std::shared_ptr<Content>> contents_ GUARDED_BY(mu_);  // links share one
  std::vector<NameChange> changes_ GUARDED_BY(mu_);                           // oldest first

 private:
  static void MovePath(std::string& path, const std::string& from, const std::string& to) {
    if (IsBelow(path, from)) path = to + path.substr(from.size());
  }

  // Replaces the bytes in place, so that other links of the file see them too.
  absl::Status Overwrite(const std::string& path, const std::string& bytes) {
    ASSIGN_OR_RETURN(const auto file, base_.Open(path, OpenMode::kReadWrite));
    RETURN_IF_ERROR(file->Truncate(static_cast<int64_t>(bytes.size())));
    return file->WriteAt(0, bytes);
  }

  absl::Status Undo(const NameChange& change) {
    switch (change.kind) {
      case NameChange::Kind::kCreated:
        return base_.Exists(change.path) ? base_.Remove(change.path) : absl::OkStatus();
      case NameChange::Kind::kCreatedDirectory:
        return base_.RemoveRecursively(change.path);
      case NameChange::Kind::kRemovedDirectory:
        return base_.CreateDirectories(change.path);
      case NameChange::Kind::kRenamed:
        if (base_.Exists(change.path)) {
          RETURN_IF_ERROR(base_.Rename(change.path, change.from));
        }
        break;
      case NameChange::Kind::kRemoved:
        break;
    }
    if (!change.lost_bytes) return absl::OkStatus();
    ASSIGN_OR_RETURN(const auto file, base_.Open(change.path, OpenMode::kCreateOrTruncate));
    return file->Append(*change.lost_bytes);
  }
};

// A file of the base with the undo log kept in step.
class FaultyFileSystem::FaultyFile : public File {
 public:
  FaultyFile(std::shared_ptr<State> state, std::unique_ptr<File> base,
             std::shared_ptr<Content> content, int64_t boot)
      : state_(std::move(state)),
        base_(std::move(base)),
        content_(std::move(content)),
        boot_(boot) {}

  absl::Status Append(std::string_view data) override {
    MutexLock lock(state_->mu_);
    RETURN_IF_ERROR(Begin(FileOp::kAppend));
    return base_->Append(data);
  }
  absl::Status WriteAt(int64_t offset, std::string_view data) override {
    MutexLock lock(state_->mu_);
    RETURN_IF_ERROR(Begin(FileOp::kWriteAt));
    const int64_t end = offset + static_cast<int64_t>(data.size());
    RETURN_IF_ERROR(state_->SaveBefore(*content_, *base_, offset, end, /*by_cut=*/false));
    State::MakeDirty(*content_, offset, end);
    return base_->WriteAt(offset, data);
  }
  absl::StatusOr<size_t> ReadAt(int64_t offset, size_t n, char* out) const override {
    MutexLock lock(state_->mu_);
    RETURN_IF_ERROR(Begin(FileOp::kReadAt));
    return base_->ReadAt(offset, n, out);
  }
  absl::Status Truncate(int64_t size) override {
    MutexLock lock(state_->mu_);
    RETURN_IF_ERROR(Begin(FileOp::kTruncate));
    RETURN_IF_ERROR(state_->SaveBefore(*content_, *base_, size, content_->durable_size,
                                       /*by_cut=*/true));
    return base_->Truncate(size);
  }
  absl::Status Sync() override {
    MutexLock lock(state_->mu_);
    const absl::Status status = Begin(FileOp::kSync);
    ASSIGN_OR_RETURN(const int64_t size, base_->Size());
    if (!status.ok()) {
      if (!state_->off_) State::LoseUnsynced(*content_, size);
      return status;
    }
    content_->durable_size = size;
    content_->undo.clear();
    return absl::OkStatus();
  }
  absl::StatusOr<int64_t> Size() const override {
    MutexLock lock(state_->mu_);
    RETURN_IF_ERROR(Begin(FileOp::kSize));
    return base_->Size();
  }
  int fd() const override { return base_->fd(); }
  const std::string& path() const override { return base_->path(); }

 private:
  absl::Status Begin(FileOp op) const REQUIRES(state_->mu_) {
    RETURN_IF_ERROR(state_->Begin(op, base_->path()));
    if (boot_ != state_->boots_) {
      return absl::UnavailableError(
          fmt::format("{} was opened before the power cut", base_->path()));
    }
    return absl::OkStatus();
  }

  const std::shared_ptr<State> state_;
  const std::unique_ptr<File> base_;
  const std::shared_ptr<Content> content_;
  const int64_t boot_;
};

FaultyFileSystem::FaultyFileSystem(FileSystem& base) : state_(std::make_shared<State>(base)) {}
FaultyFileSystem::~FaultyFileSystem() = default;

void FaultyFileSystem::Inject(Fault fault) {
  MutexLock lock(state_->mu_);
  state_->faults_.push_back(std::move(fault));
}

void FaultyFileSystem::ClearFaults() {
  MutexLock lock(state_->mu_);
  state_->faults_.clear();
}

void FaultyFileSystem::Hang(const std::string& path_contains) {
  MutexLock lock(state_->mu_);
  state_->hangs_ = path_contains;
}

void FaultyFileSystem::Unhang() {
  MutexLock lock(state_->mu_);
  state_->hangs_.clear();
  state_->unhung_.NotifyAll();
}

int64_t FaultyFileSystem::calls(FileOp op) const {
  MutexLock lock(state_->mu_);
  return state_->calls_[static_cast<size_t>(op)];
}

void FaultyFileSystem::CutPower() {
  MutexLock lock(state_->mu_);
  state_->off_ = true;
  ++state_->boots_;
}

void FaultyFileSystem::CutPowerAfter(int64_t changes) {
  MutexLock lock(state_->mu_);
  state_->cut_after_ = changes;
}

bool FaultyFileSystem::power_is_cut() const {
  MutexLock lock(state_->mu_);
  return state_->off_;
}

void FaultyFileSystem::RestartProcess() {
  MutexLock lock(state_->mu_);
  state_->cut_after_ = -1;
  state_->off_ = false;
}

absl::Status FaultyFileSystem::RestorePower(Random* torn) {
  MutexLock lock(state_->mu_);
  RETURN_IF_ERROR(state_->Rewind(torn));
  state_->cut_after_ = -1;
  state_->off_ = false;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<File>> FaultyFileSystem::Open(const std::string& given,
                                                             OpenMode mode) {
  const std::string path = Normalized(given);
  State& state = *state_;
  MutexLock lock(state.mu_);
  RETURN_IF_ERROR(state.Begin(FileOp::kOpen, path));
  const bool existed = state.base_.Exists(path);
  const bool empties = mode == OpenMode::kCreateOrTruncate && existed;
  const OpenMode base_mode = empties ? OpenMode::kReadWrite : mode;
  ASSIGN_OR_RETURN(std::unique_ptr<File> file, state.base_.Open(path, base_mode));
  if (!existed) {
    state.contents_.erase(path);
    state.changes_.push_back({.kind = NameChange::Kind::kCreated, .path = path});
  }
  const std::shared_ptr<Content> content = state.ContentOf(path);
  if (empties) {
    RETURN_IF_ERROR(state.SaveBefore(*content, *file, 0, content->durable_size, /*by_cut=*/true));
    RETURN_IF_ERROR(file->Truncate(0));
  }
  return std::make_unique<FaultyFile>(state_, std::move(file), content, state.boots_);
}

absl::StatusOr<FileInfo> FaultyFileSystem::Stat(const std::string& path) {
  MutexLock lock(state_->mu_);
  RETURN_IF_ERROR(state_->Begin(FileOp::kStat, path));
  return state_->base_.Stat(path);
}

absl::StatusOr<std::vector<std::string>> FaultyFileSystem::List(const std::string& directory) {
  MutexLock lock(state_->mu_);
  RETURN_IF_ERROR(state_->Begin(FileOp::kList, directory));
  return state_->base_.List(directory);
}

absl::Status FaultyFileSystem::CreateDirectories(const std::string& given) {
  const std::string path = Normalized(given);
  State& state = *state_;
  MutexLock lock(state.mu_);
  RETURN_IF_ERROR(state.Begin(FileOp::kCreateDirectories, path));
  std::vector<std::string> missing;
  for (std::string at = path; at.size() > 1 && at != "." && !state.base_.Exists(at);
       at = ParentOf(at)) {
    missing.push_back(at);
  }
  RETURN_IF_ERROR(state.base_.CreateDirectories(path));
  for (auto name = missing.rbegin(); name != missing.rend(); ++name) {
    state.changes_.push_back({.kind = NameChange::Kind::kCreatedDirectory, .path = *name});
  }
  return absl::OkStatus();
}

absl::Status FaultyFileSystem::Remove(const std::string& given) {
  const std::string path = Normalized(given);
  MutexLock lock(state_->mu_);
  RETURN_IF_ERROR(state_->Begin(FileOp::kRemove, path));
  return state_->RemoveOne(path);
}

absl::Status FaultyFileSystem::RemoveRecursively(const std::string& given) {
  const std::string path = Normalized(given);
  MutexLock lock(state_->mu_);
  RETURN_IF_ERROR(state_->Begin(FileOp::kRemoveRecursively, path));
  return state_->base_.Exists(path) ? state_->RemoveTree(path) : absl::OkStatus();
}

absl::Status FaultyFileSystem::Rename(const std::string& given_from, const std::string& given_to) {
  const std::string from = Normalized(given_from);
  const std::string to = Normalized(given_to);
  State& state = *state_;
  MutexLock lock(state.mu_);
  RETURN_IF_ERROR(state.Begin(FileOp::kRename, from, to));
  NameChange change{.kind = NameChange::Kind::kRenamed, .path = to, .from = from};
  const auto replaced = state.base_.Stat(to);
  if (replaced.ok() && !replaced->is_directory) {
    ASSIGN_OR_RETURN(change.lost_bytes, state.DurableBytes(to, nullptr));
  }
  RETURN_IF_ERROR(state.base_.Rename(from, to));
  state.MoveContents(from, to);
  state.changes_.push_back(std::move(change));
  return absl::OkStatus();
}

absl::Status FaultyFileSystem::Link(const std::string& given_from, const std::string& given_to) {
  const std::string from = Normalized(given_from);
  const std::string to = Normalized(given_to);
  State& state = *state_;
  MutexLock lock(state.mu_);
  RETURN_IF_ERROR(state.Begin(FileOp::kLink, from, to));
  RETURN_IF_ERROR(state.base_.Link(from, to));
  state.contents_[to] = state.ContentOf(from);
  state.changes_.push_back({.kind = NameChange::Kind::kCreated, .path = to});
  return absl::OkStatus();
}

absl::Status FaultyFileSystem::SyncDirectory(const std::string& given) {
  const std::string directory = Normalized(given);
  MutexLock lock(state_->mu_);
  RETURN_IF_ERROR(state_->Begin(FileOp::kSyncDirectory, directory));
  state_->MakeNamesDurable(directory);
  return absl::OkStatus();
}

absl::StatusOr<SpaceInfo> FaultyFileSystem::Space(const std::string& path) {
  MutexLock lock(state_->mu_);
  RETURN_IF_ERROR(state_->Begin(FileOp::kSpace, path));
  return state_->base_.Space(path);
}

}  // namespace cairn
