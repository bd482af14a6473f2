// Parsing of the generic options.
#include "common/config/generic_options.h"

#include "common/status_macros.h"

namespace cairn {
namespace {

absl::Status AddSetting(std::string_view text, ConfigurationSources& sources) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return absl::InvalidArgumentError(
        fmt::format("Option -D {}: expected the form key=value", text));
  }
  sources.overrides.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<GenericOptions> ParseGenericOptions(const std::vector<std::string>& args,
                                                   bool everywhere) {
  return ParseGenericOptions(args, everywhere, ConfigurationSources::FromProcess());
}

absl::StatusOr<GenericOptions> ParseGenericOptions(const std::vector<std::string>& args,
                                                   bool everywhere, ConfigurationSources sources) {
  GenericOptions options{.sources = std::move(sources), .rest = {}};
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& arg = args[i];
    if (arg == "-D" || arg == "-conf" || arg == "-fs") {
      if (i + 1 == args.size()) {
        return absl::InvalidArgumentError(fmt::format("Option {} needs a value", arg));
      }
      const std::string& operand = args[++i];
      if (arg == "-D") {
        RETURN_IF_ERROR(AddSetting(operand, options.sources));
      } else if (arg == "-conf") {
        options.sources.files.push_back(operand);
      } else {
        // As in Hadoop a bare host is a NameNode's.
        const bool bare = operand.find('/') == std::string::npos;
        options.sources.overrides.emplace_back("fs.defaultFS",
                                               bare ? "hdfs://" + operand : operand);
      }
    } else if (arg.starts_with("-D") && arg.find('=') != std::string::npos) {
      RETURN_IF_ERROR(AddSetting(std::string_view(arg).substr(2), options.sources));
    } else if (everywhere) {
      options.rest.push_back(arg);
    } else {
      options.rest.assign(args.begin() + static_cast<ptrdiff_t>(i), args.end());
      break;
    }
  }
  return options;
}

}  // namespace cairn
