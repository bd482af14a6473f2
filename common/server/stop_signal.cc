// StopSignal over signalfd and eventfd.
#include "common/server/stop_signal.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <climits>

namespace cairn {

StopSignal::StopSignal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signal_fd_ = ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

StopSignal::~StopSignal() {
  ::close(signal_fd_);
  ::close(wake_fd_);
}

std::string StopSignal::Wait() {
  while (!WaitFor(INT_MAX)) {
  }
  return reason();
}

bool StopSignal::WaitFor(int64_t timeout_ms) {
  using std::chrono::steady_clock;
  const auto deadline = steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (!stopping()) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
    pollfd entries[] = {{.fd = signal_fd_, .events = POLLIN, .revents = 0},
                        {.fd = wake_fd_, .events = POLLIN, .revents = 0}};
    const int ready = ::poll(entries, 2, static_cast<int>(std::clamp<int64_t>(left, 0, INT_MAX)));
    if (ready == 0 && left <= 0) return false;
    signalfd_siginfo info;
    if (::read(signal_fd_, &info, sizeof(info)) == sizeof(info)) {
      RequestStop(info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
    }
  }
  return true;
}

void StopSignal::RequestStop(const std::string& reason) {
  {
    MutexLock lock(mu_);
    if (reason_.empty()) reason_ = reason.empty() ? "stop requested" : reason;
  }
  const uint64_t one = 1;
  (void)!::write(wake_fd_, &one, sizeof(one));
}

bool StopSignal::stopping() const {
  MutexLock lock(mu_);
  return !reason_.empty();
}

std::string StopSignal::reason() const {
  MutexLock lock(mu_);
  return reason_;
}

}  // namespace cairn
