// One call on its way through a front end.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/clock.h"
#include "namenode/admin/cluster_admin.h"
#include "namenode/blocks/block_manager.h"
#include "namenode/namespace/namespace.h"

namespace cairn::namenode {

// Which cluster this is, for DataNodes and administrators.
struct ClusterFacts {
  std::string cluster_id;     // CID-…
  std::string block_pool_id;  // BP-…
  int32_t namespace_id = 0;
  int64_t creation_ms = 0;          // cTime
  int64_t epoch = 0;                // of this start of the NameNode
  std::function<Txid()> last_txid;  // last transaction appended to the journal; thread-safe
  std::string software_version;
  int64_t started_wall_ms = 0;
};

// What handlers call. Everything must outlive the server.
struct FrontEndCore {
  Namespace& names;
  BlockManager& blocks;
  ClusterAdmin& admin;
  const Clock& clock;
  ClusterFacts cluster;
};

// What the audit log will say; filled by the handler before it calls the core. An empty `command`
// is not audited (HDFS does not audit block allocation, leases and the like).
struct AuditEvent {
  std::string command;
  std::string source;       // empty: "null"
  std::string destination;  // empty: "null"
  std::string permission;   // owner:group:rwxr-xr-x; empty: "null"
  bool refused = false;     // an answer that HDFS audits as allowed=false (delete of nothing)
};

// Lives from the first byte of a request to the last of its reply; owned by the front end.
struct Call {
  // `protocol_in` names the front end in the audit log: "grpc" or, as HDFS does, "rpc".
  Call(const FrontEndCore& core_in, const char* protocol_in)
      : core(core_in), protocol(protocol_in) {}

  const FrontEndCore& core;
  const char* protocol;
  Caller caller;          // of a DataNode only the address is set
  std::string real_user;  // empty unless someone acts as caller.user
  AuditEvent audit;
};

}  // namespace cairn::namenode
