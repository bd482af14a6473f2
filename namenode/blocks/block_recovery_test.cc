// Recovery of blocks whose writer is gone, as the block manager sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "namenode/blocks/model/block_recoveries.h"
#include "namenode/blocks/testing/fake_cluster.h"

namespace cairn::namenode {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

constexpr int64_t kAttemptMs = 90'000;  // 30 heartbeats
constexpr int64_t kDeadMs = 630'000;

class BlockRecoveryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 4; ++i) cluster_.AddNode("/r0");
    cluster_.Start();
  }

  // A block being written on nodes 0 to 2, who have told of `bytes`.
  BlockId Open(int64_t bytes = 10) {
    std::vector<ReplicaLocation> places;
    const BlockId block = cluster_.Allocate(3, "", &places);
    cluster_.manager->SetExpectedLocations(block, {Place(0), Place(1), Place(2)});
    for (size_t i = 0; i < 3; ++i) Told(i, {block, cluster_.stamp, bytes});
    return block;
  }
  void Told(size_t node, const Block& block) {
    cluster_.nodes[node].replicas[block.id] = block;
    cluster_.Change(node, block, ReplicaChangeKind::kReceiving);
  }
  ReplicaLocation Place(size_t node) {
    ReplicaLocation place;
    place.datanode.id = cluster_.nodes[node].registration.id;
    place.storage_id = cluster_.nodes[node].storage_id();
    return place;
  }
  // The recovery of the block begins, or begins anew; returns its id.
  GenerationStamp Recover(BlockId block, std::optional<int64_t> truncate_to = std::nullopt) {
    BlockRow row = cluster_.Row(block);
    row.state = BlockState::kUnderRecovery;
    row.recovery_id = ++cluster_.stamp;
    if (truncate_to) row.truncate_to = truncate_to;
    cluster_.SetRow(row);
    return row.recovery_id;
  }
  // Heartbeats of all nodes that are up; what they are told, by node.
  std::map<size_t, std::vector<RecoverCommand>> Beats() {
    std::map<size_t, std::vector<RecoverCommand>> told;
    for (size_t i = 0; i < cluster_.nodes.size(); ++i) {
      if (!cluster_.nodes[i].up) continue;
      auto commands = cluster_.BeatOnly(i).recoveries;
      if (!commands.empty()) told[i] = std::move(commands);
    }
    return told;
  }
  bool Pending(BlockId block) { return cluster_.manager->Find(block)->recovery_pending; }
  std::vector<BlockId> Stalled() {
    std::vector<BlockId> blocks;
    for (const auto& stalled : cluster_.manager->StalledRecoveries(100)) {
      blocks.push_back(stalled.block);
    }
    return blocks;
  }
  void Kill(size_t node) {
    cluster_.nodes[node].up = false;
    cluster_.manager->DatanodeFailed(cluster_.nodes[node].uuid());
    cluster_.manager->Tick();
  }
  // The recovery `id` has left these nodes with replicas of `length` bytes.
  void Recovered(BlockId block, GenerationStamp id, int64_t length, std::vector<size_t> nodes) {
    std::vector<ReplicaLocation> places;
    for (const size_t node : nodes) {
      cluster_.nodes[node].replicas[block] = {block, id, length};
      places.push_back(Place(node));
    }
    BlockRow row = cluster_.Row(block);
    row.generation_stamp = id;
    row.length = length;
    row.state = BlockState::kComplete;
    row.recovery_id = 0;
    row.truncate_to.reset();
    cluster_.manager->ReplicasRecovered({block, id, length}, places);
    cluster_.SetRow(row);
  }

  FakeCluster cluster_;
};

TEST_F(BlockRecoveryTest, ThePrimaryIsTheNodeHeardOfLastAndIsToldOnce) {
  const BlockId block = Open();
  for (const size_t node : {2, 0, 1, 3}) {
    cluster_.clock.Advance(10);
    cluster_.BeatOnly(node);
  }
  const GenerationStamp id = Recover(block, 4);
  EXPECT_TRUE(Pending(block));
  const auto told = Beats();
  ASSERT_THAT(told, SizeIs(1));
  ASSERT_TRUE(told.contains(1)) << "node 3 was heard of later, but has no replica";
  const RecoverCommand& command = told.at(1).at(0);
  EXPECT_EQ(command.block,
            (ExtendedBlock{"BP-1", {block, cluster_.Row(block).generation_stamp, 0}}));
  EXPECT_EQ(command.recovery_id, id);
  EXPECT_EQ(command.truncate_to, 4);
  EXPECT_THAT(command.replicas, SizeIs(3));
  EXPECT_THAT(Beats(), IsEmpty());
  EXPECT_TRUE(Pending(block));
  EXPECT_THAT(Stalled(), IsEmpty());
}

TEST_F(BlockRecoveryTest, NoCommandLeavesBeforeTheRecoveryIdIsDurable) {
  const BlockId block = Open();
  cluster_.hold_durable = true;
  Recover(block);
  EXPECT_THAT(Beats(), IsEmpty());
  cluster_.durable = cluster_.txid.load();
  EXPECT_THAT(Beats(), SizeIs(1));
}

TEST_F(BlockRecoveryTest, NoneIsBegunInSafeMode) {
  const BlockId block = Open();
  cluster_.manager->EnterSafeMode(false);
  Recover(block);
  EXPECT_THAT(Beats(), IsEmpty());
  ASSERT_TRUE(cluster_.manager->LeaveSafeMode(false).ok());
  EXPECT_THAT(Beats(), SizeIs(1));
}

TEST_F(BlockRecoveryTest, AnAttemptWithoutResultIsGivenUpAndTheNextHasAnotherPrimary) {
  const BlockId block = Open();
  std::set<size_t> primaries;
  for (int attempt = 0; attempt < 3; ++attempt) {
    Recover(block);
    const auto told = Beats();
    ASSERT_THAT(told, SizeIs(1));
    primaries.insert(told.begin()->first);
    cluster_.clock.Advance(kAttemptMs);
    Beats();
    EXPECT_TRUE(Pending(block));
    EXPECT_THAT(Stalled(), IsEmpty());
    cluster_.clock.Advance(1);
    EXPECT_FALSE(Pending(block));
    EXPECT_THAT(Stalled(), ElementsAre(block));
  }
  EXPECT_THAT(primaries, UnorderedElementsAre(0u, 1u, 2u));
  Recover(block);
  EXPECT_THAT(Beats(), SizeIs(1)) << "when all have been tried, it begins again";
}

TEST_F(BlockRecoveryTest, APrimaryThatDiesBeforeItIsToldIsReplacedUnderTheSameId) {
  const BlockId block = Open();
  for (const size_t node : {1, 2, 0}) {
    cluster_.clock.Advance(10);
    cluster_.BeatOnly(node);
  }
  const GenerationStamp id = Recover(block);
  Kill(0);
  EXPECT_TRUE(Pending(block));
  const auto told = Beats();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told.begin()->first, 2u);
  EXPECT_EQ(told.begin()->second.at(0).recovery_id, id);
  EXPECT_THAT(told.begin()->second.at(0).replicas, SizeIs(2));
}

TEST_F(BlockRecoveryTest, APrimaryThatFallsSilentBeforeItIsToldIsReplaced) {
  const BlockId block = Open();
  cluster_.clock.Advance(10);
  cluster_.BeatOnly(0);
  Recover(block);
  cluster_.nodes[0].up = false;
  cluster_.clock.Advance(30'001);
  EXPECT_THAT(Beats(), IsEmpty());
  cluster_.manager->Tick();
  const auto told = Beats();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told.begin()->second.at(0).replicas, SizeIs(2)) << "the silent node is left out";
}

TEST_F(BlockRecoveryTest, APrimaryThatDiesOrBeginsAnewAfterItWasToldLosesTheAttempt) {
  const BlockId block = Open();
  Recover(block);
  Kill(Beats().begin()->first);
  EXPECT_FALSE(Pending(block));
  EXPECT_THAT(Stalled(), ElementsAre(block));
  Recover(block);
  cluster_.Register(Beats().begin()->first);
  EXPECT_FALSE(Pending(block));
}

TEST_F(BlockRecoveryTest, WithoutALiveReplicaItWaitsAndTakesNoNewIds) {
  cluster_.clock.Advance(kDeadMs);  // the start is long ago
  Beats();
  const BlockId block = Open();
  for (const size_t node : {0, 1, 2}) Kill(node);
  Recover(block);
  EXPECT_TRUE(Pending(block));
  EXPECT_THAT(Beats(), IsEmpty());
  EXPECT_THAT(Stalled(), IsEmpty());
  cluster_.Register(1);
  cluster_.manager->Tick();
  EXPECT_THAT(Beats(), SizeIs(1));
}

TEST_F(BlockRecoveryTest, ARecoveryOfAnEarlierNameNodeIsStalledWhenItCanBegin) {
  const BlockId block = Open();
  Recover(block, 3);
  const BlockRow row = cluster_.Row(block);
  EXPECT_EQ(row.truncate_to, 3);

  FakeCluster restarted;
  restarted.stamp = cluster_.stamp;
  restarted.manager->Load(std::vector<BlockRow>{row});
  restarted.AddNode("/r0");
  EXPECT_EQ(restarted.Row(block), row);
  EXPECT_FALSE(restarted.manager->Find(block)->recovery_pending);
  restarted.Start();
  EXPECT_THAT(restarted.manager->StalledRecoveries(10), IsEmpty()) << "nobody has told of it";
  restarted.Change(0, {block, row.generation_stamp, 5}, ReplicaChangeKind::kReceiving);
  EXPECT_THAT(restarted.manager->StalledRecoveries(10), IsEmpty()) << "the others may have more";
  restarted.clock.Advance(kDeadMs);
  restarted.BeatOnly(0);
  EXPECT_THAT(restarted.manager->StalledRecoveries(10), SizeIs(1));
  EXPECT_THAT(restarted.BeatOnly(0).recoveries, IsEmpty()) << "never again under the old id";
}

// What was flushed was lost when the first DataNode to report after a restart had less than the
// others: the block was cut to that.
TEST_F(BlockRecoveryTest, AfterARestartItBeginsWhenAsManyHaveReportedAsThereShouldBe) {
  const BlockId block = Open();
  Recover(block);
  BlockRow row = cluster_.Row(block);
  FakeCluster restarted;
  restarted.stamp = cluster_.stamp;
  restarted.manager->Load(std::vector<BlockRow>{row});
  for (int i = 0; i < 3; ++i) restarted.AddNode("/r0");
  restarted.Start();
  row.recovery_id = ++restarted.stamp;
  restarted.SetRow(row);
  for (size_t node = 0; node < 3; ++node) {
    EXPECT_THAT(restarted.BeatOnly(0).recoveries, IsEmpty()) << node << " have reported";
    restarted.Change(node, {block, row.generation_stamp, 5}, ReplicaChangeKind::kReceiving);
  }
  restarted.manager->Tick();
  size_t told = 0;
  for (size_t node = 0; node < 3; ++node) told += restarted.BeatOnly(node).recoveries.size();
  EXPECT_EQ(told, 1u);
}

TEST_F(BlockRecoveryTest, AfterwardsTheListedReplicasAreGoodAndOthersGo) {
  const BlockId block = Open();
  const GenerationStamp id = Recover(block);
  Recovered(block, id, 10, {0, 1});
  EXPECT_EQ(cluster_.Live(block), 2);
  EXPECT_EQ(cluster_.manager->Find(block)->corrupt, 1);
  const auto places = cluster_.manager->Locate(block, 0, "").locations;
  ASSERT_THAT(places, SizeIs(2)) << "a stale replica is never served";
  for (const ReplicaLocation& place : places) EXPECT_NE(place.datanode.id.uuid, "uuid-2");
  for (int i = 0; i < 5; ++i) cluster_.Round();
  EXPECT_EQ(cluster_.manager->Find(block)->corrupt, 0);
  EXPECT_FALSE(cluster_.nodes[2].replicas.contains(block));
}

TEST_F(BlockRecoveryTest, AReturningNodeWithAnOlderStampIsNotCounted) {
  const BlockId block = Open();
  Kill(2);
  const GenerationStamp id = Recover(block);
  Recovered(block, id, 10, {0, 1});
  cluster_.Register(2);
  EXPECT_EQ(cluster_.Live(block), 2);
  EXPECT_EQ(cluster_.manager->Find(block)->corrupt, 1);
}

TEST_F(BlockRecoveryTest, TruncationEndsWithShorterReplicasEverywhere) {
  const BlockId block = cluster_.Write(3);
  BlockRow row = cluster_.Row(block);
  row.state = BlockState::kUnderRecovery;
  row.recovery_id = ++cluster_.stamp;
  row.truncate_to = 100;
  cluster_.SetRow(row);
  const auto told = Beats();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told.begin()->second.at(0).replicas, SizeIs(3));
  EXPECT_EQ(told.begin()->second.at(0).block.block.num_bytes, FakeCluster::kBlockSize);
  std::vector<size_t> holders;
  for (size_t i = 0; i < cluster_.nodes.size(); ++i) {
    if (cluster_.nodes[i].replicas.contains(block)) holders.push_back(i);
  }
  Recovered(block, row.recovery_id, 100, holders);
  EXPECT_EQ(cluster_.Live(block), 3);
  EXPECT_EQ(cluster_.manager->Find(block)->corrupt, 0);
  EXPECT_EQ(cluster_.Row(block).length, 100);
}

TEST_F(BlockRecoveryTest, ReportsThatComeBeforeTheResultAreKept) {
  const BlockId block = Open();
  const GenerationStamp id = Recover(block);
  cluster_.Received(0, {block, id, 10});
  EXPECT_EQ(cluster_.manager->Find(block)->corrupt, 0);
  Recovered(block, id, 10, {0, 1, 2});
  EXPECT_EQ(cluster_.Live(block), 3);
  cluster_.Received(1, {block, id, 10});
  cluster_.Received(2, {block, id, 10});
  EXPECT_EQ(cluster_.Live(block), 3);
}

TEST_F(BlockRecoveryTest, ACommittedBlockIsRecoveredFromWhatWasNotFinalized) {
  const BlockId block = Open();
  BlockRow row = cluster_.Row(block);
  row.length = 10;
  row.state = BlockState::kCommitted;
  FakeCluster restarted;
  restarted.stamp = cluster_.stamp;
  restarted.manager->Load(std::vector<BlockRow>{row});
  restarted.AddNode("/r0");
  restarted.Start();
  ReportChunk chunk{"DS-0", 100, INT64_MIN, INT64_MAX, true, {}};
  chunk.replicas.push_back(
      {{block, row.generation_stamp, 10}, ReplicaState::kWaitingToBeRecovered});
  ASSERT_TRUE(restarted.manager->ReportChunkReceived("uuid-0", chunk).ok());
  EXPECT_FALSE(restarted.manager->HasMinReplicas(row));
  restarted.clock.Advance(kDeadMs);
  restarted.BeatOnly(0);
  row.state = BlockState::kUnderRecovery;
  row.recovery_id = ++restarted.stamp;
  restarted.SetRow(row);
  EXPECT_THAT(restarted.BeatOnly(0).recoveries, SizeIs(1));
}

TEST_F(BlockRecoveryTest, AReplicaThatIsNotFinalizedIsBadOnceTheBlockIsComplete) {
  const BlockId block = Open();
  BlockRow row = cluster_.Row(block);
  row.length = 10;
  cluster_.Received(0, {block, row.generation_stamp, 10});
  ReportChunk chunk{"DS-1", 100, INT64_MIN, INT64_MAX, true, {}};
  chunk.replicas.push_back(
      {{block, row.generation_stamp, 10}, ReplicaState::kWaitingToBeRecovered});
  ASSERT_TRUE(cluster_.manager->ReportChunkReceived("uuid-1", chunk).ok());
  row.state = BlockState::kCommitted;
  cluster_.SetRow(row);
  EXPECT_EQ(cluster_.manager->Find(block)->corrupt, 0);
  EXPECT_EQ(cluster_.Live(block), 1);
  row.state = BlockState::kComplete;
  cluster_.SetRow(row);
  EXPECT_EQ(cluster_.manager->Find(block)->corrupt, 1);
  EXPECT_EQ(cluster_.Live(block), 1);
}

// Reports know nothing of bytes.
TEST_F(BlockRecoveryTest, WrongBytesReadWhileABlockIsWrittenAreNotForgottenWithTheNextReport) {
  const BlockId block = Open();
  BlockRow row = cluster_.Row(block);
  cluster_.manager->MarkCorrupt({block, row.generation_stamp, 10}, "uuid-1", "");
  EXPECT_EQ(cluster_.manager->Find(block)->corrupt, 1);
  Told(1, {block, row.generation_stamp, 10});
  for (size_t i = 0; i < 3; ++i) cluster_.Received(i, {block, row.generation_stamp, 10});
  EXPECT_EQ(cluster_.manager->Find(block)->corrupt, 1);
  row.length = 10;
  row.state = BlockState::kComplete;
  cluster_.SetRow(row);
  EXPECT_EQ(cluster_.manager->Find(block)->corrupt, 1);
  EXPECT_EQ(cluster_.Live(block), 2);
}

TEST_F(BlockRecoveryTest, SurvivorsOfAPipelineRecoveryAreNeverCalledCorrupt) {
  const BlockId block = Open();
  BlockRow row = cluster_.Row(block);
  row.generation_stamp = ++cluster_.stamp;
  cluster_.SetRow(row);
  cluster_.manager->SetExpectedLocations(block, {Place(0), Place(1)});
  cluster_.Received(0, {block, row.generation_stamp, 30});
  row.length = 30;
  row.state = BlockState::kComplete;
  cluster_.SetRow(row);
  EXPECT_EQ(cluster_.Live(block), 1);
  EXPECT_EQ(cluster_.manager->Find(block)->corrupt, 1) << "node 2, which was left out";
  cluster_.Received(1, {block, row.generation_stamp, 30});
  EXPECT_EQ(cluster_.Live(block), 2);
}

TEST_F(BlockRecoveryTest, ABlockIsUnclaimedOnlyWhenEveryNodeHasHadItsSay) {
  std::vector<ReplicaLocation> places;
  const BlockId block = cluster_.Allocate(1, "", &places);
  const auto unclaimed = [&](FakeCluster& cluster) {
    return cluster.manager->Find(block)->unclaimed;
  };
  cluster_.clock.Advance(2 * kDeadMs);
  EXPECT_FALSE(unclaimed(cluster_)) << "it was given to a DataNode";

  FakeCluster restarted;
  restarted.stamp = cluster_.stamp;
  restarted.manager->Load(std::vector<BlockRow>{cluster_.Row(block)});
  restarted.AddNode("/r0");
  EXPECT_FALSE(unclaimed(restarted));
  restarted.Start();
  EXPECT_FALSE(unclaimed(restarted)) << "another DataNode may be on its way";
  restarted.clock.Advance(kDeadMs);
  restarted.BeatOnly(0);
  EXPECT_TRUE(unclaimed(restarted));
  restarted.AddNode("/r0");
  restarted.nodes[1].registration.storages.push_back({.storage_id = "DS-new"});
  ASSERT_TRUE(restarted.manager->Register(restarted.nodes[1].registration).ok());
  EXPECT_FALSE(unclaimed(restarted)) << "it has not reported";
  restarted.clock.Advance(kDeadMs + 1);
  restarted.BeatOnly(0);
  restarted.manager->Tick();
  EXPECT_TRUE(unclaimed(restarted)) << "it is dead";
  restarted.Change(0, {block, cluster_.stamp, 5}, ReplicaChangeKind::kReceiving);
  EXPECT_FALSE(unclaimed(restarted));
}

// HDFS's clients do not tell the length when they flush: the block was removed, and with it what
// had been synced to DataNodes that came back later.
TEST_F(BlockRecoveryTest, ABlockOfUnknownLengthIsUnclaimedOnlyIfOneOfItsPipelineHasNothing) {
  BlockRow row = cluster_.Row(Open());
  row.pipeline = {"uuid-0", "uuid-1"};
  FakeCluster restarted;
  restarted.stamp = cluster_.stamp;
  restarted.manager->Load(std::vector<BlockRow>{row});
  const auto unclaimed = [&] { return restarted.manager->Find(row.id)->unclaimed; };
  restarted.AddNode("/r0", /*up=*/false);
  restarted.AddNode("/r0", /*up=*/false);
  restarted.AddNode("/r0");
  restarted.Start();
  restarted.clock.Advance(kDeadMs);
  restarted.BeatOnly(2);
  EXPECT_FALSE(unclaimed()) << "all of its pipeline are away";
  restarted.nodes[1].up = true;
  restarted.Register(1);
  EXPECT_TRUE(unclaimed());
}

TEST_F(BlockRecoveryTest, ABlockWithKnownBytesIsUnclaimedWhenItsPipelineHasReportedNothingOfUse) {
  BlockRow row = cluster_.Row(Open());
  row.length = 10;
  row.pipeline = {"uuid-0", "uuid-1"};
  FakeCluster restarted;
  restarted.stamp = cluster_.stamp;
  restarted.manager->Load(std::vector<BlockRow>{row});
  const auto unclaimed = [&] { return restarted.manager->Find(row.id)->unclaimed; };
  restarted.AddNode("/r0");
  restarted.Start();
  EXPECT_FALSE(unclaimed()) << "the other one has not reported";
  restarted.AddNode("/r0");
  EXPECT_TRUE(unclaimed()) << "and this without waiting until others are dead";
  restarted.nodes[1].failed_volumes = 1;
  restarted.BeatOnly(1);
  EXPECT_FALSE(unclaimed()) << "it may be on the volume that failed";
  restarted.nodes[1].failed_volumes = 0;
  restarted.BeatOnly(1);
  EXPECT_EQ(restarted.Row(row.id), row);
  const Block useless{row.id, 0, 0};  // its meta file is lost
  restarted.Change(1, useless, ReplicaChangeKind::kReceiving);
  EXPECT_TRUE(unclaimed());
  restarted.Change(0, {row.id, row.generation_stamp, 10}, ReplicaChangeKind::kReceiving);
  EXPECT_FALSE(unclaimed());
  restarted.manager->MarkCorrupt({row.id, row.generation_stamp, 10}, "uuid-0", "DS-0");
  EXPECT_FALSE(unclaimed()) << "a damaged replica may be good to some extent";
}

TEST_F(BlockRecoveryTest, TheOrderSaysWhetherOthersMayHaveAReplica) {
  const BlockId block = Open();
  BlockRow row = cluster_.Row(block);
  row.pipeline = {"uuid-0", "uuid-1", "uuid-2"};
  cluster_.SetRow(row);
  const auto absent = [&]() -> std::optional<AbsentReplicas> {
    Recover(block);
    const auto told = Beats();
    EXPECT_EQ(told.size(), 1u);
    return told.empty() ? std::nullopt : std::optional(told.begin()->second.at(0).absent);
  };
  EXPECT_EQ(absent(), AbsentReplicas::kNone);
  EXPECT_TRUE(cluster_.manager->Find(block)->loss_is_certain);
  cluster_.nodes[2].up = false;
  cluster_.clock.Advance(30'001);
  Beats();
  EXPECT_EQ(absent(), AbsentReplicas::kAwaited) << "silent, and not asked";
  Kill(2);
  EXPECT_EQ(absent(), AbsentReplicas::kDead);
  EXPECT_FALSE(cluster_.manager->Find(block)->loss_is_certain);
  cluster_.nodes[2].replicas.clear();
  cluster_.nodes[2].up = true;
  ASSERT_TRUE(cluster_.manager->Register(cluster_.nodes[2].registration).ok());
  EXPECT_EQ(absent(), AbsentReplicas::kAwaited) << "it has not reported";
  cluster_.Register(2);
  EXPECT_EQ(absent(), AbsentReplicas::kNone);
  cluster_.nodes[1].failed_volumes = 1;
  EXPECT_EQ(absent(), AbsentReplicas::kNone) << "its replica is on another one";
  cluster_.nodes[2].failed_volumes = 1;
  Beats();
  EXPECT_EQ(absent(), AbsentReplicas::kDead) << "its replica may be on the volume that failed";
  EXPECT_FALSE(cluster_.manager->Find(block)->loss_is_certain);
  cluster_.nodes[2].failed_volumes = 0;
  cluster_.manager->MarkCorrupt({block, row.generation_stamp, 10}, "uuid-1", "DS-1");
  EXPECT_EQ(absent(), AbsentReplicas::kDead) << "a damaged replica may be good to some extent";
}

TEST_F(BlockRecoveryTest, WithoutAPipelineInItsRowALossIsNeverCertain) {
  const BlockId block = Open();
  Recover(block);
  const auto first = Beats();
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first.begin()->second.at(0).absent, AbsentReplicas::kAwaited);
  cluster_.clock.Advance(kDeadMs + 1);
  for (size_t node = 0; node < 4; ++node) cluster_.Register(node);
  for (size_t node = 0; node < 3; ++node)
    Told(node, {block, cluster_.Row(block).generation_stamp, 10});
  Recover(block);
  const auto told = Beats();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told.begin()->second.at(0).absent, AbsentReplicas::kDead);
  EXPECT_FALSE(cluster_.manager->Find(block)->loss_is_certain);
}

TEST_F(BlockRecoveryTest, AStalledRecoveryOfAnUnclaimedBlockIsToldTo) {
  std::vector<ReplicaLocation> places;
  const BlockId block = cluster_.Allocate(1, "", &places);
  BlockRow row = cluster_.Row(block);
  row.state = BlockState::kUnderRecovery;
  row.recovery_id = ++cluster_.stamp;
  FakeCluster restarted;
  restarted.stamp = cluster_.stamp;
  restarted.manager->Load(std::vector<BlockRow>{row});
  restarted.AddNode("/r0");
  restarted.Start();
  EXPECT_THAT(restarted.manager->StalledRecoveries(10), IsEmpty());
  restarted.clock.Advance(kDeadMs);
  EXPECT_THAT(restarted.manager->StalledRecoveries(10), SizeIs(1));
}

TEST_F(BlockRecoveryTest, PlacesOfAPipelineMustBeKnownAndMakeNothingUp) {
  ReplicaLocation unknown = Place(0);
  unknown.datanode.id.uuid = "uuid-x";
  unknown.datanode.id.ip_addr = "10.9.9.9";
  EXPECT_TRUE(cluster_.manager->CheckPlaces({Place(0), Place(1)}).ok());
  EXPECT_TRUE(cluster_.manager->CheckPlaces({Place(0), unknown}).ok())
      << "it may not have registered since a restart";
  EXPECT_FALSE(cluster_.manager->CheckPlaces({unknown}).ok());
  EXPECT_FALSE(cluster_.manager->CheckPlaces({}).ok());
  ReplicaLocation no_storage = Place(0);
  no_storage.storage_id = "DS-made-up";
  EXPECT_FALSE(cluster_.manager->CheckPlaces({no_storage, Place(1)}).ok());

  std::vector<ReplicaLocation> places;
  const BlockId block = cluster_.Allocate(1, "", &places);
  cluster_.manager->SetExpectedLocations(block, {no_storage, unknown, Place(1)});
  EXPECT_THAT(cluster_.manager->ExpectedLocations(block), SizeIs(1));
}

TEST_F(BlockRecoveryTest, AnAppendedBlockIsNotCopied) {
  const BlockId block = cluster_.Write(3);
  for (size_t i = 0; i < cluster_.nodes.size(); ++i) {
    if (!cluster_.nodes[i].replicas.contains(block)) continue;
    Kill(i);
    break;
  }
  cluster_.Replicate();
  EXPECT_EQ(cluster_.manager->Stats().pending_replication_blocks, 1);
  BlockRow row = cluster_.Row(block);
  row.state = BlockState::kUnderConstruction;
  cluster_.SetRow(row);
  EXPECT_EQ(cluster_.manager->Stats().pending_replication_blocks, 0);
  for (size_t i = 0; i < cluster_.nodes.size(); ++i) {
    if (cluster_.nodes[i].up) EXPECT_THAT(cluster_.BeatOnly(i).transfers, IsEmpty());
  }
}

TEST_F(BlockRecoveryTest, ADeletedBlockIsNotRecovered) {
  const BlockId block = Open();
  Recover(block);
  cluster_.Delete(block);
  EXPECT_THAT(Beats(), IsEmpty());
  EXPECT_THAT(Stalled(), IsEmpty());
}

}  // namespace
}  // namespace cairn::namenode
