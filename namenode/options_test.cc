// Keys of the configuration reach the options they stand for.
#include "namenode/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/net/address.h"

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

TEST(NameNodeOptionsTest, SafeModeNamesTheHostThatClientsCall) {
  const auto name = [](const std::string& address) {
    const auto options = NameNodeOptions::From(*Configuration::FromSettings(
        {{"dfs.namenode.name.dir", "/n"}, {"dfs.namenode.rpc-address", address}}));
    return options.ok() ? options->blocks.host_name : options.status().ToString();
  };
  EXPECT_EQ(name("nn.example:8020"), "nn.example");
  EXPECT_EQ(name("0.0.0.0:8020"), LocalHostName());
  EXPECT_EQ(name("127.0.0.1:8020"), "localhost");
  EXPECT_EQ(name("203.0.113.7:8020"), "203.0.113.7") << "a number without a name";
}

TEST(NameNodeOptionsTest, ProtectedDirectoriesAreAListOfPaths) {
  const auto options = NameNodeOptions::From(*Configuration::FromSettings(
      {{"dfs.namenode.name.dir", "/n"},
       {"fs.protected.directories", "/a, /b/c/,relative,/.reserved"}}));
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_THAT(options->names.protected_dirs->rules()->paths, ::testing::ElementsAre("/a", "/b/c"));
}

}  // namespace
}  // namespace cairn::namenode
