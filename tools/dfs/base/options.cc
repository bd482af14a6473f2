// Options.
#include "tools/dfs/base/options.h"

#include "tools/dfs/base/errors.h"

namespace cairn::dfs {
namespace {

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

absl::StatusOr<Options> Options::Parse(const std::vector<std::string>& args,
                                       const OptionSyntax& syntax) {
  Options options;
  size_t at = 0;
  for (; at < args.size(); ++at) {
    const std::string& arg = args[at];
    if (!arg.starts_with('-') || arg == "-") break;
    if (arg == "--") {
      ++at;
      break;
    }
    const std::string name = arg.substr(1);
    if (Contains(syntax.flags, name)) {
      options.flags_.insert(name);
    } else if (Contains(syntax.valued, name)) {
      if (++at == args.size()) {
        return UsageError(fmt::format("option '{}' requires one argument", arg));
      }
      options.values_[name] = args[at];
    } else {
      return UsageError(fmt::format("Illegal option {}", arg));
    }
  }
  options.arguments_.assign(args.begin() + static_cast<ptrdiff_t>(at), args.end());
  const size_t given = options.arguments_.size();
  if (given < syntax.min_arguments) {
    return UsageError(
        fmt::format("Not enough arguments: expected {} but got {}", syntax.min_arguments, given));
  }
  if (given > syntax.max_arguments) {
    return UsageError(
        fmt::format("Too many arguments: expected {} but got {}", syntax.max_arguments, given));
  }
  return options;
}

std::optional<std::string> Options::Value(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

}  // namespace cairn::dfs
