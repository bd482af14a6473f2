// admin: finds the subcommand.
#include "tools/dfs/admin/commands.h"
#include "tools/dfs/base/errors.h"

namespace cairn::dfs {
namespace {

// dfsadmin answers every failure with -1.
constexpr int kFailure = 255;

struct Subcommand {
  std::string_view name;
  CommandFunction function;
};

constexpr Subcommand kSubcommands[] = {
    {"metasave", MetaSave},
    {"refreshNodes", RefreshNodes},
    {"report", Report},
    {"rollEdits", RollEdits},
    {"safemode", SafeMode},
    {"saveNamespace", SaveNamespace},
    {"setBalancerBandwidth", SetBalancerBandwidth},
    {"wait", Wait},
};

}  // namespace

absl::Status Admin(Invocation& run, const std::vector<std::string>& args) {
  if (args.empty()) return UsageError("Not enough arguments: expected 1 but got 0");
  const std::string name = args.front().starts_with('-') ? args.front().substr(1) : args.front();
  for (const Subcommand& subcommand : kSubcommands) {
    if (subcommand.name != name) continue;
    Invocation inner(run.shell(), name);
    const absl::Status status = subcommand.function(inner, {args.begin() + 1, args.end()});
    if (IsUsageError(status)) return status;
    inner.Note(status);
    run.SetExitCode(inner.exit_code() == 0 ? 0 : kFailure);
    return absl::OkStatus();
  }
  return UsageError(fmt::format("{}: Unknown command", name));
}

}  // namespace cairn::dfs
