// How far a transfer is, on a terminal.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "common/clock.h"

namespace cairn::dfs {

// "name  45% [=========>          ] 135 MB of 300 MB, 85.3 MB/s, ETA 0:02". `total` is -1 when it
// is not known: then only what was moved and the rate are shown. `elapsed_ms` is positive.
std::string ProgressLine(const std::string& name, int64_t done, int64_t total, int64_t elapsed_ms);

// A line that is rewritten while bytes move. Shows nothing before the transfer took a second, and
// nothing at all when `out` is not a terminal. Thread-compatible. `clock` must outlive it.
class Progress {
 public:
  Progress(std::FILE* out, bool is_terminal, const Clock& clock, std::string name, int64_t total);
  // Removes the line.
  ~Progress();
  void Add(int64_t bytes);

 private:
  std::FILE* const out_;
  const bool enabled_;
  const Clock& clock_;
  const std::string name_;
  const int64_t total_;
  const int64_t started_ms_;
  int64_t shown_ms_;
  int64_t done_ = 0;
  bool shown_ = false;
};

}  // namespace cairn::dfs
