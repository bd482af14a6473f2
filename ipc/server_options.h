// Limits of a Hadoop RPC server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/net/address.h"
#include "wire/hadoop_rpc/request.h"
#include "wire/hadoop_rpc/rpc_error.h"

namespace cairn::ipc {

// Says why a client may not act as it wants to; empty: it may. Called on an event loop when a
// connection says who it is for, before its first call: must not block.
using Authorize = std::function<std::optional<wire::RpcError>(const wire::RpcContext& context,
                                                              const std::string& peer_ip)>;

// The rule of a server without proxy users: nobody acts as another.
std::optional<wire::RpcError> RefuseImpersonation(const wire::RpcContext& context,
                                                  const std::string& peer_ip);

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
};

}  // namespace cairn::ipc
