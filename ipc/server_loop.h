// The part of a server that one thread runs: its connections and the buffers they share.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "common/clock.h"
#include "ipc/event_loop.h"
#include "ipc/method_table.h"
#include "ipc/server_options.h"
#include "wire/hadoop_rpc/server_session.h"

namespace cairn::ipc {

class ServerConnection;

// What all loops of a server share. Outlives them.
struct ServerCore {
  const ServerOptions options;
  const MethodTable methods;
  const Clock& clock;
  std::atomic<int32_t> connections{0};
};

// Runs on its own thread unless said otherwise.
class ServerLoop {
 public:
  // `core` must outlive this. Any thread.
  ServerLoop(ServerCore& core, std::string thread_name);
  ~ServerLoop();

  // Any thread.
  EventLoop& events() { return events_; }
  // Takes over an accepted connection.
  void Adopt(boost::asio::ip::tcp::socket socket);
  // Closes every connection and ends the thread. Another thread.
  void Stop();

  // For connections.
  ServerCore& core() { return core_; }
  void Forget(const std::shared_ptr<ServerConnection>& connection);
  // Received bytes land here; only valid while one connection handles an event.
  static constexpr size_t kReadBytes = 256 << 10;
  char* read_buffer() { return read_buffer_.get(); }
  wire::RequestScratch& scratch() { return scratch_; }
  // For the response of a call that is answered at once.
  std::string& response_room();
  // An empty buffer with memory, taken while a connection has replies to send: an idle connection
  // has none.
  std::string TakeWriteBuffer();
  void GiveBack(std::string buffer);
  // Bracket the handlers of calls that arrived together.
  void BeginGroup();
  void EndGroup();

 private:
  void Sweep();

  ServerCore& core_;
  const std::unique_ptr<char[]> read_buffer_;
  std::string write_buffer_;
  std::string response_room_;
  wire::RequestScratch scratch_;
  absl::flat_hash_set<std::shared_ptr<ServerConnection>> connections_;
  bool stopping_ = false;
  EventLoop events_;  // its thread uses all of the above
  boost::asio::steady_timer sweep_timer_;
};

}  // namespace cairn::ipc
