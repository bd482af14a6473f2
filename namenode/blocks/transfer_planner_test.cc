// Sources and targets of copies.
#include "namenode/blocks/transfer_planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::namenode {
namespace {

using Outcome = TransferPlanner::Outcome;

class TransferPlannerTest : public testing::Test {
 protected:
  TransferPlannerTest() : placement_({}, random_), planner_(placement_, random_), state_({}) {
    for (int i = 0; i < 6; ++i) {  // racks /r0 /r0 /r0 /r1 /r1 /r1
      DatanodeRegistration registration;
      registration.id.uuid = std::to_string(i);
      registration.id.ip_addr = std::to_string(i);
      StorageUsage usage;
      usage.storage_id = "DS";
      usage.remaining = 1'000'000;
      registration.storages = {usage};
      state_.nodes.Register(registration, "/r" + std::to_string(i / 3), 0, 0);
    }
  }

  void AddBlock(int replication, std::vector<NodeIndex> nodes) {
    state_.blocks.Put({1, 20'000, 7, 100, replication, BlockState::kComplete});
    for (const NodeIndex node : nodes) state_.blocks.AddReplica(1, StoredReplica(node));
  }
  StoredReplica& Replica(NodeIndex node) { return *state_.blocks.Find(1)->Find(node); }
  Outcome Plan() { return planner_.Plan(state_, 1, 0, plan_); }

  Random random_{3};
  PlacementPolicy placement_;
  TransferPlanner planner_;
  ClusterState state_;  // storage n is that of node n
  TransferPlan plan_;
};

TEST_F(TransferPlannerTest, OneCopyGoesToAsManyTargetsAsAreMissing) {
  AddBlock(3, {0});
  ASSERT_EQ(Plan(), Outcome::kPlanned);
  EXPECT_EQ(plan_.source, 0u);
  EXPECT_EQ(plan_.block, (Block{1, 7, 100}));
  ASSERT_EQ(plan_.targets.size(), 2u);
  EXPECT_NE(plan_.targets[0], plan_.targets[1]);
  EXPECT_TRUE(plan_.targets[0] >= 3 || plan_.targets[1] >= 3) << "one in the other rack";
}

TEST_F(TransferPlannerTest, WhatIsOnItsWayCounts) {
  AddBlock(3, {0, 3});
  state_.pending.Add(1, 0, {4}, 0);
  EXPECT_EQ(Plan(), Outcome::kNotNeeded);
}

TEST_F(TransferPlannerTest, UnfinishedUnknownAndUnlinkedBlocksAreNotCopied) {
  EXPECT_EQ(Plan(), Outcome::kNotNeeded);
  AddBlock(3, {0});
  state_.blocks.Put({1, 20'000, 7, 100, 3, BlockState::kUnderConstruction});
  EXPECT_EQ(Plan(), Outcome::kNotNeeded);
  state_.blocks.Put({1, 20'000, 7, 100, 3, BlockState::kComplete});
  state_.blocks.Find(1)->set_unlinked();
  EXPECT_EQ(Plan(), Outcome::kNotNeeded);
}

TEST_F(TransferPlannerTest, BadAndDoomedReplicasAreNeitherSourcesNorTargets) {
  AddBlock(3, {0, 1, 3});
  Replica(1).Set(StoredReplica::kCorrupt);
  Replica(3).Set(StoredReplica::kExcess);
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(Plan(), Outcome::kPlanned);
    EXPECT_EQ(plan_.source, 0u);
    EXPECT_THAT(plan_.targets, testing::Not(testing::Contains(1)));
    EXPECT_THAT(plan_.targets, testing::Not(testing::Contains(3)));
  }
}

TEST_F(TransferPlannerTest, TheLeastBusyNodeIsTheSource) {
  AddBlock(4, {0, 1, 3});
  state_.nodes.node(0).transfers_in_progress = 1;
  state_.transfers[1].resize(1);
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(Plan(), Outcome::kPlanned);
    EXPECT_EQ(plan_.source, 3u);
  }
}

TEST_F(TransferPlannerTest, BusyNodesAreNoSourcesUnlessTheBlockIsAtRisk) {
  AddBlock(4, {0, 3});
  state_.nodes.node(0).transfers_in_progress = 2;
  state_.transfers[3].resize(2);
  EXPECT_EQ(Plan(), Outcome::kNoSource);
  state_.blocks.RemoveReplica(1, 3);
  EXPECT_EQ(Plan(), Outcome::kPlanned) << "the only one left: up to the hard limit";
  state_.nodes.node(0).transfers_in_progress = 4;
  EXPECT_EQ(Plan(), Outcome::kNoSource);
}

TEST_F(TransferPlannerTest, ABadlyPlacedBlockGetsOneReplicaInAnotherRack) {
  AddBlock(3, {0, 1, 2});
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(Plan(), Outcome::kPlanned);
    ASSERT_EQ(plan_.targets.size(), 1u);
    EXPECT_GE(plan_.targets[0], 3u);
  }
}

TEST_F(TransferPlannerTest, WithoutAGoodReplicaOrAFreeNodeNothingIsPlanned) {
  AddBlock(2, {0});
  Replica(0).Set(StoredReplica::kCorrupt);
  EXPECT_EQ(Plan(), Outcome::kNoSource);
  Replica(0).Clear(StoredReplica::kCorrupt);
  for (NodeIndex node = 1; node < 6; ++node) state_.nodes.storage(node).remaining = 5;
  EXPECT_EQ(Plan(), Outcome::kNoTarget);
}

}  // namespace
}  // namespace cairn::namenode
