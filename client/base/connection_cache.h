// Idle connections to DataNodes, kept for the next read.
#pragma once

#include <cstdint>
#include <list>
#include <memory>

#include "client/base/datanode_connection.h"
#include "client/client_options.h"
#include "common/clock.h"
#include "common/threads.h"

namespace cairn::client {

// Thread-safe. Holds at most options.socket_cache_capacity connections, none longer than
// options.socket_cache_expiry_ms, which must be less than a DataNode's keep-alive (4 s).
class ConnectionCache {
 public:
  // `clock` must outlive this.
  ConnectionCache(const ClientOptions& options, const Clock& clock);

  // The most recently used idle connection to the node, or null.
  std::unique_ptr<DatanodeConnection> Take(const DatanodeId& node);
  // Keeps a connection whose last operation was completed; drops the oldest when full.
  void Put(std::unique_ptr<DatanodeConnection> connection);
  size_t size() const;

 private:
  struct Idle {
    std::unique_ptr<DatanodeConnection> connection;
    int64_t since_ms = 0;
  };
  void DropExpired(std::list<Idle>& dropped) REQUIRES(mu_);

  const size_t capacity_;
  const int64_t expiry_ms_;
  const Clock& clock_;
  mutable Mutex mu_;
  std::list<Idle> idle_ GUARDED_BY(mu_);  // oldest first
};

}  // namespace cairn::client
