// du: bytes of files, alone and with all replicas.
#include "common/status_macros.h"
#include "tools/dfs/base/format.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"

namespace cairn::dfs {

absl::Status Du(Invocation& run, const std::vector<std::string>& args) {
  // -x leaves snapshots out; there are none to count.
  ASSIGN_OR_RETURN(Options options, Options::Parse(args, {.flags = {"h", "s", "v", "x"}}));
  if (options.arguments().empty()) options.arguments().emplace_back(".");
  const bool human = options.Has("h");
  Table table(3);
  if (options.Has("v")) {
    table.Add({"SIZE", "DISK_SPACE_CONSUMED_WITH_ALL_REPLICAS", "FULL_PATH_NAME"});
  }
  const auto add = [&](const Target& target) -> absl::Status {
    ASSIGN_OR_RETURN(const ContentSummary summary, target.fs->Summary(target.path));
    table.Add(
        {SizeText(summary.length, human), SizeText(summary.space_consumed, human), target.shown});
    return absl::OkStatus();
  };
  run.ForEach(options.arguments(), [&](const Target& target) -> absl::Status {
    if (!target.is_directory() || options.Has("s")) return add(target);
    ASSIGN_OR_RETURN(const auto children, target.fs->List(target.path));
    for (const FileStatus& child : children) run.Note(add(target.Child(child.path, child)));
    return absl::OkStatus();
  });
  run.Write(table.ToString());
  return absl::OkStatus();
}

}  // namespace cairn::dfs
