// The listening socket is made by common/net; Asio has a copy of its descriptor.
#include "ipc/acceptor.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <chrono>
#include <utility>

#include "common/status_macros.h"

namespace cairn::ipc {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// Pause after the system ran out of descriptors.
constexpr std::chrono::milliseconds kPause{100};

}  // namespace

Acceptor::Acceptor(EventLoop& loop, std::string name, ChooseContext choose, OnAccepted on_accepted)
    : loop_(loop),
      name_(std::move(name)),
      choose_(std::move(choose)),
      on_accepted_(std::move(on_accepted)),
      acceptor_(loop.io()),
      pause_(loop.io()) {}

absl::Status Acceptor::Listen(const HostPort& address) {
  ASSIGN_OR_RETURN(listener_, TcpListener::Listen(address));
  port_ = listener_->port();
  int family = AF_INET;
  socklen_t length = sizeof(family);
  (void)::getsockopt(listener_->fd(), SOL_SOCKET, SO_DOMAIN, &family, &length);
  error_code error;
  acceptor_.assign(family == AF_INET6 ? tcp::v6() : tcp::v4(),
                   ::fcntl(listener_->fd(), F_DUPFD_CLOEXEC, 0), error);
  if (error) return absl::ResourceExhaustedError(error.message());
  loop_.Post([this] { Accept(); });
  return absl::OkStatus();
}

void Acceptor::Stop() {
  loop_.Post([this] {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  });
  listener_.reset();
}

void Acceptor::Accept() {
  acceptor_.async_accept(choose_(), [this](error_code error, tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (error) return Pause(error);
    (void)::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    on_accepted_(std::move(socket));
    Accept();
  });
}

void Acceptor::Pause(const error_code& error) {
  spdlog::warn("{} port {}: {}", name_, port_, error.message());
  pause_.expires_after(kPause);
  pause_.async_wait([this](const error_code& cancelled) {
    if (!cancelled && acceptor_.is_open()) Accept();
  });
}

}  // namespace cairn::ipc
