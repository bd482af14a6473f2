// Acceptor and loops.
#include "ipc/server.h"

#include <spdlog/spdlog.h>

#include <boost/asio/ip/tcp.hpp>
#include <utility>

#include "common/status_macros.h"
#include "ipc/acceptor.h"
#include "ipc/server_loop.h"

namespace cairn::ipc {
namespace {

using boost::asio::ip::tcp;

}  // namespace

// The acceptor runs on the first loop.
class Server::Impl {
 public:
  Impl(const ServerOptions& options, std::vector<Protocol> protocols, const Clock& clock)
      : core_{.options = options, .methods = MethodTable(std::move(protocols)), .clock = clock} {
    for (int i = 0; i < options.event_loops; ++i) {
      loops_.push_back(std::make_unique<ServerLoop>(core_, fmt::format("ipc-loop-{}", i)));
    }
    acceptor_.emplace(
        loops_[0]->events(), "RPC", [this]() -> auto& { return NextLoop().events().io(); },
        [this](tcp::socket socket) { OnAccepted(std::move(socket)); });
  }
  ~Impl() { Stop(); }

  absl::Status Listen() { return acceptor_->Listen(core_.options.listen); }

  void Stop() {
    if (std::exchange(stopped_, true)) return;
    acceptor_->Stop();
    for (const auto& loop : loops_) loop->Stop();
  }

  int port() const { return acceptor_->port(); }
  int32_t connections() const { return core_.connections.load(); }

 private:
  // Of the next connection, one after the other.
  ServerLoop& NextLoop() {
    next_loop_ = (next_loop_ + 1) % loops_.size();
    return *loops_[next_loop_];
  }

  void OnAccepted(tcp::socket socket) {
    const int32_t limit = core_.options.max_connections;
    if (limit > 0 && core_.connections.load() >= limit) {
      spdlog::warn("port {}: more than {} RPC connections (ipc.server.max.connections)", port(),
                   limit);
      return;
    }
    ServerLoop& loop = *loops_[next_loop_];
    loop.events().Post(
        [&loop, socket = std::move(socket)]() mutable { loop.Adopt(std::move(socket)); });
  }

  ServerCore core_;
  std::vector<std::unique_ptr<ServerLoop>> loops_;
  std::optional<Acceptor> acceptor_;
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
