// mini: starts the cluster, says how to use it, waits, stops it.
#include "tools/dfs/mini/mini.h"

#include <filesystem>

#include "common/server/stop_signal.h"
#include "common/status_macros.h"
#include "common/users/current_user.h"
#include "tools/dfs/mini/mini_cluster.h"
#include "tools/dfs/mini/mini_options.h"

namespace cairn::dfs {
namespace {

constexpr int64_t kWatchMs = 500;

constexpr char kHelp[] = R"(Usage: dfs [generic options] mini {}
  Run a whole cluster on this machine until Ctrl-C.

  --dir D        keep everything in the folder D, new, empty or of a mini cluster
                 (default: /tmp/cairn-mini-USER)
  --datanodes N  how many DataNodes (default: 3)
  --port P       Hadoop RPC on port P, gRPC on P+1, HTTP on P+1850 (default: 8020)
  -D key=value   set a configuration key of all daemons
)";

void Describe(Invocation& run, const MiniOptions& options, const std::string& binaries) {
  const std::string dfs = fmt::format("{}/dfs -fs {}", binaries, options.uri());
  run.Print(
      R"(NameNode   {} (Hadoop RPC), {} (gRPC)
DataNodes  {}
data       {}
logs       {}/logs

try:
  {} mkdir -p /user
  {} put /etc/os-release /user
  {} ls -h /user

)",
      options.uri(), options.grpc_address(), options.datanodes, options.directory,
      options.directory, dfs, dfs, dfs);
  run.Print("ready: {}\n", options.uri());
  std::fflush(run.shell().streams().out);
}

}  // namespace

absl::Status Mini(Invocation& run, const std::vector<std::string>& args) {
  if (!args.empty() && (args.front() == "--help" || args.front() == "-help")) {
    run.Print(kHelp, kMiniUsage);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::string user, SystemUserName());
  std::error_code error;
  const std::string here = std::filesystem::current_path(error).string();
  ASSIGN_OR_RETURN(const MiniOptions options,
                   ParseMiniOptions(args, "/tmp/cairn-mini-" + user, here));
  const std::string binaries =
      std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
  StopSignal stop;  // before the client starts its threads
  MiniCluster cluster(options, binaries);
  const absl::Status started = cluster.Start(stop);
  if (absl::IsCancelled(started)) return absl::OkStatus();
  RETURN_IF_ERROR(started);
  Describe(run, options, binaries);
  while (!stop.WaitFor(kWatchMs)) {
    for (const std::string& daemon : cluster.TakeEnded()) {
      run.Remark(fmt::format("mini: {} has ended", daemon));
    }
    if (!cluster.NamenodeRuns()) {
      return absl::UnavailableError(
          fmt::format("the NameNode has ended; see {}", options.log_file("namenode")));
    }
  }
  cluster.Stop();
  return absl::OkStatus();
}

}  // namespace cairn::dfs
