// rm: removes files and directories, into the trash when there is one.
#include "common/clock.h"
#include "common/status_macros.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"

namespace cairn::dfs {
namespace {

constexpr uint16_t kTrashMode = 0700;

// Whether this file system keeps a trash: the server's word counts, else the configuration's.
absl::StatusOr<bool> HasTrash(Invocation& run, ShellFileSystem& fs) {
  if (fs.is_local()) return false;
  ASSIGN_OR_RETURN(const ServerDefaults defaults, fs.Defaults());
  if (defaults.trash_interval_minutes > 0) return true;
  return run.shell().configuration().GetDurationMs("fs.trash.interval") > 0;
}

// Moves the target into the trash of its user; false when it is in there already.
absl::StatusOr<bool> MoveToTrash(Invocation& run, const Target& target) {
  ShellFileSystem& fs = *target.fs;
  const std::string trash = JoinPath(fs.working_directory(), ".Trash");
  if (target.path == trash || target.path.starts_with(trash + "/")) return false;
  if (fs.working_directory() == target.path ||
      trash.starts_with(target.path == "/" ? "/" : target.path + "/")) {
    return absl::UnknownError(fmt::format(
        "Cannot move \"{}\" to the trash, as it contains the trash. Consider using -skipTrash "
        "option",
        target.qualified()));
  }
  const std::string place = trash + "/Current" + target.path;
  RETURN_IF_ERROR(fs.Mkdirs(place.substr(0, place.rfind('/')), kTrashMode));
  std::string name = place;
  while (true) {
    ASSIGN_OR_RETURN(const auto taken, fs.Stat(name));
    if (!taken) break;
    name = fmt::format("{}{}", place, SystemClock().WallMs());
  }
  RETURN_IF_ERROR(fs.MoveToTrash(target.path, name));
  run.Remark(fmt::format("Moved: '{}' to trash at: {}{}", target.qualified(), fs.uri(), name));
  return true;
}

}  // namespace

absl::Status Rm(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(
      const Options options,
      Options::Parse(args, {.flags = {"f", "r", "R", "skipTrash"}, .min_arguments = 1}));
  const bool recursive = options.Has("r") || options.Has("R");
  const auto remove = [&](const Target& target) -> absl::Status {
    if (target.is_directory() && !recursive) return IsADirectory(target.shown);
    if (!options.Has("skipTrash")) {
      ASSIGN_OR_RETURN(const bool has_trash, HasTrash(run, *target.fs));
      if (has_trash) {
        ASSIGN_OR_RETURN(const bool moved, MoveToTrash(run, target));
        if (moved) return absl::OkStatus();
      }
    }
    ASSIGN_OR_RETURN(const bool deleted, target.fs->Delete(target.path, recursive));
    if (!deleted) return UnknownFailure(target.shown);
    run.Print("Deleted {}\n", target.shown);
    return absl::OkStatus();
  };
  for (const std::string& text : options.arguments()) {
    const auto targets = run.shell().Expand(text);
    if (!targets.ok()) {
      if (!options.Has("f") || !absl::IsNotFound(targets.status())) run.Error(targets.status());
      continue;
    }
    for (const Target& target : *targets) {
      if (target.exists()) {
        run.Note(remove(target));
      } else if (!options.Has("f")) {
        run.Error(NoSuchFile(target.shown));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace cairn::dfs
