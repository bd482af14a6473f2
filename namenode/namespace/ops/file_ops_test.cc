// Files being written: create, blocks, leases, complete; HDFS's semantics and messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "namenode/namespace/ops/testing/ops_test.h"

namespace cairn::namenode {
namespace {

class FileOps : public OpsTest {
 protected:
  // The next block of /f for holder "client", without replicas so far; `previous` as it was
  // written.
  absl::StatusOr<LocatedBlock> Next(std::optional<ExtendedBlock> previous = std::nullopt) {
    absl::StatusOr<LocatedBlock> next =
        root().AddBlock({.path = "/f", .client_name = "client", .previous = std::move(previous)});
    if (next.ok()) blocks().SetReplicated(next->block.block.id, false);
    return next;
  }
  // The block with `bytes` written to it and reported by its DataNodes.
  ExtendedBlock Written(const LocatedBlock& located, int64_t bytes) {
    ExtendedBlock block = located.block;
    block.block.num_bytes = bytes;
    blocks().SetReplicated(block.block.id, true);
    return block;
  }
  absl::StatusOr<bool> Complete(std::optional<ExtendedBlock> last) {
    return root().Complete({.path = "/f", .client_name = "client", .last = std::move(last)});
  }
};
CAIRN_INSTANTIATE_OPS_TEST(FileOps);

TEST_P(FileOps, CreateFlagTable) {
  ASSERT_TRUE(root().Mkdirs("/d").ok());
  EXPECT_TRUE(IsError(root().Create("/d").status(), ErrorKind::kFileAlreadyExists,
                      "/d already exists as a directory"));
  EXPECT_TRUE(IsError(root().Create("/f", kCreateFlagOverwrite).status(), ErrorKind::kFileNotFound,
                      "Can't overwrite non-existent /f"));
  ASSERT_TRUE(root().Touch("/f").ok());
  const InodeId first = (*root().Stat("/f"))->file_id;
  EXPECT_TRUE(IsError(root().Create("/f").status(), ErrorKind::kFileAlreadyExists,
                      "/f for client 10.0.0.1 already exists"));
  ASSERT_TRUE(root().Create("/f", kCreateFlagOverwrite).ok());
  EXPECT_NE((*root().Stat("/f"))->file_id, first);
  EXPECT_EQ((*root().Stat("/"))->children, 2);
}

TEST_P(FileOps, CreateChecksParentsSizesAndReplication) {
  CreateRequest request{.path = "/no/f",
                        .client_name = "c",
                        .create_parent = false,
                        .replication = 1,
                        .block_size = 1 << 20};
  EXPECT_TRUE(IsError(root().Create(request).status(), ErrorKind::kFileNotFound,
                      "Parent directory doesn't exist: /no"));
  request.create_parent = true;
  request.block_size = 1000;
  EXPECT_TRUE(IsError(root().Create(request).status(), ErrorKind::kIo,
                      "Specified block size 1000 is less than configured minimum value "
                      "dfs.namenode.fs-limits.min-block-size=1048576"));
  request.block_size = 1 << 20;
  request.replication = 1000;
  EXPECT_TRUE(IsError(root().Create(request).status(), ErrorKind::kIo,
                      "Requested replication factor of 1000 exceeds maximum of 512 for /no/f, "
                      "clientName=10.0.0.1"));
  EXPECT_EQ(*root().Stat("/no"), std::nullopt);
  EXPECT_TRUE(
      IsError(root().Create("/a:b").status(), ErrorKind::kInvalidPath, "Invalid path name /a:b"));
}

TEST_P(FileOps, MissingAncestorsCopyTheDeepestExistingMode) {
  ASSERT_TRUE(root().Mkdirs("/d").ok());
  ASSERT_TRUE(root().SetPermission("/d", 01055).ok());
  ASSERT_TRUE(root().Create("/d/x/y/f").ok());
  EXPECT_EQ((*root().Stat("/d/x"))->permission, 0355)
      << "plus write and execute for the owner, without the sticky bit";
  EXPECT_EQ((*root().Stat("/d/x/y"))->permission, 0355);
}

TEST_P(FileOps, AFileBeingWrittenBelongsToItsHolder) {
  ASSERT_TRUE(root().Create("/f", kCreateFlagCreate, "ann").ok());
  EXPECT_TRUE(IsError(root().Create("/f", kCreateFlagCreate, "ann").status(),
                      ErrorKind::kAlreadyBeingCreated,
                      "Failed to CREATE_FILE /f for ann on 10.0.0.1 because ann is already the "
                      "current lease holder."));
  EXPECT_TRUE(IsError(root().Create("/f", kCreateFlagCreate, "bob").status(),
                      ErrorKind::kAlreadyBeingCreated,
                      "Failed to CREATE_FILE /f for bob on 10.0.0.1 because this file lease is "
                      "currently owned by ann on 10.0.0.1"));
  EXPECT_TRUE(IsError(
      root().AddBlock({.path = "/f", .client_name = "bob"}).status(), ErrorKind::kLeaseExpired,
      "Client (=bob) is not the lease owner (=ann: /f (inode 0) Holder bob does not "
      "have any open files."))
      << "the id is the one asked for";
  EXPECT_FALSE(*root().IsFileClosed("/f"));
  EXPECT_TRUE(*root().Complete({.path = "/f", .client_name = "ann"}));
  EXPECT_TRUE(*root().Complete({.path = "/f", .client_name = "ann"})) << "a repeated complete";
  EXPECT_TRUE(*root().IsFileClosed("/f"));
  EXPECT_TRUE(IsError(
      root().AddBlock({.path = "/f", .client_name = "ann"}).status(), ErrorKind::kLeaseExpired,
      "File is not open for writing: /f (inode 0) Holder ann does not have any open files."));
  EXPECT_TRUE(IsError(
      root().AddBlock({.path = "/no", .client_name = "ann"}).status(), ErrorKind::kFileNotFound,
      "File does not exist: /no (inode 0) Holder ann does not have any open files."));
}

TEST_P(FileOps, OnlyThePolicyOfAllFilesCanBeAskedFor) {
  const auto create = [&](const std::string& path, const std::string& policy) {
    return root().Create({.path = path,
                          .mode = 0644,
                          .client_name = "c",
                          .flags = kCreateFlagCreate,
                          .replication = 1,
                          .block_size = 1 << 20,
                          .storage_policy = policy});
  };
  EXPECT_EQ(create("/none", "")->storage_policy, 0);
  EXPECT_EQ(create("/hot", "Hot")->storage_policy, 7);
  EXPECT_TRUE(IsError(create("/f", "NO_SUCH").status(), ErrorKind::kHadoopIllegalArgument,
                      "Cannot find a block policy with the name NO_SUCH"));
  EXPECT_TRUE(
      IsError(create("/f", "COLD").status(), ErrorKind::kIo,
              "Failed to set storage policy since dfs.storage.policy.enabled is set to false."));
}

TEST_P(FileOps, TwoBlocksWrittenAndClosed) {
  ASSERT_TRUE(root().Create("/f").ok());
  const LocatedBlock first = *Next();
  EXPECT_EQ(first.block.block.id, kLastReservedBlockId + 1);
  EXPECT_EQ(first.block.block.generation_stamp, kLastReservedGenerationStamp + 1);
  EXPECT_EQ(first.offset, 0);
  ASSERT_EQ(first.locations.size(), 1u);
  const ExtendedBlock one = Written(first, 1 << 20);
  const LocatedBlock second = *Next(one);
  EXPECT_EQ(second.offset, 1 << 20);
  EXPECT_FALSE(*Complete([&] {
    ExtendedBlock block = second.block;
    block.block.num_bytes = 100;
    return block;
  }()))
      << "no replica yet";
  EXPECT_TRUE(*Complete(Written(second, 100)));
  const FileStatus status = **root().Stat("/f");
  EXPECT_EQ(status.length, (1 << 20) + 100);
  const LocatedBlocks located = *root().GetBlockLocations("/f", 0, INT64_MAX);
  EXPECT_FALSE(located.under_construction);
  EXPECT_TRUE(located.last_block_complete);
  EXPECT_EQ(located.file_length, status.length);
  EXPECT_EQ(located.file_id, status.file_id);
  ASSERT_EQ(located.blocks.size(), 2u);
  EXPECT_EQ(located.blocks[1].block.block.num_bytes, 100);
}

TEST_P(FileOps, ARepeatedAddBlockGivesTheSameBlock) {
  ASSERT_TRUE(root().Create("/f").ok());
  const LocatedBlock first = *Next();
  EXPECT_EQ((*Next()).block, first.block);
  EXPECT_EQ((*Next()).locations[0].storage_id, first.locations[0].storage_id);
  const ExtendedBlock one = Written(first, 1 << 20);
  const LocatedBlock second = *Next(one);
  EXPECT_EQ((*Next(one)).block, second.block);
  const ExtendedBlock two = Written(second, 1 << 20);
  const LocatedBlock third = *Next(two);
  const absl::Status old = Next(one).status();
  EXPECT_EQ(KindOf(old), ErrorKind::kIo);
  EXPECT_THAT(std::string(old.message()),
              ::testing::StartsWith("Cannot allocate block in /f: passed 'previous' block "));
}

TEST_P(FileOps, ThePenultimateBlockMustHaveReplicas) {
  ASSERT_TRUE(root().Create("/f").ok());
  ExtendedBlock one = (*Next()).block;
  one.block.num_bytes = 1 << 20;  // written, but no DataNode has reported it
  const LocatedBlock second = *Next(one);
  ExtendedBlock two = second.block;
  two.block.num_bytes = 1 << 20;
  EXPECT_TRUE(IsError(Next(two).status(), ErrorKind::kNotReplicatedYet, "Not replicated yet: /f"));
  EXPECT_FALSE(*Complete(two));
}

TEST_P(FileOps, CommitsWithAnotherStampOrLengthAreRefused) {
  ASSERT_TRUE(root().Create("/f").ok());
  const LocatedBlock first = *Next();
  ExtendedBlock wrong = Written(first, 10);
  wrong.block.generation_stamp += 1;
  EXPECT_EQ(KindOf(Complete(wrong).status()), ErrorKind::kIo);
  wrong = first.block;
  wrong.block.num_bytes = (1 << 20) + 1;
  EXPECT_EQ(KindOf(Complete(wrong).status()), ErrorKind::kIo) << "longer than a block";
  wrong.pool_id = "BP-other";
  EXPECT_EQ(KindOf(Complete(wrong).status()), ErrorKind::kIo);
  EXPECT_TRUE(*Complete(Written(first, 10)));
}

TEST_P(FileOps, AbandonRemovesTheLastBlockOnly) {
  ASSERT_TRUE(root().Create("/f").ok());
  const LocatedBlock first = *Next();
  const LocatedBlock second = *Next(Written(first, 1 << 20));
  EXPECT_TRUE(root().AbandonBlock({first.block, "/f", "client"}).ok()) << "silently";
  EXPECT_EQ((*root().GetBlockLocations("/f", 0, INT64_MAX)).blocks.size(), 2u);
  EXPECT_TRUE(root().AbandonBlock({second.block, "/f", "client"}).ok());
  EXPECT_EQ((*root().GetBlockLocations("/f", 0, INT64_MAX)).blocks.size(), 1u);
  EXPECT_FALSE(root().AbandonBlock({second.block, "/f", "other"}).ok());
}

TEST_P(FileOps, FsyncMakesTheLengthKnown) {
  ASSERT_TRUE(root().Create("/f").ok());
  ASSERT_TRUE(Next().ok());
  EXPECT_EQ((*root().GetBlockLocations("/f", 0, 100)).blocks.at(0).block.block.num_bytes, 0);
  ASSERT_TRUE(root().Fsync({.path = "/f", .client_name = "client", .last_block_length = 77}).ok());
  const LocatedBlocks located = *root().GetBlockLocations("/f", 0, 100);
  EXPECT_EQ(located.blocks.at(0).block.block.num_bytes, 77);
  EXPECT_EQ(located.file_length, 0) << "without the unfinished block";
  EXPECT_TRUE(located.under_construction);
  EXPECT_EQ((*root().Stat("/f"))->length, 77);
}

TEST_P(FileOps, ARebuiltPipelineRaisesTheStamp) {
  ASSERT_TRUE(root().Create("/f").ok());
  const LocatedBlock first = *Next();
  const LocatedBlock stamp = *root().UpdateBlockForPipeline(first.block, "client");
  EXPECT_GT(stamp.block.block.generation_stamp, first.block.block.generation_stamp);
  EXPECT_EQ(stamp.offset, -1);
  EXPECT_TRUE(stamp.locations.empty());
  EXPECT_FALSE(root().UpdateBlockForPipeline(first.block, "other").ok());
  UpdatePipelineRequest update{"client",
                               first.block,
                               stamp.block,
                               {first.locations[0].datanode.id},
                               {first.locations[0].storage_id}};
  update.new_block.block.num_bytes = 500;
  ASSERT_TRUE(root().UpdatePipeline(update).ok());
  EXPECT_FALSE(root().UpdatePipeline(update).ok()) << "not twice";
  ExtendedBlock old_stamp = first.block;
  old_stamp.block.num_bytes = 500;
  EXPECT_EQ(KindOf(Complete(old_stamp).status()), ErrorKind::kIo);
  LocatedBlock renewed = first;
  renewed.block = update.new_block;
  EXPECT_TRUE(*Complete(Written(renewed, 500)));
}

TEST_P(FileOps, BlockLocationRanges) {
  ASSERT_TRUE(root().Create("/f").ok());
  const LocatedBlock first = *Next();
  const LocatedBlock second = *Next(Written(first, 1 << 20));
  ASSERT_TRUE(*Complete(Written(second, 10)));
  EXPECT_EQ((*root().GetBlockLocations("/f", 0, 1)).blocks.size(), 1u);
  EXPECT_EQ((*root().GetBlockLocations("/f", (1 << 20) - 1, 2)).blocks.size(), 2u);
  // Regression: at a block's first byte a range of no bytes had no block.
  EXPECT_EQ((*root().GetBlockLocations("/f", 0, 0)).blocks.size(), 1u);
  EXPECT_EQ((*root().GetBlockLocations("/f", 1 << 20, 0)).blocks.size(), 1u);
  EXPECT_EQ((*root().GetBlockLocations("/f", 1, 0)).blocks.size(), 1u);
  const LocatedBlocks past = *root().GetBlockLocations("/f", 1 << 30, 5);
  EXPECT_TRUE(past.blocks.empty());
  EXPECT_EQ(past.last_block.size(), 1u);
  EXPECT_TRUE(IsError(root().GetBlockLocations("/f", -1, 5).status(), ErrorKind::kIllegalArgument,
                      "Negative offset is not supported. File: /f"));
  EXPECT_TRUE(IsError(root().GetBlockLocations("/no", 0, 5).status(), ErrorKind::kFileNotFound,
                      "File does not exist: /no"));
  EXPECT_TRUE(IsError(root().GetBlockLocations("/", 0, 5).status(), ErrorKind::kFileNotFound,
                      "Path is not a file: /"));
}

TEST_P(FileOps, AWriterKeepsItsFileThroughARenameAndLosesItWithADelete) {
  const InodeId id = (*root().Create("/f")).file_id;
  ASSERT_TRUE(root().Rename2("/f", "/g").ok());
  const auto block = root().AddBlock({.path = "/f", .client_name = "client", .file_id = id});
  EXPECT_TRUE(block.ok()) << block.status();
  ASSERT_TRUE(*root().Delete("/g"));
  EXPECT_EQ(
      KindOf(root().AddBlock({.path = "/f", .client_name = "client", .file_id = id}).status()),
      ErrorKind::kFileNotFound);
}

// Regression: the permission came first, and who may not write was refused what HDFS tells
// everyone.
TEST_P(FileOps, RecoverLeaseOfAClosedFileNeedsNoPermission) {
  ASSERT_TRUE(root().Touch("/closed").ok());
  EXPECT_TRUE(*user("bob").RecoverLease("/closed"));
  ASSERT_TRUE(root().Create("/f", kCreateFlagCreate, "client").ok());
  EXPECT_TRUE(IsError(user("bob").RecoverLease("/f").status(), ErrorKind::kAccessControl,
                      "Permission denied: user=bob, access=WRITE, "
                      "inode=\"/f\":root:supergroup:-rw-r--r--"));
}

TEST_P(FileOps, ADeadWritersFileIsRecovered) {
  ASSERT_TRUE(root().Create("/f").ok());
  const LocatedBlock first = *Next();
  ASSERT_TRUE(Next(Written(first, 1 << 20)).ok());
  EXPECT_FALSE(*root().RecoverLease("/f")) << "the last block's replicas are not known";
  ASSERT_TRUE(root().Create("/empty", kCreateFlagCreate, "other").ok());
  EXPECT_TRUE(*root().RecoverLease("/empty"));
  EXPECT_TRUE(*root().IsFileClosed("/empty"));
}

}  // namespace
}  // namespace cairn::namenode
