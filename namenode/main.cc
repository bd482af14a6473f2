// The namenode program: formats name directories, or serves until SIGTERM.
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <linux/close_range.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "common/config/configuration.h"
#include "common/config/generic_options.h"
#include "common/server/logging.h"
#include "common/server/stop_signal.h"
#include "common/status_macros.h"
#include "common/users/current_user.h"
#include "namenode/namenode.h"
#include "namenode/options.h"

namespace {

using cairn::namenode::MetaStore;
using cairn::namenode::NameNode;
using cairn::namenode::NameNodeEnv;
using cairn::namenode::NameNodeOptions;

constexpr char kUsage[] =
    "Usage: namenode [-conf FILE] [-fs URI] [-D key=value]...\n"
    "         serves the file system in dfs.namenode.name.dir until SIGTERM\n"
    "       namenode -format [-clusterid ID] [-force] [-nonInteractive] [options as above]\n"
    "         makes a new, empty file system there\n"
    "       namenode -formatIfEmpty [options as above]\n"
    "         the first time, with all name directories missing or empty, as -format; then serves\n"
    "       namenode -importCheckpoint [options as above]\n"
    "         as without it, but refuses when there is a database: serves one that is rebuilt "
    "from\n"
    "         the newest checkpoint and the journal\n";

// What the command line asks for besides the generic options.
struct CommandLine {
  bool format = false;
  bool format_if_empty = false;
  bool import_checkpoint = false;
  bool force = false;
  bool interactive = true;
  std::string cluster_id;
};

absl::StatusOr<CommandLine> Parse(const std::vector<std::string>& args) {
  CommandLine line;
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& arg = args[i];
    if (arg == "-format" && !line.format_if_empty) {
      line.format = true;
    } else if (arg == "-formatIfEmpty" && !line.format && !line.import_checkpoint) {
      line.format_if_empty = true;
    } else if (arg == "-importCheckpoint" && !line.format && !line.format_if_empty) {
      line.import_checkpoint = true;
    } else if (arg == "-force" && line.format) {
      line.force = true;
    } else if ((arg == "-nonInteractive" || arg == "-noninteractive") && line.format) {
      line.interactive = false;
    } else if ((arg == "-clusterid" || arg == "-clusterId") && line.format) {
      if (++i == args.size() || args[i].empty() || args[i].starts_with('-')) {
        return absl::InvalidArgumentError(fmt::format("-clusterid needs an id\n{}", kUsage));
      }
      line.cluster_id = args[i];
    } else {
      return absl::InvalidArgumentError(fmt::format("unknown argument {}\n{}", arg, kUsage));
    }
  }
  return line;
}

// The first name directory that holds something, as HDFS asks about.
std::optional<std::string> OccupiedDirectory(const NameNodeOptions& options,
                                             cairn::FileSystem& fs) {
  for (const std::string& directory : options.store.name_dirs) {
    const auto names = fs.List(directory);
    if (names.ok() && !names->empty()) return directory;
  }
  return std::nullopt;
}

// HDFS's question; anything but Y or y, and the end of the input, mean no.
bool Confirmed(const std::string& directory) {
  std::fprintf(stderr,
               "Re-format filesystem in Storage Directory root= %s; location= null ? (Y or N) ",
               directory.c_str());
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "Y" || answer == "y");
}

absl::Status Format(const CommandLine& line, const NameNodeOptions& options,
                    const NameNodeEnv& env) {
  bool force = line.force;
  if (const auto occupied = OccupiedDirectory(options, env.fs); occupied && !force) {
    if (!line.interactive) {
      return absl::FailedPreconditionError(
          fmt::format("Running in non-interactive mode, and data appears to exist in Storage "
                      "Directory root= {}; location= null. Not formatting.",
                      *occupied));
    }
    if (!Confirmed(*occupied)) {
      return absl::AbortedError(
          fmt::format("Format aborted in Storage Directory root= {}; location= null", *occupied));
    }
    force = true;
  }
  ASSIGN_OR_RETURN(const std::string cluster_id,
                   NameNode::Format(options, env, line.cluster_id, force));
  std::printf("Formatted %zu name director%s, cluster %s\n", options.store.name_dirs.size(),
              options.store.name_dirs.size() == 1 ? "y" : "ies", cluster_id.c_str());
  return absl::OkStatus();
}

// Where the audit log goes: a file of its own when one is named, else nowhere.
absl::StatusOr<std::shared_ptr<spdlog::logger>> AuditLogger(const std::string& file) {
  if (file.empty()) return std::shared_ptr<spdlog::logger>();
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
    auto logger = std::make_shared<spdlog::logger>("FSNamesystem.audit", std::move(sink));
    logger->set_pattern("%Y-%m-%d %H:%M:%S,%e INFO FSNamesystem.audit: %v",
                        spdlog::pattern_time_type::utc);
    logger->flush_on(spdlog::level::info);
    return logger;
  } catch (const spdlog::spdlog_ex& error) {
    return absl::InvalidArgumentError(
        fmt::format("cairn.namenode.audit-log.file: {}", error.what()));
  }
}

char** g_argv = nullptr;               // of main, for StartAnew
std::atomic<bool> g_stopping = false;  // it was told to end

// Replaces this process by a new run of the same command, which begins with nothing of this one but
// the process id.
[[noreturn]] void StartAnew() {
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  ::execv("/proc/self/exe", g_argv);
  std::perror("namenode: cannot start anew");
  std::_Exit(1);
}

// Damage or a lost journal: nothing after this moment may look durable, so the process ends at
// once. One that only lost the disk under its database begins again, with another directory's.
void Die(const absl::Status& status) {
  const bool again = MetaStore::RestartHelps(status) && !g_stopping;
  spdlog::critical("the NameNode {}: {}", again ? "starts anew" : "ends",
                   std::string(status.message()));
  spdlog::default_logger()->flush();
  if (again) StartAnew();
  std::_Exit(1);
}

// `stop` is set unless the command is -format.
absl::Status Run(const std::vector<std::string>& args, std::optional<cairn::StopSignal>& stop) {
  ASSIGN_OR_RETURN(const cairn::GenericOptions generic,
                   cairn::ParseGenericOptions(args, /*everywhere=*/true));
  ASSIGN_OR_RETURN(const CommandLine line, Parse(generic.rest));
  ASSIGN_OR_RETURN(const auto configuration, cairn::Configuration::Load(generic.sources));
  ASSIGN_OR_RETURN(NameNodeOptions options, NameNodeOptions::From(configuration));
  RETURN_IF_ERROR(cairn::SetUpLogging({.level = configuration.GetString("cairn.log.level"),
                                       .file = configuration.GetString("cairn.log.file")}));
  cairn::Random random;
  ASSIGN_OR_RETURN(const std::string owner, cairn::SystemUserName());
  const NameNodeEnv env{.fs = cairn::PosixFileSystem(),
                        .clock = cairn::SystemClock(),
                        .random = random,
                        .owner = owner,
                        .reload = [sources = generic.sources]() -> absl::StatusOr<NameNodeOptions> {
                          ASSIGN_OR_RETURN(const auto now, cairn::Configuration::Load(sources));
                          return NameNodeOptions::From(now);
                        }};
  if (line.format || !stop) return Format(line, options, env);
  ASSIGN_OR_RETURN(options.grpc.audit_logger,
                   AuditLogger(configuration.GetString("cairn.namenode.audit-log.file")));
  if (line.format_if_empty && !OccupiedDirectory(options, env.fs)) {
    RETURN_IF_ERROR(Format(line, options, env));
  }
  if (line.import_checkpoint) {
    RETURN_IF_ERROR(MetaStore::CheckNoDatabase(options.store, env.fs));
  }
  ASSIGN_OR_RETURN(const auto namenode, NameNode::Start(options, env, Die));
  const std::string why = stop->Wait();
  g_stopping = true;
  spdlog::info("stopping: {}", why);
  namenode->Stop();
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  g_argv = argv;
  const std::vector<std::string> args(argv + 1, argv + argc);
  for (const std::string& arg : args) {
    if (arg == "-h" || arg == "-help" || arg == "--help") {
      std::fputs(kUsage, stdout);
      return 0;
    }
  }
  // Only a serving daemon takes the signals over (before any thread starts): the question of
  // -format must stay interruptible.
  std::optional<cairn::StopSignal> stop;
  if (std::find(args.begin(), args.end(), "-format") == args.end()) stop.emplace();
  const absl::Status status = Run(args, stop);
  if (status.ok()) return 0;
  std::fprintf(stderr, "namenode: %s\n", std::string(status.message()).c_str());
  return 1;
}
