// Protocol Buffers' fields, written one behind the other.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "wire/varint.h"

namespace cairn::wire {

// How fields are put into memory that is there already. What they return is where the next one
// belongs. The tag of a known field number is one or two bytes.
template <int kField, int kWireType>
inline char* PutTag(char* at) {
  static_assert(kField < 2048);
  constexpr int kTag = kField << 3 | kWireType;
  if constexpr (kTag < 0x80) {
    *at++ = static_cast<char>(kTag);
  } else {
    *at++ = static_cast<char>(kTag | 0x80);
    *at++ = static_cast<char>(kTag >> 7);
  }
  return at;
}
template <int kField>
inline char* PutNumber(uint64_t value, char* at) {
  return PutVarint(value, PutTag<kField, 0>(at));
}
template <int kField>
inline char* PutText(std::string_view value, char* at) {
  at = PutVarint(value.size(), PutTag<kField, 2>(at));
  std::memcpy(at, value.data(), value.size());
  return at + value.size();
}
inline constexpr size_t kMaxTagBytes = 2;
inline constexpr size_t kMaxNumberBytes = kMaxTagBytes + kMaxVarintBytes;  // and of a text's front

// Writes into memory of the caller's, which grows as needed and keeps what it has: who writes again
// and again into the same needs no new memory. Field numbers are below 2048. Thread-compatible.
class FieldWriter {
 public:
  // `room` must outlive this; what it holds is lost. About `expected_bytes` will be written.
  FieldWriter(std::string& room, size_t expected_bytes) : room_(room) {
    if (room_.size() < expected_bytes + kMargin) room_.resize(expected_bytes + kMargin);
  }

  void Varint(int field, uint64_t value) {
    char* const at = Room(0);
    Advance(PutVarint(value, PutVarint(static_cast<uint64_t>(field) << 3, at)));
  }
  void Bytes(int field, std::string_view value) {
    char* at = Room(value.size());
    at = PutVarint(value.size(), PutVarint(static_cast<uint64_t>(field) << 3 | 2, at));
    std::memcpy(at, value.data(), value.size());
    Advance(at + value.size());
  }
  // Where up to `bytes` may be written by hand, which ends with Advance to behind the last one.
  char* Room(size_t bytes) {
    if (room_.size() - size_ < bytes + kMargin) {
      room_.resize(std::max(2 * room_.size(), size_ + bytes + kMargin));
    }
    return room_.data() + size_;
  }
  void Advance(const char* end) { size_ = static_cast<size_t>(end - room_.data()); }

  // A message as a field: what is written until End is its content.
  struct Nested {
    size_t content;
    size_t length_bytes;
  };
  // Nothing is moved when the content takes about `expected_bytes`.
  Nested Begin(int field, size_t expected_bytes = 0) {
    const size_t length_bytes = VarintSize(expected_bytes);
    char* const at = Room(length_bytes);
    Advance(PutVarint(static_cast<uint64_t>(field) << 3 | 2, at) + length_bytes);
    return {size_, length_bytes};
  }
  // The content of a message that has ended; valid until one around it ends.
  struct Written {
    size_t content = 0;
    size_t length = 0;
  };
  Written End(const Nested& message) {
    const size_t length = size_ - message.content;
    const size_t length_bytes = VarintSize(length);
    if (length_bytes != message.length_bytes) {
      Room(length_bytes);
      std::memmove(room_.data() + message.content - message.length_bytes + length_bytes,
                   room_.data() + message.content, length);
      size_ += length_bytes - message.length_bytes;
    }
    const size_t content = message.content - message.length_bytes + length_bytes;
    PutVarint(length, room_.data() + content - length_bytes);
    return {content, length};
  }
  // A field with the same content.
  void Again(int field, const Written& message) {
    char* at = Room(message.length);
    at = PutVarint(message.length, PutVarint(static_cast<uint64_t>(field) << 3 | 2, at));
    std::memcpy(at, room_.data() + message.content, message.length);
    Advance(at + message.length);
  }
  // All of it; in `room`.
  std::string_view written() const { return std::string_view(room_).substr(0, size_); }

 private:
  // Tags, lengths and numbers of any one field fit into it.
  static constexpr size_t kMargin = 4 * kMaxVarintBytes;

  std::string& room_;  // of which size_ bytes are written
  size_t size_ = 0;
};

}  // namespace cairn::wire
