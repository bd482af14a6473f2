// The load's connections on one epoll.
#include "bench/rpc_load.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <vector>

#include "common/coding.h"
#include "common/net/socket.h"
#include "common/random.h"
#include "common/status_macros.h"
#include "wire/hadoop_rpc/frame.h"
#include "wire/hadoop_rpc/preamble.h"
#include "wire/hadoop_rpc/request.h"

namespace cairn::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kClientIdBytes = 16;
constexpr int64_t kTimeoutMs = 10'000;
constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kMaxReplyBytes = 128 << 20;

struct Samples {
  std::vector<float> latencies_us;
  int64_t failed = 0;
  std::string first_failure;
};

class LoadConnection {
 public:
  // `load` must outlive the connection.
  static absl::StatusOr<std::unique_ptr<LoadConnection>> Open(const RpcLoad& load) {
    ASSIGN_OR_RETURN(auto socket, TcpSocket::Connect(load.address, kTimeoutMs));
    socket->SetWriteTimeout(kTimeoutMs);
    // Calls of another client must not look like retries of these.
    std::string client_id = Random().Bytes(kClientIdBytes);
    std::unique_ptr<LoadConnection> connection(
        new LoadConnection(load, std::move(client_id), std::move(socket)));
    std::string hello = wire::EncodePreamble(wire::RpcAuth::kNone);
    wire::AppendContext({.effective_user = load.user, .real_user = "", .protocol = load.protocol},
                        connection->client_id_, hello);
    RETURN_IF_ERROR(connection->socket_->WriteFull(hello));
    return connection;
  }

  int fd() const { return socket_->fd(); }

  // Sends up to `calls` more, as long as there are numbers left.
  absl::Status Send(int calls, int64_t& next_number) {
    const Clock::time_point now = Clock::now();
    batch_.clear();
    for (int i = 0; i < calls && (load_.calls == 0 || next_number < load_.calls); ++i) {
      const std::string request = load_.request(next_number++);
      wire::AppendRequest({.call_id = next_id_,
                           .retry_count = 0,
                           .client_id = client_id_,
                           .caller_context = {},
                           .protocol = load_.protocol,
                           .version = 1,
                           .method = load_.method,
                           .request = request},
                          batch_);
      sent_[static_cast<size_t>(next_id_++) % sent_.size()] = now;
    }
    return batch_.empty() ? absl::OkStatus() : socket_->WriteFull(batch_);
  }

  // Reads what is there; returns how many replies that were.
  absl::StatusOr<int> Receive(char* buffer, Samples& samples) {
    ASSIGN_OR_RETURN(const size_t n, socket_->ReadSome(buffer, kReadBytes));
    received_.append(buffer, n);
    const Clock::time_point now = Clock::now();
    size_t at = 0;
    int replies = 0;
    while (true) {
      const std::string_view rest = std::string_view(received_).substr(at);
      ASSIGN_OR_RETURN(const size_t size, wire::FrameSize(rest, kMaxReplyBytes));
      if (size == 0 || size > rest.size()) break;
      RETURN_IF_ERROR(Count(rest.substr(wire::kFrameLengthBytes), now, samples));
      at += size;
      ++replies;
    }
    received_.erase(0, at);
    return replies;
  }

 private:
  LoadConnection(const RpcLoad& load, std::string client_id, std::unique_ptr<TcpSocket> socket)
      // Replies may overtake each other: room for more ids than are in flight.
      : load_(load),
        client_id_(std::move(client_id)),
        socket_(std::move(socket)),
        sent_(static_cast<size_t>(load.in_flight) * 4) {}

  // Looks only at call id and status: the first two fields of the header.
  absl::Status Count(std::string_view content, Clock::time_point now, Samples& samples) {
    const auto header = TakeVarint64(content);
    const auto id_tag = TakeVarint64(content);
    const auto id = TakeVarint64(content);
    const auto status_tag = TakeVarint64(content);
    const auto status = TakeVarint64(content);
    if (!header || id_tag != 1u << 3 || !id || status_tag != 2u << 3 || !status) {
      return absl::InternalError("a reply with an unexpected header");
    }
    if (*status != 0 && samples.failed++ == 0) samples.first_failure = std::string(content);
    const std::chrono::duration<float, std::micro> latency = now - sent_[*id % sent_.size()];
    samples.latencies_us.push_back(latency.count());
    return absl::OkStatus();
  }

  const RpcLoad& load_;
  const std::string client_id_;
  const std::unique_ptr<TcpSocket> socket_;
  int32_t next_id_ = 0;
  std::vector<Clock::time_point> sent_;  // by call id
  std::string batch_;
  std::string received_;
};

double Quantile(std::vector<float>& values, double quantile) {
  if (values.empty()) return 0;
  const auto nth =
      values.begin() + static_cast<ptrdiff_t>(quantile * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

}  // namespace

absl::StatusOr<RpcLoadResult> RunRpcLoad(const RpcLoad& load) {
  std::vector<std::unique_ptr<LoadConnection>> connections;
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const std::unique_ptr<const int, void (*)(const int*)> closer(
      &epoll, [](const int* fd) { ::close(*fd); });
  for (int i = 0; i < load.connections; ++i) {
    ASSIGN_OR_RETURN(auto connection, LoadConnection::Open(load));
    epoll_event event = {.events = EPOLLIN, .data = {.ptr = connection.get()}};
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd(), &event) != 0) {
      return absl::ResourceExhaustedError("epoll_ctl");
    }
    connections.push_back(std::move(connection));
  }
  const std::unique_ptr<char[]> buffer(new char[kReadBytes]);
  Samples samples;
  int64_t next_number = 0;
  const Clock::time_point start = Clock::now();
  const auto until = start + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(load.seconds));
  const auto done = [&] {
    return load.calls > 0 ? static_cast<int64_t>(samples.latencies_us.size()) >= load.calls
                          : Clock::now() >= until;
  };
  for (const auto& connection : connections) {
    RETURN_IF_ERROR(connection->Send(load.in_flight, next_number));
  }
  std::array<epoll_event, 256> events;
  while (!done()) {
    const int n = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), kTimeoutMs);
    if (n == 0) return absl::DeadlineExceededError(load.method + ": no reply for 10 s");
    for (int i = 0; i < n; ++i) {
      auto* connection = static_cast<LoadConnection*>(events[i].data.ptr);
      ASSIGN_OR_RETURN(const int replies, connection->Receive(buffer.get(), samples));
      RETURN_IF_ERROR(connection->Send(replies, next_number));
    }
  }
  RpcLoadResult result{.calls = static_cast<int64_t>(samples.latencies_us.size()),
                       .failed = samples.failed,
                       .first_failure = std::move(samples.first_failure),
                       .seconds = std::chrono::duration<double>(Clock::now() - start).count()};
  result.median_us = Quantile(samples.latencies_us, 0.5);
  result.p99_us = Quantile(samples.latencies_us, 0.99);
  result.max_us = Quantile(samples.latencies_us, 1);
  return result;
}

}  // namespace cairn::bench
