// The segments and slots through which this DataNode tells local clients that replicas change
// (Hadoop 3.4: ShortCircuitRegistry).
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "common/net/unix_socket.h"
#include "common/random.h"
#include "common/threads.h"
#include "datanode/shortcircuit/shm_segment.h"

namespace cairn::datanode {

// Thread-safe. A segment lives as long as the connection it was made on: its end, which a thread of
// the registry waits for, frees all slots.
class ShortCircuitRegistry {
 public:
  // How many segments there may be; each costs a descriptor more than its connection.
  static constexpr size_t kMaxSegments = 4096;

  ShortCircuitRegistry();
  // Stops.
  ~ShortCircuitRegistry();

  // Begins to watch connections. kUnavailable when the system has no descriptors left.
  absl::Status Start();
  // Ends every connection and with it every segment; later calls find none.
  void Stop() EXCLUDES(mu_);

  // A new segment for `client`; `fd` is to be passed to it and is good until Watch.
  struct NewSegment {
    wire::ShmId id;
    int fd = -1;
  };
  absl::StatusOr<NewSegment> Make(const std::string& client) EXCLUDES(mu_);
  // The client has the segment: it lives until `connection` ends, on which nothing more is
  // expected.
  void Watch(const wire::ShmId& id, std::unique_ptr<TcpSocket> connection) EXCLUDES(mu_);
  // The segment could not be given to its client.
  void Drop(const wire::ShmId& id) EXCLUDES(mu_);

  // Ties a slot to the block whose files the client asks for; kInvalidArgument as ShmSegment, and
  // for an unknown segment.
  absl::Status Register(const wire::ShmSlot& slot, BlockId block) EXCLUDES(mu_);
  absl::Status Unregister(const wire::ShmSlot& slot) EXCLUDES(mu_);
  // Clients must no longer rely on their files of the block. Cheap where nobody has any.
  void Invalidate(BlockId block) EXCLUDES(mu_);

  size_t segments() const EXCLUDES(mu_);
  size_t slots() const EXCLUDES(mu_);

 private:
  struct Entry {
    std::unique_ptr<ShmSegment> segment;
    std::unique_ptr<TcpSocket> connection;  // null until Watch
  };

  void Run();
  void Remove(const wire::ShmId& id) REQUIRES(mu_);

  OwnedFd epoll_;
  OwnedFd wake_;
  std::thread thread_;

  mutable Mutex mu_;
  Random random_ GUARDED_BY(mu_);
  bool stopped_ GUARDED_BY(mu_) = false;
  std::map<wire::ShmId, Entry> segments_ GUARDED_BY(mu_);
  absl::flat_hash_map<int, wire::ShmId> by_connection_ GUARDED_BY(mu_);
  std::set<std::tuple<BlockId, wire::ShmId, int32_t>> slots_ GUARDED_BY(mu_);
};

}  // namespace cairn::datanode
