// The history file.
#include "tests/fault/runner/history.h"

#include <stdexcept>

namespace cairn::fault {

History::History(const std::string& path) : file_(std::fopen(path.c_str(), "we")) {
  if (file_ == nullptr) throw std::runtime_error("cannot write " + path);
}

void History::Add(std::string_view who, std::string_view what) {
  using namespace std::chrono;
  const auto at = duration_cast<milliseconds>(steady_clock::now() - begun_).count();
  MutexLock lock(mu_);
  fmt::print(file_.get(), "{:>8} {:<12} {}\n", at, who, what);
  std::fflush(file_.get());
}

}  // namespace cairn::fault
