// TcpListener.
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "common/net/socket.h"
#include "common/status_macros.h"

namespace cairn {
namespace {

// A bound and listening descriptor for one numeric address.
absl::StatusOr<int> ListenOn(const SocketAddress& address, bool every_interface, int backlog) {
  const auto failure = [&](std::string_view call) {
    return absl::UnavailableError(fmt::format("Cannot listen on {}: {}: {}", address.ToString(),
                                              call, std::generic_category().message(errno)));
  };
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return failure("socket");
  const int on = 1;
  (void)::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (address.family() == AF_INET6) {
    const int v6_only = every_interface ? 0 : 1;
    (void)::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only));
  }
  std::string_view failed;
  if (::bind(fd, address.get(), address.length()) != 0) {
    failed = "bind";
  } else if (::listen(fd, backlog) != 0) {
    failed = "listen";
  }
  if (!failed.empty()) {
    absl::Status status = failure(failed);
    ::close(fd);
    return status;
  }
  return fd;
}

bool IsOutOfResources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TcpListener>> TcpListener::Listen(const HostPort& address,
                                                                 int backlog) {
  HostPort host_port = address;
  if (host_port.host.empty()) host_port.host = "0.0.0.0";
  ASSIGN_OR_RETURN(const std::vector<SocketAddress> addresses, Resolve(host_port));
  ASSIGN_OR_RETURN(const int fd, ListenOn(addresses.front(), host_port.host == "::", backlog));
  const int wake_fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wake_fd < 0) {
    ::close(fd);
    return absl::ResourceExhaustedError("eventfd: out of descriptors");
  }
  sockaddr_storage bound = {};
  socklen_t length = sizeof(bound);
  (void)::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length);
  const int port = SocketAddress(reinterpret_cast<sockaddr*>(&bound), length).port();
  return std::unique_ptr<TcpListener>(new TcpListener(fd, wake_fd, port));
}

TcpListener::~TcpListener() {
  ::close(fd_);
  ::close(wake_fd_);
}

absl::StatusOr<std::unique_ptr<TcpSocket>> TcpListener::Accept() {
  while (true) {
    pollfd entries[] = {{.fd = fd_, .events = POLLIN, .revents = 0},
                        {.fd = wake_fd_, .events = POLLIN, .revents = 0}};
    if (::poll(entries, 2, -1) < 0 && errno != EINTR && errno != EAGAIN) {
      return absl::InternalError(fmt::format("poll: {}", std::generic_category().message(errno)));
    }
    if ((entries[1].revents & POLLIN) != 0) {
      return absl::CancelledError(fmt::format("The listener on port {} was shut down", port_));
    }
    if ((entries[0].revents & POLLIN) == 0) continue;
    sockaddr_storage peer = {};
    socklen_t length = sizeof(peer);
    const int fd =
        ::accept4(fd_, reinterpret_cast<sockaddr*>(&peer), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      const SocketAddress address(reinterpret_cast<const sockaddr*>(&peer), length);
      return TcpSocket::Adopt(fd, address.ToString());
    }
    if (IsOutOfResources(errno)) {
      return absl::ResourceExhaustedError(
          fmt::format("Accepting on port {}: {}", port_, std::generic_category().message(errno)));
    }
    // Anything else concerns the one connection that has gone meanwhile.
  }
}

void TcpListener::Shutdown() {
  const uint64_t one = 1;
  (void)!::write(wake_fd_, &one, sizeof(one));
}

}  // namespace cairn
