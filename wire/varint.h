// Protocol Buffers' varints, into memory that is there already.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn::wire {

inline constexpr size_t kMaxVarintBytes = 10;

inline size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

// Where what follows belongs.
inline char* PutVarint(uint64_t value, char* at) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
  *at++ = static_cast<char>(value);
  return at;
}

}  // namespace cairn::wire
