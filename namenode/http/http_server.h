// The NameNode's web server: plain text over HTTP/1.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/net/address.h"
#include "namenode/http/reply_stream.h"
#include "namenode/http/url_query.h"

namespace cairn::namenode {

// How to serve. Times in milliseconds.
struct HttpServerOptions {
  HostPort listen{"0.0.0.0", 9870};     // dfs.namenode.http-address; port 0 takes a free one
  std::string static_user = "dr.who";   // hadoop.http.staticuser.user: who asks without a name
  int32_t max_connections = 256;        // more are closed at once
  size_t max_header_bytes = 65'536;     // of a request
  int64_t request_timeout_ms = 60'000;  // for a request to come in
  int64_t write_timeout_ms = 60'000;    // for a piece of a reply to be taken
};

// A GET, taken apart.
struct HttpRequest {
  UrlTarget target;
  std::string peer_ip;
};

// What a page answers: its status and, from any thread, its body.
struct HttpReply {
  int status = 200;
  std::shared_ptr<ReplyStream> body;
};

// Every connection serves one request and is closed. Thread-safe.
class HttpServer {
 public:
  // Makes the reply: chooses the status before it returns and fills `reply.body` then or later.
  // Called on a thread of the server that may wait a little.
  using Handler = std::function<void(const HttpRequest& request, HttpReply& reply)>;

  // Listens and serves. kUnavailable names the address that cannot be bound.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options,
                                                           Handler handler);
  // Stops.
  virtual ~HttpServer() = default;

  virtual int port() const = 0;
  // Closes every connection; bodies that are being made learn it. Later calls do nothing.
  virtual void Stop() = 0;
};

}  // namespace cairn::namenode
