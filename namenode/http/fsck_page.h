// /fsck: what HDFS's fsck client asks.
#pragma once

#include "common/users/group_resolver.h"
#include "namenode/frontend/audit_log.h"
#include "namenode/frontend/call.h"
#include "namenode/frontend/caller_rights.h"
#include "namenode/fsck/fsck_service.h"
#include "namenode/http/http_server.h"

namespace cairn::namenode {

// What the pages work with; members are thread-safe.
struct HttpFrontEnd {
  const FrontEndCore core;
  const CallerRights rights;
  const AuditLog audit;
  const std::string static_user;  // who asks without a name
  FsckService& fsck;
};

// Begins the check that the parameters describe (Hadoop 3.4: FsckServlet, NamenodeFsck). `front`
// must outlive the reply. 503 when too many checks wait.
void ServeFsck(HttpFrontEnd& front, const HttpRequest& request, HttpReply& reply);

}  // namespace cairn::namenode
