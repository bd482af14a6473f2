// DataNodes that may not belong to the cluster, and those that leave it.
#include <gtest/gtest.h>

#include "common/testing/temp_dir.h"
#include "common/types/errors.h"
#include "namenode/blocks/testing/fake_cluster.h"

namespace cairn::namenode {
namespace {

class ServiceTest : public ::testing::Test {
 protected:
  void Start(int nodes) {
    for (int i = 0; i < nodes; ++i) cluster_.AddNode("/r" + std::to_string(i % 2));
    cluster_.Start();
  }
  // The address of node `i`, as lists have it.
  static std::string Address(size_t i) { return fmt::format("10.0.0.{}\n", i + 1); }
  void SetLists(const std::string& include, const std::string& exclude) {
    const std::string in = dir_.path() + "/in";
    const std::string out = dir_.path() + "/out";
    ASSERT_TRUE(PosixFileSystem().WriteFileAtomically(in, include).ok());
    ASSERT_TRUE(PosixFileSystem().WriteFileAtomically(out, exclude).ok());
    auto lists = HostLists::Read(PosixFileSystem(), in, out);
    ASSERT_TRUE(lists.ok()) << lists.status();
    cluster_.manager->SetHostLists(*std::move(lists));
  }
  // Only `host` is named, as in maintenance until then.
  void SetMaintenance(size_t i, int64_t until_ms) {
    const std::string path = dir_.path() + "/hosts";
    ASSERT_TRUE(PosixFileSystem()
                    .WriteFileAtomically(
                        path, fmt::format(R"([{{"hostName": "10.0.0.{}", "adminState": )"
                                          R"("IN_MAINTENANCE", "maintenanceExpireTimeInMS": {}}}])",
                                          i + 1, until_ms))
                    .ok());
    auto lists = HostLists::ReadCombined(PosixFileSystem(), path);
    ASSERT_TRUE(lists.ok()) << lists.status();
    cluster_.manager->SetHostLists(*std::move(lists));
  }
  // Has it for `for_ms` from now on, as soon as its blocks are safe.
  void Maintain(size_t i, int64_t for_ms) {
    SetMaintenance(i, cluster_.clock.WallMs() + for_ms);
    Rounds(3);
    ASSERT_EQ(State(i), AdminState::kInMaintenance);
  }
  void Rounds(int count) {
    for (int i = 0; i < count; ++i) {
      cluster_.Replicate();
      cluster_.Round();
    }
  }
  // Until the node has been silent for so long that it is dead.
  void Die(size_t i) {
    cluster_.nodes[i].up = false;
    for (int k = 0; k < 300 && Info(i).live; ++k) cluster_.Round();
    ASSERT_FALSE(Info(i).live);
  }
  DatanodeInfo Info(size_t i) const {
    for (const DatanodeInfo& info : cluster_.manager->Datanodes()) {
      if (info.id.uuid == cluster_.nodes[i].uuid()) return info;
    }
    return {};
  }
  AdminState State(size_t i) const { return Info(i).admin; }
  bool Holds(size_t i, BlockId block) const { return cluster_.nodes[i].replicas.contains(block); }
  int LiveInService(BlockId block) const { return cluster_.manager->Inspect(block)->live; }
  // Rounds with copies, until the node has left the service.
  bool Leaves(size_t node, int rounds = 60) {
    for (int i = 0; i < rounds && State(node) != AdminState::kDecommissioned; ++i) {
      cluster_.Replicate();
      cluster_.Round();
    }
    return State(node) == AdminState::kDecommissioned;
  }

  const TempDir dir_;
  FakeCluster cluster_;
};

TEST_F(ServiceTest, AnExcludedDataNodeLeavesWhenItsBlocksAreElsewhere) {
  Start(5);
  std::vector<BlockId> blocks;
  for (int i = 0; i < 30; ++i) blocks.push_back(cluster_.Write(3));
  blocks.push_back(cluster_.Write(1, "10.0.0.1"));  // on the leaving node alone
  ASSERT_TRUE(Holds(0, blocks.back()));
  SetLists("", Address(0));
  EXPECT_EQ(State(0), AdminState::kDecommissioning);
  cluster_.manager->Tick();
  EXPECT_EQ(State(0), AdminState::kDecommissioning) << "nothing has been copied yet";
  EXPECT_EQ(cluster_.manager->Stats().missing_blocks, 0) << "it still serves what it alone has";
  EXPECT_EQ(cluster_.manager->Locate(blocks.back(), 0, "").locations.size(), 1u);

  ASSERT_TRUE(Leaves(0));
  for (const BlockId block : blocks) {
    EXPECT_GE(LiveInService(block), cluster_.Row(block).replication) << block;
  }
  EXPECT_TRUE(Info(0).live);
  for (int i = 0; i < 20; ++i) {
    const BlockId later = cluster_.Write(3, "10.0.0.1");
    EXPECT_FALSE(Holds(0, later)) << "it gets no more replicas";
  }
  // Readers are sent there last.
  for (const BlockId block : blocks) {
    const LocatedBlock located = cluster_.manager->Locate(block, 0, "10.0.0.1");
    if (located.locations.size() > 1) {
      EXPECT_NE(located.locations.front().datanode.id.uuid, cluster_.nodes[0].uuid());
    }
  }
}

TEST_F(ServiceTest, ADataNodeThatNobodyCanReplaceStays) {
  Start(3);
  const BlockId block = cluster_.Write(3);
  SetLists("", Address(1));
  EXPECT_FALSE(Leaves(1, 10));
  EXPECT_EQ(State(1), AdminState::kDecommissioning);
  EXPECT_EQ(cluster_.manager->Inspect(block)->decommissioning, 1);
  EXPECT_EQ(LiveInService(block), 2);
  EXPECT_TRUE(cluster_.manager->HasMinReplicas(cluster_.Row(block)));

  cluster_.AddNode("/r1");
  EXPECT_TRUE(Leaves(1));
  EXPECT_TRUE(Holds(3, block));
}

TEST_F(ServiceTest, ADataNodeWaitsForTheFilesThatAreWrittenToIt) {
  Start(4);
  std::vector<ReplicaLocation> places;
  const BlockId block = cluster_.Allocate(1, "10.0.0.1", &places);
  ASSERT_EQ(places.size(), 1u);
  const Block being_written{block, cluster_.Row(block).generation_stamp, 10};
  cluster_.Received(0, being_written);  // and its writer may go on
  SetLists("", Address(0));
  EXPECT_FALSE(Leaves(0, 10));
  cluster_.Delete(block);
  EXPECT_TRUE(Leaves(0));
}

TEST_F(ServiceTest, BackInServiceItsReplicasCountAgain) {
  Start(5);
  const BlockId block = cluster_.Write(3);
  size_t node = 0;
  while (!Holds(node, block)) ++node;
  SetLists("", Address(node));
  ASSERT_TRUE(Leaves(node));
  EXPECT_EQ(cluster_.GoodOnDisk(block), 4);
  SetLists("", "");
  EXPECT_EQ(State(node), AdminState::kNormal);
  for (int i = 0; i < 6; ++i) cluster_.Round();
  EXPECT_EQ(cluster_.GoodOnDisk(block), 3) << "one of four is too many now";
}

TEST_F(ServiceTest, AnExcludedDataNodeThatRegistersLeavesToo) {
  Start(4);
  const BlockId block = cluster_.Write(3);
  size_t node = 0;
  while (!Holds(node, block)) ++node;
  SetLists("", Address(4));
  const size_t late = cluster_.AddNode("/r0");
  EXPECT_EQ(State(late), AdminState::kDecommissioning);
  EXPECT_TRUE(Leaves(late));
}

TEST_F(ServiceTest, WhoIsNotInTheListIsDeadAndRefused) {
  Start(4);
  const BlockId block = cluster_.Write(3, "10.0.0.1");
  ASSERT_TRUE(Holds(0, block));
  SetLists(Address(1) + Address(2) + Address(3) + "10.0.0.77:7001", "");
  EXPECT_EQ(cluster_.manager->Stats().live_datanodes, 3);
  EXPECT_TRUE(cluster_.BeatOnly(0).reregister);
  const auto again = cluster_.manager->Register(cluster_.nodes[0].registration);
  EXPECT_TRUE(Is(again.status(), ErrorKind::kDisallowedDatanode));
  EXPECT_EQ(again.status().message(),
            "Datanode denied communication with namenode because the host is not in the "
            "include-list: 10.0.0.1:9866");
  const std::vector<DatanodeInfo> nodes = cluster_.manager->Datanodes();
  ASSERT_EQ(nodes.size(), 4u) << "those in the list, whether they were ever seen or not";
  EXPECT_EQ(nodes.back().id.XferAddress(), "10.0.0.77:7001");
  EXPECT_FALSE(nodes.back().live);
  cluster_.nodes[0].up = false;
  for (int i = 0; i < 10; ++i) {
    cluster_.Replicate();
    cluster_.Round();
  }
  EXPECT_EQ(cluster_.GoodOnDisk(block), 3) << "what it held was copied";

  SetLists("", "");
  cluster_.nodes[0].up = true;
  cluster_.Register(0);
  EXPECT_EQ(cluster_.manager->Stats().live_datanodes, 4);
}

TEST_F(ServiceTest, WhatADataNodeInMaintenanceHoldsCountsWhileItIsDown) {
  Start(5);
  std::vector<BlockId> blocks;
  for (int i = 0; i < 20; ++i) blocks.push_back(cluster_.Write(3, "10.0.0.1"));
  const BlockId alone = cluster_.Write(1, "10.0.0.1");
  ASSERT_TRUE(Holds(0, alone));
  SetMaintenance(0, cluster_.clock.WallMs() + 3'600'000);
  EXPECT_EQ(State(0), AdminState::kEnteringMaintenance);
  cluster_.manager->Tick();
  EXPECT_EQ(State(0), AdminState::kEnteringMaintenance) << "one block is nowhere else";
  Rounds(5);
  EXPECT_EQ(State(0), AdminState::kInMaintenance);
  EXPECT_EQ(LiveInService(alone), 1);
  const LocatedBlock located = cluster_.manager->Locate(blocks[0], 0, "10.0.0.1");
  for (const ReplicaLocation& place : located.locations) {
    EXPECT_NE(place.datanode.id.uuid, cluster_.nodes[0].uuid()) << "readers are not sent there";
  }

  Die(0);
  Rounds(5);
  for (const BlockId block : blocks) {
    EXPECT_EQ(cluster_.GoodOnDisk(block), 2) << "nothing was copied";
    EXPECT_EQ(cluster_.manager->Inspect(block)->in_maintenance, 1);
  }
  EXPECT_EQ(cluster_.manager->Stats().under_replicated, 0);

  cluster_.nodes[0].up = true;
  cluster_.Register(0);
  EXPECT_EQ(State(0), AdminState::kInMaintenance) << "until the list says otherwise";
  SetLists("", "");
  EXPECT_EQ(State(0), AdminState::kNormal);
  Rounds(5);
  for (const BlockId block : blocks) EXPECT_EQ(LiveInService(block), 3);
}

TEST_F(ServiceTest, ABlockIsNotCorruptWhileADataNodeInMaintenanceHasAGoodReplica) {
  Start(2);
  const BlockId block = cluster_.Write(2, "10.0.0.1");
  Maintain(0, 3'600'000);
  Die(0);
  cluster_.manager->MarkCorrupt({block, cluster_.stamp, 0}, cluster_.nodes[1].uuid(), "");
  const LocatedBlock located = cluster_.manager->Locate(block, 0, "");
  EXPECT_FALSE(located.corrupt);
  EXPECT_TRUE(located.locations.empty()) << "a corrupt replica is no place to read from";
  EXPECT_TRUE(cluster_.manager->Inspect(block)->has_good());
}

TEST_F(ServiceTest, AStaleReplicaThatIsDownInMaintenanceIsNotTheOneThatMakesRoom) {
  Start(3);
  const BlockId block = cluster_.WriteRecoveredOn(0);
  SetMaintenance(2, cluster_.clock.WallMs() + 36'000'000);
  Die(2);
  for (int i = 0; i < 20; ++i) cluster_.Round();
  EXPECT_EQ(LiveInService(block), 2);
  EXPECT_EQ(cluster_.nodes[1].replicas.at(block).generation_stamp, cluster_.stamp);
}

TEST_F(ServiceTest, MaintenanceThatIsOverLeavesADeadDataNode) {
  Start(5);
  const BlockId block = cluster_.Write(3, "10.0.0.1");
  ASSERT_TRUE(Holds(0, block));
  Maintain(0, 3'600'000);
  Die(0);
  Rounds(2);
  EXPECT_EQ(cluster_.GoodOnDisk(block), 2);
  cluster_.clock.Advance(3'600'000);
  Rounds(6);
  EXPECT_EQ(State(0), AdminState::kNormal);
  EXPECT_FALSE(Info(0).live);
  EXPECT_EQ(cluster_.GoodOnDisk(block), 3) << "it was not waited for any longer";
  EXPECT_EQ(cluster_.manager->Inspect(block)->in_maintenance, 0);
}

TEST_F(ServiceTest, WhoIsTakenOffTheListInMaintenanceIsNotWaitedFor) {
  Start(5);
  const BlockId block = cluster_.Write(3, "10.0.0.1");
  ASSERT_TRUE(Holds(0, block));
  Maintain(0, 36'000'000);
  Die(0);
  SetLists(Address(1) + Address(2) + Address(3) + Address(4), "");
  Rounds(6);
  EXPECT_EQ(cluster_.GoodOnDisk(block), 3);
}

TEST_F(ServiceTest, ASecondLossWhileADataNodeIsInMaintenanceIsMadeGood) {
  Start(5);
  const BlockId block = cluster_.Write(2, "10.0.0.1");
  ASSERT_TRUE(Holds(0, block));
  Maintain(0, 36'000'000);
  size_t other = 1;
  while (!Holds(other, block)) ++other;
  Die(other);
  Rounds(3);
  EXPECT_EQ(LiveInService(block), 1) << "the one in maintenance is up, and stands for the other";
  SetLists("", "");
  Rounds(6);
  EXPECT_EQ(LiveInService(block), 2);
}

}  // namespace
}  // namespace cairn::namenode
