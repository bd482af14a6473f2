// mv: renames files and directories within one file system.
#include "common/status_macros.h"
#include "tools/dfs/base/copy.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"

namespace cairn::dfs {
namespace {

absl::Status Move(const Transfer& transfer, const Target& source, const Target& destination) {
  if (source.fs != destination.fs) {
    return PathProblem(source.shown, "Does not match target filesystem");
  }
  ASSIGN_OR_RETURN(const Target target, transfer.Place(source, destination, /*inside=*/false));
  if (target.exists()) return FileExistsAlready(target.shown);
  ASSIGN_OR_RETURN(const bool moved, source.fs->Rename(source.path, target.path));
  return moved ? absl::OkStatus() : UnknownFailure(source.shown);
}

}  // namespace

absl::Status Mv(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options, Options::Parse(args, {.min_arguments = 2}));
  std::vector<std::string> sources = options.arguments();
  ASSIGN_OR_RETURN(const std::vector<Target> destinations, run.shell().Expand(sources.back()));
  if (destinations.size() > 1) return PathProblem(sources.back(), "Too many matches");
  sources.pop_back();
  const std::vector<Target> found = run.ExpandAll(sources);
  if (found.empty()) return absl::OkStatus();
  const Target& destination = destinations.front();
  const Transfer transfer(run, {});
  if (destination.fs == found.front().fs) {
    RETURN_IF_ERROR(transfer.CheckDestination(destination, found.size()));
  }
  for (const Target& source : found) {
    run.Note(source.exists() ? Move(transfer, source, destination) : NoSuchFile(source.shown));
  }
  return absl::OkStatus();
}

}  // namespace cairn::dfs
