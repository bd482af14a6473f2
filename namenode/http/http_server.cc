// The acceptor and the connections it made.
#include "namenode/http/http_server.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <set>
#include <utility>

#include "common/net/socket.h"
#include "common/status_macros.h"
#include "namenode/http/http_connection.h"

namespace cairn::namenode {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// Threads that make replies begin.
constexpr int kWorkers = 2;
// Pause after the system ran out of descriptors.
constexpr std::chrono::milliseconds kAcceptPause{100};

class HttpServerImpl final : public HttpServer {
 public:
  HttpServerImpl(const HttpServerOptions& options, Handler handler)
      : core_{.options = options,
              .handler = std::move(handler),
              .loop = ipc::EventLoop("http-loop"),
              .workers = Executor("http-worker", kWorkers)},
        acceptor_(core_.loop.io()),
        pause_(core_.loop.io()) {}
  ~HttpServerImpl() override { Stop(); }

  absl::Status Listen() {
    ASSIGN_OR_RETURN(listener_, TcpListener::Listen(core_.options.listen));
    port_ = listener_->port();
    int family = AF_INET;
    socklen_t length = sizeof(family);
    (void)::getsockopt(listener_->fd(), SOL_SOCKET, SO_DOMAIN, &family, &length);
    error_code error;
    acceptor_.assign(family == AF_INET6 ? tcp::v6() : tcp::v4(),
                     ::fcntl(listener_->fd(), F_DUPFD_CLOEXEC, 0), error);
    if (error) return absl::ResourceExhaustedError(error.message());
    core_.loop.Post([this] { Accept(); });
    return absl::OkStatus();
  }

  int port() const override { return port_; }

  void Stop() override {
    if (std::exchange(stopped_, true)) return;
    listener_.reset();
    core_.loop.Post([this] {
      error_code ignored;
      acceptor_.close(ignored);
      pause_.cancel();
      for (const auto& connection : std::exchange(connections_, {})) connection->Close();
    });
    core_.workers.Shutdown();
    core_.loop.Finish();
  }

 private:
  void Accept() {
    acceptor_.async_accept(core_.loop.io(), [this](error_code error, tcp::socket socket) {
      if (!acceptor_.is_open()) return;
      if (error) return PauseAccepting(error);
      OnAccepted(std::move(socket));
      Accept();
    });
  }

  void OnAccepted(tcp::socket socket) {
    if (connections_.size() >= static_cast<size_t>(core_.options.max_connections)) {
      spdlog::warn("port {}: more than {} HTTP connections", port_, core_.options.max_connections);
      return;
    }
    (void)::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    const auto connection = std::make_shared<HttpConnection>(
        core_, std::move(socket), [this](const auto& closed) { connections_.erase(closed); });
    connections_.insert(connection);
    connection->Start();
  }

  void PauseAccepting(const error_code& error) {
    spdlog::warn("HTTP port {}: {}", port_, error.message());
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](const error_code& cancelled) {
      if (!cancelled && acceptor_.is_open()) Accept();
    });
  }

  HttpServerCore core_;
  std::set<std::shared_ptr<HttpConnection>> connections_;  // open ones; of the loop's thread
  tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::unique_ptr<TcpListener> listener_;
  int port_ = 0;
  bool stopped_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options,
                                                              Handler handler) {
  auto server = std::make_unique<HttpServerImpl>(options, std::move(handler));
  RETURN_IF_ERROR(server->Listen());
  return server;
}

}  // namespace cairn::namenode
