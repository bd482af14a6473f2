// The machine's disk through POSIX calls.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "common/file_system.h"
#include "common/status_macros.h"

namespace cairn {
namespace {

// The status of a failed call, by the codes that File documents.
absl::Status PosixError(std::string_view call, const std::string& path, int error) {
  std::string text = fmt::format("{} {}: {}", call, path, std::generic_category().message(error));
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(text);
    case EEXIST:
      return absl::AlreadyExistsError(text);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(text);
    case EIO:
      return absl::DataLossError(text);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(text);
    // The process's fault, not the disk's: nobody may take a disk out of service for it.
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return absl::UnavailableError(text);
    default:
      return absl::InternalError(text);
  }
}

// Names the owner of a folder that refuses a new one: most often it is a volume of somebody else.
absl::Status MkdirError(const std::string& path, int error) {
  const absl::Status status = PosixError("mkdir", path, error);
  const std::string parent = std::filesystem::path(path).parent_path();
  struct stat info;
  if (error != EACCES || ::stat(parent.c_str(), &info) < 0) return status;
  return absl::PermissionDeniedError(
      fmt::format("{} ({} belongs to uid {}, this process has uid {})",
                  std::string(status.message()), parent, info.st_uid, ::geteuid()));
}

// Repeats a call that a signal interrupted.
template <typename Call>
auto Retry(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class PosixFile : public File {
 public:
  PosixFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~PosixFile() override { ::close(fd_); }

  absl::Status Append(std::string_view data) override {
    while (!data.empty()) {
      const ssize_t n = Retry([&] { return ::write(fd_, data.data(), data.size()); });
      if (n < 0) return PosixError("write", path_, errno);
      data.remove_prefix(static_cast<size_t>(n));
    }
    return absl::OkStatus();
  }

  absl::Status WriteAt(int64_t offset, std::string_view data) override {
    while (!data.empty()) {
      const ssize_t n = Retry([&] { return ::pwrite(fd_, data.data(), data.size(), offset); });
      if (n < 0) return PosixError("pwrite", path_, errno);
      data.remove_prefix(static_cast<size_t>(n));
      offset += n;
    }
    // Appends go to the descriptor's position: keep it at the end.
    if (::lseek(fd_, 0, SEEK_END) < 0) return PosixError("lseek", path_, errno);
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> ReadAt(int64_t offset, size_t n, char* out) const override {
    size_t done = 0;
    while (done < n) {
      const ssize_t got = Retry(
          [&] { return ::pread(fd_, out + done, n - done, offset + static_cast<int64_t>(done)); });
      if (got < 0) return PosixError("pread", path_, errno);
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  absl::Status Truncate(int64_t size) override {
    if (Retry([&] { return ::ftruncate(fd_, size); }) < 0) {
      return PosixError("ftruncate", path_, errno);
    }
    if (::lseek(fd_, 0, SEEK_END) < 0) return PosixError("lseek", path_, errno);
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    if (Retry([&] { return ::fdatasync(fd_); }) < 0) return PosixError("fdatasync", path_, errno);
    return absl::OkStatus();
  }

  absl::StatusOr<int64_t> Size() const override {
    struct stat info;
    if (::fstat(fd_, &info) < 0) return PosixError("fstat", path_, errno);
    return static_cast<int64_t>(info.st_size);
  }

  int fd() const override { return fd_; }
  const std::string& path() const override { return path_; }

 private:
  const int fd_;
  const std::string path_;
};

class PosixFs : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    int flags = O_CLOEXEC;
    switch (mode) {
      case OpenMode::kRead:
        flags |= O_RDONLY;
        break;
      case OpenMode::kReadWrite:
        flags |= O_RDWR;
        break;
      case OpenMode::kCreate:
        flags |= O_RDWR | O_CREAT | O_EXCL;
        break;
      case OpenMode::kCreateOrTruncate:
        flags |= O_RDWR | O_CREAT | O_TRUNC;
        break;
    }
    const int fd = Retry([&] { return ::open(path.c_str(), flags, 0600); });
    if (fd < 0) return PosixError("open", path, errno);
    auto file = std::make_unique<PosixFile>(fd, path);
    if (mode == OpenMode::kReadWrite && ::lseek(fd, 0, SEEK_END) < 0) {
      return PosixError("lseek", path, errno);
    }
    return file;
  }

  absl::StatusOr<FileInfo> Stat(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) < 0) return PosixError("stat", path, errno);
    return FileInfo{.size_bytes = info.st_size,
                    .is_directory = S_ISDIR(info.st_mode),
                    .mtime_ms = info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1'000'000};
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    DIR* dir = ::opendir(directory.c_str());
    if (dir == nullptr) return PosixError("opendir", directory, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(dir)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const int error = errno;
    ::closedir(dir);
    if (error != 0) return PosixError("readdir", directory, error);
    return names;
  }

  absl::Status CreateDirectories(const std::string& path) override {
    for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
      const std::string prefix = path.substr(0, end);
      if (::mkdir(prefix.c_str(), 0700) < 0) {
        const int error = errno;
        struct stat info;
        const bool is_there = ::stat(prefix.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
        if (!is_there) return MkdirError(prefix, error);
      }
      if (end == std::string::npos) return absl::OkStatus();
    }
  }

  absl::Status Remove(const std::string& path) override {
    if (::remove(path.c_str()) < 0) return PosixError("remove", path, errno);
    return absl::OkStatus();
  }

  absl::Status RemoveRecursively(const std::string& path) override {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) return PosixError("remove", path, error.value());
    return absl::OkStatus();
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) < 0) {
      return PosixError("rename", fmt::format("{} to {}", from, to), errno);
    }
    return absl::OkStatus();
  }

  absl::Status Link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) < 0) {
      return PosixError("link", fmt::format("{} to {}", from, to), errno);
    }
    return absl::OkStatus();
  }

  absl::Status SyncDirectory(const std::string& directory) override {
    const int fd =
        Retry([&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (fd < 0) return PosixError("open", directory, errno);
    const int result = Retry([&] { return ::fsync(fd); });
    const int error = errno;
    ::close(fd);
    if (result < 0) return PosixError("fsync", directory, error);
    return absl::OkStatus();
  }

  absl::StatusOr<SpaceInfo> Space(const std::string& path) override {
    struct statvfs info;
    if (::statvfs(path.c_str(), &info) < 0) return PosixError("statvfs", path, errno);
    const auto unit = static_cast<int64_t>(info.f_frsize);
    return SpaceInfo{.capacity = static_cast<int64_t>(info.f_blocks) * unit,
                     .available = static_cast<int64_t>(info.f_bavail) * unit,
                     .free = static_cast<int64_t>(info.f_bfree) * unit};
  }
};

}  // namespace

FileSystem& PosixFileSystem() {
  static PosixFs file_system;
  return file_system;
}

}  // namespace cairn
