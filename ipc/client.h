// A Hadoop RPC client (version 9, simple authentication).
#pragma once

#include <google/protobuf/message.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/net/address.h"
#include "common/random.h"
#include "common/threads.h"

namespace cairn::ipc {

class ClientConnection;
class EventLoop;
struct ClientCall;

// Where a field has a key, it carries HDFS's default. Times in milliseconds.
struct ClientOptions {
  std::string user;                     // whom the calls are made as
  int64_t connect_timeout_ms = 20'000;  // ipc.client.connect.timeout
  int64_t max_idle_ms = 10'000;         // ipc.client.connection.maxidletime
  int64_t ping_interval_ms = 60'000;    // ipc.ping.interval
  size_t max_reply_bytes = 128 << 20;   // ipc.maximum.response.length
};

// A method of a server.
struct MethodId {
  std::string_view protocol;
  std::string_view method;
  uint64_t version = 1;
};

// Calls of many threads share one connection per address and protocol, which is made when it is
// needed, closed when it is idle, and made anew after it broke. One thread serves all connections.
// Thread-safe.
class Client {
 public:
  Client(ClientOptions options, Random& random);
  // Shuts down.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Makes one attempt and waits for the reply, `timeout_ms` at most, connecting included (not
  // resolving the host's name); returns the serialized response. What the server answers as an
  // exception is an error with an ErrorKind (wire/hadoop_rpc/exceptions.h). Otherwise the call may
  // or may not have been carried out: kDeadlineExceeded, kUnavailable (no connection, or it broke),
  // kCancelled after Shutdown. Messages name address and method.
  absl::StatusOr<std::string> Call(const HostPort& address, const MethodId& method,
                                   std::string_view request, int64_t timeout_ms) EXCLUDES(mu_);

  // The same with messages; kInternal when the reply is not a `Response`.
  template <typename Response>
  absl::StatusOr<Response> Call(const HostPort& address, const MethodId& method,
                                const google::protobuf::Message& request, int64_t timeout_ms) {
    const auto reply = Call(address, method, request.SerializeAsString(), timeout_ms);
    if (!reply.ok()) return reply.status();
    Response response;
    if (!response.ParseFromString(*reply)) {
      return absl::InternalError(fmt::format("{} answered {} with something else",
                                             address.ToString(), std::string(method.method)));
    }
    return response;
  }

  // Ends running calls; later ones fail at once. Not from within a call.
  void Shutdown() EXCLUDES(mu_);

 private:
  using Key = std::pair<std::string, std::string>;  // address, protocol

  // The connection to be used, made if needed.
  absl::StatusOr<std::shared_ptr<ClientConnection>> Connection(const HostPort& address,
                                                               std::string_view protocol)
      EXCLUDES(mu_);
  static void Wait(ClientCall& call, int64_t timeout_ms);

  const ClientOptions options_;
  const std::string client_id_;
  std::atomic<uint32_t> next_call_id_{0};

  Mutex mu_;
  bool shut_down_ GUARDED_BY(mu_) = false;
  absl::flat_hash_map<Key, std::shared_ptr<ClientConnection>> connections_ GUARDED_BY(mu_);
  const std::unique_ptr<EventLoop> loop_;
};

}  // namespace cairn::ipc
