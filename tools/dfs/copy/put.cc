// put: copies local files, or the standard input, to the file system.
#include "common/status_macros.h"
#include "tools/dfs/base/copy.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/copy/commands.h"

namespace cairn::dfs {
namespace {

// The last argument when there are several, else the working directory; one match of a pattern.
absl::StatusOr<Target> TakeDestination(Invocation& run, std::vector<std::string>& arguments) {
  std::string text = ".";
  if (arguments.size() > 1) {
    text = arguments.back();
    arguments.pop_back();
  }
  ASSIGN_OR_RETURN(const std::vector<Target> targets, run.shell().Expand(text));
  if (targets.size() > 1) return PathProblem(text, "Too many matches");
  return targets.front();
}

}  // namespace

absl::Status Put(Invocation& run, const std::vector<std::string>& args) {
  // -l (lazy persist) asks for memory storage first; all storage here is disk, so nothing changes.
  ASSIGN_OR_RETURN(Options options,
                   Options::Parse(args, {.flags = {"f", "p", "l"}, .min_arguments = 1}));
  std::vector<std::string> sources = options.arguments();
  ASSIGN_OR_RETURN(const Target destination, TakeDestination(run, sources));
  Transfer transfer(run, {.overwrite = options.Has("f"), .preserve = options.Has("p")});
  if (sources.size() == 1 && sources.front() == "-") return transfer.CopyInput(destination);
  RETURN_IF_ERROR(transfer.CheckDestination(destination, sources.size()));
  for (const std::string& text : sources) {
    const auto source = run.shell().FindLocal(text);
    if (!source.ok()) {
      run.Error(source.status());
    } else if (!source->exists()) {
      run.Error(NoSuchFile(source->shown));
    } else {
      run.Note(transfer.Copy(*source, destination));
    }
  }
  return absl::OkStatus();
}

}  // namespace cairn::dfs
