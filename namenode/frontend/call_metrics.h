// Counts and times calls, per method.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::namenode {

// Of one method since the start; times from the arrival of the request to the reply.
struct MethodStats {
  std::string method;  // "/cairn.v1.ClientService/Mkdirs"
  int64_t calls = 0;
  int64_t failures = 0;
  int64_t total_us = 0;
  int64_t max_us = 0;
};

// Thread-safe, without locks. Methods are known by their index in the method table.
class CallMetrics {
 public:
  explicit CallMetrics(const std::vector<std::string>& methods);
  void Record(size_t method, bool ok, int64_t elapsed_us);
  std::vector<MethodStats> Snapshot() const;

 private:
  struct Counters {
    std::string method;
    std::atomic<int64_t> calls{0};
    std::atomic<int64_t> failures{0};
    std::atomic<int64_t> total_us{0};
    std::atomic<int64_t> max_us{0};
  };
  std::deque<Counters> counters_;
};

}  // namespace cairn::namenode
