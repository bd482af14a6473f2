// Takes in the connections of one port on an event loop.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/net/address.h"
#include "common/net/socket.h"
#include "ipc/event_loop.h"

namespace cairn::ipc {

// Both functions are called on the loop's thread. Thread-compatible.
class Acceptor {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  // The context that the next connection is to belong to, and the connection then made.
  using ChooseContext = std::function<boost::asio::io_context&()>;
  using OnAccepted = std::function<void(Socket)>;

  // `name` stands in log lines: "RPC". The loop must outlive this, and be finished before this is
  // destroyed.
  Acceptor(EventLoop& loop, std::string name, ChooseContext choose, OnAccepted on_accepted);

  // Listens, and accepts from now on. kUnavailable names the address, e.g. when it is in use.
  absl::Status Listen(const HostPort& address);
  // No connection is accepted after what was posted to the loop before has run.
  void Stop();
  int port() const { return port_; }

 private:
  void Accept();
  void Pause(const boost::system::error_code& error);

  EventLoop& loop_;
  const std::string name_;
  const ChooseContext choose_;
  const OnAccepted on_accepted_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::unique_ptr<TcpListener> listener_;
  int port_ = 0;
};

}  // namespace cairn::ipc
