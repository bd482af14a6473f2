// A bounded buffer of text.
#include "namenode/http/reply_stream.h"

#include <algorithm>
#include <utility>

namespace cairn::namenode {

bool ReplyStream::Write(const std::string& text) {
  MutexLock lock(mu_);
  while (!closed_ && pending_.size() > kMaxPending) room_.Wait(mu_);
  if (closed_) return false;
  pending_ += text;
  if (Ready() && std::exchange(reader_waits_, false)) wake_();
  return true;
}

void ReplyStream::Finish() {
  MutexLock lock(mu_);
  finished_ = true;
  if (!closed_ && std::exchange(reader_waits_, false)) wake_();
}

std::optional<std::string> ReplyStream::Take() {
  MutexLock lock(mu_);
  if (!Ready()) {
    reader_waits_ = true;
    return std::nullopt;
  }
  const size_t length = std::min(pending_.size(), kPieceBytes);
  std::string piece = pending_.substr(0, length);
  pending_.erase(0, length);
  room_.NotifyAll();
  return piece;
}

void ReplyStream::Close() {
  MutexLock lock(mu_);
  closed_ = true;
  room_.NotifyAll();
}

}  // namespace cairn::namenode
