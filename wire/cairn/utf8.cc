// UTF-8 decoding by the table of the Unicode standard (3-7, well-formed byte sequences).
#include "wire/cairn/utf8.h"

#include <cstdint>

namespace cairn::wire {
namespace {

bool IsTail(unsigned char byte) { return (byte & 0xc0) == 0x80; }

// Bytes of the well-formed character at the front of `text`, which is not empty; 0 when there is
// none.
size_t CharacterLength(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!IsTail(at(i))) return 0;
  }
  if (lead == 0xe0 && at(1) < 0xa0) return 0;  // overlong
  if (lead == 0xed && at(1) > 0x9f) return 0;  // surrogate
  if (lead == 0xf0 && at(1) < 0x90) return 0;  // overlong
  if (lead == 0xf4 && at(1) > 0x8f) return 0;  // over U+10FFFF
  return length;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string ToValidUtf8(std::string_view text, size_t limit_bytes) {
  std::string out;
  size_t cut = 0;  // the longest prefix that leaves room for the mark
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    if (out.size() + std::max<size_t>(length, 1) > limit_bytes) {
      out.resize(cut);
      return out + "...";
    }
    if (length == 0) {
      out.push_back('?');
      text.remove_prefix(1);
    } else {
      out.append(text.substr(0, length));
      text.remove_prefix(length);
    }
    if (out.size() + 3 <= limit_bytes) cut = out.size();
  }
  return out;
}

}  // namespace cairn::wire
