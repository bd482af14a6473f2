// The block manager as the namespace and the DataNodes meet it.
#include <thread>

#include <gtest/gtest.h>

#include "common/types/errors.h"
#include "namenode/blocks/testing/fake_cluster.h"

namespace cairn::namenode {
namespace {

std::unique_ptr<FakeCluster> Started(int nodes, int racks, BlockManagerOptions options = {}) {
  auto cluster = std::make_unique<FakeCluster>(options);
  for (int i = 0; i < nodes; ++i) cluster->AddNode("/r" + std::to_string(i % racks));
  cluster->Start();
  return cluster;
}

TEST(BlockManager, WritesLocatesAndDeletesABlock) {
  auto cluster = Started(4, 2);
  const BlockId block = cluster->Write(3, "10.0.0.1");
  EXPECT_EQ(cluster->Live(block), 3);
  const LocatedBlock located = cluster->manager->Locate(block, 7, "10.0.0.1");
  ASSERT_EQ(located.locations.size(), 3u);
  EXPECT_EQ(located.offset, 7);
  EXPECT_EQ(located.block.pool_id, "BP-1");
  EXPECT_EQ(located.block.block.num_bytes, FakeCluster::kBlockSize);
  EXPECT_EQ(located.locations[0].datanode.id.uuid, "uuid-0") << "the reader's own node first";
  EXPECT_FALSE(located.corrupt);

  cluster->Delete(block);
  EXPECT_FALSE(cluster->manager->Find(block).has_value());
  for (int i = 0; i < 6; ++i) cluster->Round();
  EXPECT_EQ(cluster->GoodOnDisk(block), 0);
  EXPECT_EQ(cluster->manager->Stats().pending_deletion_blocks, 0);
}

TEST(BlockManager, HandsOutNoDeletionBeforeItsCauseIsDurable) {
  auto cluster = Started(3, 1);
  const BlockId block = cluster->Write(3);
  cluster->hold_durable = true;
  cluster->Delete(block);
  for (int i = 0; i < 6; ++i) cluster->Round();
  EXPECT_EQ(cluster->GoodOnDisk(block), 3);
  cluster->durable = cluster->txid.load();
  for (int i = 0; i < 6; ++i) cluster->Round();
  EXPECT_EQ(cluster->GoodOnDisk(block), 0);
}

TEST(BlockManager, SafeModeEndsWhenLoadedBlocksAreReportedAndTheExtensionHasPassed) {
  FakeCluster cluster;
  std::vector<BlockRow> rows;
  for (int i = 1; i <= 1000; ++i) rows.push_back({i, 20000, 1, 10, 1, BlockState::kComplete});
  cluster.manager->Load(rows);
  cluster.AddNode("/r0");
  for (int i = 1; i <= 998; ++i) cluster.nodes[0].replicas[i] = {i, 1, 10};
  EXPECT_TRUE(cluster.manager->loading());
  EXPECT_TRUE(cluster.manager->InSafeMode());
  EXPECT_FALSE(cluster.BeatOnly(0).send_full_report);
  cluster.manager->LoadingDone();
  EXPECT_TRUE(cluster.BeatOnly(0).send_full_report) << "what came while loading was not used";

  cluster.FullReport(0);
  EXPECT_NE(cluster.manager->SafeModeTip().find(
                "The reported blocks 998 needs additional 1 blocks to reach the threshold 0.9990 "
                "of total blocks 1000."),
            std::string::npos)
      << cluster.manager->SafeModeTip();
  cluster.Received(0, {999, 1, 10});
  EXPECT_NE(cluster.manager->SafeModeTip().find(
                "In safe mode extension. Safe mode will be turned off automatically in 30 seconds. "
                "NamenodeHostName:nn"),
            std::string::npos)
      << cluster.manager->SafeModeTip();
  cluster.clock.Advance(29'999);
  cluster.BeatOnly(0);
  cluster.manager->Tick();
  EXPECT_TRUE(cluster.manager->InSafeMode());
  cluster.clock.Advance(1);
  cluster.manager->Tick();
  EXPECT_FALSE(cluster.manager->InSafeMode());
  EXPECT_EQ(cluster.manager->Stats().missing_blocks, 1);
  EXPECT_EQ(cluster.manager->Stats().missing_replication_one_blocks, 1);
}

TEST(BlockManager, RowsChangedWhileLoadingWinOverLoadedOnes) {
  FakeCluster cluster;
  cluster.SetRow({1, 20000, 5, 50, 3, BlockState::kComplete});
  cluster.SetRow({2, 20000, 5, 50, 3, BlockState::kComplete});
  cluster.Delete(2);
  cluster.manager->Load(std::vector<BlockRow>{{1, 20000, 1, 10, 3, BlockState::kComplete},
                                              {2, 20000, 1, 10, 3, BlockState::kComplete}});
  EXPECT_EQ(cluster.Row(1).generation_stamp, 5);
  EXPECT_FALSE(cluster.manager->Find(2).has_value());
}

TEST(BlockManager, RefusesADatanodeOfAnotherCluster) {
  FakeCluster cluster;
  DatanodeRegistration foreign;
  foreign.id.uuid = "x";
  foreign.cluster_id = "CID-other";
  const auto status = cluster.manager->Register(foreign).status();
  EXPECT_TRUE(Is(status, ErrorKind::kIncorrectVersion)) << status;
  EXPECT_NE(std::string(status.message()).find("CID-other"), std::string::npos);
}

TEST(BlockManager, OutdatedRegistrationsAreRefused) {
  auto cluster = Started(1, 1);
  const uint64_t first = cluster->nodes[0].registration_id;
  EXPECT_TRUE(cluster->manager->CheckRegistration("uuid-0", first).ok());
  cluster->Register(0);
  EXPECT_TRUE(
      Is(cluster->manager->CheckRegistration("uuid-0", first), ErrorKind::kUnregisteredNode));
  EXPECT_TRUE(Is(cluster->manager->CheckRegistration("nobody", 1), ErrorKind::kUnregisteredNode));
}

TEST(BlockManager, CopiesBlocksOfADeadNodeAndTrimsWhenItReturns) {
  auto cluster = Started(5, 2);
  std::vector<BlockId> blocks;
  for (int i = 0; i < 20; ++i) blocks.push_back(cluster->Write(3));
  cluster->nodes[0].up = false;
  for (int i = 0; i < 211; ++i) cluster->Round();  // 633 s: dead after 630
  for (int i = 0; i < 10; ++i) cluster->Round();
  EXPECT_EQ(cluster->manager->Stats().dead_datanodes, 1);
  EXPECT_EQ(cluster->manager->Stats().under_replicated, 0);
  for (const BlockId block : blocks) EXPECT_EQ(cluster->GoodOnDisk(block), 3);

  cluster->Register(0);
  for (int i = 0; i < 20; ++i) cluster->Round();
  for (const BlockId block : blocks) {
    EXPECT_EQ(cluster->GoodOnDisk(block), 3);
    EXPECT_EQ(cluster->Live(block), 3);
  }
}

TEST(BlockManager, ADeadNodeIsToldToRegisterAgain) {
  auto cluster = Started(2, 1);
  cluster->clock.Advance(630'001);
  cluster->manager->Tick();
  EXPECT_TRUE(cluster->BeatOnly(0).reregister);
  EXPECT_TRUE(
      Is(cluster->manager->ReplicasChanged("uuid-0", "DS-0", {{}}), ErrorKind::kUnregisteredNode));
}

TEST(BlockManager, ReplacesACorruptReplicaAndDeletesItAfterwards) {
  auto cluster = Started(4, 1);
  const BlockId block = cluster->Write(3);
  const LocatedBlock before = cluster->manager->Locate(block, 0, "");
  const ReplicaLocation& bad = before.locations[0];
  const size_t node = cluster->NodeOf(bad.datanode.id.uuid);
  cluster->nodes[node].rotten[block] = true;
  cluster->manager->MarkCorrupt(before.block.block, bad.datanode.id.uuid, bad.storage_id);
  EXPECT_EQ(cluster->manager->Locate(block, 0, "").locations.size(), 2u);
  EXPECT_TRUE(cluster->nodes[node].replicas.contains(block)) << "not before it is replaced";
  for (int i = 0; i < 10; ++i) cluster->Round();
  EXPECT_EQ(cluster->GoodOnDisk(block), 3);
  EXPECT_FALSE(cluster->nodes[node].replicas.contains(block));
  EXPECT_EQ(cluster->manager->Stats().corrupt_blocks, 0);
}

TEST(BlockManager, ReplacesACorruptReplicaInPlaceWhereNoOtherNodeIsLeft) {
  auto cluster = Started(3, 1);
  const BlockId block = cluster->Write(3);
  cluster->nodes[1].rotten[block] = true;
  cluster->manager->MarkCorrupt({block, cluster->stamp, 0}, "uuid-1", "");
  for (int i = 0; i < 10; ++i) cluster->Round();
  EXPECT_EQ(cluster->GoodOnDisk(block), 3);
  EXPECT_EQ(cluster->Live(block), 3);
}

// A recovery may end with one replica while the other nodes hold what was before it.
TEST(BlockManager, StaleReplicasOnAllOtherNodesMakeRoomForCopies) {
  auto cluster = Started(3, 1);
  const BlockId block = cluster->WriteRecoveredOn(0);
  for (int i = 0; i < 20; ++i) cluster->Round();
  EXPECT_EQ(cluster->GoodOnDisk(block), 3);
  EXPECT_EQ(cluster->Live(block), 3);
}

TEST(BlockManager, OnlyCorruptReplicasAreShownAsCorruptAndKept) {
  auto cluster = Started(3, 1);
  const BlockId block = cluster->Write(3);
  for (const char* uuid : {"uuid-0", "uuid-1", "uuid-2"}) {
    cluster->manager->MarkCorrupt({block, cluster->stamp, 0}, uuid, "");
  }
  const LocatedBlock located = cluster->manager->Locate(block, 0, "");
  EXPECT_TRUE(located.corrupt);
  EXPECT_EQ(located.locations.size(), 3u);
  for (int i = 0; i < 10; ++i) cluster->Round();
  for (const FakeDatanode& node : cluster->nodes) EXPECT_TRUE(node.replicas.contains(block));
  EXPECT_EQ(cluster->manager->Stats().missing_blocks, 1);
}

TEST(BlockManager, LoweredReplicationDeletesAndRaisedReplicationCopies) {
  auto cluster = Started(5, 2);
  const BlockId block = cluster->Write(3);
  BlockRow row = cluster->Row(block);
  row.replication = 1;
  cluster->SetRow(row);
  for (int i = 0; i < 10; ++i) cluster->Round();
  EXPECT_EQ(cluster->GoodOnDisk(block), 1);
  row.replication = 5;
  cluster->SetRow(row);
  for (int i = 0; i < 10; ++i) cluster->Round();
  EXPECT_EQ(cluster->GoodOnDisk(block), 5);
}

TEST(BlockManager, NamesPathAndReasonsWhenNoTargetIsFound) {
  auto cluster = Started(2, 1);
  cluster->nodes[0].remaining = 10;
  cluster->nodes[1].remaining = 10;
  cluster->BeatOnly(0);
  cluster->BeatOnly(1);
  PlacementRequest request;
  request.path = "/f";
  request.replicas = 3;
  request.block_size = 100;
  const auto status = cluster->manager->ChooseTargets(request).status();
  EXPECT_EQ(std::string(status.message()),
            "File /f could only be written to 0 of the 1 minReplication nodes. There are 2 "
            "datanode(s) running and no node(s) are excluded in this operation.\n"
            "Not chosen: 2 not enough space on a storage of the wanted type");
  request.excluded = {cluster->nodes[0].registration.id};
  EXPECT_THAT(std::string(cluster->manager->ChooseTargets(request).status().message()),
              testing::EndsWith("\nThe client failed to write to: 10.0.0.1:9866 (dn0)\n"
                                "If it cannot reach these addresses: "
                                "dfs.client.use.datanode.hostname=true makes it use the names, "
                                "which dfs.datanode.hostname sets."));
}

TEST(BlockManager, UnfinishedBlocksShowTheirPipelineAndLearnItAgainFromReports) {
  auto cluster = Started(3, 1);
  std::vector<ReplicaLocation> places;
  const BlockId block = cluster->Allocate(2, "", &places);
  EXPECT_EQ(cluster->manager->Locate(block, 0, "").locations.size(), 2u);
  EXPECT_EQ(cluster->manager->ExpectedLocations(block).size(), 2u);
  EXPECT_EQ(cluster->manager->Find(block)->expected, 2);

  FakeCluster restarted;
  restarted.stamp = cluster->stamp;
  restarted.manager->Load(std::vector<BlockRow>{cluster->Row(block)});
  restarted.manager->LoadingDone();
  restarted.AddNode("/r0");
  restarted.Change(0, {block, cluster->stamp, 5}, ReplicaChangeKind::kReceiving);
  ASSERT_EQ(restarted.manager->ExpectedLocations(block).size(), 1u);
  EXPECT_EQ(restarted.manager->ExpectedLocations(block)[0].datanode.id.uuid, "uuid-0");
}

TEST(BlockManager, CountsFinalizedReplicasOfACommittedBlockAndAwaitsTheOthers) {
  auto cluster = Started(4, 1);
  std::vector<ReplicaLocation> places;
  const BlockId block = cluster->Allocate(3, "", &places);
  BlockRow row = cluster->Row(block);
  row.length = 77;
  row.state = BlockState::kCommitted;
  EXPECT_FALSE(cluster->manager->HasMinReplicas(row));
  cluster->Received(cluster->NodeOf(places[0].datanode.id.uuid), {block, row.generation_stamp, 77});
  cluster->Received(cluster->NodeOf(places[1].datanode.id.uuid), {block, row.generation_stamp, 70});
  EXPECT_TRUE(cluster->manager->HasMinReplicas(row));
  cluster->SetRow(row);
  EXPECT_EQ(cluster->Live(block), 1);
  EXPECT_EQ(cluster->manager->Find(block)->corrupt, 1) << "its length differs";
  row.state = BlockState::kComplete;
  cluster->SetRow(row);
  EXPECT_EQ(cluster->manager->Stats().pending_replication_blocks, 1) << "the third will report";
  cluster->Received(cluster->NodeOf(places[2].datanode.id.uuid), {block, row.generation_stamp, 77});
  EXPECT_EQ(cluster->Live(block), 2);
}

TEST(BlockManager, APipelineRecoveryLeavesOldReplicasBehindToBeDeleted) {
  auto cluster = Started(4, 1);
  std::vector<ReplicaLocation> places;
  const BlockId block = cluster->Allocate(3, "", &places);
  const size_t dropped = cluster->NodeOf(places[2].datanode.id.uuid);
  cluster->nodes[dropped].replicas[block] = {block, cluster->stamp, 10};
  cluster->Change(dropped, {block, cluster->stamp, 10}, ReplicaChangeKind::kReceiving);
  BlockRow row = cluster->Row(block);
  row.generation_stamp = ++cluster->stamp;
  cluster->SetRow(row);
  places.pop_back();
  cluster->manager->SetExpectedLocations(block, places);
  EXPECT_EQ(cluster->manager->ExpectedLocations(block).size(), 2u);
  row.length = 100;
  for (const ReplicaLocation& place : places) {
    cluster->Received(cluster->NodeOf(place.datanode.id.uuid), {block, row.generation_stamp, 100});
  }
  row.state = BlockState::kComplete;
  cluster->SetRow(row);
  EXPECT_EQ(cluster->Live(block), 2);
  for (int i = 0; i < 10; ++i) cluster->Round();
  EXPECT_EQ(cluster->Live(block), 3);
  EXPECT_EQ(cluster->manager->Find(block)->corrupt, 0);
}

TEST(BlockManager, TheDeletionOfAStaleReplicaNamesTheVersionThatIsThere) {
  auto cluster = Started(4, 1);
  std::vector<ReplicaLocation> places;
  const BlockId block = cluster->Allocate(3, "", &places);
  const size_t dropped = cluster->NodeOf(places[2].datanode.id.uuid);
  cluster->Change(dropped, {block, cluster->stamp, 10}, ReplicaChangeKind::kReceiving);
  // It takes part in a first recovery, which is not reported, is dropped by a second, and comes
  // back before it was missed.
  cluster->nodes[dropped].replicas[block] = {block, ++cluster->stamp, 20};
  BlockRow row = cluster->Row(block);
  row.generation_stamp = ++cluster->stamp;
  cluster->SetRow(row);
  places.pop_back();
  cluster->manager->SetExpectedLocations(block, places);
  row.length = 100;
  for (const ReplicaLocation& place : places) {
    cluster->Received(cluster->NodeOf(place.datanode.id.uuid), {block, row.generation_stamp, 100});
  }
  row.state = BlockState::kComplete;
  cluster->SetRow(row);
  cluster->Register(dropped);
  for (int i = 0; i < 10; ++i) cluster->Round();
  EXPECT_EQ(cluster->Live(block), 3);
  EXPECT_EQ(cluster->manager->Find(block)->corrupt, 0);
  const auto left = cluster->nodes[dropped].replicas.find(block);
  EXPECT_TRUE(left == cluster->nodes[dropped].replicas.end() ||
              left->second.generation_stamp == row.generation_stamp)
      << "the stale replica is still there";
}

TEST(BlockManager, KeepsReplicasFromTheFutureAndStaysInSafeMode) {
  FakeCluster cluster;
  cluster.manager->LoadingDone();
  EXPECT_FALSE(cluster.manager->InSafeMode()) << "an empty file system has nothing to wait for";

  FakeCluster older;
  older.manager->Load(std::vector<BlockRow>{{1, 20000, 900, 10, 1, BlockState::kComplete},
                                            {3, 20000, 900, 10, 1, BlockState::kComplete}});
  older.manager->LoadingDone();
  older.AddNode("/r0");
  older.nodes[0].replicas[1] = {1, 900, 10};
  older.nodes[0].replicas[3] = {3, 900, 10};
  older.nodes[0].replicas[2] = {2, 5000, 33};
  older.FullReport(0);
  for (int i = 0; i < 20; ++i) older.Round();
  EXPECT_TRUE(older.manager->InSafeMode());
  EXPECT_NE(older.manager->SafeModeTip().find("will cause loss of 33 byte(s)"), std::string::npos);
  EXPECT_FALSE(older.manager->LeaveSafeMode(false).ok());
  EXPECT_TRUE(older.manager->LeaveSafeMode(true).ok());
  EXPECT_FALSE(older.manager->InSafeMode());
  EXPECT_TRUE(older.nodes[0].replicas.contains(2));
}

TEST(BlockManager, GivesNoCommandsInSafeMode) {
  auto cluster = Started(4, 1);
  const BlockId block = cluster->Write(3);
  cluster->manager->EnterSafeMode(false);
  cluster->Delete(block);
  for (int i = 0; i < 6; ++i) cluster->Round();
  EXPECT_EQ(cluster->GoodOnDisk(block), 3);
  EXPECT_TRUE(cluster->manager->LeaveSafeMode(false).ok());
  for (int i = 0; i < 6; ++i) cluster->Round();
  EXPECT_EQ(cluster->GoodOnDisk(block), 0);
}

TEST(BlockManager, NeitherCopiesNorMissesBlocksOfUnlinkedFiles) {
  auto cluster = Started(3, 1);
  const BlockId block = cluster->Write(1);
  const size_t node =
      cluster->NodeOf(cluster->manager->Locate(block, 0, "").locations[0].datanode.id.uuid);
  cluster->nodes[node].up = false;
  cluster->manager->DatanodeFailed(cluster->nodes[node].uuid());
  cluster->manager->Tick();
  EXPECT_EQ(cluster->manager->Stats().missing_blocks, 1);
  ASSERT_EQ(cluster->manager->ReplicationCandidates().size(), 1u);
  cluster->manager->MarkUnlinked(std::vector<BlockId>{block});
  EXPECT_EQ(cluster->manager->Stats().missing_blocks, 0);
  EXPECT_TRUE(cluster->manager->ReplicationCandidates().empty());
}

TEST(BlockManager, DropsTheReplicasOfAFailedStorage) {
  auto cluster = Started(3, 1);
  const BlockId block = cluster->Write(3);
  HeartbeatRequest request;
  request.uuid = "uuid-0";
  request.storages = cluster->nodes[0].registration.storages;
  request.storages[0].failed = true;
  request.failed_volumes = 1;
  ASSERT_TRUE(cluster->manager->Heartbeat(request).ok());
  cluster->manager->Tick();
  EXPECT_EQ(cluster->Live(block), 2);
  EXPECT_EQ(cluster->manager->Locate(block, 0, "").locations.size(), 2u);
}

TEST(BlockManager, AReplicaMovedToAnotherStorageOfItsNodeIsOneReplica) {
  auto cluster = Started(3, 1);
  const BlockId block = cluster->Write(3);
  const ReplicaChange moved{
      1, {block, cluster->stamp, FakeCluster::kBlockSize}, ReplicaChangeKind::kReceived, ""};
  ASSERT_TRUE(cluster->manager->ReplicasChanged("uuid-1", "DS-1b", std::vector{moved}).ok());
  EXPECT_EQ(cluster->Live(block), 3);
  for (const ReplicaLocation& place : cluster->manager->Locate(block, 0, "").locations) {
    if (place.datanode.id.uuid == "uuid-1") EXPECT_EQ(place.storage_id, "DS-1b");
  }
  cluster->Change(1, {block, cluster->stamp, 0}, ReplicaChangeKind::kDeleted);
  EXPECT_EQ(cluster->Live(block), 3) << "the old place is gone, the new one counts";
}

TEST(BlockManager, DoesNotTrimWhileAReplicasStorageIsNotSure) {
  auto cluster = Started(4, 1);
  const BlockId block = cluster->Write(3);
  const size_t spare = cluster->NodeWithout(block);
  // A holder registers anew but has not reported yet; then a fourth replica appears.
  const size_t holder = spare == 0 ? 1 : 0;
  const auto id = cluster->manager->Register(cluster->nodes[holder].registration);
  ASSERT_TRUE(id.ok());
  cluster->nodes[holder].sequence = 0;
  cluster->Received(spare, {block, cluster->stamp, FakeCluster::kBlockSize});
  EXPECT_EQ(cluster->Live(block), 4);
  for (int i = 0; i < 5; ++i) cluster->Round();
  EXPECT_EQ(cluster->GoodOnDisk(block), 4);
  cluster->FullReport(holder);
  for (int i = 0; i < 8; ++i) cluster->Round();
  EXPECT_EQ(cluster->GoodOnDisk(block), 3);
}

TEST(BlockManager, TheBalancersHintDecidesWhichReplicaGoes) {
  auto cluster = Started(4, 1);
  const BlockId block = cluster->Write(3);
  const size_t spare = cluster->NodeWithout(block);
  const size_t victim = spare == 2 ? 3 : 2;
  cluster->Received(spare, {block, cluster->stamp, FakeCluster::kBlockSize},
                    cluster->nodes[victim].uuid());
  for (int i = 0; i < 8; ++i) cluster->Round();
  EXPECT_FALSE(cluster->nodes[victim].replicas.contains(block));
  EXPECT_EQ(cluster->GoodOnDisk(block), 3);
}

TEST(BlockManager, ADeletionIsNotOrderedWhenTheOtherReplicasHaveJustDied) {
  auto cluster = Started(4, 1);
  const BlockId block = cluster->Write(3);
  const size_t spare = cluster->NodeWithout(block);
  const size_t victim = spare == 2 ? 3 : 2;
  cluster->Received(spare, {block, cluster->stamp, FakeCluster::kBlockSize},
                    cluster->nodes[victim].uuid());
  EXPECT_EQ(cluster->manager->Stats().pending_deletion_blocks, 1);
  cluster->clock.Advance(3'000);
  cluster->manager->Tick();
  for (size_t i = 0; i < 4; ++i) {
    if (i != victim) cluster->manager->DatanodeFailed(cluster->nodes[i].uuid());
  }
  EXPECT_TRUE(cluster->BeatOnly(victim).invalidate.empty());
  EXPECT_EQ(cluster->Live(block), 1);
}

TEST(BlockManager, RaisedReplicationCallsDeletionsOffThatAreNotOrderedYet) {
  auto cluster = Started(4, 2);
  const BlockId block = cluster->Write(3);
  BlockRow row = cluster->Row(block);
  row.replication = 1;
  cluster->SetRow(row);
  EXPECT_EQ(cluster->Live(block), 1);
  EXPECT_EQ(cluster->manager->Stats().pending_deletion_blocks, 2);
  row.replication = 3;
  cluster->SetRow(row);
  EXPECT_EQ(cluster->Live(block), 3);
  EXPECT_EQ(cluster->manager->Stats().pending_deletion_blocks, 0);
}

TEST(BlockManager, AnAppendedBlockKeepsItsReplicasAsPlacesOfThePipeline) {
  auto cluster = Started(3, 1);
  const BlockId block = cluster->Write(3);
  BlockRow row = cluster->Row(block);
  row.state = BlockState::kUnderConstruction;
  cluster->SetRow(row);
  EXPECT_EQ(cluster->manager->ExpectedLocations(block).size(), 3u);
  EXPECT_EQ(cluster->manager->Locate(block, 0, "").locations.size(), 3u);
  EXPECT_EQ(cluster->manager->Stats().under_replicated, 0);
  row.generation_stamp = ++cluster->stamp;
  row.length += 10;
  for (size_t i = 0; i < 3; ++i) cluster->Received(i, {block, row.generation_stamp, row.length});
  row.state = BlockState::kComplete;
  EXPECT_TRUE(cluster->manager->HasMinReplicas(row));
  cluster->SetRow(row);
  EXPECT_EQ(cluster->Live(block), 3);
  EXPECT_EQ(cluster->manager->Find(block)->corrupt, 0);
}

TEST(BlockManager, ReaderSeesStaleNodesLast) {
  auto cluster = Started(3, 1);
  const BlockId block = cluster->Write(3);
  cluster->clock.Advance(31'000);
  cluster->BeatOnly(1);
  cluster->BeatOnly(2);
  const LocatedBlock located = cluster->manager->Locate(block, 0, "10.0.0.1");
  ASSERT_EQ(located.locations.size(), 3u);
  EXPECT_EQ(located.locations[2].datanode.id.uuid, "uuid-0") << "though it is the reader's own";
  EXPECT_TRUE(located.locations[2].datanode.stale);
}

TEST(BlockManager, CallsFromManyThreadsLeaveAConsistentState) {
  BlockManagerOptions options;
  options.lock_yield_items = 3;
  auto cluster = Started(6, 2, options);
  for (int i = 0; i < 50; ++i) cluster->Write(3);
  const BlockId first = kLastReservedBlockId + 1;
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    for (int i = 0; i < 200; ++i) {
      cluster->manager->Locate(first + i % 50, 0, "10.0.0.1");
      cluster->manager->Find(first + i % 50);
      cluster->manager->Stats();
      cluster->manager->Datanodes();
      cluster->manager->SafeModeTip();
    }
  });
  threads.emplace_back([&] {
    for (int i = 0; i < 100; ++i) {
      cluster->manager->Tick();
      cluster->Replicate();
    }
  });
  threads.emplace_back([&] {
    for (int i = 0; i < 100; ++i) {
      for (size_t node = 0; node < 6; ++node) cluster->BeatOnly(node);
    }
  });
  threads.emplace_back([&] {
    for (int i = 0; i < 50; ++i) cluster->FullReport(static_cast<size_t>(i) % 6);
  });
  threads.emplace_back([&] {
    PlacementRequest request;
    request.replicas = 3;
    request.block_size = 1;
    for (int i = 0; i < 100; ++i) {
      BlockRow row = cluster->Row(first + i % 50);
      row.replication = 2 + i % 2;
      cluster->SetRow(row);
      EXPECT_TRUE(cluster->manager->ChooseTargets(request).ok());
    }
  });
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < 50; ++i) {
    BlockRow row = cluster->Row(first + i);
    row.replication = 3;
    cluster->SetRow(row);
  }
  // Deletions handed out above were never carried out: the reports bring those replicas back.
  for (size_t node = 0; node < 6; ++node) cluster->FullReport(node);
  for (int i = 0; i < 30; ++i) cluster->Round();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(cluster->GoodOnDisk(first + i), 3);
  EXPECT_EQ(cluster->manager->Stats().under_replicated, 0);
}

TEST(BlockManager, SpreadsABlockThatIsAllInOneRack) {
  auto cluster = Started(3, 1);
  const BlockId block = cluster->Write(3);
  for (int i = 0; i < 2; ++i) cluster->AddNode("/far");
  for (int i = 0; i < 3; ++i) {
    BlockRow row = cluster->Row(block);
    cluster->SetRow(row);  // looked at again
    cluster->Round();
  }
  for (int i = 0; i < 8; ++i) cluster->Round();
  EXPECT_EQ(cluster->GoodOnDisk(block), 3);
  EXPECT_EQ(cluster->nodes[3].replicas.contains(block) + cluster->nodes[4].replicas.contains(block),
            1);
}

}  // namespace
}  // namespace cairn::namenode
