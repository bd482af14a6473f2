// Connections between two operations: all of them wait in one event loop, without a thread each.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <thread>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/clock.h"
#include "common/threads.h"
#include "datanode/transfer/frame_socket.h"

namespace cairn::datanode {

// Thread-safe. The header of an operation is collected here too, so that a peer that sends half of
// one costs no thread either.
class IdleConnections {
 public:
  // Called, on any thread, with a connection that has a whole operation header buffered (or bytes
  // that can never become one: the next Read tells). Must not block.
  using Ready = std::function<void(std::unique_ptr<FrameSocket>)>;

  // Keeps at most `max_connections`. `clock` must outlive this.
  IdleConnections(int32_t max_connections, const Clock& clock, Ready ready);
  ~IdleConnections();

  // kUnavailable when the system has no descriptors left.
  absl::Status Start();
  // Closes every connection and ends the loop; later Adds close theirs.
  void Stop() EXCLUDES(mu_);

  // Waits for the connection's next operation and closes it when none has come in `timeout_ms`.
  // False (and the connection closed) when there are too many.
  bool Add(std::unique_ptr<FrameSocket> connection, int64_t timeout_ms) EXCLUDES(mu_);
  size_t size() const EXCLUDES(mu_);

 private:
  struct Waiting {
    std::unique_ptr<FrameSocket> connection;
    int64_t deadline_ms = 0;
  };

  void Run();
  void OnReadable(int fd) EXCLUDES(mu_);
  void CloseExpired() EXCLUDES(mu_);
  std::unique_ptr<FrameSocket> Take(int fd) REQUIRES(mu_);

  const int32_t max_connections_;
  const Clock& clock_;
  const Ready ready_;
  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  std::thread thread_;

  mutable Mutex mu_;
  absl::flat_hash_map<int, Waiting> waiting_ GUARDED_BY(mu_);    // by descriptor
  std::set<std::pair<int64_t, int>> deadlines_ GUARDED_BY(mu_);  // deadline, descriptor
  bool stopped_ GUARDED_BY(mu_) = false;
};

}  // namespace cairn::datanode
