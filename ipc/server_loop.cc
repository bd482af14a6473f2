// Connections of one thread.
#include "ipc/server_loop.h"

#include <chrono>
#include <utility>
#include <vector>

#include "ipc/server_connection.h"

namespace cairn::ipc {
namespace {

// A buffer that has grown beyond this is not kept.
constexpr size_t kKeptBytes = 1 << 20;

}  // namespace

ServerLoop::ServerLoop(ServerCore& core, std::string thread_name)
    : core_(core),
      read_buffer_(new char[kReadBytes]),
      events_(std::move(thread_name)),
      sweep_timer_(events_.io()) {
  events_.Post([this] { Sweep(); });
}

ServerLoop::~ServerLoop() { Stop(); }

void ServerLoop::Stop() {
  events_.Post([this] {
    stopping_ = true;
    sweep_timer_.cancel();
    while (!connections_.empty()) {
      const std::shared_ptr<ServerConnection> connection = *connections_.begin();
      connection->Close();
    }
  });
  events_.Finish();
}

void ServerLoop::Adopt(boost::asio::ip::tcp::socket socket) {
  if (stopping_) return;
  auto connection = std::make_shared<ServerConnection>(*this, std::move(socket));
  connections_.insert(connection);
  connection->Start();
}

void ServerLoop::Forget(const std::shared_ptr<ServerConnection>& connection) {
  connections_.erase(connection);
}

std::string ServerLoop::TakeWriteBuffer() { return std::exchange(write_buffer_, {}); }

void ServerLoop::GiveBack(std::string buffer) {
  if (buffer.capacity() > kKeptBytes || buffer.capacity() < write_buffer_.capacity()) return;
  buffer.clear();
  write_buffer_ = std::move(buffer);
}

std::string& ServerLoop::response_room() {
  if (response_room_.capacity() > kKeptBytes) response_room_ = {};
  return response_room_;
}

void ServerLoop::BeginGroup() {
  if (core_.options.groups != nullptr) core_.options.groups->Begin();
}

void ServerLoop::EndGroup() {
  if (core_.options.groups != nullptr) core_.options.groups->End(events_.tasks());
}

void ServerLoop::Sweep() {
  if (stopping_) return;
  const int64_t now = core_.clock.MonotonicMs();
  std::vector<std::shared_ptr<ServerConnection>> expired;
  for (const std::shared_ptr<ServerConnection>& connection : connections_) {
    if (connection->Expired(now)) expired.push_back(connection);
  }
  for (const std::shared_ptr<ServerConnection>& connection : expired) connection->Close();
  sweep_timer_.expires_after(std::chrono::milliseconds(core_.options.sweep_interval_ms));
  sweep_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Sweep();
  });
}

}  // namespace cairn::ipc
