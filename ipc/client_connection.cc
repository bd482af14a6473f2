// Connecting, sending and receiving of a client.
#include "ipc/client_connection.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "common/status_macros.h"
#include "wire/hadoop_rpc/exceptions.h"
#include "wire/hadoop_rpc/frame.h"
#include "wire/hadoop_rpc/preamble.h"
#include "wire/hadoop_rpc/response.h"

namespace cairn::ipc {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kReadBytes = 16 << 10;

tcp::endpoint ToEndpoint(const SocketAddress& address) {
  error_code ignored;
  return {boost::asio::ip::make_address(address.ip(), ignored),
          static_cast<uint16_t>(address.port())};
}

absl::Status Unavailable(std::string_view name, std::string_view why) {
  return absl::UnavailableError(fmt::format("{}: {}", name, why));
}

}  // namespace

ClientConnection::ClientConnection(EventLoop& loop, const ClientOptions& options,
                                   std::string client_id, std::string name,
                                   wire::RpcContext context)
    : loop_(loop),
      options_(options),
      client_id_(std::move(client_id)),
      name_(std::move(name)),
      context_(std::move(context)),
      socket_(loop.io()),
      timer_(loop.io()),
      active_(steady_clock::now()) {}

void ClientConnection::Connect(const std::vector<SocketAddress>& addresses) {
  out_ = wire::EncodePreamble(wire::RpcAuth::kNone);
  wire::AppendContext(context_, client_id_, out_);
  auto endpoints = std::make_shared<std::vector<tcp::endpoint>>();
  for (const SocketAddress& address : addresses) endpoints->push_back(ToEndpoint(address));
  StartTimer();
  boost::asio::async_connect(
      socket_, *endpoints,
      [self = shared_from_this(), endpoints](const error_code& error, const tcp::endpoint&) {
        if (!self->ended_) self->OnConnected(error);
      });
}

void ClientConnection::OnConnected(const error_code& error) {
  if (error) return Close(Unavailable(name_, error.message()));
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.set_option(boost::asio::socket_base::keep_alive(true), ignored);
  connected_ = true;
  active_ = steady_clock::now();
  StartTimer();
  Read();
  Write();
}

void ClientConnection::Close(const absl::Status& why) {
  if (ended_.exchange(true)) return;
  end_ = why;
  error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
  for (auto& [id, call] : std::exchange(calls_, {})) call->Finish(why);
}

void ClientConnection::Start(std::shared_ptr<ClientCall> call) {
  if (ended_) {
    call->Finish(end_, /*was_unsent=*/true);
    return;
  }
  out_.append(call->frame);
  call->frame.clear();
  calls_.emplace(call->id, std::move(call));
  active_ = steady_clock::now();
  Write();
}

void ClientConnection::Abandon(int32_t call_id) { calls_.erase(call_id); }

void ClientConnection::Write() {
  if (!connected_ || writing_ || out_.empty() || ended_) return;
  writing_ = true;
  in_flight_ = std::exchange(out_, {});
  boost::asio::async_write(socket_, boost::asio::buffer(in_flight_),
                           [self = shared_from_this()](const error_code& error, size_t) {
                             self->writing_ = false;
                             if (self->ended_) return;
                             if (error) {
                               return self->Close(Unavailable(self->name_, error.message()));
                             }
                             self->Write();
                           });
}

void ClientConnection::Read() {
  const size_t held = received_.size();
  received_.resize(held + kReadBytes);
  socket_.async_read_some(boost::asio::buffer(received_.data() + held, kReadBytes),
                          [self = shared_from_this(), held](const error_code& error, size_t bytes) {
                            if (self->ended_) return;
                            if (error == boost::asio::error::eof) {
                              return self->Close(Unavailable(self->name_, "closed the connection"));
                            }
                            if (error)
                              return self->Close(Unavailable(self->name_, error.message()));
                            self->received_.resize(held + bytes);
                            self->OnRead(bytes);
                          });
}

void ClientConnection::OnRead(size_t bytes) {
  active_ = steady_clock::now();
  size_t at = 0;
  while (true) {
    const std::string_view rest = std::string_view(received_).substr(at);
    const auto size = wire::FrameSize(rest, options_.max_reply_bytes);
    if (!size.ok()) return Close(Unavailable(name_, std::string(size.status().message())));
    if (*size == 0 || *size > rest.size()) break;
    const absl::Status status =
        OnFrame(rest.substr(wire::kFrameLengthBytes, *size - wire::kFrameLengthBytes));
    if (!status.ok()) return Close(status);
    at += *size;
  }
  received_.erase(0, at);
  Read();
}

absl::Status ClientConnection::OnFrame(std::string_view content) {
  const auto reply = wire::DecodeReply(content);
  if (!reply.ok()) return Unavailable(name_, std::string(reply.status().message()));
  if (!reply->client_id.empty() && reply->client_id != client_id_) {
    return Unavailable(name_, "sent the reply of another client");
  }
  // Whatever it is a reply to: the server gives up the connection.
  if (reply->status == wire::RpcReplyStatus::kFatal) return wire::FromRpcError(reply->error);
  const auto found = calls_.find(reply->call_id);
  if (found == calls_.end()) return absl::OkStatus();  // abandoned
  const std::shared_ptr<ClientCall> call = std::move(found->second);
  calls_.erase(found);
  if (reply->status == wire::RpcReplyStatus::kSuccess) {
    call->Finish(std::string(reply->response));
  } else {
    call->Finish(wire::FromRpcError(reply->error));
  }
  return absl::OkStatus();
}

void ClientConnection::StartTimer() {
  const int64_t ms = !connected_      ? options_.connect_timeout_ms
                     : calls_.empty() ? options_.max_idle_ms
                                      : std::min(options_.ping_interval_ms, options_.max_idle_ms);
  timer_.expires_at(active_ + milliseconds(ms) < steady_clock::now()
                        ? steady_clock::now() + milliseconds(ms)
                        : active_ + milliseconds(ms));
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error && !self->ended_) self->OnTimer();
  });
}

void ClientConnection::OnTimer() {
  const auto quiet = steady_clock::now() - active_;
  if (!connected_) {
    if (quiet >= milliseconds(options_.connect_timeout_ms)) {
      return Close(Unavailable(
          name_, fmt::format("no connection after {} ms", options_.connect_timeout_ms)));
    }
  } else if (calls_.empty()) {
    if (quiet >= milliseconds(options_.max_idle_ms)) {
      return Close(Unavailable(name_, "idle"));
    }
  } else if (quiet >= milliseconds(options_.ping_interval_ms)) {
    wire::AppendPing(client_id_, out_);
    active_ = steady_clock::now();
    Write();
  }
  StartTimer();
}

}  // namespace cairn::ipc
