// Files of dead writers and truncated files from the NameNode's end to the DataNodes'. Restarts and
// lost messages in every state.
#include <optional>

#include "namenode/monitors/testing/recovery_fixture.h"

namespace cairn::namenode {
namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kTenYearsMs = int64_t{10} * 365 * 24 * kHourMs;

INSTANTIATE_TEST_SUITE_P(Caches, RecoveryTest,
                         ::testing::Values(CacheSize::kNone, CacheSize::k64Entries,
                                           CacheSize::kDefault),
                         CacheSizeName);

TEST_P(RecoveryTest, PastTheHardLimitAFileIsClosedWithWhatWasFlushed) {
  WriteOpen("/f", 100);
  RoundsFor(options_.lease_hard_limit_ms - 30'000);
  EXPECT_FALSE(IsClosed("/f"));
  RoundsFor(120'000);
  ExpectRecovered("/f", 100);
}

TEST_P(RecoveryTest, TheShortestReplicaDecides) {
  WriteOpen("/f", 100);
  disks_[1][block_.block.id].block.num_bytes = 120;
  disks_[2][block_.block.id].block.num_bytes = 110;
  EXPECT_FALSE(*RecoverLease("/f"));
  Round();
  ExpectRecovered("/f", 100);
}

TEST_P(RecoveryTest, FlushedBytesSurviveTheDeathOfWriterAndNameNode) {
  WriteOpen("/f", 100);
  for (auto& disk : disks_) disk[block_.block.id].state = ReplicaState::kWaitingToBeRecovered;
  Restart(/*report=*/false);
  EXPECT_FALSE(*RecoverLease("/f")) << "nobody has reported: the block must not be given up";
  Beat();
  EXPECT_FALSE(*RecoverLease("/f"));
  Report();
  for (int i = 0; i < 3; ++i) Round();
  ExpectRecovered("/f", 100);
}

TEST_P(RecoveryTest, ABlockThatNeverReachedADataNodeIsRemoved) {
  WriteOpen("/f", 0);
  EXPECT_FALSE(*RecoverLease("/f"));
  Round();
  EXPECT_TRUE(IsClosed("/f"));
  EXPECT_FALSE(cluster_->manager->Find(block_.block.id).has_value());
}

TEST_P(RecoveryTest, ABlockThatNeverReachedADataNodeIsRemovedAfterARestartInDueTime) {
  WriteOpen("/f", 0);
  Restart();
  EXPECT_FALSE(*RecoverLease("/f"));
  RoundsFor(600'000);
  EXPECT_FALSE(IsClosed("/f"));
  RoundsFor(60'000);
  EXPECT_TRUE(IsClosed("/f"));
}

// The NameNode knows of 100 bytes. The first DataNode to come back has lost some of them.
TEST_P(RecoveryTest, KnownBytesThatADataNodeMayStillHaveAreNotCut) {
  WriteOpen("/f", 100);
  Tell("/f", 100);
  for (auto& disk : disks_) disk[block_.block.id].state = ReplicaState::kWaitingToBeRecovered;
  disks_[0][block_.block.id].block.num_bytes = 40;
  away_ = {1, 2};
  Restart();
  EXPECT_FALSE(*RecoverLease("/f"));
  RoundsFor(600'000);
  EXPECT_TRUE(orders_.empty());
  EXPECT_THAT(cluster_->manager->Find(block_.block.id)->recovery_waits_for,
              ::testing::AllOf(::testing::HasSubstr("uuid-1"), ::testing::HasSubstr("uuid-2")));
  for (int i = 0; i < 4 && orders_.empty(); ++i) Beat(30'000);
  ASSERT_EQ(orders_.size(), 1u) << "now the others are taken for dead";
  EXPECT_EQ(orders_[0].command.absent, AbsentReplicas::kDead);
  const auto disks = disks_;
  const absl::Status cut = Commit(Recover(orders_[0]));
  EXPECT_TRUE(Is(cut, ErrorKind::kIo)) << cut;
  EXPECT_THAT(std::string(cut.message()), ::testing::HasSubstr("40 bytes, but 100 are known"));
  disks_ = disks;
  RoundsFor(kHourMs);
  EXPECT_FALSE(IsClosed("/f"));
  Register(1);
  Report();
  RoundsFor(300'000);
  ExpectRecovered("/f", 100, 1);
}

TEST_P(RecoveryTest, KnownBytesThatNoDataNodeHasAnyMoreAreGivenUp) {
  WriteOpen("/f", 100);
  Tell("/f", 100);
  for (auto& disk : disks_) {
    disk[block_.block.id].state = ReplicaState::kWaitingToBeRecovered;
    disk[block_.block.id].block.num_bytes = 40;
  }
  Restart();
  EXPECT_FALSE(*RecoverLease("/f"));
  for (int i = 0; i < 3; ++i) Round();
  ExpectRecovered("/f", 40);
}

// The file stayed open for ever.
TEST_P(RecoveryTest, ABlockWithKnownBytesThatIsOnNoDiskGoesWhenItsPipelineHasReported) {
  WriteOpen("/f", 100);
  Tell("/f", 100);
  for (auto& disk : disks_) disk.clear();
  away_ = {2};
  Restart();
  EXPECT_FALSE(*RecoverLease("/f"));
  RoundsFor(kHourMs);
  EXPECT_FALSE(IsClosed("/f")) << "the third may have it";
  Register(2);
  RoundsFor(60'000);
  EXPECT_FALSE(IsClosed("/f")) << "it has not reported";
  Report();
  RoundsFor(300'000);
  EXPECT_TRUE(IsClosed("/f"));
  EXPECT_FALSE(cluster_->manager->Find(block_.block.id).has_value());
}

TEST_P(RecoveryTest, ABlockWithKnownBytesThatItsDataNodesLostIsRemovedByItsRecovery) {
  WriteOpen("/f", 100);
  Tell("/f", 100);
  for (auto& disk : disks_) disk.clear();
  for (size_t node = 0; node < 3; ++node) Register(node);
  EXPECT_FALSE(*RecoverLease("/f"));
  Beat();
  ASSERT_EQ(orders_.size(), 1u);
  EXPECT_EQ(orders_[0].command.absent, AbsentReplicas::kAwaited) << "nobody has reported";
  RoundsFor(60'000);
  EXPECT_FALSE(IsClosed("/f"));
  Report();
  RoundsFor(300'000);
  EXPECT_TRUE(IsClosed("/f"));
  EXPECT_FALSE(cluster_->manager->Find(block_.block.id).has_value());
}

TEST_P(RecoveryTest, ARestartInAnyStateOfARecoveryOnlyDelaysIt) {
  for (int stage = 0; stage < 4; ++stage) {
    const std::string path = "/f" + std::to_string(stage);
    WriteOpen(path, 100);
    EXPECT_FALSE(*RecoverLease(path));
    const GenerationStamp first = Row().recovery_id;
    std::optional<BlockSyncRequest> result;
    if (stage >= 1) Beat();  // the primary is told
    if (stage >= 2) {        // and has done it
      ASSERT_EQ(orders_.size(), 1u);
      result = Recover(orders_[0]);
    }
    if (stage >= 3) EXPECT_TRUE(Commit(*result).ok());
    Restart();
    if (stage == 2) {  // as if its call came through to the new NameNode at last
      const bool latest = Row().recovery_id == result->recovery_id;
      EXPECT_EQ(Commit(*result).ok(), latest);
    }
    for (int i = 0; i < 3; ++i) Round();
    ExpectRecovered(path, 100);
    if (stage < 2) EXPECT_GT(Row().generation_stamp, first) << stage;
  }
}

TEST_P(RecoveryTest, OfTwoOverlappingRecoveriesTheLaterWins) {
  WriteOpen("/f", 100);
  EXPECT_FALSE(*RecoverLease("/f"));
  Beat();
  ASSERT_EQ(orders_.size(), 1u);
  const Order slow = orders_[0];
  orders_.clear();
  for (int i = 0; i < 6; ++i) Beat(20'000);  // no result for longer than 90 s
  ASSERT_EQ(orders_.size(), 1u) << "the monitor has begun another attempt";
  const Order second = orders_[0];
  orders_.clear();
  EXPECT_GT(second.command.recovery_id, slow.command.recovery_id);
  const BlockSyncRequest late = Recover(slow);  // reaches the DataNodes first
  const BlockSyncRequest result = Recover(second);
  const absl::Status refused = Commit(late);
  EXPECT_TRUE(Is(refused, ErrorKind::kIo)) << refused;
  EXPECT_FALSE(IsClosed("/f"));
  EXPECT_TRUE(Commit(result).ok());
  EXPECT_TRUE(Commit(late).ok()) << "the file is closed: nothing to do";
  ExpectRecovered("/f", 100);
  EXPECT_EQ(Row().generation_stamp, second.command.recovery_id);
}

TEST_P(RecoveryTest, APrimaryThatDiesIsFollowedByAnother) {
  WriteOpen("/f", 100);
  EXPECT_FALSE(*RecoverLease("/f"));
  Beat();
  ASSERT_EQ(orders_.size(), 1u);
  cluster_->nodes[orders_[0].primary].up = false;
  cluster_->manager->DatanodeFailed(cluster_->nodes[orders_[0].primary].uuid());
  orders_.clear();
  for (int i = 0; i < 3; ++i) Round();
  ExpectRecovered("/f", 100, 2);
}

TEST_P(RecoveryTest, AReplicaOfAnOlderStampIsNeitherAskedNorServed) {
  WriteOpen("/f", 100);
  const auto renewed = TestNamespace::Sync<LocatedBlock>([&](auto done) {
    ns_->UpdateBlockForPipeline(TestNamespace::Root(), block_, "writer", std::move(done));
  });
  ASSERT_TRUE(renewed.ok());
  EXPECT_TRUE(stamps_.insert(renewed->block.block.generation_stamp).second);
  UpdatePipelineRequest update{"writer", block_, renewed->block, {}, {}};
  update.new_block.block.num_bytes = 100;
  for (size_t node = 0; node < 2; ++node) {
    update.new_nodes.push_back(cluster_->nodes[node].registration.id);
    update.storage_ids.push_back(cluster_->nodes[node].storage_id());
    disks_[node][block_.block.id].block = {block_.block.id, renewed->block.block.generation_stamp,
                                           150};
  }
  ASSERT_TRUE(TestNamespace::SyncVoid([&](auto done) {
                ns_->UpdatePipeline(TestNamespace::Root(), update, std::move(done));
              }).ok());
  Restart();
  EXPECT_FALSE(*RecoverLease("/f"));
  Beat();
  ASSERT_EQ(orders_.size(), 1u);
  EXPECT_EQ(orders_[0].command.replicas.size(), 2u);
  EXPECT_TRUE(Commit(Recover(orders_[0])).ok());
  ExpectRecovered("/f", 150, 2);
}

TEST_P(RecoveryTest, ATruncationEndsAlsoWhenTheNameNodeIsRestarted) {
  WriteClosed("/f", 100);
  ASSERT_FALSE(*Truncate("/f", 40));
  Restart();
  EXPECT_FALSE(IsClosed("/f"));
  for (int i = 0; i < 3; ++i) Round();
  ExpectRecovered("/f", 40);
  ASSERT_TRUE(Truncate("/f", 10).ok());
  Round();
  ExpectRecovered("/f", 10);
}

TEST_P(RecoveryTest, ATruncatedBlockOnANodeThatWasAwayIsNotServed) {
  WriteClosed("/f", 100);
  cluster_->nodes[2].up = false;
  cluster_->manager->DatanodeFailed(cluster_->nodes[2].uuid());
  ASSERT_FALSE(*Truncate("/f", 40));
  Round();
  ExpectRecovered("/f", 40, 2);
  cluster_->Register(2);
  cluster_->nodes[2].sequence = 10;
  Report();
  ExpectRecovered("/f", 40, 2);
}

TEST_P(RecoveryTest, AFileDeletedDuringItsRecoveryStaysDeleted) {
  WriteOpen("/f", 100);
  EXPECT_FALSE(*RecoverLease("/f"));
  Beat();
  const BlockSyncRequest result = Recover(orders_.at(0));
  const auto deleted = TestNamespace::Sync<bool>(
      [&](auto done) { ns_->Delete(TestNamespace::Root(), "/f", true, std::move(done)); });
  ASSERT_TRUE(*deleted);
  EXPECT_FALSE(Commit(result).ok());
  EXPECT_FALSE(cluster_->manager->Find(block_.block.id).has_value());
  EXPECT_TRUE(cluster_->manager->StalledRecoveries(10).empty());
}

TEST_P(RecoveryTest, AJumpOfTheWallClockEndsNoLeaseAndKillsNoNode) {
  WriteOpen("/f", 100);
  for (const int64_t jump : {kHourMs, -kHourMs, kTenYearsMs, -kTenYearsMs}) {
    cluster_->clock.SetWallMs(cluster_->clock.WallMs() + jump);
    Round();
    EXPECT_FALSE(IsClosed("/f"));
    EXPECT_EQ(Row().state, BlockState::kUnderConstruction);
    EXPECT_EQ(cluster_->manager->Stats().live_datanodes, 3);
    EXPECT_EQ(cluster_->manager->Stats().stale_datanodes, 0);
    const auto append = TestNamespace::Sync<AppendResult>([&](auto done) {
      ns_->Append(TestNamespace::Root(), {"/f", "other", false}, std::move(done));
    });
    EXPECT_TRUE(Is(append.status(), ErrorKind::kAlreadyBeingCreated)) << append.status();
  }
  ASSERT_FALSE(*RecoverLease("/f"));
  Beat();
  for (const int64_t jump : {kTenYearsMs, -2 * kTenYearsMs}) {
    cluster_->clock.SetWallMs(cluster_->clock.WallMs() + jump);
    Beat();
  }
  ASSERT_EQ(orders_.size(), 1u) << "the attempt has not been given up";
  EXPECT_TRUE(Commit(Recover(orders_[0])).ok());
  ExpectRecovered("/f", 100);
}

}  // namespace
}  // namespace cairn::namenode
