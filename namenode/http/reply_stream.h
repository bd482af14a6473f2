// The body of an HTTP reply on its way from the thread that makes it to the connection.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "common/threads.h"

namespace cairn::namenode {

// Thread-safe. One thread writes, the connection's event loop reads.
class ReplyStream {
 public:
  // Bytes that may wait to be sent; beyond them the writer waits.
  static constexpr size_t kMaxPending = 1 << 20;
  static constexpr size_t kPieceBytes = 64 << 10;

  // `wake` tells the reader that there is something to take; called from any thread, under a lock:
  // it must not call back.
  explicit ReplyStream(std::function<void()> wake) : wake_(std::move(wake)) {}

  // Adds to the body; waits while too much is unsent. False: the client is gone.
  bool Write(const std::string& text);
  // The body is complete.
  void Finish();

  // A piece of what is there, once there is enough of it or it is complete; an empty one ends the
  // body. Nothing yet: `wake` will be called.
  std::optional<std::string> Take();
  // The client is gone: writers learn it, and `wake` is never called again.
  void Close();

 private:
  bool Ready() const REQUIRES(mu_) { return finished_ || pending_.size() >= kPieceBytes; }

  const std::function<void()> wake_;
  Mutex mu_;
  CondVar room_;
  std::string pending_ GUARDED_BY(mu_);
  bool finished_ GUARDED_BY(mu_) = false;
  bool closed_ GUARDED_BY(mu_) = false;
  bool reader_waits_ GUARDED_BY(mu_) = true;
};

}  // namespace cairn::namenode
