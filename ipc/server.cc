// Acceptor and loops.
#include "ipc/server.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

#include "common/net/socket.h"
#include "common/status_macros.h"
#include "ipc/server_loop.h"

namespace cairn::ipc {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// Pause after the system ran out of descriptors.
constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace

// The acceptor runs on the first loop.
class Server::Impl {
 public:
  Impl(const ServerOptions& options, std::vector<Protocol> protocols, const Clock& clock)
      : core_{.options = options, .methods = MethodTable(std::move(protocols)), .clock = clock} {
    for (int i = 0; i < options.event_loops; ++i) {
      loops_.push_back(std::make_unique<ServerLoop>(core_, fmt::format("ipc-loop-{}", i)));
    }
    acceptor_.emplace(loops_[0]->events().io());
    pause_.emplace(loops_[0]->events().io());
  }
  ~Impl() { Stop(); }

  absl::Status Listen() {
    ASSIGN_OR_RETURN(listener_, TcpListener::Listen(core_.options.listen));
    port_ = listener_->port();
    int family = AF_INET;
    socklen_t length = sizeof(family);
    (void)::getsockopt(listener_->fd(), SOL_SOCKET, SO_DOMAIN, &family, &length);
    error_code error;
    acceptor_->assign(family == AF_INET6 ? tcp::v6() : tcp::v4(),
                      ::fcntl(listener_->fd(), F_DUPFD_CLOEXEC, 0), error);
    if (error) return absl::ResourceExhaustedError(error.message());
    loops_[0]->events().Post([this] { Accept(); });
    return absl::OkStatus();
  }

  void Stop() {
    if (stopped_) return;
    stopped_ = true;
    loops_[0]->events().Post([this] {
      error_code ignored;
      acceptor_->close(ignored);
      pause_->cancel();
    });
    listener_.reset();
    for (const auto& loop : loops_) loop->Stop();
  }

  int port() const { return port_; }
  int32_t connections() const { return core_.connections.load(); }

 private:
  void Accept() {
    ServerLoop& loop = *loops_[next_loop_++ % loops_.size()];
    acceptor_->async_accept(loop.events().io(),
                            [this, &loop](error_code error, tcp::socket socket) {
                              if (!acceptor_->is_open()) return;
                              if (error) return PauseAccepting(error);
                              OnAccepted(loop, std::move(socket));
                              Accept();
                            });
  }

  void OnAccepted(ServerLoop& loop, tcp::socket socket) {
    const int32_t limit = core_.options.max_connections;
    if (limit > 0 && core_.connections.load() >= limit) {
      spdlog::warn("port {}: more than {} RPC connections (ipc.server.max.connections)", port_,
                   limit);
      return;
    }
    (void)::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    loop.events().Post(
        [&loop, socket = std::move(socket)]() mutable { loop.Adopt(std::move(socket)); });
  }

  void PauseAccepting(const error_code& error) {
    spdlog::warn("RPC port {}: {}", port_, error.message());
    pause_->expires_after(kAcceptPause);
    pause_->async_wait([this](const error_code& cancelled) {
      if (!cancelled && acceptor_->is_open()) Accept();
    });
  }

  ServerCore core_;
  std::vector<std::unique_ptr<ServerLoop>> loops_;
  std::optional<tcp::acceptor> acceptor_;
  std::optional<boost::asio::steady_timer> pause_;
  std::unique_ptr<TcpListener> listener_;
  int port_ = 0;
  size_t next_loop_ = 0;
  bool stopped_ = false;
};

wire::RpcError ImpersonationError(std::string message) {
  return {.code = wire::RpcErrorCode::kFatalUnauthorized,
          .exception_class = std::string(wire::kAuthorizationException),
          .message = std::move(message)};
}

void RefuseImpersonation(const wire::RpcContext& context, const std::string& /*peer_ip*/,
                         const Authorized& done) {
  if (context.real_user.empty()) return done(std::nullopt);
  done(ImpersonationError(fmt::format("User: {} is not allowed to impersonate {}",
                                      context.real_user, context.effective_user)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      std::vector<Protocol> protocols,
                                                      const Clock& clock) {
  auto impl = std::make_unique<Impl>(options, std::move(protocols), clock);
  RETURN_IF_ERROR(impl->Listen());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

void Server::Stop() { impl_->Stop(); }
int Server::port() const { return impl_->port(); }
int32_t Server::connections() const { return impl_->connections(); }

}  // namespace cairn::ipc
