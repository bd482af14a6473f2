// get: copies files to the local file system.
#include "common/status_macros.h"
#include "tools/dfs/base/copy.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/copy/commands.h"

namespace cairn::dfs {

absl::Status Get(Invocation& run, const std::vector<std::string>& args) {
  // Checksums are always verified and never written beside the file: -ignoreCrc and -crc change
  // nothing.
  ASSIGN_OR_RETURN(Options options, Options::Parse(args, {.flags = {"f", "p", "ignoreCrc", "crc"},
                                                          .min_arguments = 1}));
  std::vector<std::string> sources = options.arguments();
  std::string destination_text = ".";
  if (sources.size() > 1) {
    destination_text = sources.back();
    sources.pop_back();
  }
  ASSIGN_OR_RETURN(const Target destination, run.shell().FindLocal(destination_text));
  const std::vector<Target> found = run.ExpandAll(sources);
  if (found.empty()) return absl::OkStatus();
  Transfer transfer(run, {.overwrite = options.Has("f"), .preserve = options.Has("p")});
  RETURN_IF_ERROR(transfer.CheckDestination(destination, found.size()));
  for (const Target& source : found) {
    run.Note(source.exists() ? transfer.Copy(source, destination) : NoSuchFile(source.shown));
  }
  return absl::OkStatus();
}

}  // namespace cairn::dfs
