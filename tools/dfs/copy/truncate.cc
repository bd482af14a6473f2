// truncate: shortens files.
#include <chrono>
#include <thread>

#include "common/config/values.h"
#include "common/status_macros.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/copy/commands.h"

namespace cairn::dfs {
namespace {

constexpr auto kLookAgain = std::chrono::seconds(1);

absl::Status WaitFor(Invocation& run, const Target& target) {
  run.Print("Waiting for {} ...", target.shown);
  while (true) {
    std::fflush(run.shell().streams().out);
    ASSIGN_OR_RETURN(const bool closed, target.fs->IsClosed(target.path));
    if (closed) break;
    run.Print(".");
    std::this_thread::sleep_for(kLookAgain);
  }
  run.Print(" done\n");
  return absl::OkStatus();
}

}  // namespace

absl::Status Truncate(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options,
                   Options::Parse(args, {.flags = {"w"}, .min_arguments = 2}));
  std::vector<std::string> paths = options.arguments();
  const auto new_length = ParseInt(paths.front());
  if (!new_length) {
    run.Remark("truncate: Illegal length, a non-negative integer expected");
    return UsageError(fmt::format("For input string: \"{}\"", paths.front()));
  }
  if (*new_length < 0) return UsageError("length must be >= 0");
  paths.erase(paths.begin());
  std::vector<Target> waited_for;
  absl::Status refused;
  run.ForEach(paths, [&](const Target& target) -> absl::Status {
    if (!refused.ok()) return absl::OkStatus();
    if (target.is_directory()) return IsADirectory(target.shown);
    const int64_t old_length = target.status->length;
    if (*new_length > old_length) {
      // Hadoop takes this for a mistake in the command line, and ends there.
      refused = UsageError(
          fmt::format("Cannot truncate to a larger file size. Current size: {}, truncate size: {}.",
                      old_length, *new_length));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const bool done, target.fs->Truncate(target.path, *new_length));
    if (done) {
      run.Print("Truncated {} to length: {}\n", target.shown, *new_length);
    } else if (options.Has("w")) {
      waited_for.push_back(target);
    } else {
      run.Print(
          "Truncating {} to length: {}. Wait for block recovery to complete before further "
          "updating this file.\n",
          target.shown, *new_length);
    }
    return absl::OkStatus();
  });
  RETURN_IF_ERROR(refused);
  for (const Target& target : waited_for) RETURN_IF_ERROR(WaitFor(run, target));
  return absl::OkStatus();
}

}  // namespace cairn::dfs
