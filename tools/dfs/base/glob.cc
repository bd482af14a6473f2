// Glob patterns.
#include "tools/dfs/base/glob.h"

namespace cairn::dfs {
namespace {

// Length in bytes of the UTF-8 character `text` begins with.
size_t CharacterLength(std::string_view text) {
  size_t length = 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) {
    ++length;
  }
  return length;
}

// Whether `c` is in the set that begins at pattern[0] == '['; `length` is the set's own. A set that
// is not closed is an ordinary '['.
bool InSet(std::string_view pattern, std::string_view c, size_t& length) {
  size_t at = 1;
  const bool negated = at < pattern.size() && (pattern[at] == '^' || pattern[at] == '!');
  if (negated) ++at;
  bool found = false;
  for (bool first = true; at < pattern.size() && (first || pattern[at] != ']'); first = false) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    const std::string_view low = pattern.substr(at, CharacterLength(pattern.substr(at)));
    at += low.size();
    std::string_view high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      high = pattern.substr(at + 1, CharacterLength(pattern.substr(at + 1)));
      at += 1 + high.size();
    }
    found |= low <= c && c <= high;  // UTF-8 sorts as its code points do
  }
  if (at >= pattern.size()) {
    length = 1;
    return c == "[";
  }
  length = at + 1;
  return found != negated;
}

}  // namespace

bool IsGlob(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '*' || text[i] == '?' || text[i] == '[' || text[i] == '{') {
      return true;
    }
  }
  return false;
}

std::vector<std::string> ExpandBraces(std::string_view pattern) {
  size_t open = 0;
  while (open < pattern.size() && pattern[open] != '{') open += pattern[open] == '\\' ? 2 : 1;
  if (open >= pattern.size()) return {std::string(pattern)};
  std::vector<std::string_view> alternatives;
  size_t begin = open + 1;
  size_t close = std::string_view::npos;
  int depth = 1;
  for (size_t i = begin; i < pattern.size() && close == std::string_view::npos; ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern[i] == '{') {
      ++depth;
    } else if (pattern[i] == '}' && --depth == 0) {
      close = i;
    } else if (pattern[i] == ',' && depth == 1) {
      alternatives.push_back(pattern.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  if (close == std::string_view::npos) return {std::string(pattern)};
  alternatives.push_back(pattern.substr(begin, close - begin));
  std::vector<std::string> result;
  for (const std::string_view alternative : alternatives) {
    const std::string whole =
        fmt::format("{}{}{}", pattern.substr(0, open), alternative, pattern.substr(close + 1));
    for (std::string& expanded : ExpandBraces(whole)) result.push_back(std::move(expanded));
  }
  return result;
}

bool GlobMatches(std::string_view pattern, std::string_view name) {
  // The usual two-pointer walk: on a mismatch the last star takes one more character.
  size_t p = 0;
  size_t n = 0;
  size_t star = std::string_view::npos;
  size_t star_n = 0;
  while (n < name.size()) {
    const std::string_view c = name.substr(n, CharacterLength(name.substr(n)));
    size_t step = 0;  // how far the pattern goes when it matches c
    bool matches = false;
    if (p < pattern.size()) {
      if (pattern[p] == '*') {
        star = p++;
        star_n = n;
        continue;
      }
      if (pattern[p] == '?') {
        step = 1;
        matches = true;
      } else if (pattern[p] == '[') {
        matches = InSet(pattern.substr(p), c, step);
      } else {
        const size_t escape = pattern[p] == '\\' && p + 1 < pattern.size() ? 1 : 0;
        matches = pattern.substr(p + escape).starts_with(c);
        step = escape + c.size();
      }
    }
    if (matches) {
      p += step;
      n += c.size();
    } else if (star != std::string_view::npos) {
      p = star + 1;
      star_n += CharacterLength(name.substr(star_n));
      n = star_n;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string Unescape(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    result += text[i];
  }
  return result;
}

}  // namespace cairn::dfs
