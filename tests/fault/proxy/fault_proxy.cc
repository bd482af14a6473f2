// Two threads a connection, one for each flow.
#include "tests/fault/proxy/fault_proxy.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "common/status_macros.h"

namespace cairn::fault {
namespace {

constexpr size_t kPieceBytes = 64 << 10;

// Connects to `daemon` from the address `source`.
absl::StatusOr<std::unique_ptr<TcpSocket>> ConnectFrom(const std::string& source,
                                                       const HostPort& daemon) {
  ASSIGN_OR_RETURN(const std::vector<SocketAddress> own, Resolve({source, 0}));
  ASSIGN_OR_RETURN(const std::vector<SocketAddress> target, Resolve(daemon));
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::ErrnoToStatus(errno, "socket");
  const int on = 1;
  // The port is chosen in connect, so that one may serve connections to several daemons.
  (void)::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
  if (::bind(fd, own.front().get(), own.front().length()) != 0 ||
      ::connect(fd, target.front().get(), target.front().length()) != 0) {
    const int error = errno;
    ::close(fd);
    return absl::UnavailableError(fmt::format("cannot reach {}: {}", daemon.ToString(),
                                              std::generic_category().message(error)));
  }
  return TcpSocket::Adopt(fd, daemon.ToString());
}

// Ends a connection with a RST: what a socket does that is taken apart without a close.
void SendReset(const TcpSocket& socket) {
  sockaddr nobody = {};
  nobody.sa_family = AF_UNSPEC;
  (void)::connect(socket.fd(), &nobody, sizeof(nobody));
}

bool Matches(const std::string& wanted, const std::string& source) {
  return wanted.empty() || wanted == source;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FaultProxy>> FaultProxy::Start(const HostPort& listen,
                                                              const HostPort& daemon) {
  ASSIGN_OR_RETURN(std::unique_ptr<TcpListener> listener, TcpListener::Listen(listen));
  return std::unique_ptr<FaultProxy>(new FaultProxy(std::move(listener), daemon));
}

FaultProxy::FaultProxy(std::unique_ptr<TcpListener> listener, const HostPort& daemon)
    : listener_(std::move(listener)), daemon_(daemon), acceptor_([this] { AcceptLoop(); }) {}

FaultProxy::~FaultProxy() {
  listener_->Shutdown();
  acceptor_.join();
  {
    MutexLock lock(mu_);
    ending_ = true;
    triggers_.clear();
    ResetLocked("");
  }
  Reap(/*all=*/true);
}

void FaultProxy::AcceptLoop() {
  while (true) {
    absl::StatusOr<std::unique_ptr<TcpSocket>> near = listener_->Accept();
    if (absl::IsCancelled(near.status())) return;
    Reap(/*all=*/false);
    if (near.ok()) Serve(*std::move(near));
  }
}

void FaultProxy::Serve(std::unique_ptr<TcpSocket> near) {
  auto connection = std::make_unique<Connection>();
  connection->source = near->remote_address().ip();
  {
    MutexLock lock(mu_);
    if (stopped_.contains("") || stopped_.contains(connection->source)) {
      ++struck_;
      return SendReset(*near);
    }
  }
  absl::StatusOr<std::unique_ptr<TcpSocket>> far = ConnectFrom(connection->source, daemon_);
  if (!far.ok()) return SendReset(*near);
  connection->near = std::move(near);
  connection->far = *std::move(far);
  MutexLock lock(mu_);
  Connection& placed = *connections_.emplace_back(std::move(connection));
  for (const Flow flow : {Flow::kToDaemon, Flow::kFromDaemon}) {
    placed.threads[static_cast<int>(flow)] = std::thread([this, &placed, flow] {
      SetThreadName("fault-proxy");
      Pump(placed, flow);
    });
  }
}

void FaultProxy::Pump(Connection& connection, Flow flow) {
  TcpSocket& from = flow == Flow::kToDaemon ? *connection.near : *connection.far;
  TcpSocket& to = flow == Flow::kToDaemon ? *connection.far : *connection.near;
  std::string buffer(kPieceBytes, '\0');
  bool broken = false;
  while (true) {
    const absl::StatusOr<size_t> n = from.ReadSome(buffer.data(), buffer.size());
    broken = !n.ok() && !absl::IsOutOfRange(n.status());
    if (!n.ok() || !Pass(connection, flow, buffer.data(), *n)) break;
  }
  // An orderly end is passed on like bytes: not through a held link.
  if (!broken && WaitTurn(connection, flow, 0)) to.ShutdownWrite();
  MutexLock lock(mu_);
  if (broken && !connection.reset) {
    connection.reset = true;
    SendReset(*connection.near);
    SendReset(*connection.far);
    changed_.NotifyAll();
  }
  --connection.running;
}

bool FaultProxy::Pass(Connection& connection, Flow flow, char* bytes, size_t n) {
  TcpSocket& to = flow == Flow::kToDaemon ? *connection.far : *connection.near;
  while (n > 0) {
    if (!RunTriggers(connection, flow, bytes)) return false;
    const size_t piece = UntilTrigger(connection, flow, n);
    if (!WaitTurn(connection, flow, piece)) return false;
    if (!to.WriteFull({bytes, piece}).ok()) return false;
    MutexLock lock(mu_);
    for (const std::string& source : {std::string(), connection.source})
      passed_[{source, flow}] += static_cast<int64_t>(piece);
    for (Trigger& trigger : triggers_) {
      if (Matches(trigger.key.first, connection.source) && trigger.key.second == flow)
        trigger.bytes_left -= static_cast<int64_t>(piece);
    }
    bytes += piece;
    n -= piece;
  }
  return true;
}

size_t FaultProxy::UntilTrigger(const Connection& connection, Flow flow, size_t n) {
  MutexLock lock(mu_);
  for (const Trigger& trigger : triggers_) {
    // One that became due meanwhile runs before the next piece.
    if (Matches(trigger.key.first, connection.source) && trigger.key.second == flow)
      n = std::min(n, static_cast<size_t>(std::max<int64_t>(trigger.bytes_left, 1)));
  }
  return n;
}

bool FaultProxy::RunTriggers(Connection& connection, Flow flow, char* next) {
  while (true) {
    std::function<void()> action;
    {
      MutexLock lock(mu_);
      const auto due =
          std::find_if(triggers_.begin(), triggers_.end(), [&](const Trigger& trigger) {
            return Matches(trigger.key.first, connection.source) && trigger.key.second == flow &&
                   trigger.bytes_left <= 0;
          });
      if (due == triggers_.end()) return !connection.reset;
      action = std::move(due->action);
      triggers_.erase(due);
      ++struck_;
    }
    if (action) {
      action();
    } else {
      *next = static_cast<char>(*next ^ 0x10);
    }
  }
}

bool FaultProxy::WaitTurn(Connection& connection, Flow flow, size_t n) {
  using std::chrono::steady_clock;
  const auto begun = steady_clock::now();
  MutexLock lock(mu_);
  bool waited = false;
  while (!connection.reset) {
    const Shaping shaping = ShapingOf(connection.source, flow);
    int64_t wait_ms = n > 0 ? shaping.delay_ms : 0;
    if (shaping.bytes_per_second > 0)
      wait_ms += static_cast<int64_t>(n) * 1000 / shaping.bytes_per_second;
    const int64_t passed_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begun).count();
    if (!shaping.held && passed_ms >= wait_ms) return true;
    if (!std::exchange(waited, true)) ++struck_;
    if (shaping.held) {
      changed_.Wait(mu_);
    } else {
      changed_.WaitFor(mu_, wait_ms - passed_ms);
    }
  }
  return false;
}

Shaping FaultProxy::ShapingOf(const std::string& source, Flow flow) const {
  for (const std::string& who : {source, std::string()}) {
    const auto it = shapings_.find({who, flow});
    if (it != shapings_.end()) return it->second;
  }
  return {};
}

void FaultProxy::Shape(const std::string& source, Flow flow, const Shaping& shaping) {
  MutexLock lock(mu_);
  shapings_[{source, flow}] = shaping;
  changed_.NotifyAll();
}

void FaultProxy::Once(const std::string& source, Flow flow, int64_t bytes,
                      std::function<void()> action) {
  MutexLock lock(mu_);
  triggers_.push_back({{source, flow}, bytes, std::move(action)});
}

void FaultProxy::FlipOnce(const std::string& source, Flow flow, int64_t bytes) {
  Once(source, flow, bytes, nullptr);
}

void FaultProxy::ResetLocked(const std::string& source) {
  for (const auto& connection : connections_) {
    if (!Matches(source, connection->source) || connection->reset) continue;
    connection->reset = true;
    ++struck_;
    SendReset(*connection->near);
    SendReset(*connection->far);
  }
  changed_.NotifyAll();
}

void FaultProxy::Reset(const std::string& source) {
  MutexLock lock(mu_);
  ResetLocked(source);
}

void FaultProxy::Stop(const std::string& source) {
  MutexLock lock(mu_);
  stopped_.insert(source);
  ResetLocked(source);
}

void FaultProxy::Reopen(const std::string& source) {
  MutexLock lock(mu_);
  stopped_.erase(source);
}

void FaultProxy::HalfClose(const std::string& source, Flow flow) {
  MutexLock lock(mu_);
  for (const auto& connection : connections_) {
    if (!Matches(source, connection->source) || connection->reset) continue;
    ++struck_;
    (flow == Flow::kToDaemon ? *connection->far : *connection->near).ShutdownWrite();
  }
}

void FaultProxy::Heal() {
  MutexLock lock(mu_);
  shapings_.clear();
  stopped_.clear();
  triggers_.clear();
  changed_.NotifyAll();
}

std::vector<std::string> FaultProxy::Sources() const {
  MutexLock lock(mu_);
  std::vector<std::string> sources;
  for (const auto& connection : connections_) {
    if (connection->running == 2 && !connection->reset) sources.push_back(connection->source);
  }
  return sources;
}

int64_t FaultProxy::struck() const {
  MutexLock lock(mu_);
  return struck_;
}

int64_t FaultProxy::passed(const std::string& source, Flow flow) const {
  MutexLock lock(mu_);
  const auto it = passed_.find({source, flow});
  return it == passed_.end() ? 0 : it->second;
}

void FaultProxy::Reap(bool all) {
  std::list<std::unique_ptr<Connection>> ended;
  {
    MutexLock lock(mu_);
    for (auto it = connections_.begin(); it != connections_.end();) {
      const auto next = std::next(it);
      if (all || (*it)->running == 0) ended.splice(ended.end(), connections_, it);
      it = next;
    }
  }
  for (const auto& connection : ended) {
    for (std::thread& thread : connection->threads) thread.join();
  }
}

}  // namespace cairn::fault
