// truncate; HDFS's semantics and messages.
#include <gtest/gtest.h>

#include "namenode/namespace/ops/testing/recovery_ops.h"

namespace cairn::namenode {
namespace {

class TruncateOps : public RecoveryOps {};
CAIRN_INSTANTIATE_OPS_TEST(TruncateOps);

TEST_P(TruncateOps, TruncateArguments) {
  Write("/f", {kBlock, 100});
  ASSERT_TRUE(root().Mkdirs("/d").ok());
  EXPECT_TRUE(IsError(root().Truncate("/f", -1).status(), ErrorKind::kHadoopIllegalArgument,
                      "Cannot truncate to a negative file size: -1."));
  EXPECT_TRUE(
      IsError(root().Truncate("/f", kBlock + 101).status(), ErrorKind::kHadoopIllegalArgument,
              "Cannot truncate to a larger file size. Current size: 1048676, truncate size: "
              "1048677."));
  EXPECT_TRUE(IsError(root().Truncate("/no", 0).status(), ErrorKind::kFileNotFound,
                      "File does not exist: /no"));
  EXPECT_TRUE(IsError(root().Truncate("/d", 0).status(), ErrorKind::kFileNotFound,
                      "Path is not a file: /d"));
  EXPECT_EQ(KindOf(user("ann").Truncate("/f", 0).status()), ErrorKind::kAccessControl);
  EXPECT_TRUE(*root().Truncate("/f", kBlock + 100)) << "nothing to do";
  EnterSafeMode();
  EXPECT_TRUE(IsError(root().Truncate("/f", 0).status(), ErrorKind::kSafeMode,
                      "Cannot truncate for /f. Name node is in safe mode."));
}

TEST_P(TruncateOps, TruncateAtABlockBoundaryIsDoneAtOnce) {
  Write("/f", {kBlock, kBlock, 100});
  fs().clock().Advance(5);
  const auto all = blocks().rows();
  ASSERT_TRUE(*root().Truncate("/f", kBlock));
  EXPECT_EQ(LengthOf("/f"), kBlock);
  EXPECT_EQ((*root().Stat("/f"))->mtime_ms, fs().clock().WallMs());
  EXPECT_TRUE(*root().IsFileClosed("/f"));
  EXPECT_EQ(blocks().rows().size(), 1u);
  ASSERT_TRUE(*root().Truncate("/f", 0));
  EXPECT_EQ(LengthOf("/f"), 0);
  EXPECT_EQ(blocks().rows().size(), 0u);
  EXPECT_TRUE(root().Append("/f", "b").ok());
}

TEST_P(TruncateOps, TruncateWithinABlockRecoversItToTheShorterLength) {
  Write("/f", {kBlock, kBlock, 100});
  ASSERT_FALSE(*root().Truncate("/f", kBlock + 10, "cutter"));
  BlockRow row = Last("/f");
  EXPECT_EQ(row.state, BlockState::kUnderRecovery);
  EXPECT_EQ(row.truncate_to, 10);
  EXPECT_EQ(row.length, kBlock);
  EXPECT_FALSE(*root().IsFileClosed("/f"));
  EXPECT_FALSE(*root().Truncate("/f", kBlock + 10, "other")) << "it is being done";
  EXPECT_TRUE(IsError(root().Truncate("/f", 10, "other").status(), ErrorKind::kAlreadyBeingCreated,
                      "Failed to TRUNCATE_FILE /f for other on 10.0.0.1 because /f is being "
                      "truncated."));
  EXPECT_TRUE(IsError(root().Append("/f", "other").status(), ErrorKind::kRecoveryInProgress,
                      "Failed to APPEND_FILE /f for other on 10.0.0.1 because another recovery is "
                      "in progress by cutter on 10.0.0.1"));
  EXPECT_EQ(KindOf(root().BlockSync(SyncOf("/f", 11))), ErrorKind::kIo) << "another length";
  ASSERT_TRUE(root().BlockSync(SyncOf("/f", 10)).ok());
  EXPECT_TRUE(*root().IsFileClosed("/f"));
  EXPECT_EQ(LengthOf("/f"), kBlock + 10);
  row = Last("/f");
  EXPECT_EQ(row.truncate_to, std::nullopt);
  EXPECT_EQ(row.length, 10);
  EXPECT_FALSE(*root().Truncate("/f", kBlock + 5, "cutter")) << "and again";
}

TEST_P(TruncateOps, TruncatingManyBlocksAwayLeavesThemToThePurger) {
  std::vector<int64_t> lengths(200, kBlock);
  Write("/f", lengths);
  const int64_t inodes = fs().InodeCount();
  ASSERT_FALSE(*root().Truncate("/f", 3 * kBlock + 1, "cutter"));
  EXPECT_EQ(blocks().rows().size(), 200u);
  EXPECT_GT(fs().Purge(), 0);
  EXPECT_EQ(blocks().rows().size(), 4u);
  EXPECT_EQ(fs().InodeCount(), inodes);
  ASSERT_TRUE(root().BlockSync(SyncOf("/f", 1)).ok());
  EXPECT_EQ(LengthOf("/f"), 3 * kBlock + 1);
  fs().Restart();
  EXPECT_EQ(LengthOf("/f"), 3 * kBlock + 1);
  EXPECT_EQ((*root().GetBlockLocations("/f", 0, INT64_MAX)).blocks.size(), 4u);
  EXPECT_EQ(blocks().rows().size(), 4u);
}

}  // namespace
}  // namespace cairn::namenode
