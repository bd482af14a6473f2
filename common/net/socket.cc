// TcpSocket: blocking calls over a non-blocking descriptor and poll.
#include "common/net/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <system_error>

#include "common/status_macros.h"

namespace cairn {
namespace {

// The kernel moves at most this much per sendfile call.
constexpr int64_t kMaxSendFileBytes = int64_t{1} << 30;

int64_t NowMs() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

// Waits for `events`; true when they came, false after `timeout_ms` (0: never).
bool PollUntil(int fd, short events, int64_t timeout_ms) {
  const int64_t deadline = NowMs() + timeout_ms;
  while (true) {
    const int64_t left = timeout_ms == 0 ? -1 : std::max<int64_t>(0, deadline - NowMs());
    pollfd entry = {.fd = fd, .events = events, .revents = 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::min<int64_t>(left, INT_MAX)));
    if (ready > 0) return true;
    if (ready == 0 && timeout_ms != 0 && NowMs() >= deadline) return false;
    if (ready < 0 && errno != EINTR && errno != EAGAIN) return true;  // the next call tells why
  }
}

void SetOption(int fd, int level, int option, int value) {
  // Tuning only: a system that refuses one of these still moves bytes.
  (void)::setsockopt(fd, level, option, &value, sizeof(value));
}

template <typename GetName>
SocketAddress AddressOf(int fd, GetName get_name) {
  sockaddr_storage storage = {};
  socklen_t length = sizeof(storage);
  if (get_name(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return {reinterpret_cast<const sockaddr*>(&storage), length};
}

// One attempt to connect; returns the descriptor.
absl::StatusOr<int> ConnectTo(const SocketAddress& address, const std::string& peer,
                              int64_t timeout_ms) {
  const auto failure = [&](int error) {
    return absl::UnavailableError(
        fmt::format("Cannot connect to {}: {}", peer, std::generic_category().message(error)));
  };
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return failure(errno);
  int error = 0;
  if (::connect(fd, address.get(), address.length()) != 0) error = errno;
  if (error == EINPROGRESS || error == EINTR) {
    if (!PollUntil(fd, POLLOUT, timeout_ms)) {
      ::close(fd);
      return absl::DeadlineExceededError(
          fmt::format("Cannot connect to {}: no answer in {} ms", peer, timeout_ms));
    }
    socklen_t length = sizeof(error);
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  }
  if (error != 0) {
    ::close(fd);
    return failure(error);
  }
  return fd;
}

}  // namespace

TcpSocket::TcpSocket(int fd, std::string peer) : fd_(fd), peer_(std::move(peer)) {
  const int flags = ::fcntl(fd_, F_GETFL);
  (void)::fcntl(fd_, F_SETFL, flags | O_NONBLOCK);
  int family = 0;
  socklen_t length = sizeof(family);
  (void)::getsockopt(fd_, SOL_SOCKET, SO_DOMAIN, &family, &length);
  local_ = family == AF_UNIX;
  if (local_) return;
  SetOption(fd_, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd_, SOL_SOCKET, SO_KEEPALIVE, 1);
}

TcpSocket::~TcpSocket() {
  if (fd_ >= 0) ::close(fd_);
}

absl::StatusOr<std::unique_ptr<TcpSocket>> TcpSocket::Connect(const HostPort& peer,
                                                              int64_t timeout_ms) {
  ASSIGN_OR_RETURN(const std::vector<SocketAddress> addresses, Resolve(peer));
  const int64_t deadline = NowMs() + timeout_ms;
  absl::Status last =
      absl::UnavailableError(fmt::format("Cannot connect to {}: no address", peer.ToString()));
  for (const SocketAddress& address : addresses) {
    int64_t left = 0;
    if (timeout_ms != 0) {
      left = deadline - NowMs();
      if (left <= 0) break;
    }
    const std::string name = address.ToString();
    const std::string shown =
        name == peer.ToString() ? name : fmt::format("{} ({})", peer.ToString(), name);
    auto fd = ConnectTo(address, shown, left);
    if (fd.ok()) return Adopt(*fd, name);
    last = fd.status();
  }
  return last;
}

std::unique_ptr<TcpSocket> TcpSocket::Adopt(int fd, std::string peer) {
  return std::unique_ptr<TcpSocket>(new TcpSocket(fd, std::move(peer)));
}

absl::Status TcpSocket::Failure(std::string_view doing, int error) const {
  return absl::UnavailableError(
      fmt::format("{} {}: {}", doing, peer_, std::generic_category().message(error)));
}

absl::Status TcpSocket::Wait(short events, int64_t timeout_ms, std::string_view doing) const {
  if (PollUntil(fd_, events, timeout_ms)) return absl::OkStatus();
  return absl::DeadlineExceededError(
      fmt::format("{} {}: no progress in {} ms", doing, peer_, timeout_ms));
}

absl::StatusOr<bool> TcpSocket::WaitReadable(int64_t timeout_ms) {
  if (timeout_ms > 0) return PollUntil(fd_, POLLIN, timeout_ms);
  pollfd entry = {.fd = fd_, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&entry, 1, 0);
  if (ready < 0 && errno != EINTR) return Failure("Waiting for", errno);
  return ready > 0;
}

absl::StatusOr<size_t> TcpSocket::ReadSome(char* out, size_t n) {
  while (true) {
    const ssize_t got = ::recv(fd_, out, n, 0);
    if (got > 0) return static_cast<size_t>(got);
    if (got == 0) {
      return absl::OutOfRangeError(fmt::format("Reading from {}: closed by the peer", peer_));
    }
    if (errno == EAGAIN) {
      RETURN_IF_ERROR(Wait(POLLIN, read_timeout_ms_, "Reading from"));
    } else if (errno != EINTR) {
      return Failure("Reading from", errno);
    }
  }
}

absl::Status TcpSocket::ReadFull(char* out, size_t n) {
  size_t done = 0;
  while (done < n) {
    const auto got = ReadSome(out + done, n - done);
    if (!got.ok()) {
      if (done > 0 && absl::IsOutOfRange(got.status())) {
        return absl::UnavailableError(fmt::format(
            "Reading from {}: closed by the peer after {} of {} bytes", peer_, done, n));
      }
      return got.status();
    }
    done += *got;
  }
  return absl::OkStatus();
}

absl::Status TcpSocket::WriteFull(std::string_view data) {
  const iovec part = {.iov_base = const_cast<char*>(data.data()), .iov_len = data.size()};
  return WriteV({&part, 1});
}

absl::Status TcpSocket::WriteV(std::span<const iovec> parts) {
  size_t first = 0;    // the first part not fully written
  size_t skipped = 0;  // bytes of it that are written
  while (first < parts.size()) {
    if (skipped == parts[first].iov_len) {
      ++first;
      skipped = 0;
      continue;
    }
    std::array<iovec, 64> window;
    size_t count = 0;
    for (size_t i = first; i < parts.size() && count < window.size(); ++i) {
      window[count++] = parts[i];
    }
    window[0].iov_base = static_cast<char*>(window[0].iov_base) + skipped;
    window[0].iov_len -= skipped;
    msghdr message = {};
    message.msg_iov = window.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN) {
        RETURN_IF_ERROR(Wait(POLLOUT, write_timeout_ms_, "Writing to"));
      } else if (errno != EINTR) {
        return Failure("Writing to", errno);
      }
      continue;
    }
    size_t left = skipped + static_cast<size_t>(sent);
    while (first < parts.size() && left >= parts[first].iov_len) left -= parts[first++].iov_len;
    skipped = left;
  }
  return absl::OkStatus();
}

absl::Status TcpSocket::SendFile(int file_fd, int64_t offset, int64_t n) {
  off_t position = offset;
  while (n > 0) {
    const ssize_t sent =
        ::sendfile(fd_, file_fd, &position, static_cast<size_t>(std::min(n, kMaxSendFileBytes)));
    if (sent > 0) {
      n -= sent;
    } else if (sent == 0) {
      return absl::DataLossError(fmt::format(
          "Sending a file to {}: it ends at byte {}, {} bytes short", peer_, position, n));
    } else if (errno == EAGAIN) {
      RETURN_IF_ERROR(Wait(POLLOUT, write_timeout_ms_, "Writing to"));
    } else if (errno == EIO) {
      return absl::DataLossError(
          fmt::format("Sending a file to {}: cannot read it at byte {}", peer_, position));
    } else if (errno != EINTR) {
      return Failure("Writing to", errno);
    }
  }
  return absl::OkStatus();
}

void TcpSocket::Shutdown() { (void)::shutdown(fd_, SHUT_RDWR); }

void TcpSocket::ShutdownWrite() { (void)::shutdown(fd_, SHUT_WR); }

absl::Status TcpSocket::SetBufferSizes(int receive_bytes, int send_bytes) {
  const auto set = [&](int option, int bytes) {
    return bytes == 0 || ::setsockopt(fd_, SOL_SOCKET, option, &bytes, sizeof(bytes)) == 0;
  };
  if (!set(SO_RCVBUF, receive_bytes) || !set(SO_SNDBUF, send_bytes)) {
    return Failure("Setting buffer sizes of", errno);
  }
  return absl::OkStatus();
}

int TcpSocket::Release() { return std::exchange(fd_, -1); }

SocketAddress TcpSocket::local_address() const { return AddressOf(fd_, ::getsockname); }

SocketAddress TcpSocket::remote_address() const { return AddressOf(fd_, ::getpeername); }

}  // namespace cairn
