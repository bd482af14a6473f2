// Parsing of configuration values.
#include "common/config/values.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace cairn {
namespace {

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string Lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

std::optional<int64_t> ParseDecimal(std::string_view digits) {
  int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// Splits "128m" into "128" and "m".
std::pair<std::string_view, std::string_view> SplitSuffix(std::string_view text) {
  const size_t digits = text.find_last_of("0123456789");
  const size_t end = digits == std::string_view::npos ? 0 : digits + 1;
  return {Trim(text.substr(0, end)), text.substr(end)};
}

std::optional<int64_t> Scale(std::string_view digits, int64_t factor) {
  const auto value = ParseDecimal(digits);
  int64_t scaled = 0;
  if (!value || __builtin_mul_overflow(*value, factor, &scaled)) return std::nullopt;
  return scaled;
}

}  // namespace

std::optional<int64_t> ParseInt(std::string_view text) {
  text = Trim(text);
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
    int64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, 16);
    if (error != std::errc() || stop != end || value < 0) return std::nullopt;
    return value;
  }
  return ParseDecimal(text);
}

std::optional<bool> ParseBool(std::string_view text) {
  const std::string word = Lower(Trim(text));
  if (word == "true") return true;
  if (word == "false") return false;
  return std::nullopt;
}

std::optional<double> ParseDouble(std::string_view text) {
  text = Trim(text);
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseDurationMs(std::string_view text, DurationUnit unit) {
  const auto [digits, suffix] = SplitSuffix(Trim(text));
  const std::string word = Lower(Trim(suffix));
  if (word.empty()) return Scale(digits, static_cast<int64_t>(unit));
  if (word == "ms") return Scale(digits, 1);
  if (word == "s") return Scale(digits, 1'000);
  if (word == "m") return Scale(digits, 60'000);
  if (word == "h") return Scale(digits, 3'600'000);
  if (word == "d") return Scale(digits, 86'400'000);
  const int64_t divisor = word == "us" ? 1'000 : (word == "ns" ? 1'000'000 : 0);
  const auto value = divisor == 0 ? std::nullopt : ParseDecimal(digits);
  if (!value) return std::nullopt;
  return *value / divisor;
}

std::optional<int64_t> ParseSize(std::string_view text) {
  const auto [digits, suffix] = SplitSuffix(Trim(text));
  const std::string word = Lower(Trim(suffix));
  if (word.empty()) return ParseDecimal(digits);
  static constexpr std::string_view kPrefixes = "kmgtpe";
  const size_t power = word.size() == 1 ? kPrefixes.find(word[0]) : std::string_view::npos;
  if (power == std::string_view::npos) return std::nullopt;
  return Scale(digits, int64_t{1} << (10 * (power + 1)));
}

std::vector<std::string> ParseList(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    if (const std::string_view part = Trim(text.substr(0, comma)); !part.empty()) {
      result.emplace_back(part);
    }
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return result;
}

std::optional<std::string> ParseLocalPath(std::string_view text) {
  text = Trim(text);
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    text.remove_prefix(close + 1);
  }
  if (text.starts_with("file:")) {
    text.remove_prefix(5);
    if (text.starts_with("//")) text.remove_prefix(2);
  }
  if (!text.starts_with('/')) return std::nullopt;
  while (text.starts_with("//")) text.remove_prefix(1);
  while (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
  return std::string(text);
}

}  // namespace cairn
