// Interrupt over StopSignal.
#include "tools/dfs/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "common/clock.h"

namespace cairn::dfs {
namespace {

constexpr char kCommandEnded[] = "command ended";

}  // namespace

Interrupt::Interrupt() : thread_([this] { Watch(); }) {}

Interrupt::~Interrupt() {
  {
    MutexLock lock(mu_);
    over_ = true;
    ended_.NotifyAll();
  }
  stop_.RequestStop(kCommandEnded);
  thread_.join();
}

void Interrupt::Watch() {
  const std::string reason = stop_.Wait();
  if (reason == kCommandEnded) return;
  signal_ = reason == "SIGTERM" ? SIGTERM : SIGINT;
  // From here on this thread takes them as any program does: the next one is the end.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  const int64_t give_up_ms = SystemClock().MonotonicMs() + kGraceMs;
  MutexLock lock(mu_);
  while (!over_) {
    const int64_t left_ms = give_up_ms - SystemClock().MonotonicMs();
    if (left_ms <= 0) ::_exit(exit_code());
    ended_.WaitFor(mu_, left_ms);
  }
}

}  // namespace cairn::dfs
