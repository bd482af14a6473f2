// One line of a listing.
#pragma once

#include <cstddef>
#include <string>

#include "common/types/file_status.h"

namespace cairn::dfs {

// Formats lines whose columns only ever get wider, as `hadoop fs -ls` does within one run.
class LsLine {
 public:
  LsLine(bool human_sizes, bool use_atime) : human_(human_sizes), use_atime_(use_atime) {}
  // Makes room for an entry that is going to be printed.
  void Widen(const FileStatus& status);
  std::string Format(const FileStatus& status, const std::string& shown) const;

 private:
  const bool human_;
  const bool use_atime_;
  size_t replication_ = 3;
  size_t length_ = 10;
  size_t owner_ = 0;
  size_t group_ = 0;
};

}  // namespace cairn::dfs
