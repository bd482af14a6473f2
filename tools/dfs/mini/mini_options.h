// What dfs mini is asked for, and the command lines that makes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace cairn::dfs {

// One small cluster on loopback.
struct MiniOptions {
  std::string directory;  // everything is kept here; absolute
  int datanodes = 3;
  int port = 8020;  // Hadoop RPC; gRPC is on the next one, HTTP 1,850 further
  std::vector<std::pair<std::string, std::string>> settings;  // for all daemons; they win

  int grpc_port() const { return port + 1; }
  int http_port() const { return port + 1850; }
  std::string uri() const;           // "hdfs://127.0.0.1:8020"
  std::string grpc_address() const;  // "127.0.0.1:8021"
  std::string name_directory() const { return directory + "/name"; }
  std::string log_file(const std::string& daemon) const;
  // The -D arguments of the NameNode and of DataNode `index` (from 1).
  std::vector<std::string> NamenodeArguments() const;
  std::vector<std::string> DatanodeArguments(int index) const;
};

// `default_directory` is used without --dir, `working_directory` for a relative one. UsageError for
// anything else.
absl::StatusOr<MiniOptions> ParseMiniOptions(const std::vector<std::string>& args,
                                             const std::string& default_directory,
                                             const std::string& working_directory);

}  // namespace cairn::dfs
