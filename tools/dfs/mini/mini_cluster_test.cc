// What dfs mini refuses before it starts or changes anything, with programs that only pretend.
#include "tools/dfs/mini/mini_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/net/socket.h"
#include "common/testing/temp_dir.h"

namespace cairn::dfs {
namespace {

using ::testing::HasSubstr;

class MiniClusterTest : public ::testing::Test {
 protected:
  MiniClusterTest() {
    // Both leave a file beside themselves when they run; the NameNode ends without ever serving.
    MakeProgram("namenode", "case $1 in -format) exit 0;; esac; echo broken; exit 3");
    MakeProgram("datanode", "exit 0");
    std::filesystem::create_directory(options_.directory);
    options_.datanodes = 1;
    options_.port = FreePorts();
  }

  void MakeProgram(const std::string& name, const std::string& script) {
    std::filesystem::create_directories(dir_ / "bin");
    const std::string path = dir_ / "bin" + ("/" + name);
    std::ofstream(path) << "#!/bin/sh\n: > $0.ran\n" << script << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  bool Ran(const std::string& name) {
    return std::filesystem::exists(dir_ / "bin" + ("/" + name + ".ran"));
  }
  // A port that was free, as the one after it.
  static int FreePorts() {
    while (true) {
      const auto first = *TcpListener::Listen({.host = "127.0.0.1", .port = 0});
      const int port = first->port();
      if (TcpListener::Listen({.host = "127.0.0.1", .port = port + 1}).ok()) return port;
    }
  }
  absl::Status Start() { return MiniCluster(options_, dir_ / "bin").Start(stop_); }

  TempDir dir_;
  MiniOptions options_{.directory = dir_ / "cluster", .settings = {}};
  StopSignal stop_;
};

TEST_F(MiniClusterTest, RefusesPortsInUseBeforeAnythingIsChanged) {
  for (const int offset : {0, 1}) {
    const int busy = options_.port + offset;
    const auto other = TcpListener::Listen({.host = "127.0.0.1", .port = busy});
    ASSERT_TRUE(other.ok());
    const absl::Status status = Start();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(status.message(), HasSubstr(fmt::format("Port {} cannot be used", busy)));
  }
  EXPECT_FALSE(Ran("namenode"));
  EXPECT_TRUE(std::filesystem::is_empty(options_.directory));
}

TEST_F(MiniClusterTest, StartsNoDatanodeWithoutItsOwnNamenode) {
  const absl::Status status = Start();
  EXPECT_THAT(status.message(), HasSubstr("namenode ended with exit code 3"));
  EXPECT_THAT(status.message(), HasSubstr("broken"));
  EXPECT_TRUE(Ran("namenode"));
  EXPECT_FALSE(Ran("datanode"));
}

TEST_F(MiniClusterTest, RefusesAFolderOfOtherThings) {
  std::ofstream(options_.directory + "/thesis.tex") << "x";
  const absl::Status status = Start();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr(options_.directory + " is neither empty nor"));
  EXPECT_FALSE(Ran("namenode"));
  EXPECT_FALSE(std::filesystem::exists(options_.directory + "/logs"));
}

TEST_F(MiniClusterTest, TakesItsOwnFolderAgain) {
  EXPECT_THAT(Start().message(), HasSubstr("exit code 3"));
  EXPECT_THAT(Start().message(), HasSubstr("exit code 3"));
}

}  // namespace
}  // namespace cairn::dfs
