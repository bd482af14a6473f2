// A TCP proxy that stands in front of a daemon's port and does to its connections what networks do.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/net/address.h"
#include "common/net/socket.h"
#include "common/threads.h"

namespace cairn::fault {

// Direction of bytes within a connection, as the daemon behind the proxy sees it.
enum class Flow { kToDaemon = 0, kFromDaemon = 1 };

// What is done to all bytes of a flow.
struct Shaping {
  // Nothing passes and nobody is told, as if every packet were dropped; what was sent meanwhile
  // arrives when it ends, as TCP would send it again. (A connection begun meanwhile is accepted.)
  bool held = false;
  int64_t delay_ms = 0;          // of every piece of up to 64 KiB
  int64_t bytes_per_second = 0;  // 0: as fast as it goes
};

// Proxies connections to one daemon. A connection's source is the numeric address it comes from;
// towards the daemon the proxy uses the same one, so that the daemon sees who called. Every call
// takes a source, empty for all of them.
//
// Thread-safe. Actions of Once run on a thread of the proxy and may call everything but its
// destructor.
class FaultProxy {
 public:
  // Listens on `listen` (port 0 takes a free one) for a daemon at `daemon`, which may start later.
  static absl::StatusOr<std::unique_ptr<FaultProxy>> Start(const HostPort& listen,
                                                           const HostPort& daemon);
  ~FaultProxy();

  // Replaces what was said of this source and flow before; for connections there are and come.
  void Shape(const std::string& source, Flow flow, const Shaping& shaping);
  // Does `action` once, when `bytes` more have passed: they have been handed to the receiving end,
  // the next one has not. Zero: before the next byte.
  void Once(const std::string& source, Flow flow, int64_t bytes, std::function<void()> action);
  // The byte after the next `bytes` arrives with one bit flipped.
  void FlipOnce(const std::string& source, Flow flow, int64_t bytes);
  // Resets all connections; with Stop also those that come, until Reopen.
  void Reset(const std::string& source);
  void Stop(const std::string& source);
  void Reopen(const std::string& source);
  // Ends one flow of all connections in the orderly way, the other one stays.
  void HalfClose(const std::string& source, Flow flow);
  // Everything is as it was at the start; connections stay.
  void Heal();

  // Sources with a connection open now, each named as often as it has one.
  std::vector<std::string> Sources() const;
  // How often something was done to bytes or connections so far: a piece of bytes kept waiting, a
  // bit flipped, an action run, a flow ended, a connection reset or refused.
  int64_t struck() const;
  // Bytes passed so far.
  int64_t passed(const std::string& source, Flow flow) const;
  int port() const { return listener_->port(); }

 private:
  struct Connection {
    std::string source;
    std::unique_ptr<TcpSocket> near;  // to the caller
    std::unique_ptr<TcpSocket> far;   // to the daemon
    bool reset = false;               // guarded by mu_
    int running = 2;                  // threads; guarded by mu_
    std::thread threads[2];
  };
  using Key = std::pair<std::string, Flow>;
  struct Trigger {
    Key key;
    int64_t bytes_left = 0;
    std::function<void()> action;  // empty: flip a bit of the next byte
  };

  FaultProxy(std::unique_ptr<TcpListener> listener, const HostPort& daemon);
  void AcceptLoop();
  void Serve(std::unique_ptr<TcpSocket> near);
  void Pump(Connection& connection, Flow flow);
  bool Pass(Connection& connection, Flow flow, char* bytes, size_t n);
  // Waits as the shaping of the flow asks for `n` bytes; false once the connection is reset.
  bool WaitTurn(Connection& connection, Flow flow, size_t n);
  // How many of the next `n` bytes pass before a trigger is due.
  size_t UntilTrigger(const Connection& connection, Flow flow, size_t n);
  // Runs what is due before the next byte, which may be flipped; false once the connection is
  // reset.
  bool RunTriggers(Connection& connection, Flow flow, char* next);
  Shaping ShapingOf(const std::string& source, Flow flow) const REQUIRES(mu_);
  void ResetLocked(const std::string& source) REQUIRES(mu_);
  // Joins connections that have ended; all of them at the end.
  void Reap(bool all);

  const std::unique_ptr<TcpListener> listener_;
  const HostPort daemon_;
  mutable Mutex mu_;
  CondVar changed_;
  std::list<std::unique_ptr<Connection>> connections_ GUARDED_BY(mu_);
  std::map<Key, Shaping> shapings_ GUARDED_BY(mu_);
  std::map<Key, int64_t> passed_ GUARDED_BY(mu_);
  std::set<std::string> stopped_ GUARDED_BY(mu_);
  std::list<Trigger> triggers_ GUARDED_BY(mu_);
  int64_t struck_ GUARDED_BY(mu_) = 0;
  bool ending_ GUARDED_BY(mu_) = false;
  std::thread acceptor_;
};

}  // namespace cairn::fault
