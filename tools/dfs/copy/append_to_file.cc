// appendToFile: adds local files, or the standard input, to the end of a file.
#include "common/status_macros.h"
#include "tools/dfs/base/copy.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/copy/commands.h"

namespace cairn::dfs {
namespace {

absl::Status AppendAll(Invocation& run, const std::vector<std::string>& sources,
                       client::OutputStream& out) {
  if (sources.size() == 1 && sources.front() == "-") {
    InputBytes input(run);
    return PumpBytes(
        run, [&](char* to, size_t n) { return input.Read(to, n); }, out, nullptr);
  }
  for (const std::string& text : sources) {
    ASSIGN_OR_RETURN(const Target source, run.shell().FindLocal(text));
    ASSIGN_OR_RETURN(const auto in, source.fs->Open(source.path));
    RETURN_IF_ERROR(PumpBytes(
        run, [&](char* to, size_t n) { return in->Read(to, n); }, out, nullptr));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status AppendToFile(Invocation& run, const std::vector<std::string>& args) {
  if (args.size() < 2) return absl::UnknownError("missing destination argument");
  ASSIGN_OR_RETURN(const Options options,
                   Options::Parse(args, {.flags = {"n"}, .min_arguments = 2}));
  std::vector<std::string> sources = options.arguments();
  ASSIGN_OR_RETURN(const std::vector<Target> destinations, run.shell().Expand(sources.back()));
  if (destinations.size() > 1) return PathProblem(sources.back(), "Too many matches");
  const Target& destination = destinations.front();
  sources.pop_back();
  const auto is_input = [](const std::string& source) { return source == "-"; };
  if (sources.size() > 1 && std::any_of(sources.begin(), sources.end(), is_input)) {
    return absl::UnknownError("stdin (-) must be the sole input argument when present");
  }
  if (!destination.exists()) {
    ASSIGN_OR_RETURN(const auto made, destination.fs->Create(destination.path));
    RETURN_IF_ERROR(made->Close());
  }
  ASSIGN_OR_RETURN(const auto out, destination.fs->Append(destination.path, options.Has("n")));
  const absl::Status appended = AppendAll(run, sources, *out);
  // What came before an error, or before the user stopped it, stays appended.
  const absl::Status closed = out->Close();
  return appended.ok() ? closed : appended;
}

}  // namespace cairn::dfs
