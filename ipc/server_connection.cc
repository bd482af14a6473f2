// Reading, dispatching and writing of one connection.
#include "ipc/server_connection.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <variant>

#include "wire/hadoop_rpc/frame.h"

namespace cairn::ipc {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

std::string PeerIp(const tcp::socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return "unknown";
  const auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6())
        .to_string();
  }
  return address.to_string();
}

// Calls that are answered together at most: a long queue of them is not held up by its end.
constexpr int kGroupCalls = 64;

// Replies of so many bytes are sent before more calls are begun: they are still in the CPU's
// caches, and the memory they lie in serves the next ones.
constexpr size_t kSendBytes = 256 << 10;

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

ServerConnection::ServerConnection(ServerLoop& loop, tcp::socket socket)
    : loop_(loop),
      events_(&loop.events()),
      peer_ip_(PeerIp(socket)),
      socket_(std::move(socket)),
      active_ms_(loop.core().clock.MonotonicMs()) {
  error_code ignored;
  socket_->set_option(tcp::no_delay(true), ignored);
  socket_->set_option(boost::asio::socket_base::keep_alive(true), ignored);
  ++loop_.core().connections;
}

ServerConnection::~ServerConnection() = default;

void ServerConnection::Start() { WaitReadable(); }

void ServerConnection::Close() {
  {
    MutexLock lock(mu_);
    if (closed_) return;
    closed_ = true;
    answers_ = {};
  }
  closing_ = true;
  --loop_.core().connections;
  error_code ignored;
  socket_->close(ignored);
  socket_.reset();
  pending_ = {};
  out_ = {};
  loop_.Forget(shared_from_this());
}

bool ServerConnection::Expired(int64_t now_ms) const {
  const ServerOptions& options = loop_.core().options;
  const int64_t quiet_ms = now_ms - active_ms_;
  if (draining_ || !session_.has_context()) return quiet_ms >= options.setup_timeout_ms;
  if (!out_.empty()) return quiet_ms >= options.write_stall_ms;
  return running_calls_ == 0 && quiet_ms >= options.max_idle_ms &&
         loop_.core().connections.load() > options.idle_threshold;
}

// ---- Replies.

template <typename Append>
void ServerConnection::Answer(size_t request_bytes, const Append& append) {
  // Only its address is looked at: the loop may have ended.
  if (EventLoop::Current() == events_) {
    if (!socket_) return;
    append(out());
    --running_calls_;
    running_bytes_ -= request_bytes;
    if (!handling_) FlushSoon();
    return;
  }
  thread_local std::string frame;
  frame.clear();
  append(frame);
  MutexLock lock(mu_);
  if (closed_) return;
  answers_.append(frame);
  ++answered_calls_;
  answered_bytes_ += request_bytes;
  if (std::exchange(answers_posted_, true)) return;
  events_->Post([self = shared_from_this()] { self->OnAnswers(); });
}

void ServerConnection::Reply(const wire::ReplyTo& to, size_t request_bytes,
                             const google::protobuf::MessageLite& response) {
  Answer(request_bytes, [&](std::string& out) { wire::AppendReply(to, response, out); });
}

void ServerConnection::ReplyBytes(const wire::ReplyTo& to, size_t request_bytes,
                                  std::string_view response) {
  Answer(request_bytes, [&](std::string& out) { wire::AppendReply(to, response, out); });
}

void ServerConnection::Fail(const wire::ReplyTo& to, size_t request_bytes,
                            const wire::RpcError& error) {
  Answer(request_bytes, [&](std::string& out) { wire::AppendError(to, error, out); });
}

void ServerConnection::OnAnswers() {
  if (!socket_) return;
  {
    MutexLock lock(mu_);
    answers_posted_ = false;
    if (out_.empty()) {
      out_.swap(answers_);
    } else {
      out_.append(answers_);
    }
    answers_.clear();
    running_calls_ -= std::exchange(answered_calls_, 0);
    running_bytes_ -= std::exchange(answered_bytes_, 0);
  }
  Flush();
  Resume();
}

// ---- Reading.

bool ServerConnection::Overloaded() const {
  const ServerOptions& options = loop_.core().options;
  return authorizing_ || running_calls_ >= options.max_calls ||
         running_bytes_ > options.max_running_bytes ||
         out_.size() - out_sent_ > options.max_unsent_bytes;
}

bool ServerConnection::Relieved() const {
  const ServerOptions& options = loop_.core().options;
  return !authorizing_ && running_calls_ <= options.max_calls / 2 &&
         running_bytes_ <= options.max_running_bytes / 2 &&
         out_.size() - out_sent_ <= options.max_unsent_bytes / 2;
}

void ServerConnection::WaitReadable() {
  if (waits_readable_ || !socket_) return;
  waits_readable_ = true;
  // Waiting needs no buffer.
  socket_->async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->waits_readable_ = false;
    if (self->socket_ && !error) self->OnReadable();
  });
}

void ServerConnection::OnReadable() {
  char* const buffer = loop_.read_buffer();
  // Small leftovers go in front of the new bytes, so that calls are begun out of one buffer; a
  // large call is collected in its own.
  const bool collect = pending_.size() > ServerLoop::kReadBytes / 2;
  const size_t held = collect ? 0 : pending_.size();
  std::memcpy(buffer, pending_.data(), held);
  const ssize_t n =
      ::recv(socket_->native_handle(), buffer + held, ServerLoop::kReadBytes - held, MSG_DONTWAIT);
  if (n == 0 || (n < 0 && !WouldBlock(errno))) return Close();
  if (n < 0 || draining_ || closing_) return WaitReadable();
  active_ms_ = loop_.core().clock.MonotonicMs();
  handling_ = true;
  if (collect) {
    pending_.append(buffer, static_cast<size_t>(n));
    ConsumePending();
  } else {
    const std::string_view received(buffer, held + static_cast<size_t>(n));
    const std::string_view rest = received.substr(Consume(received));
    pending_ = std::string(rest);
  }
  handling_ = false;
  Flush();
  Resume();
}

void ServerConnection::ConsumePending() {
  const std::string received = std::exchange(pending_, {});
  const size_t begun = Consume(received);
  pending_ = begun == 0 ? std::move(received) : received.substr(begun);
}

void ServerConnection::Resume() {
  while (socket_ && !closing_ && paused_ && Relieved()) {
    paused_ = false;
    handling_ = true;
    ConsumePending();
    handling_ = false;
    Flush();
  }
  if (!closing_ && !paused_) WaitReadable();
}

size_t ServerConnection::Consume(std::string_view received) {
  wire::RpcRequest request;
  size_t at = 0;
  int begun = 0;
  loop_.BeginGroup();
  while (socket_ && !closing_) {
    paused_ = Overloaded();
    if (paused_) break;
    const std::string_view rest = received.substr(at);
    if (!session_.has_preamble()) {
      if (rest.size() < wire::kPreambleBytes) break;
      Handle(session_.OnPreamble(rest.substr(0, wire::kPreambleBytes)), request);
      at += wire::kPreambleBytes;
      continue;
    }
    const auto size = wire::FrameSize(rest, loop_.core().options.max_request_bytes);
    if (!size.ok()) {
      spdlog::warn("closed the RPC connection of {}: {}", peer_ip_, size.status().ToString());
      Close();
      break;
    }
    if (*size == 0 || *size > rest.size()) break;
    const bool had_context = session_.has_context();
    Handle(session_.OnFrame(rest.substr(wire::kFrameLengthBytes, *size - wire::kFrameLengthBytes),
                            loop_.scratch(), request),
           request);
    if (!had_context && session_.has_context()) Authorize();
    at += *size;
    if (out_.size() - out_sent_ >= kSendBytes) Flush();
    if (++begun % kGroupCalls == 0) {
      loop_.EndGroup();
      loop_.BeginGroup();
    }
  }
  loop_.EndGroup();
  return at;
}

void ServerConnection::Authorize() {
  authorizing_ = true;
  loop_.core().options.authorize(
      context(), peer_ip_, [self = shared_from_this()](std::optional<wire::RpcError> refusal) {
        // Only its address is looked at: the loop may have ended.
        if (EventLoop::Current() == self->events_) return self->OnAuthorized(refusal);
        MutexLock lock(self->mu_);
        if (self->closed_) return;
        self->events_->Post([self, refusal = std::move(refusal)] { self->OnAuthorized(refusal); });
      });
}

void ServerConnection::OnAuthorized(const std::optional<wire::RpcError>& refusal) {
  if (!socket_) return;
  authorizing_ = false;
  if (refusal) Handle(wire::ServerSession::Refuse(*refusal), {});
  if (handling_) return;
  Flush();
  Resume();
}

void ServerConnection::Handle(wire::ServerSession::Outcome outcome,
                              const wire::RpcRequest& request) {
  if (!outcome.reply.empty()) out().append(outcome.reply);
  switch (outcome.next) {
    case wire::ServerSession::Next::kContinue:
      return;
    case wire::ServerSession::Next::kCall:
      return Dispatch(request);
    case wire::ServerSession::Next::kClose:
      spdlog::info("refused the RPC connection of {}", peer_ip_);
      closing_ = true;
      if (out_.empty()) Close();
      return;
  }
}

void ServerConnection::Dispatch(const wire::RpcRequest& request) {
  const auto found = loop_.core().methods.Find(request.protocol, request.version, request.method,
                                               context().protocol);
  const wire::ReplyTo to{.call_id = request.call_id,
                         .retry_count = request.retry_count,
                         .client_id = request.client_id};
  if (const auto* error = std::get_if<wire::RpcError>(&found)) {
    return wire::AppendError(to, *error, out());
  }
  const Method& method = *std::get<const Method*>(found);
  if (method.quick != nullptr) {
    if (const auto response = method.quick({.caller = context(),
                                            .peer_ip = peer_ip_,
                                            .request = request.request,
                                            .room = loop_.response_room()})) {
      return wire::AppendReply(to, *response, out());
    }
  }
  ++running_calls_;
  running_bytes_ += request.request.size();
  method.handler(std::make_unique<Call>(shared_from_this(), request));
}

// ---- Writing.

std::string& ServerConnection::out() {
  if (out_.empty() && out_.capacity() < sizeof(std::string)) out_ = loop_.TakeWriteBuffer();
  return out_;
}

void ServerConnection::FlushSoon() {
  if (std::exchange(flush_posted_, true)) return;
  events_->Post([self = shared_from_this()] {
    self->flush_posted_ = false;
    if (!self->socket_) return;
    self->Flush();
    self->Resume();
  });
}

void ServerConnection::Flush() {
  if (!socket_ || waits_writable_) return;
  while (out_sent_ < out_.size()) {
    const ssize_t n = ::send(socket_->native_handle(), out_.data() + out_sent_,
                             out_.size() - out_sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) {
      out_sent_ += static_cast<size_t>(n);
      active_ms_ = loop_.core().clock.MonotonicMs();
      continue;
    }
    if (!WouldBlock(errno)) return Close();
    // What is sent need not be kept while more replies are appended.
    if (out_sent_ > out_.size() / 2) out_.erase(0, std::exchange(out_sent_, 0));
    waits_writable_ = true;
    socket_->async_wait(tcp::socket::wait_write,
                        [self = shared_from_this()](const error_code& error) {
                          self->waits_writable_ = false;
                          if (!self->socket_ || error) return;
                          self->Flush();
                          self->Resume();
                        });
    return;
  }
  out_sent_ = 0;
  loop_.GiveBack(std::exchange(out_, {}));
  if (closing_ && !draining_) Drain();
}

void ServerConnection::Drain() {
  // Closing with unread bytes would reset the connection and might cost the peer the reply.
  draining_ = true;
  error_code ignored;
  socket_->shutdown(tcp::socket::shutdown_send, ignored);
  WaitReadable();
}

}  // namespace cairn::ipc
