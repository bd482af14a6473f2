// touchz: makes empty files.
#include "common/status_macros.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"

namespace cairn::dfs {
namespace {

absl::Status MakeEmpty(const Target& target) {
  ASSIGN_OR_RETURN(const auto file, target.fs->Create(target.path));
  return file->Close();
}

}  // namespace

absl::Status Touchz(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options, Options::Parse(args, {.min_arguments = 1}));
  run.ForEach(
      options.arguments(),
      [](const Target& target) -> absl::Status {
        if (target.is_directory()) return IsADirectory(target.shown);
        if (target.status->length != 0) {
          return PathProblem(target.shown, "Not a zero-length file");
        }
        return MakeEmpty(target);
      },
      [](const Target& target) -> absl::Status {
        ASSIGN_OR_RETURN(const auto parent, target.fs->Stat(target.parent_path()));
        if (!parent) return NoSuchFile(target.shown, target.qualified());
        return MakeEmpty(target);
      });
  return absl::OkStatus();
}

}  // namespace cairn::dfs
