// The machine's own files as a ShellFileSystem.
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "common/status_macros.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/shell_file_system.h"
#include "tools/dfs/base/target.h"

namespace cairn::dfs {
namespace {

constexpr int64_t kBlockSize = 32 << 20;  // what Hadoop's local file system reports

absl::Status LocalError(const std::string& path, int error) {
  return absl::UnknownError(fmt::format("{} ({})", path, std::generic_category().message(error)));
}

class LocalInputStream : public client::InputStream {
 public:
  LocalInputStream(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~LocalInputStream() override { ::close(fd_); }

  absl::StatusOr<size_t> Read(char* out, size_t n) override {
    ssize_t got;
    do {
      got = ::read(fd_, out, n);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return LocalError(path_, errno);
    return static_cast<size_t>(got);
  }
  absl::StatusOr<size_t> ReadAt(int64_t offset, char* out, size_t n) override {
    size_t done = 0;
    while (done < n) {
      const ssize_t got = ::pread(fd_, out + done, n - done, offset + static_cast<int64_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return LocalError(path_, errno);
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }
  absl::Status Seek(int64_t offset) override {
    if (::lseek(fd_, offset, SEEK_SET) < 0) return LocalError(path_, errno);
    return absl::OkStatus();
  }
  int64_t Tell() const override { return ::lseek(fd_, 0, SEEK_CUR); }
  int64_t Length() const override {
    struct stat info;
    return ::fstat(fd_, &info) == 0 ? info.st_size : 0;
  }
  const std::string& path() const override { return path_; }

 private:
  const int fd_;
  const std::string path_;
};

class LocalOutputStream : public client::OutputStream {
 public:
  LocalOutputStream(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~LocalOutputStream() override {
    if (fd_ >= 0) ::close(fd_);
  }

  absl::Status Write(std::string_view data) override {
    while (!data.empty()) {
      const ssize_t n = ::write(fd_, data.data(), data.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return LocalError(path_, errno);
      data.remove_prefix(static_cast<size_t>(n));
    }
    return absl::OkStatus();
  }
  absl::Status Hflush() override { return absl::OkStatus(); }
  absl::Status Hsync(const client::SyncOptions&) override {
    return ::fsync(fd_) == 0 ? absl::OkStatus() : LocalError(path_, errno);
  }
  absl::Status Close() override {
    if (fd_ < 0) return absl::OkStatus();
    return ::close(std::exchange(fd_, -1)) == 0 ? absl::OkStatus() : LocalError(path_, errno);
  }
  int64_t Tell() const override { return ::lseek(fd_, 0, SEEK_CUR); }
  const std::string& path() const override { return path_; }

 private:
  int fd_;
  const std::string path_;
};

std::string UserName(uid_t uid) {
  std::vector<char> buffer(16'384);
  passwd entry;
  passwd* found = nullptr;
  ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? found->pw_name : fmt::format("{}", uid);
}

std::string GroupName(gid_t gid) {
  std::vector<char> buffer(65'536);
  group entry;
  group* found = nullptr;
  ::getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? found->gr_name : fmt::format("{}", gid);
}

int64_t Milliseconds(const timespec& time) { return time.tv_sec * 1000 + time.tv_nsec / 1'000'000; }

timespec TimeSpec(int64_t ms) {
  if (ms < 0) return {.tv_sec = 0, .tv_nsec = UTIME_OMIT};
  return {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1'000'000};
}

FileStatus StatusOf(const struct stat& info) {
  FileStatus status;
  const bool directory = S_ISDIR(info.st_mode);
  status.type = directory ? FileType::kDirectory : FileType::kFile;
  status.length = info.st_size;
  status.permission = static_cast<uint16_t>(info.st_mode & 01777);
  status.owner = UserName(info.st_uid);
  status.group = GroupName(info.st_gid);
  status.mtime_ms = Milliseconds(info.st_mtim);
  status.atime_ms = Milliseconds(info.st_atim);
  status.replication = directory ? 0 : 1;
  status.block_size = kBlockSize;
  return status;
}

class LocalFileSystem : public ShellFileSystem {
 public:
  std::string uri() const override { return "file:"; }
  bool is_local() const override { return true; }
  std::string working_directory() const override {
    std::error_code ignored;
    return std::filesystem::current_path(ignored).string();
  }

  absl::StatusOr<std::optional<FileStatus>> Stat(const std::string& path) override {
    struct stat info;
    if (::stat(path.c_str(), &info) == 0) return StatusOf(info);
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return LocalError(path, errno);
  }

  absl::StatusOr<std::vector<FileStatus>> List(const std::string& path) override {
    DIR* dir = ::opendir(path.c_str());
    if (dir == nullptr) return LocalError(path, errno);
    std::vector<FileStatus> entries;
    while (const dirent* entry = ::readdir(dir)) {
      const std::string name = entry->d_name;
      struct stat info;
      // What goes meanwhile, and links to nothing, are left out.
      if (name == "." || name == ".." || ::stat((path + "/" + name).c_str(), &info) != 0) continue;
      entries.push_back(StatusOf(info));
      entries.back().path = name;
    }
    ::closedir(dir);
    std::sort(entries.begin(), entries.end(),
              [](const FileStatus& a, const FileStatus& b) { return a.path < b.path; });
    return entries;
  }

  absl::StatusOr<ContentSummary> Summary(const std::string& path) override {
    ContentSummary summary;
    RETURN_IF_ERROR(AddTo(path, summary));
    return summary;
  }

  absl::Status CheckAccess(const std::string& path, int access) override {
    return ::access(path.c_str(), access) == 0 ? absl::OkStatus() : LocalError(path, errno);
  }

  absl::StatusOr<FsStats> Stats() override {
    struct statvfs info;
    if (::statvfs("/", &info) != 0) return LocalError("/", errno);
    FsStats stats;
    const auto unit = static_cast<int64_t>(info.f_frsize);
    stats.capacity = static_cast<int64_t>(info.f_blocks) * unit;
    stats.remaining = static_cast<int64_t>(info.f_bavail) * unit;
    stats.used = stats.capacity - static_cast<int64_t>(info.f_bfree) * unit;
    return stats;
  }

  absl::StatusOr<ServerDefaults> Defaults() override { return ServerDefaults{}; }
  absl::StatusOr<client::FileChecksum> Checksum(const std::string&) override {
    return client::FileChecksum{.algorithm = "NONE", .bytes = ""};
  }
  absl::StatusOr<LocatedBlocks> Locations(const std::string&, int64_t) override {
    return LocatedBlocks{};
  }

  absl::StatusOr<std::unique_ptr<client::InputStream>> Open(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return LocalError(path, errno);
    return std::make_unique<LocalInputStream>(fd, path);
  }
  absl::StatusOr<std::unique_ptr<client::OutputStream>> Create(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return LocalError(path, errno);
    return std::make_unique<LocalOutputStream>(fd, path);
  }
  absl::StatusOr<std::unique_ptr<client::OutputStream>> Append(const std::string& path,
                                                               bool) override {
    const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd < 0) return LocalError(path, errno);
    return std::make_unique<LocalOutputStream>(fd, path);
  }
  absl::StatusOr<bool> Truncate(const std::string& path, int64_t new_length) override {
    if (::truncate(path.c_str(), new_length) != 0) return LocalError(path, errno);
    return true;
  }
  absl::StatusOr<bool> RecoverLease(const std::string& path) override {
    return absl::UnimplementedError(fmt::format("{} is not in a cluster", path));
  }
  absl::StatusOr<bool> IsClosed(const std::string&) override { return true; }

  absl::Status Mkdirs(const std::string& path, uint16_t permission) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    return error ? LocalError(path, error.value()) : absl::OkStatus();
  }
  absl::StatusOr<bool> Rename(const std::string& from, const std::string& to) override {
    return ::rename(from.c_str(), to.c_str()) == 0;
  }
  absl::Status RenameOver(const std::string& from, const std::string& to) override {
    return ::rename(from.c_str(), to.c_str()) == 0 ? absl::OkStatus() : LocalError(to, errno);
  }
  absl::Status MoveToTrash(const std::string& from, const std::string& to) override {
    return RenameOver(from, to);
  }
  absl::StatusOr<bool> Delete(const std::string& path, bool recursive) override {
    if (path == "/") return false;
    std::error_code error;
    if (recursive) {
      std::filesystem::remove_all(path, error);
    } else {
      std::filesystem::remove(path, error);
    }
    if (error) return LocalError(path, error.value());
    return true;
  }

  absl::Status SetPermission(const std::string& path, uint16_t permission) override {
    return ::chmod(path.c_str(), permission) == 0 ? absl::OkStatus() : LocalError(path, errno);
  }
  absl::Status SetOwner(const std::string& path, const std::optional<std::string>& owner,
                        const std::optional<std::string>& group) override;
  absl::Status SetTimes(const std::string& path, int64_t mtime_ms, int64_t atime_ms) override {
    const timespec times[2] = {TimeSpec(atime_ms), TimeSpec(mtime_ms)};
    return ::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0 ? absl::OkStatus()
                                                              : LocalError(path, errno);
  }
  absl::StatusOr<bool> SetReplication(const std::string&, int32_t) override { return true; }

 private:
  absl::Status AddTo(const std::string& path, ContentSummary& summary) {
    ASSIGN_OR_RETURN(const auto status, Stat(path));
    if (!status) return NoSuchFile(path);
    if (!status->is_directory()) {
      ++summary.file_count;
      summary.length += status->length;
      summary.space_consumed += status->length;
      return absl::OkStatus();
    }
    ++summary.directory_count;
    ASSIGN_OR_RETURN(const auto children, List(path));
    for (const FileStatus& child : children) {
      RETURN_IF_ERROR(AddTo(JoinPath(path, child.path), summary));
    }
    return absl::OkStatus();
  }
};

absl::Status LocalFileSystem::SetOwner(const std::string& path,
                                       const std::optional<std::string>& owner,
                                       const std::optional<std::string>& group_name) {
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
  std::vector<char> buffer(65'536);
  const std::string both =
      fmt::format("{}{}{}", owner.value_or(""), group_name ? ":" : "", group_name.value_or(""));
  if (owner && !owner->empty()) {
    passwd entry;
    passwd* found = nullptr;
    ::getpwnam_r(owner->c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) {
      return absl::UnknownError(fmt::format("chown: invalid user: ‘{}’", both));
    }
    uid = found->pw_uid;
  }
  if (group_name && !group_name->empty()) {
    group entry;
    group* found = nullptr;
    ::getgrnam_r(group_name->c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) {
      return absl::UnknownError(fmt::format("chown: invalid group: ‘{}’", both));
    }
    gid = found->gr_gid;
  }
  return ::chown(path.c_str(), uid, gid) == 0 ? absl::OkStatus() : LocalError(path, errno);
}

}  // namespace

std::unique_ptr<ShellFileSystem> MakeLocalFileSystem() {
  return std::make_unique<LocalFileSystem>();
}

}  // namespace cairn::dfs
