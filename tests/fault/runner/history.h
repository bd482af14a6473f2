// What happened in a run, in order: who did what, and when it was acknowledged.
#pragma once

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "common/threads.h"

namespace cairn::fault {

// Lines "milliseconds since the start, who, what" in a file, there even if the test dies.
// Thread-safe.
class History {
 public:
  explicit History(const std::string& path);
  void Add(std::string_view who, std::string_view what);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  Mutex mu_;
  std::unique_ptr<std::FILE, Close> file_ GUARDED_BY(mu_);
};

}  // namespace cairn::fault
