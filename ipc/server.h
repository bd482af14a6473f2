// A Hadoop RPC server (version 9, simple authentication).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "ipc/method_table.h"
#include "ipc/server_options.h"

namespace cairn::ipc {

// Accepts connections and serves their calls on a few event loops until Stop. Thread-safe.
class Server {
 public:
  // Listens and begins to serve. `clock` must outlive the server. kUnavailable when the address
  // cannot be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       std::vector<Protocol> protocols,
                                                       const Clock& clock);
  // Stops.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Ends every connection. Handlers are not called any more; calls that still run may be answered
  // at any later time, also after the end of this object, without effect. Not on a loop's thread,
  // and not from two threads.
  void Stop();

  int port() const;
  // Open now.
  int32_t connections() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace cairn::ipc
