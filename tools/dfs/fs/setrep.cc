// setrep: changes how many replicas files have.
#include <chrono>
#include <thread>

#include "common/config/values.h"
#include "common/status_macros.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/options.h"
#include "tools/dfs/fs/commands.h"
#include "tools/dfs/fs/tree.h"

namespace cairn::dfs {
namespace {

constexpr auto kLookAgain = std::chrono::seconds(1);

// Whether every block has exactly `replication` places; `above` when one has more.
absl::StatusOr<bool> Reached(const Target& target, size_t replication, bool& above) {
  ASSIGN_OR_RETURN(const LocatedBlocks located,
                   target.fs->Locations(target.path, target.status->length));
  bool reached = true;
  for (const LocatedBlock& block : located.blocks) {
    reached &= block.locations.size() == replication;
    above |= block.locations.size() > replication;
  }
  return reached;
}

absl::Status WaitFor(Invocation& run, const Target& target, size_t replication) {
  run.Print("Waiting for {} ...", target.shown);
  bool warned = false;
  while (true) {
    bool above = false;
    ASSIGN_OR_RETURN(const bool reached, Reached(target, replication, above));
    if (above && !warned) {
      run.Print(
          "\nWARNING: the waiting time may be long for DECREASING the number of "
          "replications.\n");
      warned = true;
    }
    if (reached) break;
    run.Print(".");
    std::fflush(run.shell().streams().out);
    std::this_thread::sleep_for(kLookAgain);
  }
  run.Print(" done\n");
  return absl::OkStatus();
}

}  // namespace

absl::Status Setrep(Invocation& run, const std::vector<std::string>& args) {
  ASSIGN_OR_RETURN(const Options options,
                   Options::Parse(args, {.flags = {"R", "w"}, .min_arguments = 2}));
  std::vector<std::string> paths = options.arguments();
  const auto replication = ParseInt(paths.front());
  if (!replication || *replication > INT32_MAX) {
    run.Error("Illegal replication, a positive integer expected");
    return UsageError(fmt::format("For input string: \"{}\"", paths.front()));
  }
  if (*replication < 1) return UsageError("replication must be >= 1");
  paths.erase(paths.begin());
  std::vector<Target> changed;
  run.ForEach(paths, [&](const Target& root) {
    // Directories are always walked; -R is accepted because it once was needed.
    Walk(run, root, /*recursive=*/true, [&](const Target& target) -> absl::Status {
      if (target.is_directory()) return absl::OkStatus();
      ASSIGN_OR_RETURN(const bool set,
                       target.fs->SetReplication(target.path, static_cast<int32_t>(*replication)));
      if (!set) {
        return absl::UnknownError(fmt::format("Could not set replication for: {}", target.shown));
      }
      run.Print("Replication {} set: {}\n", *replication, target.shown);
      changed.push_back(target);
      return absl::OkStatus();
    });
    return absl::OkStatus();
  });
  if (options.Has("w")) {
    for (const Target& target : changed) {
      RETURN_IF_ERROR(WaitFor(run, target, static_cast<size_t>(*replication)));
    }
  }
  return absl::OkStatus();
}

}  // namespace cairn::dfs
