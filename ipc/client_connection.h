// One connection of a Hadoop RPC client, shared by the calls of many threads.
#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/threads.h"
#include "ipc/client.h"
#include "ipc/event_loop.h"
#include "wire/hadoop_rpc/request.h"

namespace cairn::ipc {

// A call between the thread that waits for it and the connection. Thread-safe.
struct ClientCall {
  int32_t id = 0;
  std::string frame;  // the request
  std::string what;   // "METHOD at HOST:PORT", for messages

  Mutex mu;
  CondVar changed;
  bool done GUARDED_BY(mu) = false;
  bool unsent GUARDED_BY(mu) = false;  // with an error: the connection had ended before
  absl::StatusOr<std::string> result GUARDED_BY(mu) = std::string();

  // The first one counts.
  void Finish(absl::StatusOr<std::string> with, bool was_unsent = false) EXCLUDES(mu) {
    MutexLock lock(mu);
    if (done) return;
    done = true;
    unsent = was_unsent;
    result = std::move(with);
    changed.NotifyAll();
  }
};

// Runs on the loop's thread unless said otherwise.
class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
 public:
  // `loop` must outlive this. Any thread.
  ClientConnection(EventLoop& loop, const ClientOptions& options, std::string client_id,
                   std::string name, wire::RpcContext context);

  // Begins to connect to the first of `addresses` that answers.
  void Connect(const std::vector<SocketAddress>& addresses);
  // Sends the call when connected and finishes it when its reply is there, or the connection ends.
  void Start(std::shared_ptr<ClientCall> call);
  // Nobody waits for the call any more.
  void Abandon(int32_t call_id);
  // Fails every call.
  void Close(const absl::Status& why);
  // Any thread. True once no new call can be sent over it.
  bool ended() const { return ended_.load(); }

 private:
  void OnConnected(const boost::system::error_code& error);
  void Read();
  void OnRead(size_t bytes);
  // Finishes the call of one reply; an error ends the connection.
  absl::Status OnFrame(std::string_view content);
  void Write();
  // Pings, connection timeout and idle time.
  void StartTimer();
  void OnTimer();

  EventLoop& loop_;
  const ClientOptions options_;
  const std::string client_id_;
  const std::string name_;  // of the peer, for messages
  const wire::RpcContext context_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::atomic<bool> ended_{false};
  absl::Status end_;  // why it ended
  bool connected_ = false;
  bool writing_ = false;
  std::string out_;  // to be sent after in_flight_
  std::string in_flight_;
  std::string received_;
  absl::flat_hash_map<int32_t, std::shared_ptr<ClientCall>> calls_;
  std::chrono::steady_clock::time_point active_;  // last traffic
};

}  // namespace cairn::ipc
