// df: capacity and use of a file system.
#include "common/status_macros.h"
#include "tools/dfs/base/format.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"

namespace cairn::dfs {

absl::Status Df(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(Options options, Options::Parse(args, {.flags = {"h"}}));
  if (options.arguments().empty()) options.arguments().emplace_back("/");
  const bool human = options.Has("h");
  Table table(5, {1, 2, 3, 4});
  table.Add({"Filesystem", "Size", "Used", "Available", "Use%"});
  bool any = false;
  run.ForEach(options.arguments(), [&](const Target& target) -> absl::Status {
    ASSIGN_OR_RETURN(const FsStats stats, target.fs->Stats());
    table.Add({target.fs->is_local() ? "file:///" : target.fs->uri(),
               SizeText(stats.capacity, human), SizeText(stats.used, human),
               SizeText(stats.remaining, human), Percent(stats.used, stats.capacity, 0)});
    any = true;
    return absl::OkStatus();
  });
  if (any) run.Write(table.ToString());
  return absl::OkStatus();
}

}  // namespace cairn::dfs
