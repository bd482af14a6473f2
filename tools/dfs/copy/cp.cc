// cp: copies files within a file system or between two.
#include "common/status_macros.h"
#include "tools/dfs/base/copy.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/copy/commands.h"

namespace cairn::dfs {

absl::Status Cp(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options,
                   Options::Parse(args, {.flags = {"f", "p"}, .min_arguments = 2}));
  std::vector<std::string> sources = options.arguments();
  ASSIGN_OR_RETURN(const std::vector<Target> destinations, run.shell().Expand(sources.back()));
  if (destinations.size() > 1) return PathProblem(sources.back(), "Too many matches");
  sources.pop_back();
  const std::vector<Target> found = run.ExpandAll(sources);
  if (found.empty()) return absl::OkStatus();
  const Target& destination = destinations.front();
  Transfer transfer(run, {.overwrite = options.Has("f"), .preserve = options.Has("p")});
  RETURN_IF_ERROR(transfer.CheckDestination(destination, found.size()));
  for (const Target& source : found) {
    run.Note(source.exists() ? transfer.Copy(source, destination) : NoSuchFile(source.shown));
  }
  return absl::OkStatus();
}

}  // namespace cairn::dfs
