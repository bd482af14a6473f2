// Limits of a Hadoop RPC server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/net/address.h"
#include "common/task_queue.h"
#include "wire/hadoop_rpc/request.h"
#include "wire/hadoop_rpc/rpc_error.h"

namespace cairn::ipc {

// Why a client may not act as it wants to; empty: it may. To be called once, on any thread, also
// after the end of the server.
using Authorized = std::function<void(std::optional<wire::RpcError> refusal)>;
// Asked on an event loop when a connection says who it is for: must not block. The connection's
// calls wait for the answer.
using Authorize = std::function<void(const wire::RpcContext& context, const std::string& peer_ip,
                                     Authorized done)>;

// Who is told, on an event loop, of calls that are begun together because they arrived together:
// before the first one's handler and after the last one's. Every Begin has an End.
class CallGroups {
 public:
  virtual ~CallGroups() = default;
  virtual void Begin() = 0;
  // `loop` takes what is best done where the calls are answered.
  virtual void End(const std::shared_ptr<TaskQueue>& loop) = 0;
};

// The rule of a server without proxy users: nobody acts as another.
void RefuseImpersonation(const wire::RpcContext& context, const std::string& peer_ip,
                         const Authorized& done);
// How a server says that somebody may not act as another.
wire::RpcError ImpersonationError(std::string message);

// Where a field has a key, it carries HDFS's default. Times in milliseconds.
struct ServerOptions {
  HostPort listen{"0.0.0.0", 0};         // port 0 takes a free one
  int32_t event_loops = 1;               // threads that read, dispatch and write
  size_t max_request_bytes = 128 << 20;  // ipc.maximum.data.length
  int32_t max_connections = 0;           // ipc.server.max.connections; 0: no limit
  int32_t idle_threshold = 4'000;        // ipc.client.idlethreshold: below, idle ones stay
  int64_t max_idle_ms = 20'000;          // twice ipc.client.connection.maxidletime
  int64_t setup_timeout_ms = 60'000;     // silence before the connection context
  int64_t write_stall_ms = 900'000;      // a peer that takes no reply for so long is gone
  int64_t sweep_interval_ms = 5'000;     // how often the times above are looked at
  Authorize authorize = RefuseImpersonation;
  int32_t max_calls = 1'024;           // running of one connection; more stay unread
  size_t max_running_bytes = 8 << 20;  // of their requests, plus one
  size_t max_unsent_bytes = 4 << 20;   // replies a peer does not take: then nothing is read
  CallGroups* groups = nullptr;        // null: nobody is told; must outlive the server
};

}  // namespace cairn::ipc
