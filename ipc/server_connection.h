// One connection of a Hadoop RPC server.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/threads.h"
#include "ipc/call.h"
#include "ipc/server_loop.h"
#include "wire/hadoop_rpc/server_session.h"

namespace cairn::ipc {

// Reads as much as there is, begins every whole call in it, and sends all replies that are there by
// then with one write. Calls run while it reads on; their replies go out as they come. It stops
// reading while too much runs or waits to be sent (ServerOptions). An idle connection has no
// buffers.
//
// Runs on the loop's thread; the ReplySink part runs on any.
class ServerConnection : public ReplySink, public std::enable_shared_from_this<ServerConnection> {
 public:
  // `loop` must outlive the connection's use, which ends with Close.
  ServerConnection(ServerLoop& loop, boost::asio::ip::tcp::socket socket);
  ~ServerConnection() override;

  void Start();
  // At once; replies to calls that still run are dropped.
  void Close() EXCLUDES(mu_);
  // True when it has exceeded one of the server's times.
  bool Expired(int64_t now_ms) const;

  const wire::RpcContext& context() const override { return session_.context(); }
  const std::string& peer_ip() const override { return peer_ip_; }
  void Reply(const wire::ReplyTo& to, size_t request_bytes,
             const google::protobuf::MessageLite& response) override;
  void ReplyBytes(const wire::ReplyTo& to, size_t request_bytes,
                  std::string_view response) override;
  void Fail(const wire::ReplyTo& to, size_t request_bytes, const wire::RpcError& error) override;

 private:
  // Hands over a reply that `append(std::string&)` writes.
  template <typename Append>
  void Answer(size_t request_bytes, const Append& append) EXCLUDES(mu_);

  void WaitReadable();
  void OnReadable();
  // Begins what is complete at the front of `received`; returns how many bytes that was.
  size_t Consume(std::string_view received);
  // Asks whether the client may be whom the connection is for.
  void Authorize() EXCLUDES(mu_);
  void OnAuthorized(const std::optional<wire::RpcError>& refusal);
  void Handle(wire::ServerSession::Outcome outcome, const wire::RpcRequest& request);
  void Dispatch(const wire::RpcRequest& request);
  void ConsumePending();
  // Too much runs or waits to be sent; half of that is a relief.
  bool Overloaded() const;
  bool Relieved() const;
  // Reads on, beginning with what was left while overloaded.
  void Resume();

  // Where replies are appended.
  std::string& out();
  // Sends what can be sent without waiting.
  void Flush();
  void OnAnswers() EXCLUDES(mu_);
  // Flushes when the current event has been handled.
  void FlushSoon();
  // The peer gets what was sent to it before the connection ends.
  void Drain();

  ServerLoop& loop_;
  EventLoop* const events_;  // the loop's; only compared with after Close
  const std::string peer_ip_;
  std::optional<boost::asio::ip::tcp::socket> socket_;  // until Close
  wire::ServerSession session_;
  std::string pending_;  // received, not begun yet
  std::string out_;      // to be sent, from out_sent_ on
  size_t out_sent_ = 0;
  int32_t running_calls_ = 0;
  size_t running_bytes_ = 0;  // of their requests
  int64_t active_ms_;         // last traffic
  bool authorizing_ = false;  // calls wait in pending_ until it is known who may be whom
  bool handling_ = false;     // within an event: replies wait for its end
  bool paused_ = false;       // calls wait in pending_, because of an overload or authorizing_
  bool waits_readable_ = false;
  bool waits_writable_ = false;
  bool flush_posted_ = false;
  bool closing_ = false;   // nothing more is taken; ends when everything is sent
  bool draining_ = false;  // everything is sent; waits for the peer to close

  Mutex mu_;
  bool closed_ GUARDED_BY(mu_) = false;
  bool answers_posted_ GUARDED_BY(mu_) = false;
  std::string answers_ GUARDED_BY(mu_);  // replies from other threads
  int32_t answered_calls_ GUARDED_BY(mu_) = 0;
  size_t answered_bytes_ GUARDED_BY(mu_) = 0;
};

}  // namespace cairn::ipc
