// mkdir: makes directories.
#include "common/status_macros.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"

namespace cairn::dfs {

absl::Status Mkdir(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options,
                   Options::Parse(args, {.flags = {"p"}, .min_arguments = 1}));
  const bool with_parents = options.Has("p");
  run.ForEach(
      options.arguments(),
      [&](const Target& target) -> absl::Status {
        if (!target.is_directory()) return IsNotADirectory(target.shown);
        return with_parents ? absl::OkStatus() : FileExistsAlready(target.shown);
      },
      [&](const Target& target) -> absl::Status {
        if (!with_parents) {
          ASSIGN_OR_RETURN(const auto parent, target.fs->Stat(target.parent_path()));
          if (!parent) return NoSuchFile(target.fs->uri() + target.parent_path());
        }
        return target.fs->Mkdirs(target.path, 0777);
      });
  return absl::OkStatus();
}

}  // namespace cairn::dfs
