// The C library's calls on files, with faults and the undo log in front. They end in raw system
// calls, so that no version of a symbol needs to be looked up.
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "tests/fault/shim/shim_state.h"
#include "tests/fault/shim/undo_writer.h"

namespace cairn::fault {
namespace {

int Fail(int error) {
  errno = error;
  return -1;
}

// Runs `change`, with the undo log's entry before it when the path is watched.
template <typename Before, typename Change>
auto Logged(bool watched, const Before& before, const Change& change) {
  UndoWriter* const undo = watched ? UndoWriter::Get() : nullptr;
  if (undo == nullptr) return change();
  const std::lock_guard<std::mutex> lock(undo->mu());
  const int error = errno;
  before(*undo);
  errno = error;
  return change();
}

// The kernel's boot id of a machine that was booted `boots` times.
int OpenBootId(int64_t boots) {
  const int fd = static_cast<int>(::syscall(SYS_memfd_create, "boot_id", MFD_CLOEXEC));
  const std::string text = "boot " + std::to_string(boots) + "\n";
  if (fd >= 0) ::syscall(SYS_pwrite64, fd, text.data(), text.size(), 0);
  return fd;
}

int Open(int directory_fd, const char* name, int flags, mode_t mode) {
  const std::string path = AbsolutePath(directory_fd, name);
  const int64_t boots = Control() != nullptr ? Control()->boots.load() : 0;
  if (boots > 0 && path == "/proc/sys/kernel/random/boot_id") return OpenBootId(boots);
  if (const Verdict verdict = Judge(kCallOpen, path); verdict.error != 0)
    return Fail(verdict.error);
  const bool watched = IsWatched(path);
  const auto open = [&] {
    return static_cast<int>(::syscall(SYS_openat, directory_fd, name, flags, mode));
  };
  const int fd = Logged(
      watched && (flags & (O_CREAT | O_TRUNC)) != 0,
      [&](UndoWriter& undo) {
        if ((flags & O_CREAT) != 0) undo.BeforeCreate(path);
        struct stat info;
        if ((flags & O_TRUNC) == 0 || ::stat(path.c_str(), &info) != 0) return;
        const int old = static_cast<int>(
            ::syscall(SYS_openat, AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC, 0));
        undo.BeforeChange(old, 0, info.st_size);
        ::syscall(SYS_close, old);
      },
      open);
  if (fd >= 0 && (watched || Control() != nullptr)) {
    Track(fd, {.path = path, .watched = watched, .appending = (flags & O_APPEND) != 0});
  }
  return fd;
}

// A write of `n` bytes at `offset` (-1: at the descriptor's position) by `write`, which takes how
// many bytes to write at most.
template <typename Write>
ssize_t WriteFile(int fd, int64_t offset, size_t n, const Write& write) {
  const OpenFile* const file = Tracked(fd);
  if (file == nullptr) return write(n);
  const Verdict verdict = Judge(kCallWrite, file->path);
  if (verdict.error != 0) return Fail(verdict.error);
  if (verdict.short_write && n > 1) n /= 2;
  return Logged(
      file->watched,
      [&](UndoWriter& undo) {
        int64_t at = offset;
        struct stat info;
        if (file->appending && ::fstat(fd, &info) == 0) at = info.st_size;
        if (at < 0) at = ::syscall(SYS_lseek, fd, 0, SEEK_CUR);
        undo.BeforeChange(fd, at, static_cast<int64_t>(n));
      },
      [&] { return write(n); });
}

// The first `n` bytes of some buffers.
std::vector<iovec> Cut(const iovec* parts, int count, size_t n) {
  std::vector<iovec> cut;
  for (int i = 0; i < count && n > 0; ++i) {
    cut.push_back({parts[i].iov_base, std::min(parts[i].iov_len, n)});
    n -= cut.back().iov_len;
  }
  return cut;
}

size_t Total(const iovec* parts, int count) {
  size_t total = 0;
  for (int i = 0; i < count; ++i) total += parts[i].iov_len;
  return total;
}

// A read by `read`, unless a rule says no.
template <typename Read>
ssize_t ReadFile(int fd, const Read& read) {
  const OpenFile* const file = Tracked(fd);
  if (file != nullptr) {
    if (const Verdict verdict = Judge(kCallRead, file->path); verdict.error != 0)
      return Fail(verdict.error);
  }
  return read();
}

int Sync(int fd, long call) {
  const OpenFile* const file = Tracked(fd);
  if (file == nullptr) return static_cast<int>(::syscall(call, fd));
  const Verdict verdict = Judge(kCallSync, file->path);
  UndoWriter* const undo = file->watched ? UndoWriter::Get() : nullptr;
  if (undo == nullptr)
    return verdict.error != 0 ? Fail(verdict.error) : static_cast<int>(::syscall(call, fd));
  // The log stands for the disk: no need to wait for the real one.
  const std::lock_guard<std::mutex> lock(undo->mu());
  if (verdict.error != 0) {
    undo->SyncFailed(fd);
    return Fail(verdict.error);
  }
  struct stat info;
  undo->AfterSync(fd, ::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode));
  return 0;
}

int Truncate(int fd, const std::string& path, bool watched, off_t size) {
  if (const Verdict verdict = Judge(kCallTruncate, path); verdict.error != 0)
    return Fail(verdict.error);
  return Logged(
      watched,
      [&](UndoWriter& undo) {
        struct stat info;
        if (::fstat(fd, &info) == 0)
          undo.BeforeChange(fd, size, std::max<int64_t>(info.st_size - size, 0));
      },
      [&] { return static_cast<int>(::syscall(SYS_ftruncate, fd, size)); });
}

int Remove(int directory_fd, const char* name, int flags) {
  const std::string path = AbsolutePath(directory_fd, name);
  if (const Verdict verdict = Judge(kCallUnlink, path); verdict.error != 0)
    return Fail(verdict.error);
  return Logged(
      IsWatchedName(path), [&](UndoWriter& undo) { undo.BeforeRemove(path); },
      [&] { return static_cast<int>(::syscall(SYS_unlinkat, directory_fd, name, flags)); });
}

int Rename(int from_fd, const char* from, int to_fd, const char* to, unsigned flags) {
  const std::string from_path = AbsolutePath(from_fd, from);
  const std::string to_path = AbsolutePath(to_fd, to);
  if (const Verdict verdict = Judge(kCallName, to_path); verdict.error != 0)
    return Fail(verdict.error);
  return Logged(
      IsWatchedName(to_path), [&](UndoWriter& undo) { undo.BeforeRename(from_path, to_path); },
      [&] { return static_cast<int>(::syscall(SYS_renameat2, from_fd, from, to_fd, to, flags)); });
}

// mkdir and link: a new name, made by `make`.
template <typename Make>
int NewName(const std::string& path, const Make& make) {
  if (const Verdict verdict = Judge(kCallName, path); verdict.error != 0)
    return Fail(verdict.error);
  return Logged(
      IsWatchedName(path), [&](UndoWriter& undo) { undo.BeforeCreate(path); }, make);
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace
}  // namespace cairn::fault

using namespace cairn::fault;  // NOLINT: the hooks below have the C library's names

#define CAIRN_HOOK extern "C" __attribute__((visibility("default")))
#define CAIRN_OPEN_HOOK(name)                             \
  CAIRN_HOOK int name(const char* path, int flags, ...) { \
    va_list arguments;                                    \
    va_start(arguments, flags);                           \
    const mode_t mode = ModeOf(flags, arguments);         \
    va_end(arguments);                                    \
    return Open(AT_FDCWD, path, flags, mode);             \
  }
#define CAIRN_OPENAT_HOOK(name)                                          \
  CAIRN_HOOK int name(int directory, const char* path, int flags, ...) { \
    va_list arguments;                                                   \
    va_start(arguments, flags);                                          \
    const mode_t mode = ModeOf(flags, arguments);                        \
    va_end(arguments);                                                   \
    return Open(directory, path, flags, mode);                           \
  }

CAIRN_OPEN_HOOK(open)
CAIRN_OPEN_HOOK(open64)
CAIRN_OPENAT_HOOK(openat)
CAIRN_OPENAT_HOOK(openat64)
CAIRN_HOOK int __open_2(const char* path, int flags) { return Open(AT_FDCWD, path, flags, 0); }
CAIRN_HOOK int __open64_2(const char* path, int flags) { return Open(AT_FDCWD, path, flags, 0); }
CAIRN_HOOK int __openat_2(int fd, const char* path, int flags) { return Open(fd, path, flags, 0); }
CAIRN_HOOK int __openat64_2(int fd, const char* path, int flags) {
  return Open(fd, path, flags, 0);
}
CAIRN_HOOK int creat(const char* path, mode_t mode) {
  return Open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
CAIRN_HOOK int creat64(const char* path, mode_t mode) { return creat(path, mode); }

CAIRN_HOOK int close(int fd) {
  Untrack(fd);
  return static_cast<int>(::syscall(SYS_close, fd));
}

CAIRN_HOOK ssize_t write(int fd, const void* bytes, size_t n) {
  return WriteFile(fd, -1, n, [&](size_t m) { return ::syscall(SYS_write, fd, bytes, m); });
}
CAIRN_HOOK ssize_t pwrite(int fd, const void* bytes, size_t n, off_t at) {
  return WriteFile(fd, at, n, [&](size_t m) { return ::syscall(SYS_pwrite64, fd, bytes, m, at); });
}
CAIRN_HOOK ssize_t pwrite64(int fd, const void* bytes, size_t n, off64_t at) {
  return pwrite(fd, bytes, n, at);
}
CAIRN_HOOK ssize_t writev(int fd, const iovec* parts, int count) {
  return WriteFile(fd, -1, Total(parts, count), [&](size_t m) {
    const std::vector<iovec> cut = Cut(parts, count, m);
    return ::syscall(SYS_writev, fd, cut.data(), cut.size());
  });
}
CAIRN_HOOK ssize_t pwritev(int fd, const iovec* parts, int count, off_t at) {
  return WriteFile(fd, at, Total(parts, count), [&](size_t m) {
    const std::vector<iovec> cut = Cut(parts, count, m);
    return ::syscall(SYS_pwritev, fd, cut.data(), cut.size(), at, 0);
  });
}
CAIRN_HOOK ssize_t pwritev64(int fd, const iovec* parts, int count, off64_t at) {
  return pwritev(fd, parts, count, at);
}
CAIRN_HOOK ssize_t copy_file_range(int in, off64_t* in_at, int out, off64_t* out_at, size_t n,
                                   unsigned flags) {
  return WriteFile(out, out_at != nullptr ? *out_at : -1, n, [&](size_t m) {
    return ::syscall(SYS_copy_file_range, in, in_at, out, out_at, m, flags);
  });
}
CAIRN_HOOK int fallocate(int fd, int mode, off_t at, off_t n) {
  return static_cast<int>(
      WriteFile(fd, at, n, [&](size_t) { return ::syscall(SYS_fallocate, fd, mode, at, n); }));
}
CAIRN_HOOK int fallocate64(int fd, int mode, off64_t at, off64_t n) {
  return fallocate(fd, mode, at, n);
}
CAIRN_HOOK int posix_fallocate(int fd, off_t at, off_t n) {
  return fallocate(fd, 0, at, n) == 0 ? 0 : errno;
}
CAIRN_HOOK int posix_fallocate64(int fd, off64_t at, off64_t n) {
  return posix_fallocate(fd, at, n);
}

CAIRN_HOOK ssize_t read(int fd, void* bytes, size_t n) {
  return ReadFile(fd, [&] { return ::syscall(SYS_read, fd, bytes, n); });
}
CAIRN_HOOK ssize_t pread(int fd, void* bytes, size_t n, off_t at) {
  return ReadFile(fd, [&] { return ::syscall(SYS_pread64, fd, bytes, n, at); });
}
CAIRN_HOOK ssize_t pread64(int fd, void* bytes, size_t n, off64_t at) {
  return pread(fd, bytes, n, at);
}
CAIRN_HOOK ssize_t readv(int fd, const iovec* parts, int count) {
  return ReadFile(fd, [&] { return ::syscall(SYS_readv, fd, parts, count); });
}
CAIRN_HOOK ssize_t preadv(int fd, const iovec* parts, int count, off_t at) {
  return ReadFile(fd, [&] { return ::syscall(SYS_preadv, fd, parts, count, at, 0); });
}
CAIRN_HOOK ssize_t preadv64(int fd, const iovec* parts, int count, off64_t at) {
  return preadv(fd, parts, count, at);
}
CAIRN_HOOK ssize_t sendfile(int out, int in, off_t* at, size_t n) {
  return ReadFile(in, [&] { return ::syscall(SYS_sendfile, out, in, at, n); });
}
CAIRN_HOOK ssize_t sendfile64(int out, int in, off64_t* at, size_t n) {
  return sendfile(out, in, at, n);
}

CAIRN_HOOK int fsync(int fd) { return Sync(fd, SYS_fsync); }
CAIRN_HOOK int fdatasync(int fd) { return Sync(fd, SYS_fdatasync); }

CAIRN_HOOK int ftruncate(int fd, off_t size) {
  const OpenFile* const file = Tracked(fd);
  if (file == nullptr) return static_cast<int>(::syscall(SYS_ftruncate, fd, size));
  return Truncate(fd, file->path, file->watched, size);
}
CAIRN_HOOK int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }
CAIRN_HOOK int truncate(const char* name, off_t size) {
  const std::string path = AbsolutePath(AT_FDCWD, name);
  const int fd =
      static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path.c_str(), O_WRONLY | O_CLOEXEC, 0));
  if (fd < 0) return -1;
  const int result = Truncate(fd, path, IsWatched(path), size);
  const int error = errno;
  ::syscall(SYS_close, fd);
  errno = error;
  return result;
}
CAIRN_HOOK int truncate64(const char* name, off64_t size) { return truncate(name, size); }

CAIRN_HOOK int unlink(const char* path) { return Remove(AT_FDCWD, path, 0); }
CAIRN_HOOK int unlinkat(int fd, const char* path, int flags) { return Remove(fd, path, flags); }
CAIRN_HOOK int rmdir(const char* path) { return Remove(AT_FDCWD, path, AT_REMOVEDIR); }
CAIRN_HOOK int remove(const char* path) {
  const int removed = unlink(path);
  return removed != 0 && (errno == EISDIR || errno == EPERM) ? rmdir(path) : removed;
}
CAIRN_HOOK int rename(const char* from, const char* to) {
  return Rename(AT_FDCWD, from, AT_FDCWD, to, 0);
}
CAIRN_HOOK int renameat(int from_fd, const char* from, int to_fd, const char* to) {
  return Rename(from_fd, from, to_fd, to, 0);
}
CAIRN_HOOK int renameat2(int from_fd, const char* from, int to_fd, const char* to, unsigned flags) {
  return Rename(from_fd, from, to_fd, to, flags);
}
CAIRN_HOOK int mkdirat(int fd, const char* name, mode_t mode) {
  return NewName(AbsolutePath(fd, name),
                 [&] { return static_cast<int>(::syscall(SYS_mkdirat, fd, name, mode)); });
}
CAIRN_HOOK int mkdir(const char* name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }
CAIRN_HOOK int linkat(int from_fd, const char* from, int to_fd, const char* to, int flags) {
  return NewName(AbsolutePath(to_fd, to), [&] {
    return static_cast<int>(::syscall(SYS_linkat, from_fd, from, to_fd, to, flags));
  });
}
CAIRN_HOOK int link(const char* from, const char* to) {
  return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

// A shared writable mapping would change a watched file behind the undo log's back.
CAIRN_HOOK void* mmap(void* at, size_t n, int protection, int flags, int fd, off_t offset) {
  const OpenFile* const file = fd >= 0 ? Tracked(fd) : nullptr;
  if (file != nullptr && file->watched && (flags & MAP_SHARED) != 0 &&
      (protection & PROT_WRITE) != 0) {
    std::fprintf(stderr, "fault shim: %s is mapped for writing, the undo log cannot see that\n",
                 file->path.c_str());
    std::abort();
  }
  return reinterpret_cast<void*>(::syscall(SYS_mmap, at, n, protection, flags, fd, offset));
}
CAIRN_HOOK void* mmap64(void* at, size_t n, int protection, int flags, int fd, off64_t offset) {
  return mmap(at, n, protection, flags, fd, offset);
}
