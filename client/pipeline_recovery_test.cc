// Writing while DataNodes fail: no acknowledged byte is lost, and the NameNode is told in order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/fake_cluster.h"
#include "common/types/errors.h"

namespace cairn::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<wire::WriteBlockOp> Setups(const FakeDatanode& node) {
  std::vector<wire::WriteBlockOp> setups;
  for (const wire::Op& op : node.ops()) {
    if (const auto* write = std::get_if<wire::WriteBlockOp>(&op)) setups.push_back(*write);
  }
  return setups;
}

DatanodeFaults DieAfter(int packets) {
  DatanodeFaults faults;
  faults.die_after_packets = packets;
  return faults;
}

// Each node of the pipeline dies in turn: first, middle, last.
class NodeDeath : public testing::TestWithParam<size_t> {};

TEST_P(NodeDeath, InTheMiddleOfAWriteLosesNothing) {
  FakeCluster cluster(3);
  cluster.dn(GetParam()).SetFaults(DieAfter(5));
  const std::string data = TestData(60'000);
  const absl::Status put = cluster.Put("/f", data);
  ASSERT_TRUE(put.ok()) << put;
  EXPECT_EQ(cluster.Get("/f").value(), data);
  for (size_t i = 0; i < 3; ++i) {
    if (i != GetParam()) {
      EXPECT_EQ(cluster.Stored("/f", i), data) << i;
    }
  }
  EXPECT_THAT(cluster.namenode().calls(),
              testing::IsSupersetOf(std::vector<std::string>{
                  "updateBlockForPipeline blk_1073741825_1001",
                  "updatePipeline blk_1073741825_1002", "complete blk_1073741825_1002"}));
}

INSTANTIATE_TEST_SUITE_P(Pipeline, NodeDeath, testing::Values(0, 1, 2));

TEST(PipelineRecovery, CallsComeInHdfssOrder) {
  FakeCluster cluster(3);
  cluster.dn(1).SetFaults(DieAfter(3));
  ASSERT_TRUE(cluster.Put("/f", TestData(30'000)).ok());
  EXPECT_THAT(cluster.namenode().calls(),
              ElementsAre("create /f", "addBlock /f", "updateBlockForPipeline blk_1073741825_1001",
                          "updatePipeline blk_1073741825_1002", "complete blk_1073741825_1002"));
  const auto updates = cluster.namenode().pipeline_updates();
  ASSERT_EQ(updates.size(), 1u);
  ASSERT_EQ(updates[0].nodes.size(), 2u);
  EXPECT_EQ(updates[0].nodes[0].datanode.id.uuid, "dn0");
  EXPECT_EQ(updates[0].nodes[1].datanode.id.uuid, "dn2");
  EXPECT_EQ(updates[0].nodes[1].storage_id, "DS-dn2");
}

TEST(PipelineRecovery, AFlushedPipelineWithoutAReplacementFails) {
  FakeCluster cluster(3);
  auto out = cluster.client().Create("/f").value();
  const std::string data = TestData(20'000);
  ASSERT_TRUE(out->Write(std::string_view(data).substr(0, 7000)).ok());
  ASSERT_TRUE(out->Hflush().ok());
  cluster.dn(2).SetFaults(DieAfter(0));
  ASSERT_TRUE(out->Write(std::string_view(data).substr(7000)).ok());
  const absl::Status closed = out->Close();
  // hflushed, replication 3, and no fourth node: HDFS's default policy fails such a write.
  ASSERT_FALSE(closed.ok());
  EXPECT_THAT(std::string(closed.message()),
              StartsWith("Failed to replace a bad datanode on the existing pipeline due to no more "
                         "good datanodes being available to try."));
}

TEST(PipelineRecovery, MinAndMaxBytesAreAckedAndSent) {
  FakeCluster cluster(3);
  cluster.options.replace_datanode_policy = ReplaceDatanodePolicy::kNever;
  auto out = cluster.client().Create("/f").value();
  const std::string data = TestData(20'000);
  ASSERT_TRUE(out->Write(std::string_view(data).substr(0, 7000)).ok());
  ASSERT_TRUE(out->Hflush().ok());
  cluster.dn(0).SetFaults(DieAfter(0));
  ASSERT_TRUE(out->Write(std::string_view(data).substr(7000)).ok());
  ASSERT_TRUE(out->Close().ok());
  const auto setups = Setups(cluster.dn(1));
  ASSERT_EQ(setups.size(), 2u);
  EXPECT_EQ(setups[1].stage, wire::WriteStage::kSetupStreamingRecovery);
  EXPECT_EQ(setups[1].min_bytes_received, 7000);
  EXPECT_GT(setups[1].max_bytes_received, 7000);
  EXPECT_LE(setups[1].max_bytes_received, 20'000);
  EXPECT_EQ(setups[1].block.block.generation_stamp, 1001);
  EXPECT_EQ(setups[1].latest_generation_stamp, 1002);
  EXPECT_EQ(setups[1].pipeline_size, 2);
  EXPECT_EQ(setups[1].targets.size(), 1u);
  EXPECT_EQ(cluster.Stored("/f", 1), data);
}

TEST(PipelineRecovery, TwoOfThreeNodesMayDie) {
  FakeCluster cluster(3);
  cluster.options.replace_datanode_best_effort = true;
  cluster.dn(0).SetFaults(DieAfter(4));
  cluster.dn(2).SetFaults(DieAfter(9));
  const std::string data = TestData(60'000);
  const absl::Status put = cluster.Put("/f", data);
  ASSERT_TRUE(put.ok()) << put;
  EXPECT_EQ(cluster.Stored("/f", 1), data);
}

TEST(PipelineRecovery, ALostNodeIsReplacedWithACopy) {
  FakeCluster cluster(5);
  cluster.options.replace_datanode_policy = ReplaceDatanodePolicy::kAlways;
  cluster.dn(1).SetFaults(DieAfter(6));
  const std::string data = TestData(60'000);
  const absl::Status put = cluster.Put("/f", data);
  ASSERT_TRUE(put.ok()) << put;
  EXPECT_THAT(cluster.namenode().CallsOf("getAdditionalDatanode"),
              ElementsAre("getAdditionalDatanode -dn1"));
  for (const size_t i : {0, 2, 3}) EXPECT_EQ(cluster.Stored("/f", i), data) << i;
}

TEST(PipelineRecovery, AReplacementThatCannotBeFilledIsNotAskedForAgain) {
  FakeCluster cluster(5);
  cluster.options.replace_datanode_policy = ReplaceDatanodePolicy::kAlways;
  cluster.dn(1).SetFaults(DieAfter(6));
  cluster.dn(3).Kill();
  const std::string data = TestData(60'000);
  const absl::Status put = cluster.Put("/f", data);
  ASSERT_TRUE(put.ok()) << put;
  EXPECT_THAT(cluster.namenode().CallsOf("getAdditionalDatanode"),
              ElementsAre("getAdditionalDatanode -dn1", "getAdditionalDatanode -dn1 -dn3"));
  EXPECT_EQ(cluster.Stored("/f", 4), data);
}

TEST(PipelineRecovery, AllNodesBadIsHdfssError) {
  FakeCluster cluster(1);
  CreateOptions one;
  one.replication = 1;
  cluster.dn(0).SetFaults(DieAfter(2));
  const absl::Status put = cluster.Put("/f", TestData(30'000), one);
  ASSERT_FALSE(put.ok());
  EXPECT_THAT(std::string(put.message()), StartsWith("All datanodes [DatanodeInfoWithStorage["));
  EXPECT_THAT(std::string(put.message()), HasSubstr(",DS-dn0,DISK]] are bad. Aborting..."));
  EXPECT_THAT(std::string(put.message()), HasSubstr("BP-1:blk_1073741825_1001"));
}

// Behind the last byte each node of the pipeline dies in turn.
class NodeDeathAtTheEnd : public testing::TestWithParam<size_t> {};

TEST_P(NodeDeathAtTheEnd, IsRecoveredWithoutSendingItAgain) {
  FakeCluster cluster(3);
  DatanodeFaults faults;
  faults.die_on_last_packet = true;
  cluster.dn(GetParam()).SetFaults(faults);
  const std::string data = TestData(30'000);
  const absl::Status put = cluster.Put("/f", data);
  ASSERT_TRUE(put.ok()) << put;
  for (size_t i = 0; i < 3; ++i) {
    if (i == GetParam()) continue;
    const auto setups = Setups(cluster.dn(i));
    ASSERT_EQ(setups.size(), 2u);
    EXPECT_EQ(setups[1].stage, wire::WriteStage::kCloseRecovery);
    EXPECT_EQ(setups[1].min_bytes_received, 30'000);
    EXPECT_EQ(cluster.Stored("/f", i), data);
  }
}

INSTANTIATE_TEST_SUITE_P(Pipeline, NodeDeathAtTheEnd, testing::Values(0, 1, 2));

TEST(PipelineRecovery, ABadNodeAtSetupIsExcludedAndTheBlockAbandoned) {
  FakeCluster cluster(4);
  DatanodeFaults faults;
  faults.refuse_setups = 100;
  cluster.dn(1).SetFaults(faults);
  const std::string data = TestData(5000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  EXPECT_THAT(cluster.namenode().calls(),
              ElementsAre("create /f", "addBlock /f", "abandonBlock blk_1073741825_1001",
                          "addBlock /f -dn1", "complete blk_1073741826_1002"));
  for (const size_t i : {0, 2, 3}) EXPECT_EQ(cluster.Stored("/f", i), data) << i;
}

TEST(PipelineRecovery, ADeadFirstNodeAtSetupIsExcluded) {
  FakeCluster cluster(4);
  cluster.dn(0).Kill();
  ASSERT_TRUE(cluster.Put("/f", TestData(5000)).ok());
  EXPECT_THAT(cluster.namenode().CallsOf("addBlock"),
              ElementsAre("addBlock /f", "addBlock /f -dn0"));
}

TEST(PipelineRecovery, FourFailedSetupsAreTheEnd) {
  FakeCluster cluster(6);
  DatanodeFaults faults;
  faults.refuse_setups = 100;
  for (size_t i = 0; i < 6; ++i) cluster.dn(i).SetFaults(faults);
  const absl::Status put = cluster.Put("/f", TestData(5000));
  EXPECT_THAT(std::string(put.message()), StartsWith("Unable to create new block."));
  EXPECT_EQ(cluster.namenode().CallsOf("addBlock").size(), 4u);
  EXPECT_EQ(cluster.namenode().CallsOf("abandonBlock").size(), 4u);
}

TEST(PipelineRecovery, AcknowledgementsOutOfOrderAreRefused) {
  FakeCluster cluster(3);
  std::atomic<int> changed{0};
  DatanodeFaults faults;
  faults.change_ack = [&](wire::PipelineAck& ack) {
    if (ack.seqno == 2 && changed++ == 0) ack.seqno = 3;
  };
  cluster.dn(0).SetFaults(faults);
  const std::string data = TestData(30'000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  EXPECT_EQ(cluster.namenode().CallsOf("updatePipeline").size(), 1u) << "dn0 was dropped";
  EXPECT_EQ(cluster.Stored("/f", 1), data);
}

TEST(PipelineRecovery, AnAcknowledgementOfFewerNodesIsNotOne) {
  FakeCluster cluster(3);
  std::atomic<int> changed{0};
  DatanodeFaults faults;
  faults.change_ack = [&](wire::PipelineAck& ack) {
    if (ack.seqno == 1 && changed++ == 0) {
      ack.replies.pop_back();
      ack.flags.pop_back();
    }
  };
  cluster.dn(0).SetFaults(faults);
  const std::string data = TestData(30'000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  EXPECT_EQ(cluster.Stored("/f", 1), data);
}

TEST(PipelineRecovery, ANodeThatReportsAnErrorIsTheOneDropped) {
  FakeCluster cluster(3);
  std::atomic<int> changed{0};
  DatanodeFaults faults;
  faults.change_ack = [&](wire::PipelineAck& ack) {
    if (ack.seqno == 1 && changed++ == 0) {
      ack = wire::PipelineAck::Of(
          1, {wire::OpStatus::kSuccess, wire::OpStatus::kSuccess, wire::OpStatus::kErrorChecksum});
    }
  };
  cluster.dn(0).SetFaults(faults);
  const std::string data = TestData(30'000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  const auto updates = cluster.namenode().pipeline_updates();
  ASSERT_EQ(updates.size(), 1u);
  EXPECT_EQ(updates[0].nodes[1].datanode.id.uuid, "dn1");
}

TEST(PipelineRecovery, TheSamePacketFailsTheWriteInTheEnd) {
  FakeCluster cluster(9);
  cluster.options.replace_datanode_policy = ReplaceDatanodePolicy::kAlways;
  DatanodeFaults faults;
  faults.change_ack = [](wire::PipelineAck& ack) {
    ack = wire::PipelineAck::Of(
        ack.seqno, std::vector<wire::OpStatus>(ack.replies.size(), wire::OpStatus::kError));
  };
  for (size_t i = 0; i < 9; ++i) cluster.dn(i).SetFaults(faults);
  const absl::Status put = cluster.Put("/f", TestData(5000));
  EXPECT_THAT(std::string(put.message()),
              StartsWith("Failing write. Tried pipeline recovery 5 times without success."));
  for (size_t i = 0; i < 9; ++i) cluster.dn(i).SetFaults({});
}

TEST(PipelineRecovery, WhatWasFlushedSurvivesTheDeathOfAllButOneNode) {
  FakeCluster cluster(3);
  cluster.options.replace_datanode_best_effort = true;
  auto out = cluster.client().Create("/f").value();
  const std::string data = TestData(40'000);
  ASSERT_TRUE(out->Write(std::string_view(data).substr(0, 15'001)).ok());
  ASSERT_TRUE(out->Hflush().ok());
  cluster.dn(0).Kill();
  cluster.dn(1).Kill();
  ASSERT_TRUE(out->Write(std::string_view(data).substr(15'001)).ok());
  const absl::Status closed = out->Close();
  ASSERT_TRUE(closed.ok()) << closed;
  EXPECT_EQ(cluster.Stored("/f", 2), data);
}

// When a file of three replicas is appended to, one of them is gone.
class NodeDeathBeforeAppend : public testing::TestWithParam<size_t> {};

TEST_P(NodeDeathBeforeAppend, IsMadeUpForByACopy) {
  FakeCluster cluster(4);
  const std::string data = TestData(20'000);
  ASSERT_TRUE(cluster.Put("/f", data.substr(0, 5001)).ok());
  cluster.dn(GetParam()).Kill();
  auto out = cluster.client().Append("/f").value();
  ASSERT_TRUE(out->Write(std::string_view(data).substr(5001)).ok());
  const absl::Status closed = out->Close();
  ASSERT_TRUE(closed.ok()) << closed;
  for (size_t i = 0; i < 4; ++i) {
    if (i == GetParam()) continue;
    EXPECT_EQ(Setups(cluster.dn(i)).back().stage, wire::WriteStage::kSetupAppendRecovery);
    EXPECT_EQ(Setups(cluster.dn(i)).back().min_bytes_received, 5001);
    EXPECT_EQ(cluster.Stored("/f", i), data) << i;
  }
}

TEST_P(NodeDeathBeforeAppend, FailsItWhereNoCopyCanBeMade) {
  FakeCluster cluster(3);
  ASSERT_TRUE(cluster.Put("/f", TestData(5001)).ok());
  cluster.dn(GetParam()).Kill();
  auto out = cluster.client().Append("/f").value();
  ASSERT_TRUE(out->Write("x").ok());
  EXPECT_THAT(std::string(out->Close().message()),
              StartsWith("Failed to replace a bad datanode on the existing pipeline"));
}

INSTANTIATE_TEST_SUITE_P(Pipeline, NodeDeathBeforeAppend, testing::Values(0, 1, 2));

// Data goes down the pipeline, but the acknowledgements of one node are lost.
class OneWayFailure : public testing::TestWithParam<size_t> {};

TEST_P(OneWayFailure, IsBlamedOnTheNodeBehindIt) {
  FakeCluster cluster(3);
  cluster.options.socket_timeout_ms = 400;
  cluster.options.timeout_per_node_ms = 200;
  cluster.options.replace_datanode_best_effort = true;
  for (size_t i = 0; i < 3; ++i) {
    DatanodeFaults faults;
    faults.swallow_acks = i == GetParam();
    faults.mirror_timeout_ms = 600 - 200 * static_cast<int64_t>(i);
    cluster.dn(i).SetFaults(faults);
  }
  const std::string data = TestData(9000);
  const absl::Status put = cluster.Put("/f", data);
  ASSERT_TRUE(put.ok()) << put;
  const auto updates = cluster.namenode().pipeline_updates();
  ASSERT_EQ(updates.size(), 1u);
  for (const ReplicaLocation& node : updates[0].nodes) {
    EXPECT_NE(node.datanode.id.uuid, cluster.dn(GetParam()).uuid());
  }
  for (size_t i = 0; i < 3; ++i) {
    if (i != GetParam()) {
      EXPECT_EQ(cluster.Stored("/f", i), data) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Pipeline, OneWayFailure, testing::Values(0, 1, 2));

// A node announces its restart instead of acknowledging packet 3. `refusals`: set-ups it refuses
// from then on.
DatanodeFaults RestartAtPacket3(std::shared_ptr<std::atomic<bool>> once, int refusals) {
  DatanodeFaults faults;
  faults.change_ack = [once](wire::PipelineAck& ack) {
    if (ack.seqno < 3 || once->exchange(true)) return;
    ack = wire::PipelineAck::Of(wire::kOutOfBandSeqno, {wire::OpStatus::kOobRestart});
  };
  faults.refuse_setups_after_first = refusals;
  return faults;
}

std::vector<std::string> NodesOf(const UpdatePipelineCall& update) {
  std::vector<std::string> uuids;
  for (const ReplicaLocation& node : update.nodes) uuids.push_back(node.datanode.id.uuid);
  return uuids;
}

TEST(RestartingNode, OnThisMachineIsWaitedFor) {
  FakeCluster cluster(3);
  cluster.datanodes_are_local = true;
  cluster.dn(0).SetFaults(RestartAtPacket3(std::make_shared<std::atomic<bool>>(), 2));
  const std::string data = TestData(60'000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  EXPECT_EQ(cluster.sleeps(), (std::vector<int64_t>{4000, 4000, 4000}));
  ASSERT_EQ(cluster.namenode().pipeline_updates().size(), 1u);
  EXPECT_THAT(NodesOf(cluster.namenode().pipeline_updates()[0]), ElementsAre("dn0", "dn1", "dn2"));
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(cluster.Stored("/f", i), data) << i;
}

TEST(RestartingNode, TheOnlyOneIsWaitedFor) {
  FakeCluster cluster(1);
  cluster.dn(0).SetFaults(RestartAtPacket3(std::make_shared<std::atomic<bool>>(), 0));
  const std::string data = TestData(60'000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  EXPECT_EQ(cluster.Stored("/f", 0), data);
}

TEST(RestartingNode, ElsewhereIsDroppedAtOnce) {
  FakeCluster cluster(3);
  cluster.dn(1).SetFaults(RestartAtPacket3(std::make_shared<std::atomic<bool>>(), 0));
  const std::string data = TestData(60'000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  EXPECT_TRUE(cluster.sleeps().empty());
  EXPECT_THAT(NodesOf(cluster.namenode().pipeline_updates().at(0)), ElementsAre("dn0", "dn2"));
}

TEST(RestartingNode, ThatDoesNotComeBackIsDropped) {
  FakeCluster cluster(3);
  cluster.datanodes_are_local = true;
  cluster.options.datanode_restart_timeout_ms = 50;
  cluster.dn(0).SetFaults(RestartAtPacket3(std::make_shared<std::atomic<bool>>(), 1 << 30));
  const std::string data = TestData(60'000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  EXPECT_THAT(NodesOf(cluster.namenode().pipeline_updates().at(0)), ElementsAre("dn1", "dn2"));
}

TEST(SlowNode, IsDroppedAfterTenAcknowledgementsInARow) {
  FakeCluster cluster(3);
  cluster.options.replace_datanode_policy = ReplaceDatanodePolicy::kNever;
  DatanodeFaults faults;
  faults.change_ack = [](wire::PipelineAck& ack) {
    if (ack.flags.size() == 3) ack.flags[1] |= wire::kAckSlow;
  };
  cluster.dn(0).SetFaults(faults);  // nearest the client: it passes on what dn1 says
  auto out = cluster.client().Create("/f").value();
  const std::string data = TestData(1000);
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_TRUE(cluster.namenode().pipeline_updates().empty()) << i;
    ASSERT_TRUE(out->Write(std::string_view(data).substr(i * 100, 100)).ok());
    ASSERT_TRUE(out->Hflush().ok());
  }
  ASSERT_EQ(cluster.namenode().pipeline_updates().size(), 1u);
  EXPECT_THAT(NodesOf(cluster.namenode().pipeline_updates()[0]), ElementsAre("dn0", "dn2"));
  ASSERT_TRUE(out->Close().ok());
  EXPECT_EQ(cluster.Stored("/f", 2), data);
}

TEST(CongestedNode, MakesTheWriterPause) {
  FakeCluster cluster(2);
  cluster.options.congestion_backoff_mean_ms = 100;
  cluster.options.congestion_backoff_max_ms = 400;
  DatanodeFaults faults;
  faults.change_ack = [](wire::PipelineAck& ack) { ack.flags.at(0) |= wire::kAckEcnCongested; };
  cluster.dn(0).SetFaults(faults);
  const int64_t before_ms = SystemClock().MonotonicMs();
  auto out = cluster.client().Create("/f").value();
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(out->Write("x").ok());
    ASSERT_TRUE(out->Hflush().ok());
  }
  // Two pauses at the least: behind the first they grow from the mean.
  EXPECT_GE(SystemClock().MonotonicMs() - before_ms, 100);
  cluster.dn(0).SetFaults({});
  ASSERT_TRUE(out->Close().ok());
  EXPECT_EQ(cluster.Stored("/f", 1), "xxxx");
}

TEST(MinReplication, LetsAWriteGoOnWithoutAReplacement) {
  for (const int32_t enough : {2, 3}) {
    FakeCluster cluster(3);
    cluster.options.replace_datanode_min_replication = enough;
    auto out = cluster.client().Create("/f").value();
    const std::string data = TestData(20'000);
    ASSERT_TRUE(out->Write(std::string_view(data).substr(0, 7000)).ok());
    ASSERT_TRUE(out->Hflush().ok());
    cluster.dn(2).SetFaults(DieAfter(0));
    ASSERT_TRUE(out->Write(std::string_view(data).substr(7000)).ok());
    const absl::Status closed = out->Close();
    EXPECT_EQ(closed.ok(), enough == 2) << closed;
  }
}

TEST(MinReplication, KeepsANewBlockWhoseSetUpLostANode) {
  FakeCluster cluster(4);
  cluster.options.replace_datanode_min_replication = 2;
  cluster.dn(1).Kill();
  const std::string data = TestData(5000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  EXPECT_THAT(cluster.namenode().calls(),
              ElementsAre("create /f", "addBlock /f", "updateBlockForPipeline blk_1073741825_1001",
                          "updatePipeline blk_1073741825_1002", "complete blk_1073741825_1002"));
  for (const size_t i : {0, 2}) EXPECT_EQ(cluster.Stored("/f", i), data) << i;
}

TEST(MinReplication, AbandonsANewBlockWithFewerNodes) {
  FakeCluster cluster(5);
  cluster.options.replace_datanode_min_replication = 3;
  cluster.dn(1).Kill();
  ASSERT_TRUE(cluster.Put("/f", TestData(5000)).ok());
  EXPECT_EQ(cluster.namenode().CallsOf("abandonBlock").size(), 1u);
  EXPECT_TRUE(cluster.namenode().pipeline_updates().empty());
}

TEST(PipelineRecovery, ANodeThatFailedTheBlockIsNotAskedForAgain) {
  FakeCluster cluster(5);
  cluster.options.replace_datanode_policy = ReplaceDatanodePolicy::kAlways;
  auto out = cluster.client().Create("/f").value();
  const std::string data = TestData(60'000);
  ASSERT_TRUE(out->Write(std::string_view(data).substr(0, 7000)).ok());
  ASSERT_TRUE(out->Hflush().ok());
  cluster.dn(1).SetFaults(DieAfter(0));
  ASSERT_TRUE(out->Write(std::string_view(data).substr(7000, 7000)).ok());
  ASSERT_TRUE(out->Hflush().ok());
  cluster.dn(0).SetFaults(DieAfter(0));
  ASSERT_TRUE(out->Write(std::string_view(data).substr(14'000)).ok());
  const absl::Status closed = out->Close();
  ASSERT_TRUE(closed.ok()) << closed;
  EXPECT_THAT(cluster.namenode().CallsOf("getAdditionalDatanode"),
              ElementsAre("getAdditionalDatanode -dn1", "getAdditionalDatanode -dn1 -dn0"));
}

TEST(PipelineRecovery, AWriterThatLostItsLeaseFailsWithTheReason) {
  FakeCluster cluster(3);
  cluster.dn(1).SetFaults(DieAfter(3));
  cluster.namenode().FailNext("updateBlockForPipeline",
                              {errors::NotOpenForWriting("/f", 16386, "a lease")});
  const absl::Status put = cluster.Put("/f", TestData(60'000));
  EXPECT_TRUE(Is(put, ErrorKind::kLeaseExpired)) << put;
  EXPECT_TRUE(cluster.namenode().CallsOf("complete").empty());
}

TEST(PipelineRecovery, AnAppendWhoseFirstNodeIsDeadGoesOnWithTheRest) {
  FakeCluster cluster(2);
  const std::string data = TestData(20'000);
  CreateOptions two;
  two.replication = 2;  // too few for the policy to want a replacement
  ASSERT_TRUE(cluster.Put("/f", data.substr(0, 5000), two).ok());
  cluster.dn(0).Kill();
  auto out = cluster.client().Append("/f").value();
  ASSERT_TRUE(out->Write(std::string_view(data).substr(5000)).ok());
  const absl::Status closed = out->Close();
  ASSERT_TRUE(closed.ok()) << closed;
  EXPECT_EQ(Setups(cluster.dn(1)).back().stage, wire::WriteStage::kSetupAppendRecovery);
  EXPECT_EQ(cluster.Stored("/f", 1), data);
}

}  // namespace
}  // namespace cairn::client
