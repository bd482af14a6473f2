// Names of environment variables to configuration keys, and back.
#include "common/config/environment_keys.h"

#include <fmt/format.h>

#include <algorithm>

namespace cairn {
namespace {

constexpr std::string_view kPrefix = "CAIRN_CONF_";
// What a run of one, two and three underscores stands for.
constexpr std::string_view kSeparators = ".-_";

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

absl::StatusOr<std::optional<std::string>> KeyOfVariable(std::string_view variable) {
  if (!variable.starts_with(kPrefix)) return std::nullopt;
  const std::string_view name = variable.substr(kPrefix.size());
  std::string key;
  for (size_t i = 0; i < name.size();) {
    if (name[i] != '_') {
      key += name[i++];
      continue;
    }
    const size_t end = std::min(name.find_first_not_of('_', i), name.size());
    if (end - i > kSeparators.size()) {
      return absl::InvalidArgumentError(
          fmt::format("Environment variable {}: {} underscores in a row stand for nothing (one is "
                      "a dot, two a dash, three an underscore)",
                      variable, end - i));
    }
    key += kSeparators[end - i - 1];
    i = end;
  }
  if (key.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("Environment variable {} names no configuration key", variable));
  }
  return key;
}

std::string VariableOfKey(std::string_view key) {
  std::string variable(kPrefix);
  bool after_separator = false;
  for (const char c : key) {
    const size_t separator = kSeparators.find(c);
    const bool is_separator = separator != std::string_view::npos;
    if (is_separator ? after_separator : !IsAlphanumeric(c)) return "";
    variable += is_separator ? std::string(separator + 1, '_') : std::string(1, c);
    after_separator = is_separator;
  }
  return key.empty() ? "" : variable;
}

}  // namespace cairn
