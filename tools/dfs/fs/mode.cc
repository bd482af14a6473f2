// ModeChange.
#include "tools/dfs/fs/mode.h"

#include <cctype>

#include "tools/dfs/base/errors.h"

namespace cairn::dfs {
namespace {

constexpr uint16_t kStickyBit = 01000;

bool IsOctal(std::string_view text) {
  return (text.size() == 3 || (text.size() == 4 && (text[0] == '0' || text[0] == '1'))) &&
         text.find_first_not_of("01234567") == std::string_view::npos;
}

absl::Status NoMode(std::string_view text) {
  return UsageError(fmt::format("chmod : mode '{}' does not match the expected pattern.", text));
}

// Takes the characters of `set` from the front of `text`.
std::string_view Take(std::string_view& text, std::string_view set) {
  const size_t end = std::min(text.find_first_not_of(set), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end);
  return taken;
}

}  // namespace

absl::StatusOr<ModeChange> ModeChange::Parse(std::string_view text) {
  ModeChange change;
  std::string_view rest = text;
  Take(rest, " \t");
  while (!rest.empty() && std::isspace(static_cast<unsigned char>(rest.back()))) {
    rest.remove_suffix(1);
  }
  std::string_view digits = rest;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  if (IsOctal(digits)) {
    change.octal_ = true;
    for (const char digit : digits) {
      change.octal_mode_ = static_cast<uint16_t>(change.octal_mode_ * 8 + (digit - '0'));
    }
    return change;
  }
  while (true) {
    Clause clause;
    const std::string_view who = Take(rest, "ugoa");
    const std::string_view ops = Take(rest, "+-=");
    const std::string_view what = Take(rest, "rwxXt");
    if (ops.empty() || what.empty()) return NoMode(text);
    clause.op = ops.back();
    const auto has = [](std::string_view set, char c) { return set.find(c) != set.npos; };
    if (!who.empty() && !has(who, 'a')) {
      clause.user = has(who, 'u');
      clause.group = has(who, 'g');
      clause.others = has(who, 'o');
    }
    clause.bits = static_cast<uint16_t>((has(what, 'r') ? 4 : 0) | (has(what, 'w') ? 2 : 0) |
                                        (has(what, 'x') ? 1 : 0));
    clause.conditional_execute = has(what, 'X');
    clause.sticky = has(what, 't');
    change.clauses_.push_back(clause);
    const std::string_view separator = Take(rest, ", \t");
    if (rest.empty() && separator.empty()) return change;
    if (rest.empty() || separator.find(',') == std::string_view::npos) return NoMode(text);
  }
}

uint16_t ModeChange::Apply(uint16_t mode, bool is_directory) const {
  if (octal_) return octal_mode_;
  for (const Clause& clause : clauses_) {
    uint16_t bits = clause.bits;
    if (clause.conditional_execute && (is_directory || (mode & 0111) != 0)) bits |= 1;
    uint16_t who = 0;
    if (clause.user) who |= 0700;
    if (clause.group) who |= 0070;
    if (clause.others) who |= 0007;
    const auto wanted = static_cast<uint16_t>((bits << 6 | bits << 3 | bits) & who);
    const uint16_t sticky = clause.sticky && clause.others ? kStickyBit : 0;
    switch (clause.op) {
      case '+':
        mode |= wanted | sticky;
        break;
      case '-':
        mode &= static_cast<uint16_t>(~(wanted | sticky));
        break;
      default:
        mode = static_cast<uint16_t>((mode & ~who) | wanted);
        if (clause.others) mode = static_cast<uint16_t>((mode & ~kStickyBit) | sticky);
        break;
    }
  }
  return mode;
}

}  // namespace cairn::dfs
