// Tests of the whole DataNode against a fake NameNode, and of its options.
#include "datanode/datanode.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include "common/testing/temp_dir.h"
#include "common/types/errors.h"
#include "datanode/control/inter_datanode_client.h"
#include "datanode/control/testing/fake_namenode.h"
#include "datanode/transfer/testing/raw_client.h"
#include "datanode/transfer/testing/test_blocks.h"

namespace cairn::datanode {
namespace {

class DatanodeTest : public ::testing::Test {
 protected:
  DatanodeTest() { std::signal(SIGPIPE, SIG_IGN); }

  std::map<std::string, std::string> Settings() {
    return {{"cairn.namenode.grpc-address", namenode_.address()},
            {"dfs.datanode.data.dir",
             "[SSD]file://" + directory_.path() + "/a," + directory_.path() + "/b"},
            {"dfs.datanode.address", "127.0.0.1:0"},
            {"dfs.datanode.ipc.address", "127.0.0.1:0"},
            {"dfs.datanode.hostname", "dn1"},
            {"dfs.heartbeat.interval", "1"}};
  }
  DatanodeOptions Options() {
    const auto settings = Settings();
    const auto configuration = Configuration::FromSettings({settings.begin(), settings.end()});
    EXPECT_TRUE(configuration.ok()) << configuration.status();
    auto options = DatanodeOptions::From(*configuration);
    EXPECT_TRUE(options.ok()) << options.status();
    return *options;
  }
  std::unique_ptr<Datanode> Make(const DatanodeOptions& options) {
    auto datanode = std::make_unique<Datanode>(
        options, StoreEnv{PosixFileSystem(), SystemClock(), random_}, [](const absl::Status&) {});
    datanode->Start();
    return datanode;
  }

  FakeNamenode namenode_;
  TempDir directory_;
  Random random_;
};

TEST_F(DatanodeTest, ServesAndKeepsItsIdentityOverARestart) {
  auto datanode = Make(Options());
  ASSERT_TRUE(datanode->WaitReady(10'000).ok());
  const std::string uuid = datanode->uuid();
  EXPECT_EQ(namenode_.last_registration().storages_size(), 2);
  EXPECT_EQ(namenode_.last_registration().datanode().ip_addr(), "127.0.0.1");
  EXPECT_NE(datanode->ipc_port(), 0);
  EXPECT_EQ(namenode_.last_registration().datanode().ipc_port(), datanode->ipc_port());
  RawClient client(datanode->xfer_port());
  wire::WriteBlockOp op;
  op.block = TestBlock(1073741825);
  op.client_name = "c";
  ASSERT_TRUE(client.Send(op).ok());
  ASSERT_EQ(client.ReadResponse()->status, wire::OpStatus::kSuccess);
  ASSERT_TRUE(client.SendPacket({.seqno = 0}, "kept").ok());
  ASSERT_TRUE(client.SendLast(4, 1).ok());
  ASSERT_TRUE(client.ReadAck()->AllSuccess());
  ASSERT_TRUE(client.ReadAck()->AllSuccess());
  datanode->Stop();
  EXPECT_EQ(datanode->store(), nullptr);

  datanode = Make(Options());
  ASSERT_TRUE(datanode->WaitReady(10'000).ok());
  EXPECT_EQ(datanode->uuid(), uuid);
  EXPECT_TRUE(datanode->store()->Get(1073741825).ok());
}

TEST_F(DatanodeTest, AnotherDataNodeReachesItsReplicas) {
  auto datanode = Make(Options());
  ASSERT_TRUE(datanode->WaitReady(10'000).ok());
  InterDatanodeClient peer({.user = "hdfs"}, random_);
  const DatanodeId node{.uuid = datanode->uuid(),
                        .ip_addr = "127.0.0.1",
                        .host_name = "localhost",
                        .ipc_port = datanode->ipc_port()};
  const auto missing = peer.InitReplicaRecovery(node, TestBlock(1073741825), 1002);
  ASSERT_TRUE(missing.ok()) << missing.status();
  EXPECT_FALSE(missing->has_value());
}

TEST_F(DatanodeTest, AWriterGoesOnAfterAQuickRestart) {
  auto datanode = Make(Options());
  ASSERT_TRUE(datanode->WaitReady(10'000).ok());
  wire::WriteBlockOp op;
  op.block = TestBlock(1073741825);
  op.client_name = "c";
  {
    RawClient client(datanode->xfer_port());
    ASSERT_TRUE(client.Send(op).ok());
    ASSERT_EQ(client.ReadResponse()->status, wire::OpStatus::kSuccess);
    ASSERT_TRUE(client.SendPacket({.seqno = 0}, "begun").ok());
    ASSERT_TRUE(client.ReadAck()->AllSuccess());
    datanode->Stop(/*will_restart=*/true);
    EXPECT_TRUE(client.ReadAck()->IsOutOfBand());
  }
  datanode = Make(Options());
  ASSERT_TRUE(datanode->WaitReady(10'000).ok());
  RawClient client(datanode->xfer_port());
  op.stage = wire::WriteStage::kSetupStreamingRecovery;
  op.latest_generation_stamp = 1002;
  op.min_bytes_received = 5;
  op.max_bytes_received = 5;
  ASSERT_TRUE(client.Send(op).ok());
  ASSERT_EQ(client.ReadResponse()->status, wire::OpStatus::kSuccess);
  ASSERT_TRUE(client.SendPacket({.offset_in_block = 5, .seqno = 1}, " and ended").ok());
  ASSERT_TRUE(client.SendLast(15, 2).ok());
  ASSERT_TRUE(client.ReadAck()->AllSuccess());
  ASSERT_TRUE(client.ReadAck()->AllSuccess());
  EXPECT_EQ(datanode->store()->Get(1073741825)->block, (Block{1073741825, 1002, 15}));
}

// What an operator sees: a byte that rots is found within the period of the scan and reported.
TEST_F(DatanodeTest, ARottenByteIsReportedWithinTheScanPeriod) {
  DatanodeOptions options = Options();
  options.store.scan_period_ms = 1'000;
  auto datanode = Make(options);
  ASSERT_TRUE(datanode->WaitReady(10'000).ok());
  WriteRequest request;
  request.block = Block{1073741825, 1001, 0};
  auto writer = *datanode->store()->CreateRbw(request);
  const std::string data = TestData(100'000);
  ASSERT_TRUE(writer->Write(0, data, request.checksum.Compute(data), true).ok());
  ASSERT_TRUE(writer->Finalize(true, "").ok());
  writer.reset();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
    if (entry.path().filename() != "blk_1073741825") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(77'777);
    file.put(static_cast<char>(data[77'777] ^ 1));
  }
  ASSERT_TRUE(Eventually([&] { return !namenode_.bad_replicas().empty(); }));
  EXPECT_EQ(namenode_.bad_replicas()[0].block().id(), 1073741825);
  EXPECT_EQ(namenode_.bad_replicas()[0].datanode_uuid(), datanode->uuid());
}

// `dfsadmin -reconfig datanode`: a directory joins and another leaves, and the NameNode hears of
// it.
TEST_F(DatanodeTest, ItsDirectoriesCanBeChangedWhileItRuns) {
  const DatanodeOptions options = Options();
  auto settings = Settings();
  settings["dfs.datanode.data.dir"] =
      "[SSD]file://" + directory_.path() + "/a," + directory_.path() + "/c";
  settings["dfs.datanode.max.transfer.threads"] = "100";
  settings["dfs.blockreport.intervalMsec"] = "3600000";
  Datanode datanode(
      options, StoreEnv{PosixFileSystem(), SystemClock(), random_}, [](const absl::Status&) {},
      nullptr,
      [&settings] {
        return Configuration::FromSettings({settings.begin(), settings.end()});
      });
  datanode.Start();
  ASSERT_TRUE(datanode.WaitReady(10'000).ok());
  const int reports = namenode_.full_reports();
  const std::string leaving = datanode.store()->Usage().at(1).storage_id;

  Reconfiguration& properties = *datanode.reconfiguration();
  ASSERT_TRUE(properties.Start().ok());
  ASSERT_TRUE(Eventually([&] { return properties.Status().ended_ms.has_value(); }));
  std::map<std::string, absl::Status> results;
  for (const PropertyChange& change : properties.Status().changes) {
    results[change.name] = change.result;
  }
  EXPECT_TRUE(results["dfs.datanode.data.dir"].ok()) << results["dfs.datanode.data.dir"];
  EXPECT_EQ(results.size(), 3u);

  const std::vector<StorageUsage> now = datanode.store()->Usage();
  ASSERT_EQ(now.size(), 2u);
  EXPECT_EQ(now[1].path, directory_.path() + "/c");
  ASSERT_TRUE(Eventually([&] { return namenode_.full_reports() > reports; }));
  const auto heartbeat = namenode_.last_heartbeat();
  ASSERT_EQ(heartbeat.storages_size(), 2);
  for (const auto& storage : heartbeat.storages()) {
    EXPECT_NE(storage.storage().storage_id(), leaving);
  }
  datanode.Stop();
}

TEST_F(DatanodeTest, DisksOfAnotherClusterAreRefused) {
  auto datanode = Make(Options());
  ASSERT_TRUE(datanode->WaitReady(10'000).ok());
  datanode->Stop();
  namenode_.SetCluster("CID-other", "BP-2-127.0.0.1-2");
  datanode = Make(Options());
  const absl::Status status = datanode->WaitReady(10'000);
  EXPECT_FALSE(status.ok());
  EXPECT_FALSE(absl::IsDeadlineExceeded(status)) << status;
}

TEST_F(DatanodeTest, StopsWhileItWaitsForTheNamenode) {
  DatanodeOptions options = Options();
  options.control.namenode_address = "127.0.0.1:1";
  auto datanode = Make(options);
  EXPECT_TRUE(absl::IsDeadlineExceeded(datanode->WaitReady(100)));
  datanode->Stop();
}

TEST(DatanodeOptions, TakeHadoopsKeys) {
  const auto configuration =
      Configuration::FromSettings({{"fs.defaultFS", "hdfs://nn.example.com:9000"},
                                   {"dfs.datanode.data.dir", "[ARCHIVE]/cold,/hot"},
                                   {"dfs.datanode.max.transfer.threads", "17"}});
  ASSERT_TRUE(configuration.ok()) << configuration.status();
  const auto options = DatanodeOptions::From(*configuration);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->control.namenode_address, "nn.example.com:9001");
  EXPECT_EQ(options->control.pace.heartbeat_interval_ms, 3'000);
  ASSERT_EQ(options->store.volumes.size(), 2u);
  EXPECT_EQ(options->store.volumes[0].path, "/cold");
  EXPECT_EQ(options->store.volumes[0].storage_type, StorageType::kArchive);
  EXPECT_EQ(options->store.volumes[1].storage_type, StorageType::kDisk);
  EXPECT_EQ(options->transfer.max_transfer_threads, 17);
  EXPECT_EQ(options->transfer.listen.port, 9866);
  EXPECT_EQ(options->control.ip_addr, "");
  EXPECT_EQ(options->ipc.server.listen.port, 9867);
  EXPECT_EQ(options->ipc.handler_threads, 10);
  EXPECT_EQ(options->transfer.restart_notice_ms, 1'500);
  EXPECT_EQ(options->restart_expiry_ms, 50'000);
  EXPECT_FALSE(options->transfer.report_congestion);
}

TEST(DatanodeOptions, TolerateFailedVolumesAsLongAsOneIsLeftUnlessTold) {
  const auto tolerated = [](const std::string& value) -> absl::StatusOr<int> {
    std::vector<std::pair<std::string, std::string>> settings = {
        {"fs.defaultFS", "hdfs://nn:8020"}, {"dfs.datanode.data.dir", "/a,/b"}};
    if (!value.empty()) settings.emplace_back("dfs.datanode.failed.volumes.tolerated", value);
    const auto configuration = Configuration::FromSettings(settings);
    if (!configuration.ok()) return configuration.status();
    const auto options = DatanodeOptions::From(*configuration);
    if (!options.ok()) return options.status();
    return options->store.failed_volumes_tolerated;
  };
  EXPECT_EQ(tolerated("").value(), -1);
  EXPECT_EQ(tolerated("0").value(), 0);
  EXPECT_EQ(tolerated("1").value(), 1);
  EXPECT_FALSE(tolerated("2").ok()) << "as many as there are";
  EXPECT_FALSE(tolerated("-2").ok());
}

TEST(DatanodeOptions, ServeLocalClientsWhereOneOfTheirFeaturesIsOn) {
  for (const auto& [feature, path] : std::vector<std::pair<std::string, std::string>>{
           {"dfs.client.read.shortcircuit", "/run/dn._PORT"},
           {"dfs.client.domain.socket.data.traffic", "/run/dn._PORT"},
           {"dfs.datanode.synconclose", ""}}) {
    const auto configuration =
        Configuration::FromSettings({{"fs.defaultFS", "hdfs://nn:8020"},
                                     {"dfs.datanode.data.dir", "/a"},
                                     {"dfs.domain.socket.path", "/run/dn._PORT"},
                                     {feature, "true"}});
    ASSERT_TRUE(configuration.ok()) << configuration.status();
    const auto options = DatanodeOptions::From(*configuration);
    ASSERT_TRUE(options.ok()) << options.status();
    EXPECT_EQ(options->transfer.domain_socket_path, path) << feature;
    EXPECT_TRUE(options->transfer.check_domain_socket_path);
  }
}

TEST(DatanodeOptions, RefuseWhatMakesNoSense) {
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"fs.defaultFS", "file:///"},
                                                        {"dfs.datanode.data.dir", "[TAPE]/a"},
                                                        {"dfs.client.read.shortcircuit", "true"},
                                                        {"dfs.datanode.oob.timeout-ms", "soon"},
                                                        {"dfs.datanode.oob.timeout-ms", "-1,0"},
                                                        {"dfs.datanode.address", "host:port:9"},
                                                        {"dfs.datanode.ipc.address", "a:b:9"}}) {
    auto settings = std::vector<std::pair<std::string, std::string>>{
        {"fs.defaultFS", "hdfs://nn:8020"}, {"dfs.datanode.data.dir", "/a"}, {key, value}};
    const auto configuration = Configuration::FromSettings(settings);
    if (!configuration.ok()) continue;  // the table itself refuses it
    EXPECT_FALSE(DatanodeOptions::From(*configuration).ok()) << key;
  }
}

}  // namespace
}  // namespace cairn::datanode
