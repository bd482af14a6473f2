// Paths to pages.
#include "namenode/http/namenode_http.h"

#include <utility>

#include "common/status_macros.h"
#include "namenode/http/fsck_page.h"

namespace cairn::namenode {
namespace {

void Say(HttpReply& reply, int status, const std::string& line) {
  reply.status = status;
  reply.body->Write(line + "\n");
  reply.body->Finish();
}

void Serve(HttpFrontEnd& front, const HttpRequest& request, HttpReply& reply) {
  const std::string& path = request.target.path;
  if (path == "/fsck") return ServeFsck(front, request, reply);
  if (path == "/") {
    return Say(reply, 200,
               fmt::format("The NameNode of cluster {}; /fsck checks its files.",
                           front.core.cluster.cluster_id));
  }
  Say(reply, 404, "There is nothing here.");
}

}  // namespace

NameNodeHttp::NameNodeHttp(std::unique_ptr<HttpFrontEnd> front) : front_(std::move(front)) {}

NameNodeHttp::~NameNodeHttp() = default;

absl::StatusOr<std::unique_ptr<NameNodeHttp>> NameNodeHttp::Start(
    const NameNodeHttpOptions& options, FrontEndCore core, GroupResolver& groups,
    FsckService& fsck) {
  std::unique_ptr<NameNodeHttp> http(new NameNodeHttp(std::unique_ptr<HttpFrontEnd>(
      new HttpFrontEnd{.core = std::move(core),
                       .rights = CallerRights(options.superusers, groups),
                       .audit = AuditLog(options.audit_logger),
                       .static_user = options.server.static_user,
                       .fsck = fsck})));
  ASSIGN_OR_RETURN(
      http->server_,
      HttpServer::Start(options.server,
                        [front = http->front_.get()](const HttpRequest& request, HttpReply& reply) {
                          Serve(*front, request, reply);
                        }));
  return http;
}

}  // namespace cairn::namenode
