// MiniOptions.
#include "tools/dfs/mini/mini_options.h"

#include "common/config/values.h"
#include "common/status_macros.h"
#include "tools/dfs/base/errors.h"
#include "tools/dfs/base/target.h"

namespace cairn::dfs {
namespace {

constexpr int kMaxDatanodes = 100;
constexpr int kMaxPort = 65'535 - 1'850;
constexpr int kDefaultReplication = 3;

using Settings = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> Arguments(Settings settings, const Settings& more) {
  settings.insert(settings.end(), more.begin(), more.end());
  std::vector<std::string> arguments;
  for (const auto& [key, value] : settings) {
    arguments.emplace_back("-D");
    arguments.push_back(fmt::format("{}={}", key, value));
  }
  return arguments;
}

// What every daemon of the cluster is told. Intervals are shorter than HDFS's, so that a change
// shows while somebody is looking.
Settings CommonSettings(const MiniOptions& options) {
  return {{"fs.defaultFS", options.uri()},
          {"hadoop.tmp.dir", options.directory + "/tmp"},
          {"cairn.namenode.grpc-address", options.grpc_address()},
          {"dfs.replication", fmt::format("{}", std::min(options.datanodes, kDefaultReplication))},
          {"dfs.heartbeat.interval", "1s"}};
}

absl::StatusOr<int> ParseNumber(const std::string& name, const std::string& text, int min,
                                int max) {
  const auto value = ParseInt(text);
  if (!value || *value < min || *value > max) {
    return UsageError(
        fmt::format("{} takes a number from {} to {}, not '{}'", name, min, max, text));
  }
  return static_cast<int>(*value);
}

}  // namespace

std::string MiniOptions::uri() const { return fmt::format("hdfs://127.0.0.1:{}", port); }

std::string MiniOptions::grpc_address() const { return fmt::format("127.0.0.1:{}", grpc_port()); }

std::string MiniOptions::log_file(const std::string& daemon) const {
  return fmt::format("{}/logs/{}.log", directory, daemon);
}

std::vector<std::string> MiniOptions::NamenodeArguments() const {
  Settings own = CommonSettings(*this);
  own.emplace_back("dfs.namenode.name.dir", "file://" + name_directory());
  own.emplace_back("dfs.namenode.rpc-address", fmt::format("127.0.0.1:{}", port));
  own.emplace_back("dfs.namenode.http-address", fmt::format("127.0.0.1:{}", http_port()));
  own.emplace_back("dfs.namenode.safemode.extension", "0");
  own.emplace_back("dfs.namenode.heartbeat.recheck-interval", "5s");
  own.emplace_back("dfs.namenode.redundancy.interval.seconds", "1s");
  return Arguments(std::move(own), settings);
}

std::vector<std::string> MiniOptions::DatanodeArguments(int index) const {
  Settings own = CommonSettings(*this);
  own.emplace_back("dfs.datanode.data.dir", fmt::format("file://{}/data{}", directory, index));
  // Free ports: DataNodes are found through the NameNode.
  own.emplace_back("dfs.datanode.address", "127.0.0.1:0");
  own.emplace_back("dfs.datanode.ipc.address", "127.0.0.1:0");
  own.emplace_back("dfs.datanode.http.address", "127.0.0.1:0");
  own.emplace_back("dfs.datanode.hostname", "localhost");
  return Arguments(std::move(own), settings);
}

absl::StatusOr<MiniOptions> ParseMiniOptions(const std::vector<std::string>& args,
                                             const std::string& default_directory,
                                             const std::string& working_directory) {
  MiniOptions options;
  options.directory = default_directory;
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& name = args[i];
    const bool known = name == "--dir" || name == "--datanodes" || name == "--port" || name == "-D";
    if (!known) return UsageError(fmt::format("Illegal option {}", name));
    if (i + 1 == args.size()) return UsageError(fmt::format("{} needs a value", name));
    const std::string& value = args[++i];
    if (name == "--dir") {
      options.directory = value;
    } else if (name == "--datanodes") {
      ASSIGN_OR_RETURN(options.datanodes, ParseNumber(name, value, 1, kMaxDatanodes));
    } else if (name == "--port") {
      ASSIGN_OR_RETURN(options.port, ParseNumber(name, value, 1, kMaxPort));
    } else if (name == "-D" && value.find('=') != std::string::npos && value[0] != '=') {
      const size_t equals = value.find('=');
      options.settings.emplace_back(value.substr(0, equals), value.substr(equals + 1));
    } else {
      return UsageError(fmt::format("-D {}: expected the form key=value", value));
    }
  }
  if (options.directory.empty()) return UsageError("--dir takes a folder");
  options.directory = NormalizePath(options.directory.starts_with('/')
                                        ? options.directory
                                        : JoinPath(working_directory, options.directory));
  return options;
}

}  // namespace cairn::dfs
