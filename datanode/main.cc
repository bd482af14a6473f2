// The datanode program: configuration to options, signals to stop.
#include <spdlog/spdlog.h>

#include <cstdio>
#include <string>
#include <vector>

#include "common/config/configuration.h"
#include "common/config/generic_options.h"
#include "common/server/logging.h"
#include "common/server/stop_signal.h"
#include "common/status_macros.h"
#include "datanode/datanode.h"
#include "datanode/options.h"

namespace {

constexpr char kUsage[] =
    "Usage: datanode [-conf FILE] [-fs URI] [-D key=value]...\n"
    "Keeps blocks for the NameNode of fs.defaultFS in dfs.datanode.data.dir until SIGTERM.\n";

absl::Status Run(const std::vector<std::string>& args, cairn::StopSignal& stop) {
  ASSIGN_OR_RETURN(const cairn::GenericOptions generic,
                   cairn::ParseGenericOptions(args, /*everywhere=*/true));
  if (!generic.rest.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("unknown argument {}\n{}", generic.rest[0], kUsage));
  }
  ASSIGN_OR_RETURN(const auto configuration, cairn::Configuration::Load(generic.sources));
  ASSIGN_OR_RETURN(const auto options, cairn::datanode::DatanodeOptions::From(configuration));
  RETURN_IF_ERROR(cairn::SetUpLogging({.level = configuration.GetString("cairn.log.level"),
                                       .file = configuration.GetString("cairn.log.file")}));
  cairn::Random random;
  cairn::Mutex mu;
  absl::Status fatal;
  // A DataNode that gets a signal is usually being upgraded or configured anew.
  bool will_restart = true;
  cairn::datanode::Datanode datanode(
      options, {.fs = cairn::PosixFileSystem(), .clock = cairn::SystemClock(), .random = random},
      [&](const absl::Status& status) {
        {
          cairn::MutexLock lock(mu);
          fatal = status;
        }
        stop.RequestStop(std::string(status.message()));
      },
      [&](bool upgrade) {
        {
          cairn::MutexLock lock(mu);
          will_restart = upgrade;
        }
        stop.RequestStop("shutdownDatanode");
      },
      [sources = generic.sources] { return cairn::Configuration::Load(sources); });
  datanode.Start();
  spdlog::info("stopping: {}", stop.Wait());
  bool restart = false;
  {
    cairn::MutexLock lock(mu);
    restart = will_restart && fatal.ok();
  }
  datanode.Stop(restart);
  cairn::MutexLock lock(mu);
  return fatal;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  for (const std::string& arg : args) {
    if (arg == "-h" || arg == "-help" || arg == "--help") {
      std::fputs(kUsage, stdout);
      return 0;
    }
  }
  cairn::StopSignal stop;
  const absl::Status status = Run(args, stop);
  if (status.ok()) return 0;
  std::fprintf(stderr, "datanode: %s\n", std::string(status.message()).c_str());
  return 1;
}
