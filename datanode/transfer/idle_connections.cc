// The event loop of idle connections.
#include "datanode/transfer/idle_connections.h"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

#include "wire/transfer/op.h"

namespace cairn::datanode {

namespace {
// Deadlines are looked at this often; a connection may stay that much longer.
constexpr int kTickMs = 250;
}  // namespace

IdleConnections::IdleConnections(int32_t max_connections, const Clock& clock, Ready ready)
    : max_connections_(max_connections), clock_(clock), ready_(std::move(ready)) {}

IdleConnections::~IdleConnections() {
  Stop();
  if (epoll_fd_ >= 0) ::close(epoll_fd_);
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

absl::Status IdleConnections::Start() {
  epoll_fd_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event = {.events = EPOLLIN, .data = {.fd = wake_fd_}};
  if (epoll_fd_ < 0 || wake_fd_ < 0 ||
      ::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event) != 0) {
    return absl::UnavailableError(
        fmt::format("cannot make an event loop: {}", std::generic_category().message(errno)));
  }
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void IdleConnections::Stop() {
  {
    MutexLock lock(mu_);
    stopped_ = true;
  }
  if (thread_.joinable()) {
    const uint64_t one = 1;
    if (::write(wake_fd_, &one, sizeof(one)) < 0) spdlog::error("cannot wake the event loop");
    thread_.join();
  }
  MutexLock lock(mu_);
  waiting_.clear();
  deadlines_.clear();
}

bool IdleConnections::Add(std::unique_ptr<FrameSocket> connection, int64_t timeout_ms) {
  const int fd = connection->socket().fd();
  MutexLock lock(mu_);
  if (stopped_ || static_cast<int32_t>(waiting_.size()) >= max_connections_) return false;
  const int64_t deadline = clock_.MonotonicMs() + timeout_ms;
  waiting_[fd] = {std::move(connection), deadline};
  deadlines_.insert({deadline, fd});
  // Level-triggered: bytes that are already there wake the loop. What was read before and is still
  // buffered cannot be a whole header: the operation's thread has looked.
  epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data = {.fd = fd}};
  if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0) {
    spdlog::warn("cannot wait for a connection: {}", std::generic_category().message(errno));
    deadlines_.erase({deadline, fd});
    waiting_.erase(fd);
    return false;
  }
  return true;
}

size_t IdleConnections::size() const {
  MutexLock lock(mu_);
  return waiting_.size();
}

std::unique_ptr<FrameSocket> IdleConnections::Take(int fd) {
  const auto found = waiting_.find(fd);
  if (found == waiting_.end()) return nullptr;
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  deadlines_.erase({found->second.deadline_ms, fd});
  auto connection = std::move(found->second.connection);
  waiting_.erase(found);
  return connection;
}

void IdleConnections::OnReadable(int fd) {
  std::unique_ptr<FrameSocket> connection;
  absl::StatusOr<bool> whole = false;
  {
    MutexLock lock(mu_);
    const auto found = waiting_.find(fd);
    if (found == waiting_.end()) return;
    whole = found->second.connection->Poll(&wire::OpSize);
    if (whole.ok() && !*whole) return;
    connection = Take(fd);
  }
  // Bytes that are no header: their reader answers and closes. Otherwise the peer is gone.
  const bool refused =
      absl::IsInvalidArgument(whole.status()) || absl::IsUnimplemented(whole.status());
  if (whole.ok() || refused) ready_(std::move(connection));
}

void IdleConnections::CloseExpired() {
  std::vector<std::unique_ptr<FrameSocket>> expired;  // closed without the lock
  MutexLock lock(mu_);
  const int64_t now = clock_.MonotonicMs();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    expired.push_back(Take(deadlines_.begin()->second));
  }
}

void IdleConnections::Run() {
  SetThreadName("transfer-idle");
  std::array<epoll_event, 64> events;
  while (true) {
    const int n = ::epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()), kTickMs);
    for (int i = 0; i < n; ++i) {
      if (events[i].data.fd == wake_fd_) return;
      OnReadable(events[i].data.fd);
    }
    CloseExpired();
  }
}

}  // namespace cairn::datanode
