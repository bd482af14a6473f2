// Orders and descriptors. Only the C library below: this runs before the daemon's main.
#include "tests/fault/shim/shim_state.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace cairn::fault {
namespace {

constexpr int kMaxDescriptors = 1 << 16;
std::atomic<OpenFile*> g_files[kMaxDescriptors];

[[noreturn]] void Die(const char* what, const char* path) {
  std::fprintf(stderr, "fault shim: %s %s: %s\n", what, path, std::strerror(errno));
  std::abort();
}

ShimControl* MapControl() {
  const char* path = std::getenv(kShimControlVariable);
  if (path == nullptr) return nullptr;
  const int fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0));
  if (fd < 0) Die("cannot open", path);
  void* const mapped =
      ::mmap(nullptr, sizeof(ShimControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::syscall(SYS_close, fd);
  if (mapped == MAP_FAILED) Die("cannot map", path);
  auto* const control = static_cast<ShimControl*>(mapped);
  ++control->loaded;
  return control;
}

const std::vector<std::string>& WatchedPrefixes() {
  static const auto* const prefixes = [] {
    auto* const list = new std::vector<std::string>();  // never destroyed: daemons exit in threads
    const char* text = std::getenv(kShimWatchVariable);
    std::string rest = text != nullptr ? text : "";
    while (!rest.empty()) {
      const size_t colon = rest.find(':');
      if (colon != 0) list->push_back(rest.substr(0, colon));
      rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    }
    return list;
  }();
  return *prefixes;
}

bool IsBelow(const std::string& path, const char* prefix) {
  const size_t n = std::strlen(prefix);
  return path.compare(0, n, prefix) == 0 && (path.size() == n || path[n] == '/');
}

uint64_t NextRandom(std::atomic<uint64_t>& state) {
  uint64_t word = state.fetch_add(0x9e3779b97f4a7c15) + 0x9e3779b97f4a7c15;
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
  word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
  return word ^ (word >> 31);
}

void SleepUs(int64_t us) {
  timespec left = {.tv_sec = us / 1'000'000, .tv_nsec = us % 1'000'000 * 1000};
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

}  // namespace

ShimControl* Control() {
  static ShimControl* const control = MapControl();
  return control;
}

Verdict Judge(CallKind kind, const std::string& path) {
  Verdict verdict;
  ShimControl* const control = Control();
  if (control == nullptr) return verdict;
  for (ShimRule& rule : control->rules) {
    if (rule.active.load(std::memory_order_acquire) == 0 || (rule.calls & kind) == 0) continue;
    if (rule.prefix[0] != '\0' && !IsBelow(path, rule.prefix)) continue;
    if (rule.contains[0] != '\0' && path.find(rule.contains) == std::string::npos) continue;
    if (rule.matched.fetch_add(1) < rule.after) continue;
    if (NextRandom(control->random) % 1'000'000 >= rule.per_million) continue;
    if (rule.struck.fetch_add(1) >= rule.times && rule.times >= 0) {
      rule.struck.fetch_sub(1);
      continue;
    }
    if (rule.delay_us > 0) SleepUs(rule.delay_us);
    if (rule.error != 0) verdict.error = rule.error;
    if (rule.short_write != 0) verdict.short_write = true;
  }
  return verdict;
}

std::string AbsolutePath(int directory_fd, const char* path) {
  std::string text;
  for (const char* at = path; *at != '\0'; ++at) {
    if (at[0] != '/' || at[1] != '/') text += *at;  // RocksDB doubles slashes
  }
  if (!text.empty() && text[0] == '/') return text;
  char base[PATH_MAX] = "";
  char link[64] = "/proc/self/cwd";
  if (directory_fd != AT_FDCWD) std::snprintf(link, sizeof(link), "/proc/self/fd/%d", directory_fd);
  const ssize_t n = ::readlink(link, base, sizeof(base) - 1);
  if (n > 0) base[n] = '\0';
  return std::string(base) + "/" + text;
}

bool IsWatched(const std::string& path) {
  for (const std::string& prefix : WatchedPrefixes()) {
    if (IsBelow(path, prefix.c_str())) return true;
  }
  return false;
}

bool IsWatchedName(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash != std::string::npos && IsWatched(path.substr(0, slash));
}

void Track(int fd, OpenFile file) {
  if (fd < 0 || fd >= kMaxDescriptors) return;
  delete g_files[fd].exchange(new OpenFile(std::move(file)));
}

void Untrack(int fd) {
  if (fd >= 0 && fd < kMaxDescriptors && g_files[fd].load() != nullptr)
    delete g_files[fd].exchange(nullptr);
}

const OpenFile* Tracked(int fd) {
  return fd >= 0 && fd < kMaxDescriptors ? g_files[fd].load() : nullptr;
}

}  // namespace cairn::fault
