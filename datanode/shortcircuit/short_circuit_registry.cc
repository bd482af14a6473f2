// The registry's tables and the thread that waits for connections to end.
#include "datanode/shortcircuit/short_circuit_registry.h"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <limits>

#include "common/status_macros.h"

namespace cairn::datanode {
namespace {

absl::Status NoSegment(const wire::ShmId& id) {
  return absl::InvalidArgumentError(
      fmt::format("there is no shared memory segment registered with shmId {}", id.ToString()));
}

}  // namespace

ShortCircuitRegistry::ShortCircuitRegistry() = default;

ShortCircuitRegistry::~ShortCircuitRegistry() { Stop(); }

absl::Status ShortCircuitRegistry::Start() {
  epoll_ = OwnedFd(::epoll_create1(EPOLL_CLOEXEC));
  wake_ = OwnedFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event = {.events = EPOLLIN, .data = {.fd = wake_.get()}};
  if (epoll_.get() < 0 || wake_.get() < 0 ||
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) {
    return absl::UnavailableError("cannot watch the connections of shared memory segments");
  }
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void ShortCircuitRegistry::Stop() {
  {
    MutexLock lock(mu_);
    stopped_ = true;
    while (!segments_.empty()) Remove(segments_.begin()->first);
  }
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof(one));
  thread_.join();
}

void ShortCircuitRegistry::Run() {
  SetThreadName("shortcircuit");
  std::array<epoll_event, 64> events;
  while (true) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == wake_.get()) return;
      MutexLock lock(mu_);
      // Whatever comes, its end or bytes that nobody expects, ends the segment.
      const auto found = by_connection_.find(fd);
      if (found != by_connection_.end()) Remove(wire::ShmId(found->second));
    }
  }
}

absl::StatusOr<ShortCircuitRegistry::NewSegment> ShortCircuitRegistry::Make(
    const std::string& client) {
  MutexLock lock(mu_);
  if (stopped_ || segments_.size() >= kMaxSegments) {
    return absl::ResourceExhaustedError("no more shared memory segments are made");
  }
  const wire::ShmId id{.hi = static_cast<int64_t>(random_.Next64()),
                       .lo = static_cast<int64_t>(random_.Next64())};
  ASSIGN_OR_RETURN(auto segment, ShmSegment::Make(id, client));
  const int fd = segment->fd();
  segments_[id].segment = std::move(segment);
  return NewSegment{.id = id, .fd = fd};
}

void ShortCircuitRegistry::Watch(const wire::ShmId& id, std::unique_ptr<TcpSocket> connection) {
  MutexLock lock(mu_);
  const auto found = segments_.find(id);
  if (found == segments_.end()) return;  // stopped meanwhile
  const int fd = connection->fd();
  found->second.connection = std::move(connection);
  by_connection_[fd] = id;
  epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data = {.fd = fd}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) Remove(wire::ShmId(id));
}

void ShortCircuitRegistry::Drop(const wire::ShmId& id) {
  MutexLock lock(mu_);
  Remove(wire::ShmId(id));
}

void ShortCircuitRegistry::Remove(const wire::ShmId& id) {
  const auto found = segments_.find(id);
  if (found == segments_.end()) return;
  Entry& entry = found->second;
  for (int32_t index = 0; index < kSlotsPerSegment; ++index) {
    const auto block = entry.segment->BlockOf(index);
    if (!block) continue;
    entry.segment->Invalidate(index);
    slots_.erase({*block, id, index});
  }
  // Its descriptor leaves the epoll set with its end.
  if (entry.connection != nullptr) by_connection_.erase(entry.connection->fd());
  segments_.erase(found);
}

absl::Status ShortCircuitRegistry::Register(const wire::ShmSlot& slot, BlockId block) {
  MutexLock lock(mu_);
  const auto found = segments_.find(slot.shm);
  if (found == segments_.end()) return NoSegment(slot.shm);
  RETURN_IF_ERROR(found->second.segment->Register(slot.index, block));
  slots_.insert({block, slot.shm, slot.index});
  return absl::OkStatus();
}

absl::Status ShortCircuitRegistry::Unregister(const wire::ShmSlot& slot) {
  MutexLock lock(mu_);
  const auto found = segments_.find(slot.shm);
  if (found == segments_.end()) return NoSegment(slot.shm);
  ASSIGN_OR_RETURN(const BlockId block, found->second.segment->Unregister(slot.index));
  slots_.erase({block, slot.shm, slot.index});
  return absl::OkStatus();
}

void ShortCircuitRegistry::Invalidate(BlockId block) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  MutexLock lock(mu_);
  for (auto it = slots_.lower_bound({block, {.hi = kLeast, .lo = kLeast}, 0});
       it != slots_.end() && std::get<0>(*it) == block; ++it) {
    segments_.find(std::get<1>(*it))->second.segment->Invalidate(std::get<2>(*it));
  }
}

size_t ShortCircuitRegistry::segments() const {
  MutexLock lock(mu_);
  return segments_.size();
}

size_t ShortCircuitRegistry::slots() const {
  MutexLock lock(mu_);
  return slots_.size();
}

}  // namespace cairn::datanode
