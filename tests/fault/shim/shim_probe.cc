// A tiny program to run under the shim: does what its arguments say, one call each, and prints
// what came of it. "op:argument:argument"; see Run.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace {

std::map<std::string, int> g_open;

int Open(const std::string& path, int flags) {
  if (!g_open.contains(path)) g_open[path] = ::open(path.c_str(), flags, 0600);
  return g_open[path];
}

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ':') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

long Read(const std::string& path) {
  char bytes[16];
  return ::pread(Open(path, O_RDONLY), bytes, sizeof(bytes), 0);
}

// Waits 50 ms by the wall clock; how long it took by the other one.
long WaitByWallClock() {
  std::mutex mu;
  std::condition_variable never;
  std::unique_lock<std::mutex> lock(mu);
  const auto begun = std::chrono::steady_clock::now();
  never.wait_until(lock, std::chrono::system_clock::now() + std::chrono::milliseconds(50));
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               begun)
      .count();
}

long SyncDirectory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY);
  const int result = ::fsync(fd);
  ::close(fd);
  return result;
}

long Run(const std::vector<std::string>& part) {
  const std::string& op = part[0];
  const std::string& path = part[1];
  const std::string text = part.size() > 2 ? part[2] : "";
  if (op == "create") return Open(path, O_CREAT | O_RDWR) < 0 ? -1 : 0;
  if (op == "empty") return Open(path, O_CREAT | O_TRUNC | O_RDWR) < 0 ? -1 : 0;
  if (op == "append") {
    const int fd = Open(path, O_RDWR);
    ::lseek(fd, 0, SEEK_END);
    return ::write(fd, text.data(), text.size());
  }
  if (op == "fill") {  // so many pages of one letter
    const std::string bytes(static_cast<size_t>(std::stoi(text)) * 4096, part[3][0]);
    return ::pwrite(Open(path, O_RDWR), bytes.data(), bytes.size(), 0);
  }
  if (op == "truncate") return ::ftruncate(Open(path, O_RDWR), std::stoi(text));
  if (op == "sync") return ::fdatasync(Open(path, O_RDWR));
  if (op == "syncdir") return SyncDirectory(path);
  if (op == "rename") return ::rename(path.c_str(), text.c_str());
  if (op == "unlink") return ::unlink(path.c_str());
  if (op == "mkdir") return ::mkdir(path.c_str(), 0700);
  if (op == "link") return ::link(path.c_str(), text.c_str());
  if (op == "read") return Read(path);
  if (op == "time") return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  if (op == "wait") return WaitByWallClock();
  if (op == "die") return ::raise(SIGKILL);
  return -2;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    errno = 0;
    const long result = Run(Split(argv[i]));
    std::printf("%ld %s\n", result, result < 0 ? ::strerrorname_np(errno) : "");
    std::fflush(stdout);
  }
  return 0;
}
