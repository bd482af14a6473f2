// A command's own options, taken from its arguments as Hadoop's CommandFormat does.
#pragma once

#include <climits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace cairn::dfs {

// What a command understands.
struct OptionSyntax {
  std::vector<std::string> flags;   // "p" for -p
  std::vector<std::string> valued;  // "s" for -s VALUE
  size_t min_arguments = 0;
  size_t max_arguments = INT_MAX;
};

// What it was given.
class Options {
 public:
  // Takes options up to the first other argument, "-" or "--". UsageError in Hadoop's words.
  static absl::StatusOr<Options> Parse(const std::vector<std::string>& args,
                                       const OptionSyntax& syntax);

  bool Has(const std::string& flag) const { return flags_.contains(flag); }
  std::optional<std::string> Value(const std::string& name) const;
  const std::vector<std::string>& arguments() const { return arguments_; }
  std::vector<std::string>& arguments() { return arguments_; }
  const std::set<std::string>& flags() const { return flags_; }

 private:
  std::set<std::string> flags_;
  std::map<std::string, std::string> values_;
  std::vector<std::string> arguments_;
};

}  // namespace cairn::dfs
