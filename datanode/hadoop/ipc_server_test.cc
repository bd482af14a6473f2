// Tests of the Hadoop RPC port over a real store and data port.
#include "datanode/hadoop/ipc_server.h"

#include <gtest/gtest.h>

#include "common/testing/manual_clock.h"
#include "common/types/errors.h"
#include "datanode/control/inter_datanode_client.h"
#include "datanode/transfer/testing/test_blocks.h"
#include "ipc/client.h"
#include "proto/hadoop/ClientDatanodeProtocol.pb.h"
#include "proto/hadoop/InterDatanodeProtocol.pb.h"
#include "proto/hadoop/ReconfigurationProtocol.pb.h"
#include "wire/transfer/convert.h"

namespace cairn::datanode {
namespace {

namespace pb = ::hadoop::hdfs;

constexpr BlockId kId = 1073741825;
constexpr char kClientProtocol[] = "org.apache.hadoop.hdfs.protocol.ClientDatanodeProtocol";

// Remembers what it was asked; evicts for real.
class TestAdmin : public DatanodeAdmin {
 public:
  explicit TestAdmin(TransferServer& server) : server_(server) {}
  void TriggerBlockReport(bool incremental) override { ++(incremental ? changes : full); }
  void EvictWriters() override { server_.EvictWriters(); }
  int64_t BalanceBandwidth() const override { return server_.balance_bandwidth(); }
  absl::Status RequestShutdown(bool will_restart) override {
    restarts += will_restart ? 1 : 0;
    return ++shutdowns == 1 ? absl::OkStatus() : errors::Io("Shutdown already in progress.");
  }

  std::atomic<int> full{0}, changes{0}, shutdowns{0}, restarts{0};

 private:
  TransferServer& server_;
};

// One property, and a task that runs.
class TestReconfiguration : public Reconfiguration {
 public:
  std::vector<std::string> Properties() const override { return {"dfs.datanode.data.dir"}; }
  ReconfigurationStatus Status() const override {
    return {.started_ms = 5,
            .ended_ms = 6,
            .changes = {{"dfs.datanode.data.dir", "/a", "/b", errors::Io("no such disk")}}};
  }
  absl::Status Start() override { return errors::Io("Another reconfiguration task is running."); }
};

class IpcServerTest : public ::testing::Test {
 protected:
  IpcServerTest() : admin_(data_.server()) {
    IpcOptions options;
    options.server.listen = {"127.0.0.1", 0};
    options.software_version = "cairn-test";
    options.owner = "hdfs";
    options.supergroup = "supergroup";
    options.groups.overrides = {{"nobody", {}}, {"ada", {"supergroup"}}, {"hdfs", {}}};
    server_ = *IpcServer::Start(options, data_.store(), admin_, reconfiguration_, clock_);
    node_ = data_.info().id;
    node_.ipc_port = server_->port();
  }
  ~IpcServerTest() override { server_->Stop(); }

  template <typename Response>
  absl::StatusOr<Response> Ask(std::string_view method, const google::protobuf::Message& request,
                               const std::string& user = "hdfs",
                               std::string_view protocol = kClientProtocol) {
    ipc::Client client({.user = user}, random_);
    return client.Call<Response>({"127.0.0.1", server_->port()}, {protocol, method}, request,
                                 10'000);
  }
  absl::StatusOr<int64_t> VisibleLength(const ExtendedBlock& block) {
    pb::GetReplicaVisibleLengthRequestProto request;
    wire::ToProto(block, *request.mutable_block());
    const auto reply =
        Ask<pb::GetReplicaVisibleLengthResponseProto>("getReplicaVisibleLength", request, "nobody");
    if (!reply.ok()) return reply.status();
    return static_cast<int64_t>(reply->length());
  }
  // Expects the method to be closed to everybody but superusers.
  template <typename Response>
  void ExpectPrivileged(std::string_view method, const google::protobuf::Message& request) {
    const absl::Status status = Ask<Response>(method, request, "nobody").status();
    EXPECT_TRUE(Is(status, ErrorKind::kAccessControl)) << method << status;
    EXPECT_EQ(status.message(), "Permission denied.");
  }
  // A client in the middle of a block: four bytes are acknowledged.
  std::unique_ptr<RawClient> StartWriting(BlockId id) {
    auto writer = std::make_unique<RawClient>(data_.port());
    EXPECT_TRUE(writer->Send(CreateOp(TestBlock(id), {&data_})).ok());
    EXPECT_EQ(writer->ReadResponse()->status, wire::OpStatus::kSuccess);
    EXPECT_TRUE(writer->SendPacket({.seqno = 0}, "four").ok());
    EXPECT_TRUE(writer->ReadAck()->AllSuccess());
    return writer;
  }

  ManualClock clock_;
  Random random_;
  TransferNode data_;
  TestAdmin admin_;
  TestReconfiguration reconfiguration_;
  std::unique_ptr<IpcServer> server_;
  DatanodeId node_;
};

TEST_F(IpcServerTest, TellsHowMuchOfAReplicaIsVisible) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId, 700), TestData(700), {&data_}).ok());
  EXPECT_EQ(VisibleLength(TestBlock(kId)).value_or(-1), 700);
  const auto writer = StartWriting(kId + 1);
  EXPECT_EQ(VisibleLength(TestBlock(kId + 1)).value_or(-1), 4);
  EXPECT_TRUE(Is(VisibleLength(TestBlock(kId + 2)).status(), ErrorKind::kReplicaNotFound));
  EXPECT_TRUE(Is(VisibleLength(TestBlock(kId, 0, 1002)).status(), ErrorKind::kIo));
  EXPECT_TRUE(Is(VisibleLength({"BP-other", {.id = kId}}).status(), ErrorKind::kIo));
}

TEST_F(IpcServerTest, RecoversAReplicaUnderItsWriter) {
  const auto writer = StartWriting(kId);
  InterDatanodeClient peer({.user = "nobody"}, random_);
  const auto found = peer.InitReplicaRecovery(node_, TestBlock(kId), 1005);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->block, TestBlock(kId, 4).block);
  EXPECT_EQ((*found)->original_state, ReplicaState::kBeingWritten);
  EXPECT_TRUE(writer->ClosedByPeer());
  EXPECT_TRUE(Is(peer.InitReplicaRecovery(node_, TestBlock(kId), 1005).status(),
                 ErrorKind::kRecoveryInProgress));

  EXPECT_FALSE(peer.UpdateReplicaUnderRecovery(node_, TestBlock(kId, 4), 1004, kId, 3).ok());
  EXPECT_TRUE(
      Is(peer.UpdateReplicaUnderRecovery(node_, TestBlock(kId, 4), 1005, kId + 1, 3).status(),
         ErrorKind::kUnsupportedOperation));
  const auto storage = peer.UpdateReplicaUnderRecovery(node_, TestBlock(kId, 4), 1005, kId, 3);
  ASSERT_TRUE(storage.ok()) << storage.status();
  EXPECT_EQ(*storage, data_.store().Usage()[0].storage_id);
  const auto replica = data_.store().Get(kId);
  ASSERT_TRUE(replica.ok());
  EXPECT_EQ(replica->block, TestBlock(kId, 3, 1005).block);
  EXPECT_EQ(replica->state, ReplicaState::kFinalized);

  const auto missing = peer.InitReplicaRecovery(node_, TestBlock(kId + 1), 1005);
  ASSERT_TRUE(missing.ok()) << missing.status();
  EXPECT_FALSE(missing->has_value());
  EXPECT_FALSE(peer.InitReplicaRecovery(node_, {"BP-other", {.id = kId}}, 1006).ok());
}

TEST_F(IpcServerTest, TellsAboutItself) {
  clock_.Advance(61'500);
  const auto info =
      Ask<pb::GetDatanodeInfoResponseProto>("getDatanodeInfo", pb::GetDatanodeInfoRequestProto());
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->localinfo().softwareversion(), "cairn-test");
  EXPECT_EQ(info->localinfo().configversion(), "core-3.0.0,hdfs-1");
  EXPECT_EQ(info->localinfo().uptime(), 61u);
  EXPECT_EQ(Ask<pb::GetBalancerBandwidthResponseProto>("getBalancerBandwidth",
                                                       pb::GetBalancerBandwidthRequestProto())
                ->bandwidth(),
            100u << 20);

  ASSERT_TRUE(WriteWhole(TestBlock(kId, 700), TestData(700), {&data_}).ok());
  const auto volumes =
      Ask<pb::GetVolumeReportResponseProto>("getVolumeReport", pb::GetVolumeReportRequestProto());
  ASSERT_TRUE(volumes.ok()) << volumes.status();
  ASSERT_EQ(volumes->volumeinfo_size(), 1);
  EXPECT_EQ(volumes->volumeinfo(0).path(), data_.store().Usage()[0].path);
  EXPECT_EQ(volumes->volumeinfo(0).storagetype(), pb::DISK);
  EXPECT_EQ(volumes->volumeinfo(0).numblocks(), 1u);
  EXPECT_GE(volumes->volumeinfo(0).usedspace(), 700u);
}

TEST_F(IpcServerTest, AdministratorsAreObeyed) {
  pb::TriggerBlockReportRequestProto report;
  report.set_incremental(false);
  EXPECT_TRUE(Ask<pb::TriggerBlockReportResponseProto>("triggerBlockReport", report).ok());
  report.set_incremental(true);
  EXPECT_TRUE(Ask<pb::TriggerBlockReportResponseProto>("triggerBlockReport", report, "ada").ok());
  EXPECT_EQ(admin_.full, 1);
  EXPECT_EQ(admin_.changes, 1);

  pb::ShutdownDatanodeRequestProto shutdown;
  shutdown.set_forupgrade(false);
  EXPECT_TRUE(Ask<pb::ShutdownDatanodeResponseProto>("shutdownDatanode", shutdown).ok());
  EXPECT_EQ(admin_.restarts, 0);
  shutdown.set_forupgrade(true);
  EXPECT_EQ(Ask<pb::ShutdownDatanodeResponseProto>("shutdownDatanode", shutdown).status().message(),
            "Shutdown already in progress.");
  EXPECT_EQ(admin_.restarts, 1);

  pb::DeleteBlockPoolRequestProto pool;
  pool.set_force(true);
  pool.set_blockpool(kTestPool);
  EXPECT_TRUE(
      Is(Ask<pb::DeleteBlockPoolResponseProto>("deleteBlockPool", pool).status(), ErrorKind::kIo));
  pool.set_blockpool("BP-other");
  EXPECT_TRUE(Ask<pb::DeleteBlockPoolResponseProto>("deleteBlockPool", pool).ok());
}

TEST_F(IpcServerTest, EvictedWritersFindTheirConnectionClosedAndTheirBytesKept) {
  const auto writer = StartWriting(kId);
  EXPECT_TRUE(
      Ask<pb::EvictWritersResponseProto>("evictWriters", pb::EvictWritersRequestProto()).ok());
  EXPECT_TRUE(writer->ClosedByPeer());
  const auto replica = data_.store().Get(kId);
  ASSERT_TRUE(replica.ok()) << replica.status();
  EXPECT_EQ(replica->state, ReplicaState::kBeingWritten);
  EXPECT_EQ(replica->block.num_bytes, 4);
}

TEST_F(IpcServerTest, OthersAreNot) {
  pb::TriggerBlockReportRequestProto report;
  report.set_incremental(false);
  ExpectPrivileged<pb::TriggerBlockReportResponseProto>("triggerBlockReport", report);
  pb::ShutdownDatanodeRequestProto shutdown;
  shutdown.set_forupgrade(true);
  ExpectPrivileged<pb::ShutdownDatanodeResponseProto>("shutdownDatanode", shutdown);
  pb::DeleteBlockPoolRequestProto pool;
  pool.set_force(true);
  pool.set_blockpool("BP-other");
  ExpectPrivileged<pb::DeleteBlockPoolResponseProto>("deleteBlockPool", pool);
  ExpectPrivileged<pb::EvictWritersResponseProto>("evictWriters", pb::EvictWritersRequestProto());
  ExpectPrivileged<pb::RefreshNamenodesResponseProto>("refreshNamenodes",
                                                      pb::RefreshNamenodesRequestProto());
  ExpectPrivileged<pb::GetVolumeReportResponseProto>("getVolumeReport",
                                                     pb::GetVolumeReportRequestProto());
  ExpectPrivileged<pb::ListReconfigurablePropertiesResponseProto>(
      "listReconfigurableProperties", pb::ListReconfigurablePropertiesRequestProto());
  EXPECT_EQ(admin_.full, 0);
  EXPECT_EQ(admin_.shutdowns, 0);
}

TEST_F(IpcServerTest, ReconfigurationIsPassedOn) {
  constexpr char kProtocol[] = "org.apache.hadoop.hdfs.protocol.ReconfigurationProtocol";
  const auto properties = Ask<pb::ListReconfigurablePropertiesResponseProto>(
      "listReconfigurableProperties", pb::ListReconfigurablePropertiesRequestProto(), "hdfs",
      kProtocol);
  ASSERT_TRUE(properties.ok()) << properties.status();
  ASSERT_EQ(properties->name_size(), 1);
  EXPECT_EQ(properties->name(0), "dfs.datanode.data.dir");
  const auto status = Ask<pb::GetReconfigurationStatusResponseProto>(
      "getReconfigurationStatus", pb::GetReconfigurationStatusRequestProto(), "hdfs", kProtocol);
  ASSERT_TRUE(status.ok()) << status.status();
  ASSERT_EQ(status->changes_size(), 1);
  EXPECT_EQ(status->changes(0).errormessage(), "no such disk");
  const absl::Status started =
      Ask<pb::StartReconfigurationResponseProto>(
          "startReconfiguration", pb::StartReconfigurationRequestProto(), "hdfs", kProtocol)
          .status();
  EXPECT_EQ(started.message(), "Another reconfiguration task is running.");
  EXPECT_TRUE(
      Is(Ask<pb::StartReconfigurationResponseProto>(
             "startReconfiguration", pb::StartReconfigurationRequestProto(), "nobody", kProtocol)
             .status(),
         ErrorKind::kAccessControl));
}

TEST_F(IpcServerTest, WhatIsNotSupportedSaysSo) {
  EXPECT_TRUE(Is(
      Ask<pb::RefreshNamenodesResponseProto>("refreshNamenodes", pb::RefreshNamenodesRequestProto())
          .status(),
      ErrorKind::kUnsupportedOperation));
  const auto balancer = Ask<pb::StartReconfigurationResponseProto>(
      "queryDiskBalancerPlan", pb::StartReconfigurationRequestProto());
  EXPECT_EQ(balancer.status().message(),
            "org.apache.hadoop.hdfs.server.diskbalancer.DiskBalancerException: "
            "Disk Balancer is not enabled.");
  pb::GetBlockLocalPathInfoRequestProto path;
  wire::ToProto(TestBlock(kId), *path.mutable_block());
  for (auto* text :
       {path.mutable_token()->mutable_identifier(), path.mutable_token()->mutable_password(),
        path.mutable_token()->mutable_kind(), path.mutable_token()->mutable_service()}) {
    text->clear();
  }
  EXPECT_TRUE(
      Is(Ask<pb::GetBlockLocalPathInfoResponseProto>("getBlockLocalPathInfo", path).status(),
         ErrorKind::kAccessControl));
}

TEST_F(IpcServerTest, ReconfigurationIsServedUnderBothNames) {
  for (const std::string_view protocol :
       {std::string_view(kClientProtocol),
        std::string_view("org.apache.hadoop.hdfs.protocol.ReconfigurationProtocol")}) {
    const auto listed = Ask<pb::ListReconfigurablePropertiesResponseProto>(
        "listReconfigurableProperties", pb::ListReconfigurablePropertiesRequestProto(), "hdfs",
        protocol);
    ASSERT_TRUE(listed.ok()) << listed.status();
    EXPECT_EQ(listed->name_size(), 1);
  }
}

}  // namespace
}  // namespace cairn::datanode
