// What the NameNode serves over HTTP.
#pragma once

#include <memory>
#include <string>

#include <spdlog/logger.h>
#include "absl/status/statusor.h"
#include "common/users/group_resolver.h"
#include "namenode/frontend/call.h"
#include "namenode/frontend/caller_rights.h"
#include "namenode/fsck/fsck_service.h"
#include "namenode/http/http_server.h"

namespace cairn::namenode {

struct HttpFrontEnd;

// How to serve.
struct NameNodeHttpOptions {
  HttpServerOptions server;
  SuperuserRule superusers;
  std::shared_ptr<spdlog::logger> audit_logger;  // null: no audit log
};

// Thread-safe.
class NameNodeHttp {
 public:
  // Listens and serves. kUnavailable names the address that cannot be bound. What `core` refers to,
  // `groups` and `fsck` must outlive the server.
  static absl::StatusOr<std::unique_ptr<NameNodeHttp>> Start(const NameNodeHttpOptions& options,
                                                             FrontEndCore core,
                                                             GroupResolver& groups,
                                                             FsckService& fsck);
  // Stops; every check that was begun here must have ended.
  ~NameNodeHttp();

  int port() const { return server_->port(); }
  // Takes no more requests and gives up those under way. Later calls do nothing.
  void Stop() { server_->Stop(); }

 private:
  explicit NameNodeHttp(std::unique_ptr<HttpFrontEnd> front);

  const std::unique_ptr<HttpFrontEnd> front_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace cairn::namenode
