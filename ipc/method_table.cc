// Lookup of methods. Sources of the texts: Hadoop 3.4's ipc.ProtobufRpcEngine2.
#include "ipc/method_table.h"

#include <fmt/format.h>

#include <utility>

#include "common/types/errors.h"

namespace cairn::ipc {

namespace {

wire::RpcError Refusal(wire::RpcErrorCode code, std::string_view exception_class,
                       std::string message) {
  return {
      .code = code, .exception_class = std::string(exception_class), .message = std::move(message)};
}

}  // namespace

Handler OnExecutor(Executor& executor, Handler handler) {
  // Shared: a queued call may outlive the table.
  auto shared = std::make_shared<const Handler>(std::move(handler));
  return [&executor, shared](std::unique_ptr<Call> call) {
    // A call that is dropped because the executor ends answers by itself.
    executor.Add([shared, call = std::move(call)]() mutable { (*shared)(std::move(call)); });
  };
}

MethodTable::MethodTable(std::vector<Protocol> protocols) {
  for (Protocol& protocol : protocols) {
    Entry& entry = protocols_[protocol.name];
    entry.version = protocol.version;
    for (Method& method : protocol.methods) {
      std::string name = method.name;
      entry.methods.emplace(std::move(name), std::move(method));
    }
  }
}

std::variant<const Method*, wire::RpcError> MethodTable::Find(
    std::string_view protocol, uint64_t version, std::string_view method,
    std::string_view connection_protocol) const {
  const auto found = protocols_.find(absl::string_view(protocol.data(), protocol.size()));
  if (found == protocols_.end()) {
    return Refusal(wire::RpcErrorCode::kNoSuchProtocol, wire::kNoSuchProtocolException,
                   fmt::format("Unknown protocol: {}", protocol));
  }
  if (version != found->second.version) {
    return Refusal(wire::RpcErrorCode::kRpcVersionMismatch, wire::kVersionMismatchException,
                   fmt::format("Protocol {} version mismatch. (client = {}, server = {})", protocol,
                               version, found->second.version));
  }
  const auto row = found->second.methods.find(absl::string_view(method.data(), method.size()));
  if (row == found->second.methods.end()) {
    return Refusal(
        wire::RpcErrorCode::kNoSuchMethod, wire::kNoSuchMethodException,
        fmt::format("Unknown method {} called on {} protocol.", method, connection_protocol));
  }
  return &row->second;
}

}  // namespace cairn::ipc
