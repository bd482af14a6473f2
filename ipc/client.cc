// Calls and the connections they share.
#include "ipc/client.h"

#include <chrono>
#include <utility>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "ipc/client_connection.h"
#include "ipc/event_loop.h"

namespace cairn::ipc {
namespace {

constexpr size_t kClientIdBytes = 16;
// Only for calls that were never sent.
constexpr int kAttempts = 3;

absl::Status ShutDown() { return absl::CancelledError("the RPC client was shut down"); }

// Names what an error without a kind was about; those of the server keep their exact text.
absl::Status Naming(const absl::Status& status, const std::string& what) {
  if (status.ok() || KindOf(status)) return status;
  return absl::Status(status.code(), fmt::format("{}: {}", what, std::string(status.message())));
}

}  // namespace

Client::Client(ClientOptions options, Random& random)
    : options_(std::move(options)),
      client_id_(random.Bytes(kClientIdBytes)),
      loop_(std::make_unique<EventLoop>("ipc-client")) {}

Client::~Client() { Shutdown(); }

void Client::Shutdown() {
  {
    MutexLock lock(mu_);
    shut_down_ = true;
    for (auto& [key, connection] : std::exchange(connections_, {})) {
      loop_->Post([connection = connection] { connection->Close(ShutDown()); });
    }
  }
  loop_->Finish();
}

absl::StatusOr<std::shared_ptr<ClientConnection>> Client::Connection(const HostPort& address,
                                                                     std::string_view protocol) {
  const Key key(address.ToString(), protocol);
  {
    MutexLock lock(mu_);
    if (shut_down_) return ShutDown();
    const auto found = connections_.find(key);
    if (found != connections_.end() && !found->second->ended()) return found->second;
  }
  ASSIGN_OR_RETURN(const std::vector<SocketAddress> addresses, Resolve(address));
  MutexLock lock(mu_);
  if (shut_down_) return ShutDown();
  absl::erase_if(connections_, [](const auto& entry) { return entry.second->ended(); });
  std::shared_ptr<ClientConnection>& slot = connections_[key];
  if (slot != nullptr) return slot;  // another thread was faster
  slot = std::make_shared<ClientConnection>(
      *loop_, options_, client_id_, key.first,
      wire::RpcContext{.effective_user = options_.user, .real_user = "", .protocol = key.second});
  loop_->Post([connection = slot, addresses] { connection->Connect(addresses); });
  return slot;
}

absl::StatusOr<std::string> Client::Call(const HostPort& address, const MethodId& method,
                                         std::string_view request, int64_t timeout_ms) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  const std::string what = fmt::format("{} at {}", method.method, address.ToString());
  for (int attempt = 1;; ++attempt) {
    const auto connection = Connection(address, method.protocol);
    if (!connection.ok()) return Naming(connection.status(), what);
    auto call = std::make_shared<ClientCall>();
    call->id = static_cast<int32_t>(next_call_id_++ & INT32_MAX);
    wire::AppendRequest({.call_id = call->id,
                         .retry_count = 0,
                         .client_id = client_id_,
                         .caller_context = {},
                         .protocol = method.protocol,
                         .version = method.version,
                         .method = method.method,
                         .request = request},
                        call->frame);
    {
      // Shutdown closes every connection before it ends the loop: nothing posted later would run.
      MutexLock lock(mu_);
      if (shut_down_) return Naming(ShutDown(), what);
      loop_->Post([connection = *connection, call] { connection->Start(call); });
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    Wait(*call, left.count());
    MutexLock lock(call->mu);
    if (!call->done) {
      loop_->Post([connection = *connection, id = call->id] { connection->Abandon(id); });
      return absl::DeadlineExceededError(fmt::format("{}: no reply after {} ms", what, timeout_ms));
    }
    // The connection ended before the call was sent over it: idle, most of the time.
    if (call->unsent && left.count() > 0 && attempt < kAttempts) continue;
    if (!call->result.ok()) return Naming(call->result.status(), what);
    return std::move(call->result);
  }
}

void Client::Wait(ClientCall& call, int64_t timeout_ms) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  MutexLock lock(call.mu);
  while (!call.done) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    call.changed.WaitFor(call.mu, left.count());
  }
}

}  // namespace cairn::ipc
