// Where a test cluster keeps what, and what its daemons are told: the same for every kind of
// cluster.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/testing/temp_dir.h"
#include "tests/cluster/cluster.h"

namespace cairn::testing {

// Keys of Hadoop and their values.
using Settings = std::vector<std::pair<std::string, std::string>>;

// A directory with a place for everything, temporary unless the options name one, and two ports.
// Thread-compatible.
class ClusterLayout {
 public:
  explicit ClusterLayout(ClusterOptions options);
  // Finds free ports and makes the directory of the logs. Before everything else.
  absl::Status Init();

  const ClusterOptions& options() const { return options_; }
  std::string namenode_address() const;
  std::string name_directory(int index) const;
  std::string volume(int datanode, int index) const;
  std::string logs() const { return directory_ + "/logs"; }

  // What both daemons are told.
  Settings CommonSettings() const;
  // What DataNode `index` is told besides.
  Settings DatanodeSettings(int index) const;

 private:
  const ClusterOptions options_;
  std::optional<TempDir> temporary_;
  const std::string directory_;
  int rpc_port_ = 0;
  int grpc_port_ = 0;
};

}  // namespace cairn::testing
