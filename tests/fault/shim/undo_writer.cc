// The undo log's writing side. Raw system calls throughout: the C library's are hooked.
#include "tests/fault/shim/undo_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/fault/shim/control.h"

namespace cairn::fault {
namespace {

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "fault shim: undo log: %s: %s\n", what, std::strerror(errno));
  std::abort();
}

uint64_t InodeOf(const std::string& path) {
  struct stat info;
  return ::lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

uint64_t ParentInode(const std::string& path) {
  const size_t slash = path.rfind('/');
  return InodeOf(slash == 0 ? "/" : path.substr(0, slash));
}

}  // namespace

UndoWriter* UndoWriter::Get() {
  static UndoWriter* const writer = [] {
    const char* directory = std::getenv(kShimUndoVariable);
    return directory != nullptr ? new UndoWriter(directory) : nullptr;
  }();
  return writer;
}

UndoWriter::UndoWriter(const std::string& directory)
    : directory_(directory),
      log_(
          static_cast<int>(::syscall(SYS_openat, AT_FDCWD, (directory + "/" + kUndoLogName).c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600))) {
  if (log_ < 0) Die("open");
}

void UndoWriter::Append(UndoKind kind, uint64_t inode, int64_t number, const std::string& text1,
                        const std::string& text2, const std::string& text3) {
  UndoHeader header = {.kind = kind, .sizes = {}, .inode = inode, .number = number};
  const std::string* texts[3] = {&text1, &text2, &text3};
  iovec parts[4] = {{&header, sizeof(header)}, {}, {}, {}};
  size_t total = sizeof(header);
  for (int i = 0; i < 3; ++i) {
    header.sizes[i] = static_cast<uint32_t>(texts[i]->size());
    parts[i + 1] = {const_cast<char*>(texts[i]->data()), texts[i]->size()};
    total += texts[i]->size();
  }
  if (::syscall(SYS_writev, log_, parts, 4) != static_cast<ssize_t>(total)) Die("write");
}

void UndoWriter::BeforeChange(int fd, int64_t offset, int64_t n) {
  struct stat info;
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return;
  const auto [it, first] = dirty_.try_emplace(info.st_ino);
  Dirty& dirty = it->second;
  if (first) {
    dirty.size = info.st_size;
    Append(UndoKind::kSize, info.st_ino, info.st_size);
  }
  const int64_t end = std::min(offset + n, dirty.size);
  for (int64_t page = offset / kUndoPageBytes; page * kUndoPageBytes < end; ++page) {
    if (!dirty.saved_pages.insert(page).second) continue;
    const int64_t begin = page * kUndoPageBytes;
    std::string bytes(std::min(kUndoPageBytes, dirty.size - begin), '\0');
    // The descriptor may be for writing only.
    const std::string path = "/proc/self/fd/" + std::to_string(fd);
    const int reader =
        static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC, 0));
    if (reader < 0) Die("open for reading");
    const ssize_t got = ::syscall(SYS_pread64, reader, bytes.data(), bytes.size(), begin);
    ::syscall(SYS_close, reader);
    if (got < 0) Die("read");
    bytes.resize(got);
    Append(UndoKind::kPage, info.st_ino, page, bytes);
  }
}

void UndoWriter::AfterSync(int fd, bool directory) {
  struct stat info;
  if (::fstat(fd, &info) != 0) return;
  if (directory) return Append(UndoKind::kDirSynced, info.st_ino, 0);
  const auto it = dirty_.find(info.st_ino);
  if (it != dirty_.end() && it->second.lost) return;
  // Also without changes of this process: an earlier one may have left some.
  Append(UndoKind::kSynced, info.st_ino, 0);
  if (it != dirty_.end()) dirty_.erase(it);
}

void UndoWriter::SyncFailed(int fd) {
  struct stat info;
  if (::fstat(fd, &info) != 0) return;
  const auto it = dirty_.find(info.st_ino);
  if (it != dirty_.end()) it->second.lost = true;
}

std::string UndoWriter::SaveLink(const std::string& path) {
  struct stat info;
  if (::lstat(path.c_str(), &info) != 0 || S_ISDIR(info.st_mode)) return "";
  const std::string saved =
      directory_ + "/saved-" + std::to_string(::getpid()) + "-" + std::to_string(++saved_);
  if (::syscall(SYS_linkat, AT_FDCWD, path.c_str(), AT_FDCWD, saved.c_str(), 0) != 0) Die("link");
  return saved;
}

void UndoWriter::BeforeCreate(const std::string& path) {
  if (InodeOf(path) == 0) Append(UndoKind::kCreate, ParentInode(path), 0, path);
}

void UndoWriter::BeforeRemove(const std::string& path) {
  if (InodeOf(path) == 0) return;
  Append(UndoKind::kRemove, ParentInode(path), 0, path, SaveLink(path));
}

void UndoWriter::BeforeRename(const std::string& from, const std::string& to) {
  const uint64_t moved = InodeOf(from);
  if (moved == 0) return;
  Append(UndoKind::kRename, ParentInode(to), static_cast<int64_t>(moved), from, to, SaveLink(to));
}

}  // namespace cairn::fault
