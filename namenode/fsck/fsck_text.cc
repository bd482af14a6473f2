// Java's formats.
#include "namenode/fsck/fsck_text.h"

#include <charconv>
#include <ctime>

#include <fmt/format.h>

namespace cairn::namenode {

std::string JavaFloat(float value) {
  char digits[64];
  const bool plain = value == 0 || (value >= 1e-3F && value < 1e7F);
  const auto end = std::to_chars(digits, digits + sizeof digits, value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text(digits, end.ptr);
  const size_t exponent = text.find('e');
  std::string mantissa = text.substr(0, exponent);
  if (mantissa.find('.') == std::string::npos) mantissa += ".0";
  if (exponent == std::string::npos) return mantissa;
  return fmt::format("{}E{}", mantissa, std::stoi(text.substr(exponent + 1)));
}

std::string JavaDate(int64_t wall_ms) {
  const std::time_t seconds = static_cast<std::time_t>(wall_ms / 1000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  const size_t length = std::strftime(text, sizeof text, "%a %b %d %H:%M:%S UTC %Y", &parts);
  return std::string(text, length);
}

std::string FsckPercent(int64_t part, int64_t whole) {
  if (whole == 0) return "";
  return fmt::format(" ({} %)",
                     JavaFloat(static_cast<float>(part * 100) / static_cast<float>(whole)));
}

std::string FsckEnded(int64_t wall_ms, int64_t elapsed_ms) {
  return fmt::format("FSCK ended at {} in {} milliseconds\n", JavaDate(wall_ms), elapsed_ms);
}

}  // namespace cairn::namenode
