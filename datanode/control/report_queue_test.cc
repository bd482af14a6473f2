// Tests of what is kept until the NameNode knows it, and of the cutting of full reports.
#include "datanode/control/report_queue.h"

#include <gtest/gtest.h>

#include "datanode/control/namenode_client.h"

namespace cairn::datanode {
namespace {

ReplicaChange Change(ReplicaChangeKind kind, BlockId id, uint64_t sequence) {
  return {.kind = kind,
          .storage_id = "DS-1",
          .sequence = sequence,
          .block = {.id = id, .generation_stamp = 1001}};
}

TEST(ReportQueue, TheNewestChangeOfABlockWins) {
  ReportQueue queue([] {});
  queue.OnReplicaChange(Change(ReplicaChangeKind::kReceiving, 1, 1));
  queue.OnReplicaChange(Change(ReplicaChangeKind::kReceived, 1, 3));
  queue.OnReplicaChange(Change(ReplicaChangeKind::kReceiving, 2, 2));
  const auto taken = queue.TakeChanges(100);
  ASSERT_EQ(taken.at("DS-1").size(), 2u);
  EXPECT_EQ(taken.at("DS-1")[0].block.id, 2);
  EXPECT_EQ(taken.at("DS-1")[1].kind, ReplicaChangeKind::kReceived);
  EXPECT_FALSE(queue.has_changes());
}

TEST(ReportQueue, DeletionsAreNotUrgent) {
  int woken = 0;
  ReportQueue queue([&] { ++woken; });
  queue.OnReplicaChange(Change(ReplicaChangeKind::kDeleted, 1, 1));
  EXPECT_FALSE(queue.has_urgent());
  EXPECT_TRUE(queue.has_changes());
  EXPECT_EQ(woken, 0);
  queue.OnReplicaChange(Change(ReplicaChangeKind::kReceived, 2, 2));
  EXPECT_TRUE(queue.has_urgent());
  EXPECT_EQ(woken, 1);
}

TEST(ReportQueue, WhatFailedComesBackUnlessItIsOutdated) {
  ReportQueue queue([] {});
  queue.OnReplicaChange(Change(ReplicaChangeKind::kReceived, 1, 1));
  queue.OnReplicaChange(Change(ReplicaChangeKind::kReceived, 2, 2));
  const auto failed = queue.TakeChanges(100);
  queue.OnReplicaChange(Change(ReplicaChangeKind::kDeleted, 1, 3));
  queue.PutBack(failed);
  EXPECT_TRUE(queue.has_urgent());
  const auto taken = queue.TakeChanges(100).at("DS-1");
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[0].block.id, 2);
  EXPECT_EQ(taken[1].kind, ReplicaChangeKind::kDeleted);
}

TEST(ReportQueue, TheOldestGoFirstWhenThereAreTooMany) {
  ReportQueue queue([] {});
  for (int i = 1; i <= 5; ++i) {
    queue.OnReplicaChange(Change(ReplicaChangeKind::kReceived, i, static_cast<uint64_t>(i)));
  }
  EXPECT_EQ(queue.TakeChanges(3).at("DS-1").back().block.id, 3);
  EXPECT_TRUE(queue.has_urgent());
  EXPECT_EQ(queue.TakeChanges(3).at("DS-1").front().block.id, 4);
}

TEST(ReportQueue, BadReplicasAreToldOnce) {
  ReportQueue queue([] {});
  queue.OnBadReplica({.id = 1}, "DS-1", "crc");
  queue.OnBadReplica({.id = 1}, "DS-1", "crc");
  EXPECT_EQ(queue.TakeBadReplicas(10).size(), 1u);
  EXPECT_FALSE(queue.has_findings());
}

TEST(ReportQueue, BadReplicasAreToldAgainUntilTheyAreDeleted) {
  ReportQueue queue([] {});
  for (const BlockId id : {1, 2, 3}) queue.OnBadReplica({.id = id}, "DS-1", "crc");
  EXPECT_EQ(queue.TakeBadReplicas(2).size(), 2u);
  queue.OnReplicaChange(Change(ReplicaChangeKind::kDeleted, 1, 1));
  queue.TellBadReplicasAgain();
  const auto again = queue.TakeBadReplicas(10);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].block.id, 2);
  EXPECT_EQ(again[1].block.id, 3);
  queue.OnBadReplica({.id = 4}, "DS-1", "crc");
  queue.OnReplicaChange(Change(ReplicaChangeKind::kDeleted, 4, 2));
  EXPECT_FALSE(queue.has_findings()) << "its successor is not meant";
}

TEST(SplitReport, ChunksCoverAllIdsWithoutGap) {
  ReplicaListing listing{.sequence = 7};
  for (BlockId id : {-5, 3, 9, 10, 11}) listing.replicas.push_back({.block = {.id = id}});
  const auto chunks = SplitReport("DS-1", listing, 2);
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].first_id(), INT64_MIN);
  EXPECT_EQ(chunks[2].last_id(), INT64_MAX);
  for (size_t i = 0; i < chunks.size(); ++i) {
    EXPECT_EQ(chunks[i].sequence(), 8u);
    if (i > 0) EXPECT_EQ(chunks[i].first_id(), chunks[i - 1].last_id() + 1);
    for (const auto& replica : chunks[i].replicas()) {
      EXPECT_GE(replica.id(), chunks[i].first_id());
      EXPECT_LE(replica.id(), chunks[i].last_id());
    }
  }
}

TEST(SplitReport, AnEmptyStorageIsOneChunk) {
  const auto chunks = SplitReport("DS-1", {}, 2);
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_EQ(chunks[0].first_id(), INT64_MIN);
  EXPECT_EQ(chunks[0].last_id(), INT64_MAX);
  EXPECT_EQ(chunks[0].replicas_size(), 0);
}

}  // namespace
}  // namespace cairn::datanode
