// Varints and bounded takes from a byte view.
#include "common/coding.h"

namespace cairn {
namespace {

constexpr size_t kMaxVarintBytes = 10;

}  // namespace

void PutVarint64(std::string& out, uint64_t value) {
  char bytes[kMaxVarintBytes];
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  out.append(bytes, size);
}

std::optional<uint64_t> TakeVarint64(std::string_view& in) {
  uint64_t value = 0;
  for (size_t i = 0; i < in.size() && i < kMaxVarintBytes; ++i) {
    const auto byte = static_cast<uint8_t>(in[i]);
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      in.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> TakeBytes(std::string_view& in, size_t n) {
  if (in.size() < n) return std::nullopt;
  const std::string_view bytes = in.substr(0, n);
  in.remove_prefix(n);
  return bytes;
}

}  // namespace cairn
