// Options from Hadoop's keys.
#include "client/client_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/configuration.h"

namespace cairn::client {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

absl::StatusOr<ClientOptions> From(Settings settings) {
  return MakeClientOptions(Configuration::FromSettings(std::move(settings)).value());
}

TEST(ClientOptions, TheGrpcPortFollowsTheRpcPort) {
  EXPECT_EQ(From({{"fs.defaultFS", "hdfs://nn.example:9000"}})->namenode_address,
            "nn.example:9001");
  EXPECT_EQ(From({{"fs.defaultFS", "hdfs://nn"}})->namenode_address, "nn:8021");
}

TEST(ClientOptions, AnExplicitGrpcAddressWins) {
  EXPECT_EQ(From({{"fs.defaultFS", "hdfs://nn:9000"}, {"cairn.namenode.grpc-address", "x:7"}})
                ->namenode_address,
            "x:7");
}

TEST(ClientOptions, TheRpcAddressServesWithoutADefaultFileSystem) {
  EXPECT_EQ(From({{"dfs.namenode.rpc-address", "nn:8020"}})->namenode_address, "nn:8021");
  const auto none = From({});
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(std::string(none.status().message()), testing::HasSubstr("fs.defaultFS"));
}

TEST(ClientOptions, DefaultsAreHdfssAndEqualTheStructs) {
  const ClientOptions plain;
  const ClientOptions read = From({{"fs.defaultFS", "hdfs://nn"}}).value();
  EXPECT_EQ(read.replication, plain.replication);
  EXPECT_EQ(read.block_size, plain.block_size);
  EXPECT_EQ(read.packet_size, plain.packet_size);
  EXPECT_EQ(read.umask, plain.umask);
  EXPECT_EQ(read.max_packets_in_flight, plain.max_packets_in_flight);
  EXPECT_EQ(read.rpc_timeout_ms, plain.rpc_timeout_ms);
  EXPECT_EQ(read.namenode_retries, plain.namenode_retries);
  EXPECT_EQ(read.socket_timeout_ms, plain.socket_timeout_ms);
  EXPECT_EQ(read.socket_write_timeout_ms, plain.socket_write_timeout_ms);
  EXPECT_EQ(read.block_write_retries, plain.block_write_retries);
  EXPECT_EQ(read.pipeline_recovery_retries, plain.pipeline_recovery_retries);
  EXPECT_EQ(read.read_ahead_bytes, plain.read_ahead_bytes);
  EXPECT_EQ(read.lease_renewal_interval_ms, plain.lease_renewal_interval_ms);
  EXPECT_EQ(read.replace_datanode_policy, plain.replace_datanode_policy);
  EXPECT_EQ(read.replace_datanode_min_replication, plain.replace_datanode_min_replication);
  EXPECT_EQ(read.datanode_restart_timeout_ms, plain.datanode_restart_timeout_ms);
  EXPECT_EQ(read.slow_node_threshold, plain.slow_node_threshold);
  EXPECT_EQ(read.congestion_backoff_mean_ms, plain.congestion_backoff_mean_ms);
  EXPECT_EQ(read.congestion_backoff_max_ms, plain.congestion_backoff_max_ms);
  EXPECT_EQ(read.last_block_length_retries, plain.last_block_length_retries);
  EXPECT_EQ(read.last_block_length_interval_ms, plain.last_block_length_interval_ms);
}

TEST(ClientOptions, BadValuesNameTheirKey) {
  for (const auto& [key, value] :
       Settings{{"fs.permissions.umask-mode", "99"},
                {"dfs.blocksize", "1000"},
                {"dfs.client.block.write.replace-datanode-on-failure.policy", "SOMETIMES"}}) {
    const auto options = From({{"fs.defaultFS", "hdfs://nn"}, {key, value}});
    ASSERT_FALSE(options.ok()) << key;
    EXPECT_THAT(std::string(options.status().message()), testing::HasSubstr(key));
  }
}

}  // namespace
}  // namespace cairn::client
