// debug recoverLease: ends the claim of a writer that is gone; what Hadoop 3.4's `hdfs debug`
// prints.
#include <chrono>
#include <thread>

#include "common/config/values.h"
#include "common/types/errors.h"
#include "tools/dfs/admin/commands.h"
#include "tools/dfs/base/errors.h"

namespace cairn::dfs {
namespace {

constexpr auto kRetryInterval = std::chrono::seconds(5);

// The options of recoverLease; others are passed over.
struct LeaseOptions {
  std::string path;  // empty: none was given
  int64_t tries = 1;
};

absl::StatusOr<LeaseOptions> ParseOptions(const std::vector<std::string>& args) {
  LeaseOptions options;
  for (size_t i = 0; i + 1 < args.size(); ++i) {
    if (args[i] == "-path") options.path = args[++i];
    if (args[i] != "-retries") continue;
    const auto tries = ParseInt(args[++i]);
    if (!tries) {
      return absl::InvalidArgumentError(
          fmt::format("Failed to parse the argument to -retries: {}", args[i]));
    }
    options.tries = *tries;
  }
  if (options.path.empty()) {
    return absl::InvalidArgumentError("You must supply a -path argument to recoverLease.");
  }
  return options;
}

absl::Status RecoverLease(Invocation& run, const std::vector<std::string>& args) {
  if (args.empty()) {
    run.Print(
        "recoverLease -path <path> [-retries <num-retries>]\n"
        "  End the claim of the writer of the file, which must be in a cluster, so that it is\n"
        "  closed with what was written. Tried once by default.\n");
    run.SetExitCode(1);
    return absl::OkStatus();
  }
  const auto fail = [&run](std::string_view why) {
    run.Remark(why);
    run.SetExitCode(1);
    return absl::OkStatus();
  };
  const auto options = ParseOptions(args);
  if (!options.ok()) return fail(ErrorText(options.status()));
  const auto target = run.shell().Find(options->path);
  if (!target.ok()) return fail(ErrorText(target.status()));
  for (int64_t tried = 1;; ++tried) {
    const auto closed = target->fs->RecoverLease(target->path);
    if (closed.ok() && *closed) {
      run.Print("recoverLease SUCCEEDED on {}\n", options->path);
      return absl::OkStatus();
    }
    run.Remark(closed.ok() ? "recoverLease returned false."
                           : "recoverLease got exception: " + ErrorText(closed.status()));
    if (Is(closed.status(), ErrorKind::kFileNotFound)) {
      return fail(fmt::format("Giving up on recoverLease for {} after 1 try", options->path));
    }
    if (tried >= options->tries) {
      return fail(fmt::format("Giving up on recoverLease for {} after {} {}.", options->path,
                              options->tries, options->tries == 1 ? "try" : "tries"));
    }
    run.Remark("Retrying in 5000 ms...");
    std::this_thread::sleep_for(kRetryInterval);
    run.Remark(fmt::format("Retry #{}", tried));
  }
}

}  // namespace

absl::Status Debug(Invocation& run, const std::vector<std::string>& args) {
  if (args.empty()) return UsageError("Not enough arguments: expected 1 but got 0");
  const std::string name = args.front().starts_with('-') ? args.front().substr(1) : args.front();
  if (name != "recoverLease") return UsageError(fmt::format("{}: Unknown command", name));
  return RecoverLease(run, {args.begin() + 1, args.end()});
}

}  // namespace cairn::dfs
