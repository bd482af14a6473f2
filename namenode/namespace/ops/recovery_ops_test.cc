// append, truncate and the recovery of files whose writer is gone; HDFS's semantics and messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "namenode/namespace/ops/testing/recovery_ops.h"

namespace cairn::namenode {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int64_t kSoftMs = 60'000;
constexpr int64_t kHardMs = 1'200'000;

CAIRN_INSTANTIATE_OPS_TEST(RecoveryOps);

// ---- append

TEST_P(RecoveryOps, AppendNeedsAFileThatMayBeWritten) {
  ASSERT_TRUE(root().Mkdirs("/d").ok());
  EXPECT_TRUE(IsError(root().Append("/d").status(), ErrorKind::kFileAlreadyExists,
                      "Cannot append to directory /d; already exists as a directory."));
  EXPECT_TRUE(IsError(root().Append("/no").status(), ErrorKind::kFileNotFound,
                      "Failed to append to non-existent file /no for client 10.0.0.1"));
  ASSERT_TRUE(root().Touch("/f").ok());
  EXPECT_EQ(KindOf(user("ann").Append("/f").status()), ErrorKind::kAccessControl);
  EnterSafeMode();
  EXPECT_TRUE(IsError(root().Append("/f").status(), ErrorKind::kSafeMode,
                      "Cannot append to file/f. Name node is in safe mode."));
}

TEST_P(RecoveryOps, AppendGoesOnWithTheLastBlockUnderItsStamp) {
  Write("/f", {kBlock, 100});
  const BlockRow before = Last("/f");
  const auto appended = root().Append("/f", "b");
  ASSERT_TRUE(appended.ok()) << appended.status();
  ASSERT_TRUE(appended->block.has_value());
  EXPECT_EQ(appended->block->block, Extended(before));
  EXPECT_EQ(appended->block->offset, kBlock);
  EXPECT_EQ(appended->block->locations.size(), 1u);
  EXPECT_EQ(appended->last_block, Extended(before));
  EXPECT_EQ(appended->status.length, kBlock + 100);
  EXPECT_EQ(appended->status.file_id, IdOf("/f"));
  EXPECT_EQ(Last("/f").state, BlockState::kUnderConstruction);
  EXPECT_FALSE(*root().IsFileClosed("/f"));

  const LocatedBlock stamp = *root().UpdateBlockForPipeline(Extended(before), "b");
  UpdatePipelineRequest update{"b",
                               Extended(before),
                               stamp.block,
                               {appended->block->locations[0].datanode.id},
                               {appended->block->locations[0].storage_id}};
  ASSERT_TRUE(root().UpdatePipeline(update).ok());
  ExtendedBlock done = stamp.block;
  done.block.num_bytes = 300;
  EXPECT_TRUE(*root().Complete({.path = "/f", .client_name = "b", .last = done}));
  EXPECT_EQ(LengthOf("/f"), kBlock + 300);
}

TEST_P(RecoveryOps, AppendToAFullOrAbsentLastBlockGivesNone) {
  ASSERT_TRUE(root().Touch("/empty").ok());
  const auto empty = root().Append("/empty", "b");
  ASSERT_TRUE(empty.ok());
  EXPECT_FALSE(empty->block || empty->last_block);
  EXPECT_TRUE(root().AddBlock({.path = "/empty", .client_name = "b"}).ok());

  Write("/full", {kBlock});
  const auto full = root().Append("/full", "b");
  ASSERT_TRUE(full.ok());
  EXPECT_FALSE(full->block.has_value());
  ASSERT_TRUE(full->last_block.has_value());
  EXPECT_EQ(Last("/full").state, BlockState::kComplete);
  const auto next =
      root().AddBlock({.path = "/full", .client_name = "b", .previous = full->last_block});
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->offset, kBlock);
}

TEST_P(RecoveryOps, AppendWithANewBlockLeavesTheLastAsItIs) {
  Write("/f", {100});
  const auto appended = root().Append("/f", "b", /*new_block=*/true);
  ASSERT_TRUE(appended.ok());
  EXPECT_FALSE(appended->block.has_value());
  ASSERT_TRUE(appended->last_block.has_value());
  EXPECT_EQ(Last("/f").state, BlockState::kComplete);
  const auto next =
      root().AddBlock({.path = "/f", .client_name = "b", .previous = appended->last_block});
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->offset, 100);
}

TEST_P(RecoveryOps, AppendNeedsReplicasOfTheLastBlock) {
  Write("/f", {100});
  const BlockRow last = Last("/f");
  blocks().SetReplicated(last.id, false);
  EXPECT_TRUE(IsError(root().Append("/f").status(), ErrorKind::kIo,
                      "append: lastBlock=" + Extended(last).block.ToString() +
                          " of src=/f is not sufficiently replicated yet."));
  EXPECT_TRUE(*root().IsFileClosed("/f"));
}

TEST_P(RecoveryOps, OneWriterAtATime) {
  Write("/f", {100});
  ASSERT_TRUE(root().Append("/f", "ann").ok());
  EXPECT_TRUE(IsError(root().Append("/f", "ann").status(), ErrorKind::kAlreadyBeingCreated,
                      "Failed to APPEND_FILE /f for ann on 10.0.0.1 because ann is already the "
                      "current lease holder."));
  EXPECT_TRUE(IsError(root().Append("/f", "bob").status(), ErrorKind::kAlreadyBeingCreated,
                      "Failed to APPEND_FILE /f for bob on 10.0.0.1 because this file lease is "
                      "currently owned by ann on 10.0.0.1"));
  EXPECT_TRUE(IsError(root().Truncate("/f", 1, "bob").status(), ErrorKind::kAlreadyBeingCreated,
                      "Failed to TRUNCATE_FILE /f for bob on 10.0.0.1 because this file lease is "
                      "currently owned by ann on 10.0.0.1"));
}

// ---- the soft limit

TEST_P(RecoveryOps, AfterTheSoftLimitAnotherWriterStartsRecovery) {
  Write("/f", {kBlock, 100}, /*close=*/false);
  fs().clock().Advance(kSoftMs);
  EXPECT_EQ(KindOf(root().Append("/f", "b").status()), ErrorKind::kAlreadyBeingCreated);
  fs().clock().Advance(1);
  EXPECT_TRUE(IsError(root().Append("/f", "b").status(), ErrorKind::kRecoveryInProgress,
                      "Failed to APPEND_FILE /f for b on 10.0.0.1 because lease recovery is in "
                      "progress. Try again later."));
  const BlockRow first = Last("/f");
  EXPECT_EQ(first.state, BlockState::kUnderRecovery);
  EXPECT_GT(first.recovery_id, first.generation_stamp);

  SetView("/f", /*pending=*/true);
  EXPECT_TRUE(IsError(root().Create("/f", kCreateFlagCreate, "b").status(),
                      ErrorKind::kRecoveryInProgress,
                      "Failed to CREATE_FILE /f for b on 10.0.0.1 because lease recovery is in "
                      "progress. Try again later."));
  EXPECT_EQ(Last("/f").recovery_id, first.recovery_id) << "one attempt at a time";
  SetView("/f", /*pending=*/false);
  EXPECT_EQ(KindOf(root().Append("/f", "b").status()), ErrorKind::kRecoveryInProgress);
  EXPECT_GT(Last("/f").recovery_id, first.recovery_id);

  ASSERT_TRUE(root().RenewLease("writer").ok());  // it is back, but its block is taken
  EXPECT_TRUE(IsError(root().Append("/f", "b").status(), ErrorKind::kRecoveryInProgress,
                      "Failed to APPEND_FILE /f for b on 10.0.0.1 because another recovery is in "
                      "progress by writer on 10.0.0.1"));
  ASSERT_TRUE(root().BlockSync(SyncOf("/f", 100)).ok());
  EXPECT_TRUE(*root().IsFileClosed("/f"));
  EXPECT_TRUE(root().Append("/f", "b").ok());
}

TEST_P(RecoveryOps, AfterTheSoftLimitAFileWhoseBlocksAreDoneIsClosedAtOnce) {
  ASSERT_TRUE(root().Create("/empty", kCreateFlagCreate, "writer").ok());
  Write("/f", {100});
  ASSERT_TRUE(root().Append("/f", "writer", /*new_block=*/true).ok());
  fs().clock().Advance(kSoftMs + 1);
  EXPECT_TRUE(IsError(root().Create("/empty", kCreateFlagCreate, "b").status(),
                      ErrorKind::kFileAlreadyExists, "/empty for client 10.0.0.1 already exists"));
  EXPECT_TRUE(*root().IsFileClosed("/empty")) << "the refusal has had its effect";
  EXPECT_TRUE(root().Append("/f", "b").ok());
}

// ---- recoverLease and the hard limit

TEST_P(RecoveryOps, RecoverLeaseGivesTheLeaseToWhoAsks) {
  Write("/f", {100}, /*close=*/false);
  EXPECT_FALSE(*root().RecoverLease("/f"));
  const BlockRow row = Last("/f");
  EXPECT_EQ(row.state, BlockState::kUnderRecovery);
  const std::string lost =
      "Client (=writer) is not the lease owner (=recoverer: /f (inode 0) Holder writer does not "
      "have "
      "any open files.";
  EXPECT_TRUE(IsError(root().AddBlock({.path = "/f", .client_name = "writer"}).status(),
                      ErrorKind::kLeaseExpired, lost));
  EXPECT_TRUE(IsError(
      root().Complete({.path = "/f", .client_name = "writer", .last = Extended(row)}).status(),
      ErrorKind::kLeaseExpired, lost));
  EXPECT_TRUE(IsError(root().Fsync({.path = "/f", .client_name = "writer"}),
                      ErrorKind::kLeaseExpired, lost));
  EXPECT_TRUE(IsError(root().AbandonBlock({Extended(row), "/f", "writer"}),
                      ErrorKind::kLeaseExpired, lost));
  EXPECT_TRUE(IsError(root().UpdateBlockForPipeline(Extended(row), "writer").status(),
                      ErrorKind::kIo,
                      "Unexpected BlockUCState: " + Extended(row).ToString() +
                          " is UNDER_RECOVERY but not UNDER_CONSTRUCTION"));
  SetView("/f", /*pending=*/true);
  EXPECT_FALSE(*root().RecoverLease("/f"));
  EXPECT_EQ(Last("/f").recovery_id, row.recovery_id);
}

TEST_P(RecoveryOps, ALateWriterCannotCommitABlockUnderRecovery) {
  Write("/f", {100}, /*close=*/false);
  fs().clock().Advance(kSoftMs + 1);
  ASSERT_FALSE(root().Append("/f", "b").ok());  // recovery; the writer still holds the lease
  const ExtendedBlock block = Extended(Last("/f"));
  EXPECT_TRUE(IsError(
      root().Complete({.path = "/f", .client_name = "writer", .last = block}).status(),
      ErrorKind::kIo,
      "Commit or complete block " + block.block.ToString() + ", whereas it is under recovery."));
  EXPECT_TRUE(IsError(
      root().AddBlock({.path = "/f", .client_name = "writer", .previous = block}).status(),
      ErrorKind::kIo,
      "Commit or complete block " + block.block.ToString() + ", whereas it is under recovery."));
  EXPECT_TRUE(root().AbandonBlock({block, "/f", "writer"}).ok()) << "silently, without effect";
  ASSERT_TRUE(root().BlockSync(SyncOf("/f", 100)).ok());
  const absl::Status late =
      root().Complete({.path = "/f", .client_name = "writer", .last = block}).status();
  EXPECT_TRUE(IsError(late, ErrorKind::kLeaseExpired,
                      "File is not open for writing: /f (inode 0) Holder writer does not have any "
                      "open files."));
  EXPECT_EQ(LengthOf("/f"), 100);
}

TEST_P(RecoveryOps, PastTheHardLimitTheNameNodeTakesTheLease) {
  Write("/f", {100}, /*close=*/false);
  ASSERT_TRUE(root().Create("/empty", kCreateFlagCreate, "writer").ok());
  EXPECT_FALSE(ExpireLease(IdOf("/f"))) << "not yet";
  EXPECT_EQ(Last("/f").state, BlockState::kUnderConstruction);
  fs().clock().Advance(kHardMs + 1);
  EXPECT_FALSE(ExpireLease(IdOf("/f")));
  EXPECT_TRUE(ExpireLease(IdOf("/empty")));
  EXPECT_EQ(Last("/f").state, BlockState::kUnderRecovery);
  EXPECT_THAT(
      std::string(root().AddBlock({.path = "/f", .client_name = "writer"}).status().message()),
      HasSubstr("is not the lease owner (=HDFS_NameNode-"));
  EXPECT_TRUE(fs().ns().ExpiredLeases(10).empty()) << "it was renewed by the change";
  ASSERT_TRUE(root().BlockSync(SyncOf("/f", 100)).ok());
  EXPECT_TRUE(*root().IsFileClosed("/f"));
}

TEST_P(RecoveryOps, AStalledRecoveryIsDrivenOnUnderANewIdAndTheSameLease) {
  Write("/f", {100});
  ASSERT_FALSE(*root().Truncate("/f", 40, "cutter"));
  const BlockRow first = Last("/f");
  SetView("/f", /*pending=*/true);
  EXPECT_FALSE(ExpireLease(IdOf("/f")));
  EXPECT_EQ(Last("/f"), first);
  SetView("/f", /*pending=*/false);
  EXPECT_FALSE(ExpireLease(IdOf("/f")));
  EXPECT_GT(Last("/f").recovery_id, first.recovery_id);
  EXPECT_EQ(Last("/f").truncate_to, 40);
  EXPECT_TRUE(IsError(root().Append("/f", "cutter").status(), ErrorKind::kAlreadyBeingCreated,
                      "Failed to APPEND_FILE /f for cutter on 10.0.0.1 because cutter is already "
                      "the current lease holder."));
}

TEST_P(RecoveryOps, ABlockNobodyEverHadIsRemoved) {
  Write("/f", {kBlock, 0}, /*close=*/false);
  EXPECT_FALSE(*root().RecoverLease("/f")) << "its DataNodes may be yet to report";
  SetView("/f", /*pending=*/true, /*unclaimed=*/true);
  EXPECT_TRUE(*root().RecoverLease("/f"));
  EXPECT_EQ(LengthOf("/f"), kBlock);
  EXPECT_EQ((*root().GetBlockLocations("/f", 0, INT64_MAX)).blocks.size(), 1u);
}

TEST_P(RecoveryOps, KnownBytesAreGivenUpOnlyWhenTheirLossIsCertain) {
  Write("/f", {0}, /*close=*/false);
  ASSERT_TRUE(root().Fsync({.path = "/f", .client_name = "writer", .last_block_length = 9}).ok());
  EXPECT_FALSE(*root().RecoverLease("/f"));
  BlockSyncRequest removal = SyncOf("/f", 0);
  removal.delete_block = true;
  removal.replicas.clear();
  EXPECT_EQ(KindOf(root().BlockSync(removal)), ErrorKind::kIo);
  EXPECT_EQ(KindOf(root().BlockSync(SyncOf("/f", 8))), ErrorKind::kIo);
  EXPECT_EQ(Last("/f").length, 9);
  BlockView view;
  view.recovery_pending = true;
  view.loss_is_certain = true;
  blocks().SetView(Last("/f").id, view);
  ASSERT_TRUE(root().BlockSync(SyncOf("/f", 8)).ok());
  EXPECT_TRUE(*root().IsFileClosed("/f"));
  EXPECT_EQ(LengthOf("/f"), 8);

  Write("/g", {0}, /*close=*/false);
  ASSERT_TRUE(root().Fsync({.path = "/g", .client_name = "writer", .last_block_length = 9}).ok());
  EXPECT_FALSE(*root().RecoverLease("/g"));
  removal = SyncOf("/g", 0);
  removal.delete_block = true;
  removal.replicas.clear();
  blocks().SetView(Last("/g").id, view);
  ASSERT_TRUE(root().BlockSync(removal).ok());
  EXPECT_TRUE(*root().IsFileClosed("/g"));
  EXPECT_EQ(LengthOf("/g"), 0);
}

TEST_P(RecoveryOps, ARecoveryThatWaitsSaysForWhom) {
  Write("/f", {100}, /*close=*/false);
  fs().clock().Advance(kSoftMs + 1);
  ASSERT_FALSE(root().Append("/f", "b").ok());
  BlockView view;
  view.recovery_pending = true;
  view.recovery_waits_for = "DataNode dn-7";
  blocks().SetView(Last("/f").id, view);
  EXPECT_TRUE(IsError(root().Append("/f", "b").status(), ErrorKind::kRecoveryInProgress,
                      "Failed to APPEND_FILE /f for b on 10.0.0.1 because lease recovery is in "
                      "progress. Try again later. It waits for DataNode dn-7."));
}

TEST_P(RecoveryOps, CommittedBlocksWithoutReplicas) {
  Write("/f", {kBlock, 100}, /*close=*/false);
  const LocatedBlocks located = *root().GetBlockLocations("/f", 0, INT64_MAX);
  const BlockId first = located.blocks[0].block.block.id;
  ExtendedBlock last = located.blocks.back().block;
  last.block.num_bytes = 100;
  blocks().SetReplicated(first, false);
  EXPECT_FALSE(*root().Complete({.path = "/f", .client_name = "writer", .last = last}));
  blocks().SetReplicated(first, true);
  EXPECT_FALSE(*root().Complete({.path = "/f", .client_name = "writer", .last = last}));
  ASSERT_EQ(Last("/f").state, BlockState::kCommitted);
  blocks().SetReplicated(first, false);
  EXPECT_TRUE(IsError(root().RecoverLease("/f").status(), ErrorKind::kAlreadyBeingCreated,
                      "DIR* NameSystem.internalReleaseLease: Failed to release lease for file /f. "
                      "Committed blocks are waiting to be minimally replicated."));
  blocks().SetReplicated(first, true);
  EXPECT_FALSE(*root().RecoverLease("/f")) << "the last one is recovered";
  EXPECT_EQ(Last("/f").state, BlockState::kUnderRecovery);
}

// ---- commitBlockSynchronization

// After a power cut a block that nobody synced was waited for, though none of its DataNodes had it,
// and the file stayed open.
TEST_P(RecoveryOps, ALostBlockBeforeTheLastKeepsNoFileOpen) {
  Write("/f", {kBlock, 0}, /*close=*/false);
  const BlockId first = root().GetBlockLocations("/f", 0, 1)->blocks[0].block.block.id;
  blocks().SetReplicated(first, false);
  ASSERT_FALSE(*root().RecoverLease("/f"));
  EXPECT_TRUE(IsError(root().BlockSync(SyncOf("/f", 77)), ErrorKind::kNotReplicatedYet,
                      "Not replicated yet: /f"));
  blocks().SetView(first, {.unclaimed = true});
  ASSERT_TRUE(root().BlockSync(SyncOf("/f", 77)).ok());
  EXPECT_TRUE(*root().IsFileClosed("/f"));
  EXPECT_EQ(LengthOf("/f"), kBlock + 77);
  EXPECT_EQ(blocks().rows().at(first).state, BlockState::kComplete);
}

TEST_P(RecoveryOps, BlockSyncSetsStampAndLengthAndClosesTheFile) {
  Write("/f", {kBlock, 0}, /*close=*/false);
  ASSERT_FALSE(*root().RecoverLease("/f"));
  const BlockSyncRequest sync = SyncOf("/f", 77);
  ASSERT_TRUE(root().BlockSync(sync).ok());
  const BlockRow row = Last("/f");
  EXPECT_EQ(row.state, BlockState::kComplete);
  EXPECT_EQ(row.generation_stamp, sync.recovery_id);
  EXPECT_EQ(row.length, 77);
  EXPECT_EQ(row.recovery_id, 0);
  EXPECT_EQ(LengthOf("/f"), kBlock + 77);
  EXPECT_TRUE(*root().IsFileClosed("/f"));
  EXPECT_EQ(blocks().recovered().at(row.id).size(), 1u);
  EXPECT_TRUE(root().BlockSync(sync).ok()) << "repeated";
  EXPECT_EQ(Last("/f"), row);
}

TEST_P(RecoveryOps, BlockSyncOfAnotherRecoveryIsRefused) {
  Write("/f", {100}, /*close=*/false);
  BlockSyncRequest early = SyncOf("/f", 100);
  early.recovery_id = 1;
  EXPECT_TRUE(IsError(root().BlockSync(early), ErrorKind::kIo,
                      "The recovery id 1 does not match current recovery id 0 for block " +
                          early.block.ToString()));
  ASSERT_FALSE(*root().RecoverLease("/f"));
  const BlockSyncRequest old = SyncOf("/f", 100);
  ASSERT_FALSE(*root().RecoverLease("/f"));  // the first attempt has been given up
  const BlockSyncRequest current = SyncOf("/f", 100);
  ASSERT_GT(current.recovery_id, old.recovery_id);
  EXPECT_TRUE(IsError(root().BlockSync(old), ErrorKind::kIo,
                      "The recovery id " + std::to_string(old.recovery_id) +
                          " does not match current recovery id " +
                          std::to_string(current.recovery_id) + " for block " +
                          old.block.ToString()));
  EXPECT_FALSE(*root().IsFileClosed("/f"));
  BlockSyncRequest nowhere = current;
  nowhere.replicas.clear();
  EXPECT_EQ(KindOf(root().BlockSync(nowhere)), ErrorKind::kIo);
  BlockSyncRequest too_long = current;
  too_long.new_length = kBlock + 1;
  EXPECT_EQ(KindOf(root().BlockSync(too_long)), ErrorKind::kIo);
  BlockSyncRequest foreign = current;
  foreign.block.pool_id = "BP-other";
  EXPECT_EQ(KindOf(root().BlockSync(foreign)), ErrorKind::kIo);
  EXPECT_TRUE(root().BlockSync(current).ok());
}

TEST_P(RecoveryOps, BlockSyncOfAnEmptyBlockRemovesIt) {
  Write("/f", {kBlock, 0}, /*close=*/false);
  ASSERT_FALSE(*root().RecoverLease("/f"));
  BlockSyncRequest sync = SyncOf("/f", 0);
  sync.delete_block = true;
  sync.replicas.clear();
  SetView("/f", /*pending=*/true, /*unclaimed=*/false, /*reported=*/1);
  EXPECT_EQ(KindOf(root().BlockSync(sync)), ErrorKind::kIo) << "a DataNode has bytes of it";
  SetView("/f", /*pending=*/true);
  ASSERT_TRUE(root().BlockSync(sync).ok());
  EXPECT_TRUE(*root().IsFileClosed("/f"));
  EXPECT_EQ(LengthOf("/f"), kBlock);
  EXPECT_TRUE(blocks().removed().contains(sync.block.block.id));
  EXPECT_TRUE(root().BlockSync(sync).ok()) << "repeated";
  sync.delete_block = false;
  EXPECT_TRUE(IsError(root().BlockSync(sync), ErrorKind::kIo,
                      "Block (=" + sync.block.ToString() + ") not found"));
}

TEST_P(RecoveryOps, BlockSyncOfADeletedFile) {
  Write("/f", {100}, /*close=*/false);
  ASSERT_FALSE(*root().RecoverLease("/f"));
  const BlockSyncRequest sync = SyncOf("/f", 100);
  ASSERT_TRUE(*root().Delete("/f"));
  EXPECT_TRUE(IsError(root().BlockSync(sync), ErrorKind::kIo,
                      "Block (=" + sync.block.ToString() + ") not found"));
}

TEST_P(RecoveryOps, BlockSyncInSafeModeAndAfterARename) {
  Write("/f", {100}, /*close=*/false);
  ASSERT_FALSE(*root().RecoverLease("/f"));
  const BlockSyncRequest sync = SyncOf("/f", 100);
  ASSERT_TRUE(root().Rename2("/f", "/g").ok());
  EnterSafeMode();
  EXPECT_TRUE(IsError(root().BlockSync(sync), ErrorKind::kSafeMode,
                      "Cannot commitBlockSynchronization while in safe mode. Name node is in safe "
                      "mode."));
  ASSERT_TRUE(blocks().LeaveSafeMode(false).ok());
  ASSERT_TRUE(root().BlockSync(sync).ok());
  EXPECT_TRUE(*root().IsFileClosed("/g"));
}

// ---- restarts

TEST_P(RecoveryOps, ARecoverySurvivesARestartAndGoesOnUnderAHigherId) {
  Write("/f", {100});
  ASSERT_FALSE(*root().Truncate("/f", 40, "cutter"));
  Write("/g", {100}, /*close=*/false);
  ASSERT_FALSE(*root().RecoverLease("/g"));
  const BlockRow f = Last("/f");
  const BlockRow g = Last("/g");
  const BlockSyncRequest before = SyncOf("/g", 100);
  fs().Restart();
  EXPECT_EQ(Last("/f"), f);
  EXPECT_EQ(Last("/g"), g);
  EXPECT_FALSE(ExpireLease(IdOf("/f")));
  EXPECT_FALSE(ExpireLease(IdOf("/g")));
  EXPECT_GT(Last("/f").recovery_id, g.recovery_id);
  EXPECT_GT(Last("/g").recovery_id, Last("/f").recovery_id);
  EXPECT_EQ(Last("/f").truncate_to, 40);
  EXPECT_EQ(KindOf(root().BlockSync(before)), ErrorKind::kIo) << "of the attempt before";
  ASSERT_TRUE(root().BlockSync(SyncOf("/f", 40)).ok());
  ASSERT_TRUE(root().BlockSync(SyncOf("/g", 100)).ok());
  fs().Restart();
  EXPECT_EQ(LengthOf("/f"), 40);
  EXPECT_EQ(LengthOf("/g"), 100);
  EXPECT_TRUE(*root().IsFileClosed("/f"));
}

TEST_P(RecoveryOps, GenerationStampsRiseOverRestarts) {
  Write("/f", {100}, /*close=*/false);
  ExtendedBlock block = Extended(Last("/f"));
  GenerationStamp last = block.block.generation_stamp;
  for (int i = 0; i < 5; ++i) {
    const GenerationStamp next =
        root().UpdateBlockForPipeline(block, "writer")->block.block.generation_stamp;
    EXPECT_GT(next, last);
    last = next;
    fs().Restart();
  }
  ASSERT_FALSE(*root().RecoverLease("/f"));
  EXPECT_GT(Last("/f").recovery_id, last);
}

// ---- pipelines

TEST_P(RecoveryOps, ABlockRemembersItsPipelineUntilItIsComplete) {
  Write("/f", {100}, /*close=*/false);
  BlockRow row = Last("/f");
  EXPECT_EQ(row.pipeline, std::vector<std::string>{"dn-0"});
  const LocatedBlock stamp = *root().UpdateBlockForPipeline(Extended(row), "writer");
  UpdatePipelineRequest update{"writer", Extended(row), stamp.block, {}, {}};
  for (const int node : {2, 1}) {
    update.new_nodes.push_back(FakeBlockManager::Place(node).datanode.id);
    update.storage_ids.push_back(FakeBlockManager::Place(node).storage_id);
  }
  ASSERT_TRUE(root().UpdatePipeline(update).ok());
  EXPECT_EQ(Last("/f").pipeline, (std::vector<std::string>{"dn-2", "dn-1"}));
  fs().Restart();
  EXPECT_EQ(Last("/f").pipeline, (std::vector<std::string>{"dn-2", "dn-1"}));
  ASSERT_FALSE(*root().RecoverLease("/f"));
  EXPECT_EQ(Last("/f").pipeline.size(), 2u);
  ASSERT_TRUE(root().BlockSync(SyncOf("/f", 100)).ok());
  EXPECT_TRUE(Last("/f").pipeline.empty());
  const auto appended = root().Append("/f", "b");
  ASSERT_TRUE(appended.ok()) << appended.status();
  EXPECT_EQ(Last("/f").pipeline, std::vector<std::string>{"dn-0"});
  ASSERT_TRUE(*root().Complete({.path = "/f", .client_name = "b", .last = Extended(Last("/f"))}));
  EXPECT_TRUE(Last("/f").pipeline.empty());
}

TEST_P(RecoveryOps, APipelineNeedsAStampThatWasGivenOutAndKnownPlaces) {
  Write("/f", {100}, /*close=*/false);
  const BlockRow row = Last("/f");
  const LocatedBlock stamp = *root().UpdateBlockForPipeline(Extended(row), "writer");
  const LocatedBlock place = (*root().GetBlockLocations("/f", 0, INT64_MAX)).blocks.back();
  UpdatePipelineRequest update{"writer",
                               Extended(row),
                               stamp.block,
                               {place.locations[0].datanode.id},
                               {place.locations[0].storage_id}};
  update.new_block.block.generation_stamp += 1;
  EXPECT_EQ(KindOf(root().UpdatePipeline(update)), ErrorKind::kIo);
  update.new_block.block.generation_stamp -= 1;
  update.storage_ids = {"DS-unknown"};
  EXPECT_EQ(KindOf(root().UpdatePipeline(update)), ErrorKind::kIo);
  update.storage_ids = {place.locations[0].storage_id};
  EXPECT_TRUE(root().UpdatePipeline(update).ok());
}

TEST_P(RecoveryOps, AnUpdatedPipelineThatComesAfterTheRecoveryIsRefused) {
  Write("/f", {100}, /*close=*/false);
  const BlockRow row = Last("/f");
  const LocatedBlock stamp = *root().UpdateBlockForPipeline(Extended(row), "writer");
  fs().clock().Advance(kSoftMs + 1);
  ASSERT_FALSE(root().Append("/f", "b").ok());
  UpdatePipelineRequest update{"writer", Extended(row), stamp.block, {}, {}};
  EXPECT_THAT(std::string(root().UpdatePipeline(update).message()),
              StartsWith("Unexpected BlockUCState: "));
  ASSERT_TRUE(root().BlockSync(SyncOf("/f", 100)).ok());
  EXPECT_FALSE(root().UpdatePipeline(update).ok());
  EXPECT_EQ(Last("/f").state, BlockState::kComplete);
}

TEST_P(RecoveryOps, LocationsNameTheFile) {
  Write("/f", {100});
  EXPECT_EQ((*root().GetBlockLocations("/f", 0, 1)).file_id, IdOf("/f"));
}

}  // namespace
}  // namespace cairn::namenode
