// Splitting and judging paths.
#include "namenode/namespace/path.h"

#include <algorithm>

#include "common/types/errors.h"
#include "common/types/limits.h"

namespace cairn::namenode {
namespace {

// Length in bytes of the UTF-8 sequence at `text[i]`, 0 when it is not well-formed (RFC 3629).
size_t Utf8SequenceLength(std::string_view text, size_t i) {
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char lead = byte(i);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || i + length > text.size()) return 0;
  for (size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = byte(i + 1);
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool out_of_range = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
  return overlong || out_of_range ? 0 : length;
}

bool IsValidUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const size_t length = Utf8SequenceLength(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

}  // namespace

absl::StatusOr<PathNames> SplitPath(std::string_view path) {
  if (path.empty() || path[0] != '/') return errors::RelativePath(path);
  PathNames names;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) names.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

bool IsValidName(std::string_view path) {
  if (path.empty() || path[0] != '/') return false;
  if (path.find('\0') != std::string_view::npos || !IsValidUtf8(path)) return false;
  const bool by_inode = path.starts_with("/.reserved/.inodes/");
  size_t index = 0;
  for (size_t begin = 1; begin < path.size(); ++index) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    if (name.empty() || name == "." || name.find(':') != std::string_view::npos) return false;
    if (name == ".." && !(by_inode && index == 3)) return false;
    begin = end + 1;
  }
  return true;
}

bool IsExactlyReserved(std::string_view path) {
  return path == "/.reserved" || path == "/.reserved/";
}

bool IsReserved(std::string_view path) {
  return IsExactlyReserved(path) || path.starts_with("/.reserved/");
}

bool IsReservedAlias(std::string_view path) {
  return path.starts_with("/.reserved/raw") || path.starts_with("/.reserved/.inodes");
}

absl::Status CheckPathLength(std::string_view path, std::string_view operation) {
  const auto is_character = [](unsigned char c) { return (c & 0xc0) != 0x80; };
  const size_t characters = std::count_if(path.begin(), path.end(), is_character);
  const size_t slashes = std::count(path.begin(), path.end(), '/');
  const size_t depth = slashes - (path.size() > 1 || slashes == 0 ? 0 : 1);
  if (characters > limits::kMaxPathLength || depth > limits::kMaxPathDepth) {
    return errors::PathTooLong(operation);
  }
  return absl::OkStatus();
}

}  // namespace cairn::namenode
