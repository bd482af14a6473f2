// Ctrl-C for commands that clean up before they end.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "common/server/stop_signal.h"
#include "common/threads.h"

namespace cairn::dfs {

// Takes over SIGINT and SIGTERM: the first one is only noted, so that the command can remove what
// it has half done. A second one ends the process at once, and so does the first after kGraceMs,
// for a command that hangs. Construct it before anything starts a thread (see StopSignal).
// Thread-safe.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();

  // A signal came.
  bool came() const { return signal_ != 0; }
  // What a shell reports of a program that the signal ended: 130 or 143. Only after came().
  int exit_code() const { return 128 + signal_; }

 private:
  void Watch();

  static constexpr int64_t kGraceMs = 10'000;

  StopSignal stop_;
  std::atomic<int> signal_ = 0;
  Mutex mu_;
  CondVar ended_;
  bool over_ GUARDED_BY(mu_) = false;  // the command has ended
  std::thread thread_;
};

}  // namespace cairn::dfs
