// The load's connections on one epoll.
#include "bench/rpc_load.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>
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
constexpr int64_t kReservedSamples = 1 << 20;

// Calls made again and again are at least so many, so that ids of those in flight differ.
constexpr int64_t kMinFrames = 1 << 14;

// The frames of all calls, one behind the other.
class Frames {
 public:
  Frames(const RpcLoad& load, std::string_view client_id) {
    const int64_t count = load.calls > 0
                              ? load.calls
                              : std::max(load.distinct, kMinFrames / load.distinct * load.distinct);
    begins_.reserve(static_cast<size_t>(count) + 1);
    for (int64_t n = 0; n < count; ++n) {
      begins_.push_back(bytes_.size());
      wire::AppendRequest({.call_id = static_cast<int32_t>(n),
                           .retry_count = 0,
                           .client_id = client_id,
                           .caller_context = {},
                           .protocol = load.protocol,
                           .version = 1,
                           .method = load.method,
                           .request = load.request(n % std::max<int64_t>(load.distinct, 1))},
                          bytes_);
    }
    begins_.push_back(bytes_.size());
  }

  int64_t size() const { return static_cast<int64_t>(begins_.size()) - 1; }
  // Those of calls [first, last).
  std::string_view Range(int64_t first, int64_t last) const {
    const size_t begin = begins_[static_cast<size_t>(first)];
    return std::string_view(bytes_).substr(begin, begins_[static_cast<size_t>(last)] - begin);
  }

 private:
  std::string bytes_;
  std::vector<size_t> begins_;  // and the end
};

struct Samples {
  std::vector<float> latencies_us;
  int64_t failed = 0;
  std::string first_failure;
};

// What all connections share.
struct LoadState {
  const RpcLoad& load;
  const Frames& frames;
  int64_t next = 0;                     // call to be made
  std::vector<Clock::time_point> sent;  // by call id
  Samples samples;
};

class LoadConnection {
 public:
  // `state` must outlive the connection.
  static absl::StatusOr<std::unique_ptr<LoadConnection>> Open(LoadState& state,
                                                              std::string_view client_id) {
    const RpcLoad& load = state.load;
    ASSIGN_OR_RETURN(auto socket, TcpSocket::Connect(load.address, kTimeoutMs));
    socket->SetWriteTimeout(kTimeoutMs);
    std::string hello = wire::EncodePreamble(wire::RpcAuth::kNone);
    wire::AppendContext({.effective_user = load.user, .real_user = "", .protocol = load.protocol},
                        client_id, hello);
    RETURN_IF_ERROR(socket->WriteFull(hello));
    return std::unique_ptr<LoadConnection>(new LoadConnection(state, std::move(socket)));
  }

  int fd() const { return socket_->fd(); }

  // Sends up to `calls` more, as long as there are any left.
  absl::Status Send(int calls) {
    if (calls == 0) return absl::OkStatus();
    const Clock::time_point now = Clock::now();
    while (calls > 0) {
      if (state_.next == state_.frames.size()) {
        if (state_.load.calls > 0) break;
        state_.next = 0;
      }
      const int64_t last = std::min(state_.next + calls, state_.frames.size());
      std::fill(state_.sent.begin() + state_.next, state_.sent.begin() + last, now);
      RETURN_IF_ERROR(socket_->WriteFull(state_.frames.Range(state_.next, last)));
      calls -= static_cast<int>(last - state_.next);
      state_.next = last;
    }
    return absl::OkStatus();
  }

  // Reads what is there; returns how many replies that were.
  absl::StatusOr<int> Receive() {
    if (received_.size() - end_ < kReadBytes) {
      std::memmove(received_.data(), received_.data() + begin_, end_ - begin_);
      end_ -= std::exchange(begin_, 0);
      if (received_.size() - end_ < kReadBytes) received_.resize(2 * received_.size());
    }
    ASSIGN_OR_RETURN(const size_t n,
                     socket_->ReadSome(received_.data() + end_, received_.size() - end_));
    end_ += n;
    const Clock::time_point now = Clock::now();
    int replies = 0;
    while (true) {
      const std::string_view rest(received_.data() + begin_, end_ - begin_);
      ASSIGN_OR_RETURN(const size_t size, wire::FrameSize(rest, kMaxReplyBytes));
      if (size == 0 || size > rest.size()) break;
      RETURN_IF_ERROR(Count(rest.substr(wire::kFrameLengthBytes), now));
      begin_ += size;
      ++replies;
    }
    return replies;
  }

 private:
  LoadConnection(LoadState& state, std::unique_ptr<TcpSocket> socket)
      : state_(state), socket_(std::move(socket)), received_(2 * kReadBytes) {}

  // Looks only at call id and status: the first two fields of the header.
  absl::Status Count(std::string_view content, Clock::time_point now) {
    const auto header = TakeVarint64(content);
    const auto id_tag = TakeVarint64(content);
    const auto id = TakeVarint64(content);
    const auto status_tag = TakeVarint64(content);
    const auto status = TakeVarint64(content);
    if (!header || id_tag != 1u << 3 || !id || *id >= state_.sent.size() || status_tag != 2u << 3 ||
        !status) {
      return absl::InternalError("a reply with an unexpected header");
    }
    Samples& samples = state_.samples;
    if (*status != 0 && samples.failed++ == 0) samples.first_failure = std::string(content);
    const std::chrono::duration<float, std::micro> latency = now - state_.sent[*id];
    samples.latencies_us.push_back(latency.count());
    return absl::OkStatus();
  }

  LoadState& state_;
  const std::unique_ptr<TcpSocket> socket_;
  std::vector<char> received_;  // [begin_, end_) is not looked at yet
  size_t begin_ = 0;
  size_t end_ = 0;
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
  // Calls of another load must not look like retries of these.
  const std::string client_id = Random().Bytes(kClientIdBytes);
  const Frames frames(load, client_id);
  LoadState state{.load = load, .frames = frames};
  state.sent.resize(static_cast<size_t>(frames.size()));
  Samples& samples = state.samples;
  samples.latencies_us.reserve(static_cast<size_t>(std::max(load.calls, kReservedSamples)));
  std::vector<std::unique_ptr<LoadConnection>> connections;
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const std::unique_ptr<const int, void (*)(const int*)> closer(
      &epoll, [](const int* fd) { ::close(*fd); });
  for (int i = 0; i < load.connections; ++i) {
    ASSIGN_OR_RETURN(auto connection, LoadConnection::Open(state, client_id));
    epoll_event event = {.events = EPOLLIN, .data = {.ptr = connection.get()}};
    if (::epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd(), &event) != 0) {
      return absl::ResourceExhaustedError("epoll_ctl");
    }
    connections.push_back(std::move(connection));
  }
  const Clock::time_point start = Clock::now();
  const auto until = start + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(load.seconds));
  const auto done = [&] {
    return load.calls > 0 ? static_cast<int64_t>(samples.latencies_us.size()) >= load.calls
                          : Clock::now() >= until;
  };
  for (const auto& connection : connections) RETURN_IF_ERROR(connection->Send(load.in_flight));
  std::array<epoll_event, 256> events;
  while (!done()) {
    const int n = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), kTimeoutMs);
    if (n == 0) return absl::DeadlineExceededError(load.method + ": no reply for 10 s");
    for (int i = 0; i < n; ++i) {
      auto* connection = static_cast<LoadConnection*>(events[i].data.ptr);
      ASSIGN_OR_RETURN(const int replies, connection->Receive());
      RETURN_IF_ERROR(connection->Send(replies));
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
