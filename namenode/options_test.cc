// Keys of the configuration reach the options they stand for.
#include "namenode/options.h"

#include <gtest/gtest.h>

namespace cairn::namenode {
namespace {

TEST(NameNodeOptionsTest, AddressesComeFromHadoopsKeys) {
  const auto port = [](std::vector<std::pair<std::string, std::string>> settings) {
    settings.emplace_back("dfs.namenode.name.dir", "/n");
    const auto options = NameNodeOptions::From(*Configuration::FromSettings(std::move(settings)));
    EXPECT_TRUE(options.ok()) << options.status();
    return fmt::format("{}:{}", options->grpc.host, options->grpc.port);
  };
  EXPECT_EQ(port({}), "0.0.0.0:8021");
  EXPECT_EQ(port({{"fs.defaultFS", "hdfs://nn:9000"}}), "nn:9001");
  EXPECT_EQ(port({{"fs.defaultFS", "hdfs://nn"}}), "nn:8021");
  EXPECT_EQ(port({{"fs.defaultFS", "hdfs://nn"}, {"dfs.namenode.rpc-address", "x:50"}}), "x:51");
  EXPECT_EQ(
      port({{"cairn.namenode.grpc-address", "y:7"}, {"cairn.namenode.grpc-bind-host", "0.0.0.0"}}),
      "0.0.0.0:7");
  EXPECT_FALSE(
      NameNodeOptions::From(*Configuration::FromSettings({{"dfs.namenode.rpc-address", "x:65535"}}))
          .ok());
}

}  // namespace
}  // namespace cairn::namenode
