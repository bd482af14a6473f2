// Deletions that wait for their round, their heartbeat and durability.
#include "namenode/blocks/model/invalidation_queues.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::namenode {
namespace {

Invalidation Of(BlockId block, Txid txid = 0) { return {{block, 1001, 5}, 0, txid}; }

TEST(InvalidationQueues, NothingIsTakenBeforeARoundReleasesIt) {
  InvalidationQueues queues;
  queues.Add(1, Of(10));
  EXPECT_TRUE(queues.Take(1, 100, 0).empty());
  queues.Release(1, 1'000);
  EXPECT_EQ(queues.Take(1, 100, 0).size(), 1u);
  EXPECT_EQ(queues.size(), 0u);
}

TEST(InvalidationQueues, AHeartbeatTakesAtMostItsLimitAndARoundAtMostIts) {
  InvalidationQueues queues;
  for (BlockId block = 1; block <= 50; ++block) queues.Add(1, Of(block));
  queues.Release(1, 30);
  EXPECT_EQ(queues.Take(1, 20, 0).size(), 20u);
  EXPECT_EQ(queues.Take(1, 20, 0).size(), 10u);
  EXPECT_EQ(queues.Take(1, 20, 0).size(), 0u);
  EXPECT_EQ(queues.size(), 20u);
}

TEST(InvalidationQueues, UndurableOnesWaitAndDoNotHoldUpOthers) {
  InvalidationQueues queues;
  queues.Add(1, Of(1, 7));
  queues.Add(1, Of(2, 5));
  queues.Release(1, 100);
  const auto taken = queues.Take(1, 100, 6);
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].block.id, 2);
  EXPECT_EQ(queues.Take(1, 100, 7).size(), 1u);
}

TEST(InvalidationQueues, CancelWorksUntilTaken) {
  InvalidationQueues queues;
  queues.Add(1, Of(1));
  queues.Add(1, Of(2));
  EXPECT_TRUE(queues.Cancel(1, 1));
  EXPECT_FALSE(queues.Cancel(1, 1));
  queues.Release(1, 100);
  EXPECT_EQ(queues.Take(1, 100, 0).size(), 1u);
  EXPECT_FALSE(queues.Cancel(1, 2));
}

TEST(InvalidationQueues, RoundsGoOverAllNodesInTurn) {
  InvalidationQueues queues;
  for (NodeIndex node = 0; node < 6; ++node) {
    for (BlockId block = 1; block <= 10; ++block) queues.Add(node, Of(block));
  }
  for (int round = 0; round < 3; ++round) queues.Release(2, 10);
  for (NodeIndex node = 0; node < 6; ++node) EXPECT_EQ(queues.Take(node, 10, 0).size(), 10u);
}

TEST(InvalidationQueues, ADroppedNodeHasNothingWaiting) {
  InvalidationQueues queues;
  queues.Add(1, Of(1));
  queues.Add(2, Of(1));
  queues.DropNode(1);
  EXPECT_EQ(queues.size(), 1u);
  EXPECT_FALSE(queues.Contains(1, 1));
  EXPECT_TRUE(queues.Contains(2, 1));
}

}  // namespace
}  // namespace cairn::namenode
