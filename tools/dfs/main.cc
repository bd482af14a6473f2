// dfs: Cairn's shell. The table below is all it can do; `dfs COMMAND` and `dfs -COMMAND` are the
// same.
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/generic_options.h"
#include "common/server/logging.h"
#include "tools/dfs/admin/commands.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/shell.h"
#include "tools/dfs/copy/commands.h"
#include "tools/dfs/fs/commands.h"
#include "tools/dfs/interrupt.h"
#include "tools/dfs/mini/mini.h"

namespace cairn::dfs {
namespace {

constexpr int kUsageExitCode = 255;

// One command: how it is called and what runs.
struct Command {
  std::string_view name;
  CommandFunction function;
  std::string_view usage;
  std::string_view description;
  bool cleans_up = false;  // when the user stops it
};

constexpr bool kCleansUp = true;

constexpr Command kCommands[] = {
    {"appendToFile", AppendToFile, "[-n] <localsrc> ... <dst>",
     "Append local files, or - the input, to a file.", kCleansUp},
    {"cat", Cat, "<src> ...", "Print files."},
    {"checksum", Checksum, "[-v] <src> ...", "Print HDFS's checksum of files."},
    {"chgrp", Chgrp, "[-R] GROUP PATH...", "Change the group of files."},
    {"chmod", Chmod, "[-R] <MODE[,MODE]... | OCTALMODE> PATH...", "Change the mode of files."},
    {"chown", Chown, "[-R] [OWNER][:[GROUP]] PATH...", "Change owner and group of files."},
    {"count", Count, "[-q] [-h] [-v] [-x] <path> ...", "Count directories, files and bytes."},
    {"cp", Cp, "[-f] [-p] <src> ... <dst>", "Copy files.", kCleansUp},
    {"df", Df, "[-h] [<path> ...]", "Show capacity and use of the file system."},
    {"du", Du, "[-s] [-h] [-v] [-x] [<path> ...]", "Show the bytes of files and directories."},
    {"get", Get, "[-f] [-p] [-crc] [-ignoreCrc] <src> ... <localdst>", "Copy to local files.",
     kCleansUp},
    {"copyToLocal", Get, "[-f] [-p] [-crc] [-ignoreCrc] <src> ... <localdst>", "The same as get.",
     kCleansUp},
    {"head", Head, "<file>", "Print the first kilobyte of a file."},
    {"ls", Ls, "[-C] [-d] [-h] [-R] [-t] [-S] [-r] [-u] [<path> ...]", "List directories."},
    {"mkdir", Mkdir, "[-p] <path> ...", "Make directories; -p: with missing parents."},
    {"mv", Mv, "<src> ... <dst>", "Rename or move files and directories."},
    {"put", Put, "[-f] [-p] [-l] <localsrc> ... <dst>", "Copy local files, or - the input.",
     kCleansUp},
    {"copyFromLocal", Put, "[-f] [-p] [-l] <localsrc> ... <dst>", "The same as put.", kCleansUp},
    {"rm", Rm, "[-f] [-r|-R] [-skipTrash] <src> ...", "Remove files; -r: directories too."},
    {"setrep", Setrep, "[-R] [-w] <rep> <path> ...", "Change how many replicas files have."},
    {"stat", Stat, "[format] <path> ...", "Print attributes (%a %A %b %F %g %n %o %r %u %x %y)."},
    {"tail", Tail, "[-f] [-s <sleep interval>] <file>", "Print the last kilobyte; -f: go on."},
    {"test", Test, "-[defswrz] <path>", "Answer a question about a path by the exit code."},
    {"touchz", Touchz, "<path> ...", "Make empty files."},
    {"truncate", Truncate, "[-w] <length> <path> ...", "Shorten files; -w: wait until it is done."},
    {"admin", Admin, kAdminUsage, "Look after a cluster."},
    {"debug", Debug, kDebugUsage, "Close files whose writer is gone."},
    {"fsck", Fsck, kFsckUsage, "Check the health of files."},
    {"mini", Mini, kMiniUsage, "Run a whole cluster on this machine."},
};

// As typed, with or without a dash.
const Command* FindCommand(std::string_view name) {
  if (name.starts_with('-')) name.remove_prefix(1);
  for (const Command& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

void PrintUsage(std::FILE* out, const Command& command) {
  fmt::print(out, "Usage: dfs [generic options] {} {}\n", command.name, command.usage);
}

void PrintHelp(std::FILE* out) {
  fmt::print(out, "Usage: dfs [generic options] COMMAND\n\n");
  for (const Command& command : kCommands) {
    fmt::print(out, "  {:<14}{}\n", command.name, command.description);
  }
  fmt::print(out, R"(  help          Print this, or how a command is used.

Commands may be written with a dash in front, as in `hadoop fs`. Generic options:
  -D key=value  set a configuration key (docs/configuration.md)
  -fs URI       the file system to use, hdfs://host:port (fs.defaultFS)
  -conf FILE    read another configuration file
)");
}

int Help(const std::vector<std::string>& args) {
  if (args.empty()) {
    PrintHelp(stdout);
    return 0;
  }
  int exit_code = 0;
  for (const std::string& name : args) {
    const Command* command = FindCommand(name);
    if (command == nullptr) {
      fmt::print(stderr, "{}: Unknown command\n", name);
      exit_code = kUsageExitCode;
      continue;
    }
    PrintUsage(stdout, *command);
    fmt::print("  {}\n", command->description);
  }
  return exit_code;
}

// Runs args[0] with the rest; the exit code.
int RunCommand(Shell& shell, std::vector<std::string> args) {
  const std::string typed = args.front();
  const std::string name = typed.starts_with('-') ? typed.substr(1) : typed;
  args.erase(args.begin());
  if (name == "help" || name == "usage") return Help(args);
  const Command* command = FindCommand(name);
  if (command == nullptr) {
    fmt::print(stderr, "{}: Unknown command\n", typed);
    PrintHelp(stderr);
    return kUsageExitCode;
  }
  Invocation run(shell, name);
  const absl::Status status = command->function(run, args);
  if (IsUsageError(status)) {
    fmt::print(stderr, "{}: {}\n", typed, ErrorText(status));
    PrintUsage(stderr, *command);
    return kUsageExitCode;
  }
  run.Note(status);
  if (std::fflush(stdout) != 0) run.Error("Unable to write to output stream.");
  return run.exit_code();
}

int Main(const std::vector<std::string>& args) {
  auto options = ParseGenericOptions(args, /*everywhere=*/false);
  if (!options.ok()) {
    fmt::print(stderr, "dfs: {}\n", ErrorText(options.status()));
    return kUsageExitCode;
  }
  if (options->rest.empty()) {
    PrintHelp(stderr);
    return kUsageExitCode;
  }
  // Before anything starts a thread.
  std::unique_ptr<Interrupt> interrupt;
  Streams streams;
  const Command* const command = FindCommand(options->rest.front());
  if (command != nullptr && command->cleans_up) {
    interrupt = std::make_unique<Interrupt>();
    streams.stopping = [&interrupt] { return interrupt->came(); };
  }
  auto shell = Shell::Create(std::move(options->sources), streams);
  if (!shell.ok()) {
    fmt::print(stderr, "dfs: {}\n", ErrorText(shell.status()));
    return kUsageExitCode;
  }
  // A tool is quiet unless asked: what goes wrong is told by the commands.
  const Configuration& configuration = (*shell)->configuration();
  const LoggingOptions logging = {.level = configuration.IsSet("cairn.log.level")
                                               ? configuration.GetString("cairn.log.level")
                                               : "error",
                                  .file = configuration.GetString("cairn.log.file")};
  if (const absl::Status status = SetUpLogging(logging); !status.ok()) {
    fmt::print(stderr, "dfs: {}\n", ErrorText(status));
    return kUsageExitCode;
  }
  const int exit_code = RunCommand(**shell, std::move(options->rest));
  return interrupt != nullptr && interrupt->came() ? interrupt->exit_code() : exit_code;
}

}  // namespace
}  // namespace cairn::dfs

int main(int argc, char** argv) {
  return cairn::dfs::Main(std::vector<std::string>(argv + 1, argv + argc));
}
