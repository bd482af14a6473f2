// Well-formedness of UTF-8: protobuf strings must be, and bytes from elsewhere may not be.
#pragma once

#include <string>
#include <string_view>

namespace cairn::wire {

// True when `text` is well-formed UTF-8 (no overlong forms, surrogates or values over U+10FFFF).
bool IsUtf8(std::string_view text);

// `text` with every byte that is not part of well-formed UTF-8 replaced by '?', and cut to at most
// `limit_bytes` at a character's border ("..." marks a cut). `limit_bytes` is at least 3.
std::string ToValidUtf8(std::string_view text, size_t limit_bytes);

}  // namespace cairn::wire
