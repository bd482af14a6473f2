// Replays the undo log backwards.
#include "tests/fault/shim/power_cut.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "common/status_macros.h"
#include "tests/fault/shim/undo_record.h"

namespace cairn::fault {
namespace {

namespace fs = std::filesystem;

struct Record {
  UndoKind kind;
  uint64_t inode = 0;
  int64_t number = 0;
  std::string texts[3];
};

absl::StatusOr<std::vector<Record>> ReadLog(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<Record> records;
  size_t at = 0;
  while (bytes.size() - at >= sizeof(UndoHeader)) {
    UndoHeader header;
    std::memcpy(&header, bytes.data() + at, sizeof(header));
    const size_t body = size_t{header.sizes[0]} + header.sizes[1] + header.sizes[2];
    if (header.kind < UndoKind::kSize || header.kind > UndoKind::kDirSynced)
      return absl::DataLossError(fmt::format("{}: no record at {}", path, at));
    if (bytes.size() - at - sizeof(header) < body) break;  // torn: its change was not made
    Record record{.kind = header.kind, .inode = header.inode, .number = header.number, .texts = {}};
    at += sizeof(header);
    for (int i = 0; i < 3; ++i) {
      record.texts[i] = bytes.substr(at, header.sizes[i]);
      at += header.sizes[i];
    }
    records.push_back(std::move(record));
  }
  return records;
}

bool IsData(UndoKind kind) { return kind == UndoKind::kSize || kind == UndoKind::kPage; }
bool IsName(UndoKind kind) {
  return kind == UndoKind::kCreate || kind == UndoKind::kRemove || kind == UndoKind::kRename;
}

uint64_t InodeOf(const std::string& path) {
  struct stat info;
  return ::lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

class Cut {
 public:
  Cut(std::vector<std::string> roots, std::vector<Record> records, Unsynced fate, uint64_t seed)
      : roots_(std::move(roots)), records_(std::move(records)), fate_(fate), random_(seed) {}

  absl::Status Run() {
    FindUnsynced();
    RETURN_IF_ERROR(RestoreData());
    return RestoreNames();
  }

 private:
  // Indices of records after the last sync of their file or directory.
  void FindUnsynced() {
    for (size_t i = 0; i < records_.size(); ++i) {
      const Record& record = records_[i];
      if (record.kind == UndoKind::kSynced) data_.erase(record.inode);
      if (record.kind == UndoKind::kDirSynced) names_.erase(record.inode);
      if (IsData(record.kind)) data_[record.inode].push_back(i);
      if (IsName(record.kind)) names_[record.inode].push_back(i);
    }
  }

  // Some path of every file.
  void FindPaths() {
    for (const std::string& root : roots_) {
      std::error_code error;
      fs::recursive_directory_iterator it(root, error);
      for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
        if (it->is_regular_file()) paths_[InodeOf(it->path())] = it->path();
      }
    }
  }

  absl::Status RestoreData() {
    if (fate_ == Unsynced::kKept) return absl::OkStatus();
    FindPaths();
    for (const auto& [inode, indices] : data_) {
      const auto path = paths_.find(inode);
      if (path == paths_.end()) continue;  // its directory went, and the file with it
      RETURN_IF_ERROR(RestoreFile(path->second, indices));
    }
    return absl::OkStatus();
  }

  bool Survives() { return fate_ == Unsynced::kMixed && random_() % 2 == 0; }

  absl::Status RestoreFile(const std::string& path, const std::vector<size_t>& indices) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return absl::ErrnoToStatus(errno, path);
    struct stat info;
    ::fstat(fd, &info);
    const int64_t size = records_[indices.front()].number;  // the first one is kSize
    std::set<int64_t> surviving;
    for (int64_t page = 0; page * kUndoPageBytes < std::max<int64_t>(info.st_size, size); ++page) {
      if (Survives()) surviving.insert(page);
    }
    bool failed = false;
    // What lay beyond the size on the disk: zeros, unless it survives.
    for (int64_t at = size; at < info.st_size;) {
      const int64_t next =
          std::min<int64_t>((at / kUndoPageBytes + 1) * kUndoPageBytes, info.st_size);
      const std::string zeros(next - at, '\0');
      if (!surviving.contains(at / kUndoPageBytes))
        failed |= ::pwrite(fd, zeros.data(), zeros.size(), at) < 0;
      at = next;
    }
    // Latest first: the oldest content is written last.
    for (auto it = indices.rbegin(); it != indices.rend(); ++it) {
      const Record& record = records_[*it];
      if (record.kind != UndoKind::kPage || surviving.contains(record.number)) continue;
      failed |= ::pwrite(fd, record.texts[0].data(), record.texts[0].size(),
                         record.number * kUndoPageBytes) < 0;
    }
    int64_t left = size;
    if (fate_ == Unsynced::kMixed) {
      const int64_t least = std::min<int64_t>(size, info.st_size);
      const int64_t most = std::max<int64_t>(size, info.st_size);
      const int64_t choices[] = {size, info.st_size,
                                 least + static_cast<int64_t>(random_() % (most - least + 1))};
      left = choices[random_() % 3];
    }
    failed |= ::ftruncate(fd, left) < 0;
    const int error = errno;
    ::close(fd);
    return failed ? absl::ErrnoToStatus(error, path) : absl::OkStatus();
  }

  // Undoes the changes of names that did not reach the disk, newest first. In a mix those of one
  // directory survive up to some point, as a file system's journal has it.
  absl::Status RestoreNames() {
    if (fate_ == Unsynced::kKept) return absl::OkStatus();
    std::set<size_t> undone;
    for (const auto& [inode, indices] : names_) {
      const size_t survivors = fate_ == Unsynced::kMixed ? random_() % (indices.size() + 1) : 0;
      undone.insert(indices.begin() + static_cast<int64_t>(survivors), indices.end());
    }
    for (auto it = undone.rbegin(); it != undone.rend(); ++it) Undo(*it, undone);
    return absl::OkStatus();
  }

  // Where a path of record `index` is now: directories that were renamed since, and stay so.
  std::string Now(std::string path, size_t index, const std::set<size_t>& undone) const {
    for (size_t i = index + 1; i < records_.size(); ++i) {
      const Record& later = records_[i];
      if (later.kind != UndoKind::kRename || undone.contains(i)) continue;
      if (path.starts_with(later.texts[0] + "/"))
        path = later.texts[1] + path.substr(later.texts[0].size());
    }
    return path;
  }

  void Undo(size_t index, const std::set<size_t>& undone) {
    const Record& record = records_[index];
    const std::string first = Now(record.texts[0], index, undone);
    std::error_code ignored;
    switch (record.kind) {
      case UndoKind::kCreate:
        fs::remove_all(first, ignored);
        break;
      case UndoKind::kRemove:
        if (InodeOf(first) != 0) break;  // the process died before it was removed
        if (record.texts[1].empty()) {
          fs::create_directory(first, ignored);
        } else {
          fs::create_hard_link(record.texts[1], first, ignored);
        }
        break;
      case UndoKind::kRename: {
        const std::string to = Now(record.texts[1], index, undone);
        if (InodeOf(to) != static_cast<uint64_t>(record.number)) break;  // it was not made
        fs::rename(to, first, ignored);
        if (!record.texts[2].empty()) fs::create_hard_link(record.texts[2], to, ignored);
        break;
      }
      default:
        break;
    }
  }

  const std::vector<std::string> roots_;  // the log's included: removed files are there
  const std::vector<Record> records_;
  const Unsynced fate_;
  std::mt19937_64 random_;
  std::map<uint64_t, std::vector<size_t>> data_;
  std::map<uint64_t, std::vector<size_t>> names_;
  std::map<uint64_t, std::string> paths_;
};

}  // namespace

absl::Status CutPower(const std::vector<std::string>& watched, const std::string& undo_directory,
                      Unsynced fate, uint64_t seed) {
  ASSIGN_OR_RETURN(std::vector<Record> records, ReadLog(undo_directory + "/" + kUndoLogName));
  std::vector<std::string> roots = watched;
  roots.push_back(undo_directory);
  RETURN_IF_ERROR(Cut(std::move(roots), std::move(records), fate, seed).Run());
  for (const auto& entry : fs::directory_iterator(undo_directory)) fs::remove(entry.path());
  return absl::OkStatus();
}

}  // namespace cairn::fault
