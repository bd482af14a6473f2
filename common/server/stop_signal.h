// How a daemon learns that it should stop: SIGTERM, SIGINT, or one of its own parts.
#pragma once

#include <cstdint>
#include <string>

#include "common/threads.h"

namespace cairn {

// Takes over SIGTERM and SIGINT (which no longer end the process) and ignores SIGPIPE, for the life
// of the process. Construct one in main before anything that starts a thread (SetUpLogging does),
// so that every thread inherits the blocked signals; they are read from a descriptor by the waiting
// thread, and nothing runs in a signal handler. Programs this process starts must get a clean mask:
// use common/server/subprocess.
//
// Thread-safe; one thread waits.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Blocks until a signal came or RequestStop was called; returns the reason ("SIGTERM").
  std::string Wait();
  // As Wait, for at most `timeout_ms`; false when nothing happened.
  bool WaitFor(int64_t timeout_ms);
  // Ends Wait; the first reason is kept. May be called from any thread.
  void RequestStop(const std::string& reason);
  bool stopping() const;
  std::string reason() const;

 private:
  int signal_fd_;
  int wake_fd_;
  mutable Mutex mu_;
  std::string reason_ GUARDED_BY(mu_);
};

}  // namespace cairn
