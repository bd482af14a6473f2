// The modes that chmod understands: octal and symbolic.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace cairn::dfs {

// A change of a mode, such as "755", "1777", "u+x,go-w" or "a=rX".
class ModeChange {
 public:
  // kInvalidArgument for any other text.
  static absl::StatusOr<ModeChange> Parse(std::string_view text);
  // The new mode of a file or directory that has `mode` (rwxrwxrwx and sticky 01000). X gives
  // execution only to directories and to what somebody may execute already.
  uint16_t Apply(uint16_t mode, bool is_directory) const;

 private:
  struct Clause {
    char op = '=';  // + - =
    bool user = true;
    bool group = true;
    bool others = true;
    uint16_t bits = 0;  // 0-7 for each of the three
    bool conditional_execute = false;
    bool sticky = false;
  };

  bool octal_ = false;
  uint16_t octal_mode_ = 0;
  std::vector<Clause> clauses_;
};

}  // namespace cairn::dfs
