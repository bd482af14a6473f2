// Urgency, order and fairness of the queues; bookkeeping of ordered copies.
#include "namenode/blocks/model/replication_queues.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "namenode/blocks/model/pending_transfers.h"

namespace cairn::namenode {
namespace {

using enum ReplicationPriority;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

TEST(ReplicationQueues, UrgencyFollowsTheLiveReplicas) {
  EXPECT_EQ(PriorityOf(0, 3), kMissing);
  EXPECT_EQ(PriorityOf(1, 2), kHighest);
  EXPECT_EQ(PriorityOf(1, 10), kHighest);
  EXPECT_EQ(PriorityOf(2, 3), kUnderReplicated);
  EXPECT_EQ(PriorityOf(3, 10), kVeryUnderReplicated);
  EXPECT_EQ(PriorityOf(4, 10), kUnderReplicated);
}

TEST(ReplicationQueues, MostUrgentFirstAndMissingNever) {
  ReplicationQueues queues;
  queues.Put(1, kBadlyPlaced);
  queues.Put(2, kUnderReplicated);
  queues.Put(3, kMissing);
  queues.Put(4, kHighest);
  queues.Put(5, kVeryUnderReplicated);
  EXPECT_THAT(queues.Next(10), ElementsAre(4, 5, 2, 1));
  EXPECT_THAT(queues.NextMissing(10), ElementsAre(3));
  EXPECT_EQ(queues.size(), 5u);
}

TEST(ReplicationQueues, EveryCallGoesOnWhereTheLastEnded) {
  ReplicationQueues queues;
  for (BlockId id = 1; id <= 5; ++id) queues.Put(id, kUnderReplicated);
  EXPECT_THAT(queues.Next(2), ElementsAre(1, 2));
  EXPECT_THAT(queues.Next(2), ElementsAre(3, 4));
  EXPECT_THAT(queues.Next(2), ElementsAre(5, 1));
  queues.Remove(2);
  EXPECT_THAT(queues.Next(9), ElementsAre(3, 4, 5, 1));
}

TEST(ReplicationQueues, ABlockMovesBetweenPriorities) {
  ReplicationQueues queues;
  queues.Put(1, kMissing, /*single=*/true);
  EXPECT_EQ(queues.missing_single(), 1u);
  queues.Put(1, kHighest, true);
  EXPECT_EQ(queues.missing_single(), 0u);
  EXPECT_EQ(queues.size(kMissing), 0u);
  EXPECT_EQ(queues.size(kHighest), 1u);
  queues.Remove(1);
  EXPECT_FALSE(queues.Contains(1));
  EXPECT_EQ(queues.size(), 0u);
}

TEST(PendingTransfers, CountsUntilArrivalOrTimeout) {
  PendingTransfers pending;
  pending.Add(1, 9, {2, 3}, 1'000);
  pending.Add(1, 9, {4}, 5'000);
  EXPECT_EQ(pending.Count(1), 3);
  EXPECT_TRUE(pending.Targets(1, 3));
  pending.Remove(1, 3);
  EXPECT_FALSE(pending.Targets(1, 3));
  EXPECT_THAT(pending.Expire(1'000), ElementsAre());
  EXPECT_THAT(pending.Expire(1'001), ElementsAre(1));
  EXPECT_THAT(pending.TargetsOf(1), ElementsAre(4));
  pending.Remove(1, 4);
  EXPECT_EQ(pending.size(), 0u);
}

TEST(PendingTransfers, ADeadNodeTakesItsTransfersWithIt) {
  PendingTransfers pending;
  pending.Add(1, 9, {2}, 0);
  pending.Add(2, 8, {9}, 0);
  pending.Add(3, 8, {2}, 0);
  EXPECT_THAT(pending.DropNode(9), UnorderedElementsAre(1, 2));
  EXPECT_EQ(pending.Count(3), 1);
  EXPECT_EQ(pending.size(), 1u);
}

}  // namespace
}  // namespace cairn::namenode
