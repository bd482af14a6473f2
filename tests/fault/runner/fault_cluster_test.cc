// The cluster of the scenarios itself.
#include "tests/fault/runner/fault_cluster.h"

#include <gtest/gtest.h>

#include "common/testing/temp_dir.h"
#include "tests/cluster/status_matchers.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;

// It was waited for until the time was up.
TEST(FaultCluster, ADaemonThatEndsWhileItIsAwaitedIsNamed) {
  TempDir directory;
  History history(directory / "history.txt");
  ASSERT_OK_AND_ASSIGN(
      const auto cluster,
      FaultCluster::Create(
          {.datanodes = 1, .settings = {{"dfs.datanode.failed.volumes.tolerated", "7"}}},
          directory.path(), 1, history));
  const absl::Status started = cluster->StartAll();
  EXPECT_TRUE(absl::IsAborted(started)) << started;
  EXPECT_NE(started.message().find("datanode-0 ended"), std::string_view::npos) << started;
}

}  // namespace
}  // namespace cairn::fault
