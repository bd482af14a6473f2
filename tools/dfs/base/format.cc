// Formatting.
#include "tools/dfs/base/format.h"

#include <ctime>

namespace cairn::dfs {
namespace {

constexpr std::string_view kPrefixes = "KMGTPE";

// n / 2^shift with `decimals` places, rounded half up as Java does.
std::string Quotient(uint64_t n, int shift, int decimals) {
  unsigned __int128 scaled = n;
  uint64_t ten_power = 1;
  for (int i = 0; i < decimals; ++i) ten_power *= 10;
  scaled = (scaled * ten_power * 2 + (static_cast<unsigned __int128>(1) << shift)) >> (shift + 1);
  const auto value = static_cast<uint64_t>(scaled);
  if (decimals == 0) return fmt::format("{}", value);
  return fmt::format("{}.{:0{}}", value / ten_power, value % ten_power, decimals);
}

std::string TimeText(int64_t ms, const char* format, bool utc) {
  const time_t seconds = ms >= 0 ? ms / 1000 : (ms - 999) / 1000;
  std::tm parts = {};
  if (utc) {
    ::gmtime_r(&seconds, &parts);
  } else {
    ::localtime_r(&seconds, &parts);
  }
  char text[64];
  return std::string(text, std::strftime(text, sizeof(text), format, &parts));
}

}  // namespace

std::string HumanSize(int64_t n, std::string_view unit, int decimals) {
  const std::string sign = n < 0 ? "-" : "";
  const uint64_t size = n < 0 ? 0 - static_cast<uint64_t>(n) : static_cast<uint64_t>(n);
  if (size < 1024) return fmt::format("{}{}{}{}", sign, size, unit.empty() ? "" : " ", unit);
  size_t prefix = 0;
  while (prefix + 1 < kPrefixes.size() && size >> (10 * (prefix + 2)) != 0) ++prefix;
  const int shift = static_cast<int>(10 * (prefix + 1));
  std::string number;
  if ((size & ((uint64_t{1} << shift) - 1)) == 0) {
    number = fmt::format("{}", size >> shift);
  } else {
    number = Quotient(size, shift, decimals);
    if (number.starts_with("1024") && prefix + 1 < kPrefixes.size()) {  // rounded up to the next
      ++prefix;
      number = Quotient(size, shift + 10, decimals);
    }
  }
  return fmt::format("{}{} {}{}", sign, number, kPrefixes[prefix], unit);
}

std::string SizeText(int64_t n, bool human) { return human ? HumanSize(n) : fmt::format("{}", n); }

std::string Percent(int64_t part, int64_t whole, int decimals, double of_nothing) {
  const double value =
      whole == 0 ? of_nothing : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  return fmt::format("{:.{}f}%", value, decimals);
}

std::string PermissionText(uint16_t mode) {
  std::string text = "rwxrwxrwx";
  for (size_t i = 0; i < 9; ++i) {
    if ((mode & (0400 >> i)) == 0) text[i] = '-';
  }
  if ((mode & 01000) != 0) text[8] = (mode & 1) != 0 ? 't' : 'T';
  return text;
}

std::string LocalMinute(int64_t ms) { return TimeText(ms, "%Y-%m-%d %H:%M", false); }

std::string UtcSecond(int64_t ms) { return TimeText(ms, "%Y-%m-%d %H:%M:%S", true); }

std::string JavaDate(int64_t ms) { return TimeText(ms, "%a %b %d %H:%M:%S %Z %Y", false); }

Table::Table(size_t columns, std::vector<size_t> right_aligned)
    : widths_(columns), right_(columns) {
  for (const size_t column : right_aligned) right_[column] = true;
}

void Table::Add(std::vector<std::string> row) {
  for (size_t i = 0; i < row.size(); ++i) widths_[i] = std::max(widths_[i], row[i].size());
  rows_.push_back(std::move(row));
}

std::string Table::ToString() const {
  std::string text;
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) text += "  ";
      if (right_[i]) {
        text += fmt::format("{:>{}}", row[i], widths_[i]);
      } else if (i + 1 < row.size()) {
        text += fmt::format("{:<{}}", row[i], widths_[i]);
      } else {
        text += row[i];
      }
    }
    text += '\n';
  }
  return text;
}

}  // namespace cairn::dfs
