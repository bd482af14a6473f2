// Requests of Hadoop RPC, as a client writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::wire {

// Whom a connection is for.
struct RpcContext {
  std::string effective_user;
  std::string real_user;  // empty unless the effective user is impersonated
  std::string protocol;   // only named in messages: each call says which it is for

  friend bool operator==(const RpcContext&, const RpcContext&) = default;
};

// One call; views of its maker's bytes or of the frame it came in.
struct RpcRequest {
  int32_t call_id = 0;       // >= 0
  int32_t retry_count = -1;  // 0 at the first attempt
  std::string_view client_id;
  std::string_view caller_context;  // for the audit log; may be empty
  std::string_view protocol;
  uint64_t version = 1;
  std::string_view method;
  std::string_view request;  // the serialized message
};

// Append a whole frame to `out`.
void AppendContext(const RpcContext& context, std::string_view client_id, std::string& out);
void AppendRequest(const RpcRequest& request, std::string& out);
void AppendPing(std::string_view client_id, std::string& out);

}  // namespace cairn::wire
