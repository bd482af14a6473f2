// A wall clock that can jump, and connections that come from an address of the test's choice.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "tests/fault/shim/shim_state.h"

namespace cairn::fault {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kNsPerSecond = 1'000'000'000;

int64_t OffsetMs() {
  const ShimControl* const control = Control();
  return control != nullptr ? control->clock_offset_ms.load(std::memory_order_relaxed) : 0;
}

timespec Shifted(const timespec& time, int64_t ms) {
  int64_t ns = time.tv_nsec + ms % 1000 * kNsPerMs;
  int64_t seconds = time.tv_sec + ms / 1000;
  if (ns < 0) {
    ns += kNsPerSecond;
    --seconds;
  } else if (ns >= kNsPerSecond) {
    ns -= kNsPerSecond;
    ++seconds;
  }
  return {.tv_sec = seconds, .tv_nsec = ns};
}

// The kernel waits by its own clock: the deadline that stands for the process's.
timespec KernelDeadline(const timespec& deadline) {
  constexpr time_t kYear2001 =
      1'000'000'000;  // monotonic clocks count from the start of the machine
  return deadline.tv_sec < kYear2001 ? deadline : Shifted(deadline, -OffsetMs());
}

template <typename Function>
Function Real(const char* name, const char* version = nullptr) {
  void* const found =
      version != nullptr ? ::dlvsym(RTLD_NEXT, name, version) : ::dlsym(RTLD_NEXT, name);
  return reinterpret_cast<Function>(found != nullptr ? found : ::dlsym(RTLD_NEXT, name));
}

// Gives an unbound IPv4 socket (also one that speaks IPv4 in IPv6) its source before it connects
// within 127/8.
void BindSource(int fd, const sockaddr* address) {
  static const char* const source = std::getenv(kShimSourceVariable);
  if (source == nullptr) return;
  in_addr own;
  if (::inet_pton(AF_INET, source, &own) != 1) return;
  const int on = 1;
  sockaddr_storage bound = {};
  socklen_t length = sizeof(bound);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length) != 0) return;
  if (address->sa_family == AF_INET) {
    const auto& target = *reinterpret_cast<const sockaddr_in*>(address);
    if (ntohl(target.sin_addr.s_addr) >> 24 != 127) return;
    if (reinterpret_cast<const sockaddr_in&>(bound).sin_port != 0) return;
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    sockaddr_in from = {};
    from.sin_family = AF_INET;
    from.sin_addr = own;
    (void)::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof(from));
  } else if (address->sa_family == AF_INET6) {
    const auto& target = *reinterpret_cast<const sockaddr_in6*>(address);
    if (!IN6_IS_ADDR_V4MAPPED(&target.sin6_addr) || target.sin6_addr.s6_addr[12] != 127) return;
    if (reinterpret_cast<const sockaddr_in6&>(bound).sin6_port != 0) return;
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    sockaddr_in6 from = {};
    from.sin6_family = AF_INET6;
    from.sin6_addr = target.sin6_addr;  // ::ffff:
    std::memcpy(&from.sin6_addr.s6_addr[12], &own, sizeof(own));
    (void)::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof(from));
  }
}

}  // namespace
}  // namespace cairn::fault

using namespace cairn::fault;  // NOLINT: the hooks below have the C library's names

#define CAIRN_HOOK extern "C" __attribute__((visibility("default")))

CAIRN_HOOK int clock_gettime(clockid_t clock, timespec* now) noexcept {
  static const auto real = Real<int (*)(clockid_t, timespec*)>("clock_gettime");
  const int result = real(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    *now = Shifted(*now, OffsetMs());
  return result;
}
CAIRN_HOOK int gettimeofday(timeval* now, void* /*zone*/) noexcept {
  timespec exact;
  if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
  *now = {.tv_sec = exact.tv_sec, .tv_usec = exact.tv_nsec / 1000};
  return 0;
}
CAIRN_HOOK time_t time(time_t* out) noexcept {
  timespec exact;
  if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
  if (out != nullptr) *out = exact.tv_sec;
  return exact.tv_sec;
}

CAIRN_HOOK int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                      const timespec* deadline) {
  // The C library's oldest version has another layout.
  static const auto real = Real<int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*)>(
      "pthread_cond_timedwait", "GLIBC_2.3.2");
  const timespec until = KernelDeadline(*deadline);
  return real(condition, mutex, &until);
}
CAIRN_HOOK int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                      clockid_t clock, const timespec* deadline) {
  static const auto real =
      Real<int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>(
          "pthread_cond_clockwait");
  const timespec until = KernelDeadline(*deadline);
  return real(condition, mutex, clock, &until);
}
CAIRN_HOOK int sem_timedwait(sem_t* semaphore, const timespec* deadline) {
  static const auto real = Real<int (*)(sem_t*, const timespec*)>("sem_timedwait");
  const timespec until = KernelDeadline(*deadline);
  return real(semaphore, &until);
}

CAIRN_HOOK int connect(int fd, const sockaddr* address, socklen_t length) {
  BindSource(fd, address);
  return static_cast<int>(::syscall(SYS_connect, fd, address, length));
}
