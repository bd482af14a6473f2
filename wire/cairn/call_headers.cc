// Encodings of the call headers.
#include "wire/cairn/call_headers.h"

#include <limits>

#include "common/status_macros.h"
#include "wire/cairn/utf8.h"

namespace cairn::wire {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

// Value of a hexadecimal digit, -1 for another character.
int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

absl::Status BadHeader(const char* header, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("bad {} header: {}", header, why));
}

}  // namespace

std::string EncodeUserName(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '%') {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kHexDigits[byte >> 4]);
      out.push_back(kHexDigits[byte & 15]);
    }
  }
  return out;
}

absl::StatusOr<std::string> DecodeUserName(std::string_view header) {
  if (header.empty()) return BadHeader(kUserHeader, "the user name is empty");
  if (header.size() > 3 * kMaxUserNameBytes) return BadHeader(kUserHeader, "too long");
  std::string out;
  for (size_t i = 0; i < header.size(); ++i) {
    if (header[i] != '%') {
      out.push_back(header[i]);
      continue;
    }
    const int high = i + 2 < header.size() ? HexValue(header[i + 1]) : -1;
    const int low = i + 2 < header.size() ? HexValue(header[i + 2]) : -1;
    if (high < 0 || low < 0) return BadHeader(kUserHeader, "'%' is not followed by two hex digits");
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  if (out.size() > kMaxUserNameBytes) return BadHeader(kUserHeader, "too long");
  for (const char c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return BadHeader(kUserHeader, "a control character");
  }
  if (!IsUtf8(out)) return BadHeader(kUserHeader, "not UTF-8");
  return out;
}

std::string EncodeClientId(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(kHexDigits[byte >> 4]);
    out.push_back(kHexDigits[byte & 15]);
  }
  return out;
}

absl::StatusOr<std::string> DecodeClientId(std::string_view header) {
  if (header.size() != 2 * kClientIdBytes) {
    return BadHeader(kClientIdHeader, fmt::format("{} characters, not 32", header.size()));
  }
  std::string out;
  for (size_t i = 0; i < header.size(); i += 2) {
    const int high = HexValue(header[i]);
    const int low = HexValue(header[i + 1]);
    if (high < 0 || low < 0) return BadHeader(kClientIdHeader, "not hexadecimal");
    out.push_back(static_cast<char>(high * 16 + low));
  }
  return out;
}

absl::StatusOr<int64_t> DecodeCallId(std::string_view header) {
  if (header.empty() || header.size() > 10) {
    return BadHeader(kCallIdHeader, "not a number from 0 to 2147483647");
  }
  int64_t value = 0;
  for (const char c : header) {
    if (c < '0' || c > '9') return BadHeader(kCallIdHeader, "not a decimal number");
    value = value * 10 + (c - '0');
  }
  if (value > std::numeric_limits<int32_t>::max()) {
    return BadHeader(kCallIdHeader, "above 2147483647");
  }
  return value;
}

}  // namespace cairn::wire
