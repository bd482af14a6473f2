// Tests of the conversation with a NameNode that says what the test wishes.
#include "datanode/control/namenode_session.h"

#include <gtest/gtest.h>

#include "common/types/errors.h"
#include "datanode/control/testing/fake_namenode.h"
#include "datanode/transfer/testing/test_blocks.h"
#include "wire/cairn/convert.h"

namespace cairn::datanode {
namespace {

constexpr BlockId kId = 1073741825;

ControlOptions FastOptions(const FakeNamenode& namenode) {
  ControlOptions options;
  options.namenode_address = namenode.address();
  options.host_name = "dn1";
  options.pace.heartbeat_interval_ms = 50;
  options.min_retry_ms = 20;
  options.max_retry_ms = 100;
  options.call_timeout_ms = 5'000;
  return options;
}

// The data port of a test's node.
class NodeDataPort : public DataPort {
 public:
  explicit NodeDataPort(TransferServer& server) : server_(server) {}
  int port() const override { return server_.port(); }
  int32_t xceiver_count() const override { return server_.xceiver_count(); }
  absl::Status Copy(const ExtendedBlock& block,
                    const std::vector<ReplicaLocation>& targets) override {
    return server_.CopyForNamenode(block, {.nodes = {targets.at(0).datanode}});
  }
  void SetBalanceBandwidth(int64_t bytes_per_second) override {
    bandwidth = bytes_per_second;
    server_.SetBalanceBandwidth(bytes_per_second);
  }

  std::atomic<int64_t> bandwidth{-1};

 private:
  TransferServer& server_;
};

// No other DataNode is to be reached.
class NoPeers : public RecoveryPeer {
 public:
  absl::StatusOr<std::optional<ReplicaRecoveryInfo>> InitReplicaRecovery(const DatanodeId&,
                                                                         const ExtendedBlock&,
                                                                         GenerationStamp) override {
    return absl::UnavailableError("unreachable");
  }
  absl::StatusOr<std::string> UpdateReplicaUnderRecovery(const DatanodeId&, const ExtendedBlock&,
                                                         GenerationStamp, BlockId,
                                                         int64_t) override {
    return absl::UnavailableError("unreachable");
  }
  void Shutdown() override {}
};

// The machine's, but its wall clock is set by fools.
class JumpingClock : public Clock {
 public:
  int64_t WallMs() const override {
    constexpr int64_t kTenYearsMs = 10LL * 365 * 86'400'000;
    return SystemClock().WallMs() + (++calls_ % 3 - 1) * kTenYearsMs;
  }
  int64_t MonotonicMs() const override { return SystemClock().MonotonicMs(); }

 private:
  mutable std::atomic<int64_t> calls_ = 0;
};

class NamenodeSessionTest : public ::testing::Test {
 protected:
  void StartSession() { StartSession(FastOptions(namenode_)); }
  void StartSession(const ControlOptions& options) {
    client_ = std::make_unique<NamenodeClient>(options);
    session_ =
        std::make_unique<NamenodeSession>(options, *client_, node_.store(), data_port_, peers_,
                                          *clock_, random_, [this](const absl::Status& status) {
                                            MutexLock lock(mu_);
                                            fatal_ = status;
                                          });
    session_->Start();
  }
  void StartAndReport() {
    StartSession();
    ASSERT_TRUE(Eventually([&] { return session_->reported(); }));
  }
  absl::Status fatal() {
    MutexLock lock(mu_);
    return fatal_;
  }
  // The changes of the block, in the order they were told.
  std::vector<pb::ReplicaChange> ToldChanges(BlockId id) {
    std::vector<pb::ReplicaChange> told;
    for (const auto& request : namenode_.changes()) {
      for (const auto& storage : request.storages()) {
        for (const auto& change : storage.changes()) {
          if (change.block().id() == id) told.push_back(change);
        }
      }
    }
    return told;
  }

  const Clock* clock_ = &SystemClock();
  FakeNamenode namenode_;
  TransferNode node_;
  NodeDataPort data_port_{node_.server()};
  NoPeers peers_;
  Random random_;
  Mutex mu_;
  absl::Status fatal_ GUARDED_BY(mu_);
  std::unique_ptr<NamenodeClient> client_;
  std::unique_ptr<NamenodeSession> session_;
};

TEST_F(NamenodeSessionTest, RegistersReportsAndBeats) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&node_}).ok());
  StartAndReport();
  const auto registration = namenode_.last_registration();
  EXPECT_EQ(registration.datanode().uuid(), node_.store().datanode_uuid());
  EXPECT_EQ(registration.datanode().xfer_port(), node_.port());
  EXPECT_EQ(registration.datanode().host_name(), "dn1");
  EXPECT_EQ(registration.storages_size(), 1);
  const auto chunks = namenode_.chunks();
  ASSERT_EQ(chunks.size(), 1u);
  ASSERT_EQ(chunks[0].replicas_size(), 1);
  EXPECT_EQ(chunks[0].replicas(0).id(), kId);
  EXPECT_EQ(chunks[0].replicas(0).length(), 4);
  EXPECT_TRUE(Eventually([&] { return namenode_.heartbeats() > 3; }));
  ASSERT_EQ(namenode_.last_heartbeat().storages_size(), 1);
  EXPECT_GT(namenode_.last_heartbeat().storages(0).capacity(), 0);
  EXPECT_EQ(session_->ip_addr(), "127.0.0.1");
}

TEST_F(NamenodeSessionTest, ReceivedIsToldAtOnceAndDeletedWithAHeartbeat) {
  ControlOptions slow = FastOptions(namenode_);
  slow.pace.heartbeat_interval_ms = 2'000;
  StartSession(slow);
  ASSERT_TRUE(Eventually([&] { return session_->reported(); }));
  const int64_t begun = SystemClock().MonotonicMs();
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&node_}).ok());
  ASSERT_TRUE(Eventually([&] {
    const auto told = ToldChanges(kId);
    return !told.empty() && told.back().kind() == pb::CHANGE_KIND_RECEIVED;
  }));
  EXPECT_LT(SystemClock().MonotonicMs() - begun, 1'500);
  EXPECT_GT(ToldChanges(kId).back().sequence(), 0u);
  pb::Command order;
  wire::ToProto(TestBlock(kId).block, *order.mutable_invalidate()->add_blocks());
  namenode_.Order(order);
  EXPECT_TRUE(
      Eventually([&] { return ToldChanges(kId).back().kind() == pb::CHANGE_KIND_DELETED; }));
}

TEST_F(NamenodeSessionTest, ChangesThatCouldNotBeToldAreToldAgain) {
  StartAndReport();
  for (int i = 0; i < 3; ++i) namenode_.FailNext("ReportChanges", absl::UnavailableError("no"));
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&node_}).ok());
  EXPECT_TRUE(Eventually([&] {
    const auto told = ToldChanges(kId);
    return !told.empty() && told.back().kind() == pb::CHANGE_KIND_RECEIVED;
  }));
}

TEST_F(NamenodeSessionTest, RegistersAgainWhenTheNamenodeForgotIt) {
  StartAndReport();
  namenode_.ForgetRegistrations();
  EXPECT_TRUE(Eventually([&] { return namenode_.registrations() == 2; }));
  EXPECT_TRUE(Eventually([&] { return namenode_.full_reports() == 2; }));
}

TEST_F(NamenodeSessionTest, JumpsOfTheWallClockChangeNothing) {
  const JumpingClock jumping;
  clock_ = &jumping;
  StartAndReport();
  const int beats = namenode_.heartbeats();
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&node_}).ok());
  EXPECT_TRUE(Eventually([&] { return namenode_.heartbeats() >= beats + 10; }));
  EXPECT_EQ(namenode_.full_reports(), 1) << "the next one is hours away";
  EXPECT_EQ(namenode_.registrations(), 1);
  EXPECT_EQ(ToldChanges(kId).back().kind(), pb::CHANGE_KIND_RECEIVED);
  session_->Stop();
}

TEST_F(NamenodeSessionTest, RegistersAgainOnOrder) {
  StartAndReport();
  pb::Command order;
  order.mutable_reregister();
  namenode_.Order(order);
  EXPECT_TRUE(Eventually([&] { return namenode_.registrations() == 2; }));
  EXPECT_TRUE(Eventually([&] { return namenode_.full_reports() == 2; }));
}

TEST_F(NamenodeSessionTest, SendsAFullReportWhenAskedAndAgainWhenItFailed) {
  StartAndReport();
  namenode_.FailNext("ReportBlocks", absl::UnavailableError("no"));
  namenode_.WantFullReport();
  EXPECT_TRUE(Eventually([&] { return namenode_.full_reports() == 2; }));
}

TEST_F(NamenodeSessionTest, TheBandwidthOfBalancingStaysUntilAnotherIsTold) {
  StartAndReport();
  namenode_.TellBalancerBandwidth(12'345);
  EXPECT_TRUE(Eventually([&] { return data_port_.bandwidth == 12'345; }));
  const int beats = namenode_.heartbeats();
  EXPECT_TRUE(Eventually([&] { return namenode_.heartbeats() > beats + 2; }));
  EXPECT_EQ(data_port_.bandwidth, 12'345) << "heartbeats without one went back to the default";
}

TEST_F(NamenodeSessionTest, ANamenodeOfAnotherClusterIsRefused) {
  namenode_.SetCluster("CID-other", "BP-other");
  StartSession();
  EXPECT_TRUE(Eventually([&] { return !fatal().ok(); }));
  EXPECT_TRUE(Is(fatal(), ErrorKind::kIncorrectVersion)) << fatal();
  EXPECT_NE(std::string(fatal().message()).find("CID-other"), std::string::npos);
  EXPECT_EQ(namenode_.registrations(), 0);
}

TEST_F(NamenodeSessionTest, ARefusedDatanodeStops) {
  namenode_.FailNext("Register", errors::DisallowedDatanode("not in the include file"));
  StartSession();
  EXPECT_TRUE(Eventually([&] { return Is(fatal(), ErrorKind::kDisallowedDatanode); }));
}

TEST_F(NamenodeSessionTest, ReconnectsToANamenodeThatCameBack) {
  auto namenode = std::make_unique<FakeNamenode>();
  const int port = namenode->port();
  StartSession(FastOptions(*namenode));
  ASSERT_TRUE(Eventually([&] { return session_->reported(); }));
  namenode.reset();
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "meanwhile", {&node_}).ok());
  namenode = std::make_unique<FakeNamenode>(port);
  EXPECT_TRUE(Eventually([&] { return namenode->full_reports() == 1; }));
  EXPECT_EQ(namenode->chunks()[0].replicas_size(), 1);
  session_->Stop();
}

TEST_F(NamenodeSessionTest, CopiesOnOrder) {
  TransferNode target;
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&node_}).ok());
  StartAndReport();
  pb::Command order;
  wire::ToProto(TestBlock(kId, 4), *order.mutable_transfer()->mutable_block());
  wire::ToProto(ReplicaLocation{.datanode = target.info()},
                *order.mutable_transfer()->add_targets());
  namenode_.Order(order);
  EXPECT_TRUE(Eventually([&] {
    const auto info = target.store().Get(kId);
    return info.ok() && info->state == ReplicaState::kFinalized;
  }));
  EXPECT_TRUE(Eventually([&] { return namenode_.last_heartbeat().transfers_in_progress() == 0; }));
}

TEST_F(NamenodeSessionTest, RecoversABlockOnOrder) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&node_}).ok());
  StartAndReport();
  pb::Command order;
  pb::RecoverCommand& recover = *order.mutable_recover();
  wire::ToProto(TestBlock(kId, 4), *recover.mutable_block());
  recover.set_recovery_id(1009);
  recover.set_truncate_to(3);
  wire::ToProto(ReplicaLocation{.datanode = node_.info()}, *recover.add_replicas());
  namenode_.Order(order);
  ASSERT_TRUE(Eventually([&] { return namenode_.commits().size() == 1; }));
  const auto commit = namenode_.commits()[0];
  EXPECT_EQ(wire::FromProto(commit.block()), TestBlock(kId, 4));
  EXPECT_EQ(commit.recovery_id(), 1009);
  EXPECT_EQ(commit.new_length(), 3);
  EXPECT_FALSE(commit.delete_block());
  ASSERT_EQ(commit.replicas_size(), 1);
  EXPECT_EQ(commit.replicas(0).storage_id(), node_.store().Get(kId)->storage_id);
  EXPECT_EQ(node_.store().Get(kId)->block, (Block{kId, 1009, 3}));
}

TEST_F(NamenodeSessionTest, ComplainsAboutOrdersForBlocksItDoesNotHave) {
  StartAndReport();
  pb::Command order;
  wire::ToProto(TestBlock(77), *order.mutable_transfer()->mutable_block());
  wire::ToProto(ReplicaLocation{.datanode = node_.info()},
                *order.mutable_transfer()->add_targets());
  namenode_.Order(order);
  EXPECT_TRUE(Eventually([&] { return !namenode_.complaints().empty(); }));
}

TEST_F(NamenodeSessionTest, ReportsBadReplicas) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), TestData(1'000), {&node_}).ok());
  StartAndReport();
  node_.DamageData(kId, 10);
  namenode_.FailNext("ReportBadBlocks", absl::UnavailableError("no"));
  node_.store().RunBlockScan();
  ASSERT_TRUE(Eventually([&] { return !namenode_.bad_replicas().empty(); }));
  EXPECT_EQ(namenode_.bad_replicas()[0].block().id(), kId);
  EXPECT_EQ(namenode_.bad_replicas()[0].datanode_uuid(), node_.store().datanode_uuid());
}

// It took them for good ones, and may have had the good ones deleted.
TEST_F(NamenodeSessionTest, ANamenodeThatBeganAnewIsToldOfBadReplicasAgain) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), TestData(1'000), {&node_}).ok());
  StartAndReport();
  node_.DamageData(kId, 10);
  node_.store().RunBlockScan();
  ASSERT_TRUE(Eventually([&] { return namenode_.bad_replicas().size() == 1; }));
  namenode_.ForgetRegistrations();
  ASSERT_TRUE(Eventually([&] { return namenode_.bad_replicas().size() == 2; }));
  EXPECT_EQ(namenode_.full_reports(), 2) << "it takes no notice before that";
}

// The NameNode takes no notice of them before: after a power cut it counted such replicas as good.
TEST_F(NamenodeSessionTest, ReportsBadReplicasFoundAtTheStartAfterItsFirstReport) {
  ASSERT_TRUE(WriteWhole(TestBlock(kId), TestData(1'000), {&node_}).ok());
  node_.DamageData(kId, 10);
  node_.store().SetListener(nullptr);
  node_.store().RunBlockScan();
  namenode_.FailNext("ReportBlocks", absl::UnavailableError("no"));
  StartSession();
  bool early = false;
  ASSERT_TRUE(Eventually([&] {
    const bool told = !namenode_.bad_replicas().empty();
    early |= told && namenode_.full_reports() == 0;
    return told;
  }));
  EXPECT_FALSE(early);
}

TEST_F(NamenodeSessionTest, RepliesOfAnOlderEpochAreIgnored) {
  namenode_.SetEpoch(5);
  ASSERT_TRUE(WriteWhole(TestBlock(kId), "data", {&node_}).ok());
  StartAndReport();
  EXPECT_TRUE(Eventually([&] { return namenode_.heartbeats() > 1; }));
  namenode_.SetEpoch(4);
  pb::Command order;
  wire::ToProto(TestBlock(kId).block, *order.mutable_invalidate()->add_blocks());
  namenode_.Order(order);
  const int seen = namenode_.heartbeats();
  EXPECT_TRUE(Eventually([&] { return namenode_.heartbeats() > seen + 2; }));
  node_.store().DrainDeletions();
  EXPECT_TRUE(node_.store().Get(kId).ok());
}

TEST_F(NamenodeSessionTest, StopsWhileNobodyAnswers) {
  ControlOptions options = FastOptions(namenode_);
  options.namenode_address = "127.0.0.1:1";
  StartSession(options);
  const int64_t begun = SystemClock().MonotonicMs();
  session_->Stop();
  EXPECT_LT(SystemClock().MonotonicMs() - begun, 3'000);
}

TEST(LearnPool, WaitsForTheNamenodeUntilItIsStopped) {
  ControlOptions options;
  options.namenode_address = "127.0.0.1:1";
  options.min_retry_ms = 10;
  NamenodeClient client(options);
  Random random;
  std::thread stopper([&] { client.Shutdown(); });
  EXPECT_TRUE(absl::IsCancelled(LearnPool(client, options, random).status()));
  stopper.join();
}

}  // namespace
}  // namespace cairn::datanode
