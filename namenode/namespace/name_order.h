// The NameNode's order of names in a directory: HDFS compares the UTF-8 bytes as signed, so that
// bytes of 0x80 and above come first. RocksDB has the same order because keys hold every byte XOR
// 0x80.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace cairn::namenode {

// Whether `a` comes before `b` in a listing.
inline bool NameLess(std::string_view a, std::string_view b) {
  const size_t common = std::min(a.size(), b.size());
  for (size_t i = 0; i < common; ++i) {
    if (a[i] != b[i]) return static_cast<signed char>(a[i]) < static_cast<signed char>(b[i]);
  }
  return a.size() < b.size();
}

}  // namespace cairn::namenode
