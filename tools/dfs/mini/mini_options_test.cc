// The options of dfs mini and the daemons' command lines.
#include "tools/dfs/mini/mini_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/dfs/base/errors.h"

namespace cairn::dfs {
namespace {

using ::testing::Contains;

TEST(MiniOptions, HaveDefaults) {
  const MiniOptions options = *ParseMiniOptions({}, "/default", "/here");
  EXPECT_EQ(options.directory, "/default");
  EXPECT_EQ(options.datanodes, 3);
  EXPECT_EQ(options.uri(), "hdfs://127.0.0.1:8020");
  EXPECT_EQ(options.grpc_address(), "127.0.0.1:8021");
  EXPECT_EQ(options.http_port(), 9870);
}

TEST(MiniOptions, BecomeCommandLinesThatSettingsOverride) {
  const MiniOptions options = *ParseMiniOptions(
      {"--dir", "d", "--datanodes", "2", "--port", "9000", "-D", "dfs.replication=1"}, "/default",
      "/here");
  const std::vector<std::string> namenode = options.NamenodeArguments();
  EXPECT_THAT(namenode, Contains("fs.defaultFS=hdfs://127.0.0.1:9000"));
  EXPECT_THAT(namenode, Contains("dfs.namenode.name.dir=file:///here/d/name"));
  EXPECT_THAT(namenode, Contains("cairn.namenode.grpc-address=127.0.0.1:9001"));
  EXPECT_THAT(namenode, Contains("dfs.replication=2"));
  EXPECT_EQ(namenode.back(), "dfs.replication=1");
  EXPECT_THAT(options.DatanodeArguments(2), Contains("dfs.datanode.data.dir=file:///here/d/data2"));
}

TEST(MiniOptions, RefuseTheRest) {
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"--dir"},
                                             {"--datanodes", "0"},
                                             {"--datanodes", "x"},
                                             {"--port", "65535"},
                                             {"-D", "novalue"},
                                             {"--what", "1"},
                                             {"here"}}) {
    EXPECT_TRUE(IsUsageError(ParseMiniOptions(args, "/d", "/h").status())) << args.front();
  }
}

}  // namespace
}  // namespace cairn::dfs
