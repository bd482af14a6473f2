// Integers as bytes: big-endian for keys and Hadoop's wire, little-endian for our own files,
// varints for Protocol Buffers framing.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace cairn {

// Appends `value` to `out`, most significant byte first.
template <typename Int>
void PutBigEndian(std::string& out, Int value) {
  char bytes[sizeof(Int)];
  for (size_t i = 0; i < sizeof(Int); ++i) {
    bytes[i] = static_cast<char>(static_cast<uint64_t>(value) >> 8 * (sizeof(Int) - 1 - i));
  }
  out.append(bytes, sizeof(Int));
}

// Reads sizeof(Int) big-endian bytes; the caller has checked that they are there.
template <typename Int>
Int GetBigEndian(const char* in) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(Int); ++i) value = value << 8 | static_cast<uint8_t>(in[i]);
  return static_cast<Int>(value);
}

// Appends `value` least significant byte first.
template <typename Int>
void PutLittleEndian(std::string& out, Int value) {
  static_assert(std::endian::native == std::endian::little);
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

// Reads sizeof(Int) little-endian bytes; the caller has checked that they are there.
template <typename Int>
Int GetLittleEndian(const char* in) {
  Int value;
  std::memcpy(&value, in, sizeof(value));
  return value;
}

// Appends a base-128 varint as Protocol Buffers encodes it.
void PutVarint64(std::string& out, uint64_t value);

// Reads a varint from the front of `in` and removes it. Empty when `in` ends within the varint or
// it has more than ten bytes
// (`in` is then unchanged).
std::optional<uint64_t> TakeVarint64(std::string_view& in);

// Removes `n` bytes from the front of `in`; empty when there are fewer.
std::optional<std::string_view> TakeBytes(std::string_view& in, size_t n);

// Removes a big-endian integer from the front of `in`; empty when there are too few bytes.
template <typename Int>
std::optional<Int> TakeBigEndian(std::string_view& in) {
  const auto bytes = TakeBytes(in, sizeof(Int));
  if (!bytes) return std::nullopt;
  return GetBigEndian<Int>(bytes->data());
}

}  // namespace cairn
