// The acceptor and the connections it made.
#include "namenode/http/http_server.h"

#include <spdlog/spdlog.h>

#include <boost/asio/ip/tcp.hpp>
#include <set>
#include <utility>

#include "common/status_macros.h"
#include "ipc/acceptor.h"
#include "namenode/http/http_connection.h"

namespace cairn::namenode {
namespace {

using boost::asio::ip::tcp;

// Threads that make replies begin.
constexpr int kWorkers = 2;

class HttpServerImpl final : public HttpServer {
 public:
  HttpServerImpl(const HttpServerOptions& options, Handler handler)
      : core_{.options = options,
              .handler = std::move(handler),
              .loop = ipc::EventLoop("http-loop"),
              .workers = Executor("http-worker", kWorkers)},
        acceptor_(
            core_.loop, "HTTP", [this]() -> auto& { return core_.loop.io(); },
            [this](tcp::socket socket) { OnAccepted(std::move(socket)); }) {}
  ~HttpServerImpl() override { Stop(); }

  absl::Status Listen() { return acceptor_.Listen(core_.options.listen); }
  int port() const override { return acceptor_.port(); }

  void Stop() override {
    if (std::exchange(stopped_, true)) return;
    acceptor_.Stop();
    core_.loop.Post([this] {
      for (const auto& connection : std::exchange(connections_, {})) connection->Close();
    });
    core_.workers.Shutdown();
    core_.loop.Finish();
  }

 private:
  void OnAccepted(tcp::socket socket) {
    if (connections_.size() >= static_cast<size_t>(core_.options.max_connections)) {
      spdlog::warn("port {}: more than {} HTTP connections", port(), core_.options.max_connections);
      return;
    }
    const auto connection = std::make_shared<HttpConnection>(
        core_, std::move(socket), [this](const auto& closed) { connections_.erase(closed); });
    connections_.insert(connection);
    connection->Start();
  }

  HttpServerCore core_;
  std::set<std::shared_ptr<HttpConnection>> connections_;  // open ones; of the loop's thread
  ipc::Acceptor acceptor_;
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
