// Replicas that recoveries and power cuts leave behind.
#include <gtest/gtest.h>

#include "namenode/blocks/testing/fake_cluster.h"

namespace cairn::namenode {
namespace {

// Such a replica counted as being deleted for ever and stayed until the next full report.
TEST(LostReplicas, AStaleOneGoesThoughItsBlockIsReopenedBeforeItsDeletionIsOrdered) {
  FakeCluster cluster;
  for (int i = 0; i < 4; ++i) cluster.AddNode("/r0");
  cluster.Start();
  const BlockId block = cluster.Write(3);
  std::vector<ReplicaLocation> places = cluster.manager->Locate(block, 0, "").locations;
  const size_t stale = cluster.NodeOf(places.at(2).datanode.id.uuid);
  places.pop_back();
  size_t other = 0;
  while (cluster.nodes[other].replicas.contains(block)) ++other;
  // A recovery leaves `length` bytes at these places.
  const auto begin = [&] {
    BlockRow row = cluster.Row(block);
    row.state = BlockState::kUnderRecovery;
    row.recovery_id = ++cluster.stamp;
    cluster.SetRow(row);
  };
  const auto finish = [&](int64_t length) {
    BlockRow row = cluster.Row(block);
    const Block renewed{block, row.recovery_id, length};
    for (const ReplicaLocation& place : places) {
      cluster.nodes[cluster.NodeOf(place.datanode.id.uuid)].replicas[block] = renewed;
    }
    cluster.manager->ReplicasRecovered(renewed, places);
    row.generation_stamp = renewed.generation_stamp;
    row.length = length;
    row.state = BlockState::kComplete;
    row.recovery_id = 0;
    cluster.SetRow(row);
  };
  begin();
  finish(10);
  cluster.Received(other, {block, cluster.stamp, 10});  // the third: the stale one may go
  places = cluster.manager->Locate(block, 0, "").locations;
  ASSERT_EQ(places.size(), 3u);
  begin();
  for (int i = 0; i < 3; ++i) cluster.Round();
  EXPECT_TRUE(cluster.nodes[stale].replicas.contains(block)) << "not while it is recovered";
  finish(4);
  for (int i = 0; i < 3; ++i) cluster.Round();
  EXPECT_FALSE(cluster.nodes[stale].replicas.contains(block));
}

// It is not served, but may have bytes that nobody else has.
TEST(LostReplicas, AStaleOneStaysUntilAGoodOneExists) {
  FakeCluster cluster;
  for (int i = 0; i < 2; ++i) cluster.AddNode("/r0");
  cluster.Start();
  const BlockId block = cluster.Write(2);
  const Block old = cluster.nodes[1].replicas.at(block);
  // A recovery without node 1 gave the block a new stamp; then the only good replica goes away.
  cluster.nodes[1].up = false;
  for (int i = 0; i < 300; ++i) cluster.Round();
  BlockRow row = cluster.Row(block);
  row.generation_stamp = ++cluster.stamp;
  row.state = BlockState::kUnderConstruction;
  cluster.SetRow(row);
  const Block renewed{block, row.generation_stamp, row.length};
  cluster.nodes[0].replicas[block] = renewed;
  cluster.Received(0, renewed);
  row.state = BlockState::kComplete;
  cluster.SetRow(row);
  EXPECT_EQ(cluster.Live(block), 1);
  cluster.nodes[0].up = false;
  for (int i = 0; i < 300; ++i) cluster.Round();
  EXPECT_EQ(cluster.Live(block), 0);
  cluster.nodes[1].up = true;
  cluster.Register(1);
  for (int i = 0; i < 20; ++i) cluster.Round();
  ASSERT_TRUE(cluster.nodes[1].replicas.contains(block));
  EXPECT_EQ(cluster.nodes[1].replicas.at(block), old);
  EXPECT_EQ(cluster.Live(block), 0) << "it is not counted";
  cluster.nodes[0].up = true;
  cluster.Register(0);
  for (int i = 0; i < 20; ++i) cluster.Round();
  EXPECT_EQ(cluster.GoodOnDisk(block), 2) << "it makes room for a copy";
}

TEST(LostReplicas, ACommittedBlockIsUnclaimedWhenItsWholePipelineHasNone) {
  BlockRow row{.id = kLastReservedBlockId + 1,
               .generation_stamp = kLastReservedGenerationStamp + 1,
               .length = 10,
               .replication = 2,
               .state = BlockState::kCommitted,
               .pipeline = {"uuid-0", "uuid-1"}};
  FakeCluster cluster;
  cluster.stamp = row.generation_stamp;
  cluster.manager->Load(std::vector<BlockRow>{row});
  const auto unclaimed = [&] { return cluster.manager->Find(row.id)->unclaimed; };
  cluster.AddNode("/r0");
  cluster.Start();
  EXPECT_FALSE(unclaimed()) << "the other one has not reported";
  cluster.AddNode("/r0");
  EXPECT_TRUE(unclaimed());
  ReportChunk chunk{"DS-0", 100, INT64_MIN, INT64_MAX, true, {}};
  chunk.replicas.push_back(
      {{row.id, row.generation_stamp, 4}, ReplicaState::kWaitingToBeRecovered});
  ASSERT_TRUE(cluster.manager->ReportChunkReceived("uuid-0", chunk).ok());
  EXPECT_TRUE(unclaimed()) << "nobody finalizes it";
  cluster.Received(1, {row.id, row.generation_stamp, 10});
  EXPECT_FALSE(unclaimed());
  // A damaged one was waited for, and the file stayed open.
  cluster.manager->MarkCorrupt({row.id, row.generation_stamp, 10}, "uuid-1", "DS-1");
  EXPECT_TRUE(unclaimed());
  row.state = BlockState::kComplete;
  cluster.SetRow(row);
  EXPECT_FALSE(unclaimed());
}

}  // namespace
}  // namespace cairn::namenode
