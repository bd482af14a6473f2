// What every command works with: configuration, file systems, paths, output.
#pragma once

#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/client_options.h"
#include "common/config/configuration.h"
#include "tools/dfs/base/shell_file_system.h"
#include "tools/dfs/base/target.h"

namespace cairn::dfs {

// Where a command reads and writes.
struct Streams {
  std::FILE* in = stdin;
  std::FILE* out = stdout;
  std::FILE* err = stderr;
  // Whether the user has asked to stop (Ctrl-C); null: never. Commands that would leave something
  // half done behind look at it as they go.
  std::function<bool()> stopping;
};

// The surroundings of commands. Thread-compatible.
class Shell {
 public:
  // kInvalidArgument: the configuration is not valid.
  static absl::StatusOr<std::unique_ptr<Shell>> Create(ConfigurationSources sources,
                                                       Streams streams);

  const Configuration& configuration() const { return configuration_; }
  const Streams& streams() const { return streams_; }

  // The file system a path or URI is in; connects to nothing yet.
  absl::StatusOr<ShellFileSystem*> FileSystemFor(std::string_view text);
  ShellFileSystem& local() { return *local_; }
  // How to reach the cluster that fs.defaultFS names. kInvalidArgument when it names none.
  absl::StatusOr<client::ClientOptions> DefaultClientOptions() const;
  // A client for it.
  absl::StatusOr<std::unique_ptr<client::DfsClient>> ConnectToDefault();

  // What `text` stands for, patterns not expanded.
  absl::StatusOr<Target> Find(const std::string& text);
  // Every match of a pattern in order; a text that is no pattern gives its target, whether anything
  // is there or not. A pattern without a match is NoSuchFile.
  absl::StatusOr<std::vector<Target>> Expand(const std::string& text);
  // A local path as written: no patterns, no URI needed.
  absl::StatusOr<Target> FindLocal(const std::string& text);

 private:
  Shell(ConfigurationSources sources, Configuration configuration, Streams streams);
  absl::StatusOr<client::ClientOptions> OptionsFor(const std::string& authority) const;
  absl::StatusOr<std::vector<Target>> ExpandOne(const Target& pattern);

  const ConfigurationSources sources_;
  const Configuration configuration_;
  const Streams streams_;
  const std::unique_ptr<ShellFileSystem> local_;
  std::map<std::string, std::unique_ptr<ShellFileSystem>> clusters_;  // by "hdfs://host:port"
};

// One run of a command: its output and its errors. Errors do not end a command that has more paths
// to work on. Thread-compatible.
class Invocation {
 public:
  // `name` is the command's, without a dash.
  Invocation(Shell& shell, std::string name) : shell_(shell), name_(std::move(name)) {}

  Shell& shell() { return shell_; }
  const std::string& name() const { return name_; }

  template <typename... Args>
  void Print(fmt::format_string<Args...> format, Args&&... args) {
    fmt::print(shell_.streams().out, format, std::forward<Args>(args)...);
  }
  void Write(std::string_view text);
  // "name: text" on standard error; the command will exit with 1.
  void Error(std::string_view text);
  // The same; silent about what failed because the user stopped it.
  void Error(const absl::Status& status);
  bool stopping() const { return shell_.streams().stopping && shell_.streams().stopping(); }
  // Same, when the status is one.
  void Note(const absl::Status& status) {
    if (!status.ok()) Error(status);
  }
  // A line on standard error that is not an error.
  void Remark(std::string_view text);

  // Exits with `code` though there was no error (test).
  void SetExitCode(int code) { exit_code_ = code; }
  int exit_code() const { return errors_ > 0 ? 1 : exit_code_; }

  // Calls `each` with every target of every argument; its errors and those of missing paths are
  // noted. `missing` decides about paths where nothing is; by default they are errors.
  using Handler = std::function<absl::Status(const Target&)>;
  void ForEach(const std::vector<std::string>& arguments, const Handler& each,
               const Handler& missing = nullptr);
  // Every target of every argument, missing ones included; patterns without a match are noted.
  std::vector<Target> ExpandAll(const std::vector<std::string>& arguments);

 private:
  Shell& shell_;
  const std::string name_;
  int errors_ = 0;
  int exit_code_ = 0;
};

// What a command does; an error it returns is shown, a UsageError with the command's usage.
using CommandFunction = absl::Status (*)(Invocation& run, const std::vector<std::string>& args);

}  // namespace cairn::dfs
