// The cache of idle DataNode connections. Sockets are closed outside the lock.
#include "client/base/connection_cache.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cairn::client {

ConnectionCache::ConnectionCache(const ClientOptions& options, const Clock& clock)
    : capacity_(std::max(0, options.socket_cache_capacity)),
      expiry_ms_(options.socket_cache_expiry_ms),
      clock_(clock) {}

void ConnectionCache::DropExpired(std::list<Idle>& dropped) {
  const int64_t oldest_ms = clock_.MonotonicMs() - expiry_ms_;
  while (!idle_.empty() && (idle_.front().since_ms <= oldest_ms || idle_.size() > capacity_)) {
    dropped.splice(dropped.end(), idle_, idle_.begin());
  }
}

std::unique_ptr<DatanodeConnection> ConnectionCache::Take(const DatanodeId& node) {
  std::list<Idle> dropped;
  while (true) {
    std::unique_ptr<DatanodeConnection> found;
    {
      MutexLock lock(mu_);
      DropExpired(dropped);
      const auto it = std::find_if(idle_.rbegin(), idle_.rend(), [&](const Idle& idle) {
        const DatanodeId& id = idle.connection->node();
        return id.uuid == node.uuid && id.XferAddress() == node.XferAddress();
      });
      if (it == idle_.rend()) return nullptr;
      found = std::move(it->connection);
      idle_.erase(std::next(it).base());
    }
    if (found->IsIdleAndOpen()) return found;
  }
}

void ConnectionCache::Put(std::unique_ptr<DatanodeConnection> connection) {
  if (capacity_ == 0) return;
  std::list<Idle> dropped;
  MutexLock lock(mu_);
  idle_.push_back({std::move(connection), clock_.MonotonicMs()});
  DropExpired(dropped);
}

size_t ConnectionCache::size() const {
  MutexLock lock(mu_);
  return idle_.size();
}

}  // namespace cairn::client
