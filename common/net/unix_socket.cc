// AF_UNIX and SCM_RIGHTS.
#include "common/net/unix_socket.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "common/status_macros.h"

namespace cairn {
namespace {

constexpr int kBacklog = 1024;
constexpr size_t kMaxFiles = 16;  // of one message

std::string Reason(int error) { return std::generic_category().message(error); }

absl::Status Failure(std::string_view doing, const std::string& what, int error) {
  return absl::UnavailableError(fmt::format("{} {}: {}", doing, what, Reason(error)));
}

absl::StatusOr<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(fmt::format("the socket path {} has more than {} bytes", path,
                                                  sizeof(address.sun_path) - 1));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

// Waits until a message can be sent or received.
absl::Status Await(const TcpSocket& socket, short events, int64_t timeout_ms) {
  pollfd entry = {.fd = socket.fd(), .events = events, .revents = 0};
  while (true) {
    const int ready = ::poll(&entry, 1, static_cast<int>(timeout_ms));
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return Failure("Waiting for", socket.peer(), errno);
    return absl::DeadlineExceededError(
        fmt::format("passing files with {}: no progress in {} ms", socket.peer(), timeout_ms));
  }
}

absl::Status CheckDirectory(const std::string& directory) {
  struct stat info = {};
  if (::stat(directory.c_str(), &info) != 0) return Failure("Cannot look at", directory, errno);
  const unsigned mode = info.st_mode & 0777;
  constexpr char kAdvice[] = "Please fix this or select a different socket path.";
  if ((mode & 0002) != 0) {
    return absl::FailedPreconditionError(
        fmt::format("The path component: '{}' is world-writable.  Its permissions are 0{:03o}.  {}",
                    directory, mode, kAdvice));
  }
  if ((mode & 0020) != 0 && info.st_gid != 0) {
    return absl::FailedPreconditionError(fmt::format(
        "The path component: '{}' is group-writable, and the group is not root.  Its permissions "
        "are 0{:03o}, and it is owned by gid {}.  {}",
        directory, mode, info.st_gid, kAdvice));
  }
  if (info.st_uid != 0 && info.st_uid != ::geteuid()) {
    return absl::FailedPreconditionError(fmt::format(
        "The path component: '{}' is owned by a user who is not you and not root.  Your effective "
        "user id is {}; the path is owned by user id {}, and its permissions are 0{:03o}.  {}",
        directory, ::geteuid(), info.st_uid, mode, kAdvice));
  }
  return absl::OkStatus();
}

}  // namespace

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) ::close(fd_);
}

absl::Status CheckSocketPath(const std::string& path, int trusted) {
  if (!path.starts_with('/')) {
    return absl::FailedPreconditionError(
        fmt::format("Bad socket path '{}'.  The path must be absolute.", path));
  }
  int component = 0;
  for (size_t end = 0; end != std::string::npos; end = path.find('/', end + 1)) {
    if (component++ < trusted) continue;
    RETURN_IF_ERROR(CheckDirectory(end == 0 ? "/" : path.substr(0, end)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<TcpSocket>> ConnectUnix(const std::string& path) {
  ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return Failure("Cannot connect to", path, errno);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return Failure("Cannot connect to", path, errno);
  }
  return TcpSocket::Adopt(fd.Release(), "unix:" + path);
}

absl::Status SendFiles(TcpSocket& socket, char byte, std::span<const int> fds, int64_t timeout_ms) {
  if (fds.size() > kMaxFiles) return absl::InvalidArgumentError("too many files for one message");
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFiles)] = {};
  iovec data = {.iov_base = &byte, .iov_len = 1};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(fds.size_bytes());
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fds.size_bytes());
  std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  while (true) {
    const ssize_t sent = ::sendmsg(socket.fd(), &message, MSG_NOSIGNAL);
    if (sent == 1) return absl::OkStatus();
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return Failure("Passing files to", socket.peer(), errno);
    RETURN_IF_ERROR(Await(socket, POLLOUT, timeout_ms));
  }
}

absl::StatusOr<ReceivedFiles> ReceiveFiles(TcpSocket& socket, size_t most, int64_t timeout_ms) {
  ReceivedFiles received;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxFiles)] = {};
  iovec data = {.iov_base = &received.byte, .iov_len = 1};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(sizeof(int) * std::min(most, kMaxFiles));
  while (true) {
    const ssize_t got = ::recvmsg(socket.fd(), &message, MSG_CMSG_CLOEXEC);
    if (got == 1) break;
    if (got == 0) return absl::OutOfRangeError(socket.peer() + " has closed the connection");
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return Failure("Receiving files from", socket.peer(), errno);
    RETURN_IF_ERROR(Await(socket, POLLIN, timeout_ms));
  }
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= header->cmsg_len; at += sizeof(int)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + at, sizeof(fd));
      received.files.emplace_back(fd);
    }
  }
  return received;
}

absl::StatusOr<std::unique_ptr<UnixListener>> UnixListener::Listen(const std::string& path) {
  ASSIGN_OR_RETURN(const sockaddr_un address, AddressOf(path));
  OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return Failure("Cannot listen on", path, errno);
  // As Hadoop does: what lies there was left by an earlier process. No other kind of file is
  // touched.
  struct stat info = {};
  if (::lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) (void)::unlink(path.c_str());
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::chmod(path.c_str(), 0666) != 0 || ::listen(fd.get(), kBacklog) != 0) {
    return Failure("Cannot listen on", path, errno);
  }
  const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0) return Failure("Cannot listen on", path, errno);
  return std::unique_ptr<UnixListener>(new UnixListener(fd.Release(), wake, path));
}

UnixListener::~UnixListener() { (void)::unlink(path_.c_str()); }

absl::StatusOr<std::unique_ptr<TcpSocket>> UnixListener::Accept() {
  while (true) {
    pollfd entries[] = {{.fd = fd_.get(), .events = POLLIN, .revents = 0},
                        {.fd = wake_fd_.get(), .events = POLLIN, .revents = 0}};
    if (::poll(entries, 2, -1) < 0 && errno != EINTR) {
      return Failure("Accepting on", path_, errno);
    }
    if (entries[1].revents != 0) return absl::CancelledError("the listener was shut down");
    const int fd = ::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) return TcpSocket::Adopt(fd, "unix:" + path_);
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return absl::ResourceExhaustedError(fmt::format("Accepting on {}: {}", path_, Reason(errno)));
    }
  }
}

void UnixListener::Shutdown() {
  const uint64_t one = 1;
  (void)!::write(wake_fd_.get(), &one, sizeof(one));
}

}  // namespace cairn
