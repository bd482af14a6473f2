// stat: attributes of a file in a format of the user's.
#include "common/status_macros.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"
#include "tools/dfs/fs/stat_format.h"

namespace cairn::dfs {

absl::Status Stat(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options parsed, Options::Parse(args, {.min_arguments = 1}));
  std::vector<std::string> paths = parsed.arguments();
  std::string format = "%y";
  if (paths.front().find('%') != std::string::npos) {
    format = paths.front();
    paths.erase(paths.begin());
    ASSIGN_OR_RETURN(const Options checked, Options::Parse(paths, {.min_arguments = 1}));
  }
  run.ForEach(paths, [&](const Target& target) {
    run.Write(FormatStat(format, *target.status, target.name()) + "\n");
    return absl::OkStatus();
  });
  return absl::OkStatus();
}

}  // namespace cairn::dfs
