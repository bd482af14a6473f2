// Whole messages from a socket.
#include "datanode/transfer/frame_socket.h"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "common/clock.h"
#include "common/status_macros.h"

namespace cairn::datanode {

namespace {
// The most that DrainForClose reads: what a client may have in flight, and some.
constexpr size_t kMaxDrainBytes = 16 << 20;
}  // namespace

void FrameSocket::ConsumeLast() {
  if (last_size_ > 0) buffer_.Consume(last_size_);
  last_size_ = 0;
}

absl::StatusOr<bool> FrameSocket::Complete(MessageSizer sizer, size_t& size) {
  ASSIGN_OR_RETURN(size, sizer(buffer_.view()));
  return size != 0 && buffer_.view().size() >= size;
}

absl::StatusOr<std::string_view> FrameSocket::Read(MessageSizer sizer) {
  ConsumeLast();
  while (true) {
    size_t size = 0;
    ASSIGN_OR_RETURN(const bool complete, Complete(sizer, size));
    if (complete) {
      last_size_ = size;
      return buffer_.view().substr(0, size);
    }
    char* to = buffer_.Prepare(size);
    const auto n = socket_->ReadSome(to, buffer_.writable());
    if (!n.ok()) {
      if (absl::IsOutOfRange(n.status()) && !buffer_.view().empty()) {
        return absl::UnavailableError(
            fmt::format("{} closed the connection in the middle of a message", peer()));
      }
      return n.status();
    }
    buffer_.Commit(*n);
  }
}

absl::StatusOr<bool> FrameSocket::Poll(MessageSizer sizer) {
  ConsumeLast();
  while (true) {
    size_t size = 0;
    ASSIGN_OR_RETURN(const bool complete, Complete(sizer, size));
    if (complete) return true;
    char* to = buffer_.Prepare(size);
    const ssize_t n = ::recv(socket_->fd(), to, buffer_.writable(), MSG_DONTWAIT);
    if (n > 0) {
      buffer_.Commit(static_cast<size_t>(n));
    } else if (n == 0) {
      return absl::OutOfRangeError(fmt::format("{} closed the connection", peer()));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return false;
    } else if (errno != EINTR) {
      return absl::UnavailableError(
          fmt::format("Reading from {}: {}", peer(), std::generic_category().message(errno)));
    }
  }
}

absl::StatusOr<std::string_view> FrameSocket::ReadBytes(size_t n) {
  ConsumeLast();
  while (buffer_.view().size() < n) {
    char* to = buffer_.Prepare(n);
    ASSIGN_OR_RETURN(const size_t got, socket_->ReadSome(to, buffer_.writable()));
    buffer_.Commit(got);
  }
  last_size_ = n;
  return buffer_.view().substr(0, n);
}

absl::Status FrameSocket::WriteMore(std::string_view data) {
  const ssize_t n =
      ::send(socket_->fd(), data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE);
  if (n > 0) data.remove_prefix(static_cast<size_t>(n));
  return data.empty() ? absl::OkStatus() : socket_->WriteFull(data);
}

void FrameSocket::DrainForClose(int64_t timeout_ms) {
  socket_->ShutdownWrite();
  socket_->SetReadTimeout(timeout_ms);
  ConsumeLast();
  buffer_.Consume(buffer_.view().size());
  const int64_t deadline = SystemClock().MonotonicMs() + timeout_ms;
  for (size_t dropped = 0; dropped < kMaxDrainBytes && SystemClock().MonotonicMs() < deadline;) {
    char* to = buffer_.Prepare(0);
    const auto n = socket_->ReadSome(to, buffer_.writable());
    if (!n.ok()) return;
    dropped += *n;
  }
}

void FrameSocket::ResizeBuffer(size_t buffer_bytes) {
  ConsumeLast();
  if (buffer_.view().empty()) buffer_ = wire::ReceiveBuffer(buffer_bytes);
}

}  // namespace cairn::datanode
