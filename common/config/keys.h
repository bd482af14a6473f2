// The table of every configuration key: the one place that knows names, types, defaults and units.
// docs/configuration.md is generated from it.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace cairn {

// How a value is written and which getter of Configuration reads it.
enum class KeyType {
  kString,    // text, surrounding blanks removed
  kInt,       // a decimal (or 0x) integer
  kBool,      // true or false
  kDouble,    // a decimal number
  kDuration,  // an integer with an optional suffix ns us ms s m h d; without, in `unit`
  kSize,      // bytes, with an optional binary suffix k m g t p
  kList,      // comma-separated texts
  kPathList,  // comma-separated local paths or file: URIs
};

// The unit of a duration written without a suffix, in milliseconds.
enum class DurationUnit : int64_t {
  kNone = 0,
  kMilliseconds = 1,
  kSeconds = 1'000,
  kMinutes = 60'000,
  kHours = 3'600'000,
};

// One key. `min` and `max` bound integers, sizes (bytes) and durations (milliseconds).
struct KeySpec {
  std::string_view name;
  KeyType type = KeyType::kString;
  std::string_view default_value;  // as a user would write it; may contain ${…}
  DurationUnit unit = DurationUnit::kNone;
  std::string_view description;  // one line
  int64_t min = 0;
  int64_t max = std::numeric_limits<int64_t>::max();
  bool only_default = false;  // what other values ask for does not exist here
};

// `key`, of which any value but the default is refused: to ignore it would be to pretend.
constexpr KeySpec OnlyDefault(KeySpec key) {
  key.only_default = true;
  return key;
}

// A chapter of the table and of the documentation.
struct KeySection {
  std::string_view title;
  std::span<const KeySpec> keys;
};

// The whole table, in the order of the documentation.
std::span<const KeySection> KeySections();
// The key called `name`; null when the table does not have it.
const KeySpec* FindKey(std::string_view name);
// The current name of a key that Hadoop has renamed ("fs.default.name"), else `name` itself.
std::string_view CurrentKeyName(std::string_view name);

}  // namespace cairn
