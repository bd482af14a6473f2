// How the typed values of a configuration are written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/keys.h"

namespace cairn {

// All return empty for a text that is not a value of the type; blanks around it are ignored.

// A decimal or 0x integer within int64.
std::optional<int64_t> ParseInt(std::string_view text);
// "true" or "false" in any case.
std::optional<bool> ParseBool(std::string_view text);
// A finite decimal number.
std::optional<double> ParseDouble(std::string_view text);
// Milliseconds of "30", "30s", "5m", "1d", "250ms"; `unit` applies without a suffix.
std::optional<int64_t> ParseDurationMs(std::string_view text, DurationUnit unit);
// Bytes of "134217728", "128m", "1g"; suffixes k m g t p e are powers of 1,024, in any case.
std::optional<int64_t> ParseSize(std::string_view text);
// The elements between commas without surrounding blanks, empty ones dropped.
std::vector<std::string> ParseList(std::string_view text);
// The local path of "/x", "file:/x" or "file:///x", also behind a storage type as in
// "[SSD]file:///x".
std::optional<std::string> ParseLocalPath(std::string_view text);

}  // namespace cairn
