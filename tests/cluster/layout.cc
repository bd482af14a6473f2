// Paths, ports and settings.
#include "tests/cluster/layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "common/status_macros.h"

namespace cairn::testing {
ClusterLayout::ClusterLayout(ClusterOptions options)
    : options_(std::move(options)),
      directory_(options_.directory.empty() ? temporary_.emplace().path() : options_.directory) {}

absl::Status ClusterLayout::Init() {
  ASSIGN_OR_RETURN(rpc_port_, FreePort());
  ASSIGN_OR_RETURN(grpc_port_, FreePort());
  std::filesystem::create_directories(logs());
  return absl::OkStatus();
}

std::string ClusterLayout::namenode_address() const {
  return fmt::format("127.0.0.1:{}", grpc_port_);
}

std::string ClusterLayout::name_directory(int index) const {
  return fmt::format("{}/name{}", directory_, index);
}

std::string ClusterLayout::volume(int datanode, int index) const {
  return fmt::format("{}/data{}-{}", directory_, datanode, index);
}

Settings ClusterLayout::CommonSettings() const {
  std::vector<std::string> name_dirs;
  for (int i = 0; i < options_.name_directories; ++i) name_dirs.push_back(name_directory(i));
  Settings settings = FastSettings();
  settings.emplace_back("fs.defaultFS", fmt::format("hdfs://127.0.0.1:{}", rpc_port_));
  settings.emplace_back("cairn.namenode.grpc-address", namenode_address());
  settings.emplace_back("dfs.namenode.http-address", "127.0.0.1:0");
  settings.emplace_back("dfs.namenode.name.dir", fmt::format("{}", fmt::join(name_dirs, ",")));
  if (!options_.racks.empty()) {
    std::vector<std::string> mapping;
    for (int i = 0; i < options_.datanodes; ++i) {
      mapping.push_back(fmt::format("dn{}={}", i, options_.racks[i % options_.racks.size()]));
    }
    settings.emplace_back("hadoop.configured.node.mapping",
                          fmt::format("{}", fmt::join(mapping, ",")));
  }
  settings.insert(settings.end(), options_.settings.begin(), options_.settings.end());
  return settings;
}

Settings ClusterLayout::DatanodeSettings(int index) const {
  std::vector<std::string> volumes;
  for (int i = 0; i < options_.volumes_per_datanode; ++i) volumes.push_back(volume(index, i));
  return {{"dfs.datanode.data.dir", fmt::format("{}", fmt::join(volumes, ","))},
          {"dfs.datanode.address", "127.0.0.1:0"},
          {"dfs.datanode.ipc.address", "127.0.0.1:0"},
          {"dfs.datanode.http.address", "127.0.0.1:0"},
          {"dfs.datanode.hostname", fmt::format("dn{}", index)}};
}

}  // namespace cairn::testing
