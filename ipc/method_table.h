// What a server serves: protocols, their methods, and who handles them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/threads.h"
#include "ipc/call.h"
#include "wire/hadoop_rpc/rpc_error.h"

namespace cairn::ipc {

// Called on an event loop: must not block and may answer at once or keep the call and answer later
// from any thread.
using Handler = std::function<void(std::unique_ptr<Call>)>;

// A call as it came in; its views end with the function that is given it.
struct CallView {
  const wire::RpcContext& caller;
  const std::string& peer_ip;
  std::string_view request;
  std::string& room;  // memory for a response, the same for many calls
};

// Called on an event loop before the handler, with the same rules: the response, which may lie in
// the call's `room`, or nothing when the call is the handler's after all. For calls that nearly
// always can be answered at once: they need no Call.
using QuickHandler = std::function<std::optional<std::string_view>(const CallView&)>;

// One row of a protocol's table.
struct Method {
  std::string name;
  Handler handler;
  QuickHandler quick = nullptr;
};

// A protocol by its wire name, e.g. "org.apache.hadoop.hdfs.protocol.ClientProtocol".
struct Protocol {
  std::string name;
  uint64_t version = 1;
  std::vector<Method> methods;
};

// A handler of `function(const Call&, const Request&, Response&) -> absl::Status`, which runs where
// the handler runs. Wrap it in OnExecutor when it blocks.
template <typename Request, typename Response, typename Function>
Handler Unary(Function function) {
  return [function](std::unique_ptr<Call> call) {
    const auto* request = call->Parse<Request>();
    if (request == nullptr) return;
    auto* response = google::protobuf::Arena::CreateMessage<Response>(&call->arena());
    const absl::Status status = function(*call, *request, *response);
    if (status.ok()) {
      call->Reply(*response);
    } else {
      call->Fail(status);
    }
  };
}

// Runs `handler` on a thread of `executor`, which must outlive the server.
Handler OnExecutor(Executor& executor, Handler handler);

// All protocols of a server, indexed. Const after its making: thread-safe.
class MethodTable {
 public:
  explicit MethodTable(std::vector<Protocol> protocols);

  // The method of a call, or the error a client gets. `connection_protocol` is only named in it.
  std::variant<const Method*, wire::RpcError> Find(std::string_view protocol, uint64_t version,
                                                   std::string_view method,
                                                   std::string_view connection_protocol) const;

 private:
  struct Entry {
    uint64_t version = 1;
    absl::flat_hash_map<std::string, Method> methods;
  };

  absl::flat_hash_map<std::string, Entry> protocols_;
};

}  // namespace cairn::ipc
