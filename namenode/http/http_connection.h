// One connection of the web server.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/threads.h"
#include "ipc/event_loop.h"
#include "namenode/http/http_server.h"

namespace cairn::namenode {

// What the connections of a server share.
struct HttpServerCore {
  HttpServerOptions options;
  HttpServer::Handler handler;
  ipc::EventLoop loop;
  Executor workers;
};

// Reads a request, sends the reply, closes. Runs on the loop's thread.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  using OnClosed = std::function<void(const std::shared_ptr<HttpConnection>&)>;
  // `core` must outlive the connection; `on_closed` is called once, by Close. Until then somebody
  // must hold it: it may wait for its body.
  HttpConnection(HttpServerCore& core, boost::asio::ip::tcp::socket socket, OnClosed on_closed);
  ~HttpConnection();

  void Start();
  // Ends it at once.
  void Close();

 private:
  using Error = boost::system::error_code;

  void OnRequest(const Error& error);
  void Handle(HttpRequest request);
  // Sends a reply that is its status line only, with a sentence as body.
  void Refuse(int status, const std::string& text);
  void SendHead(int status);
  void SendBody();
  void Send(std::string piece);
  // Waits for the client to close, so that it reads the reply before the connection is reset.
  void Linger();

  HttpServerCore& core_;
  boost::beast::tcp_stream stream_;
  const OnClosed on_closed_;
  boost::beast::flat_buffer input_;
  boost::beast::http::request_parser<boost::beast::http::empty_body> parser_;
  std::string peer_ip_;

  std::shared_ptr<ReplyStream> body_;
  boost::beast::http::response<boost::beast::http::empty_body> head_;
  std::optional<boost::beast::http::response_serializer<boost::beast::http::empty_body>>
      serializer_;
  bool chunked_ = true;  // HTTP/1.1
  bool head_sent_ = false;
  bool sending_ = false;
  std::string piece_;  // being sent
  bool closed_ = false;
};

}  // namespace cairn::namenode
