// Statuses and attributes: HDFS's semantics and messages.
#include <gtest/gtest.h>

#include "namenode/namespace/ops/testing/ops_test.h"

namespace cairn::namenode {
namespace {

class AttrOps : public OpsTest {};
CAIRN_INSTANTIATE_OPS_TEST(AttrOps);

TEST_P(AttrOps, StatusOfAFileAndADirectory) {
  ASSERT_TRUE(root().Mkdirs("/d", 0750).ok());
  ASSERT_TRUE(user("root").Create("/d/f", kCreateFlagCreate, "c", 0640).ok());
  const FileStatus file = **root().Stat("/d/f");
  EXPECT_EQ(file.type, FileType::kFile);
  EXPECT_EQ(file.path, "");
  EXPECT_EQ(file.permission, 0640);
  EXPECT_EQ(file.owner, "root");
  EXPECT_EQ(file.group, "supergroup");
  EXPECT_EQ(file.replication, 1);
  EXPECT_EQ(file.block_size, 1 << 20);
  EXPECT_EQ(file.atime_ms, file.mtime_ms) << "a new file was read when it was made";
  EXPECT_EQ(file.file_id, kRootInodeId + 2);
  const FileStatus directory = **root().Stat("//d/");
  EXPECT_EQ(directory.type, FileType::kDirectory);
  EXPECT_EQ(directory.children, 1);
  EXPECT_EQ(directory.length + directory.replication + directory.block_size + directory.atime_ms,
            0);
  EXPECT_GE(directory.mtime_ms, file.mtime_ms) << "its last child change";
}

TEST_P(AttrOps, WhatIsCachedIsToldAtOnce) {
  if (GetParam() != CacheSize::kDefault) GTEST_SKIP() << "it may have been dropped";
  ASSERT_TRUE(root().Touch("/f").ok());
  EXPECT_EQ(*root().Stat("/missing"), std::nullopt);
  int told = 0;
  const auto take = [&](const FileStatusView& /*status*/) { ++told; };
  const Caller joe{.user = "joe"};
  EXPECT_TRUE(fs().ns().TryGetFileInfo(joe, "/missing", take));
  EXPECT_EQ(told, 0);
  EXPECT_TRUE(fs().ns().TryGetFileInfo(joe, "/f", take));
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(fs().ns().TryGetFileInfo(joe, "/f/below", take)) << "an error";
  EXPECT_EQ(told, 1);
}

TEST_P(AttrOps, TheGroupIsTheParents) {
  ASSERT_TRUE(root().Mkdirs("/g", 0777).ok());
  ASSERT_TRUE(root().SetOwner("/g", std::nullopt, "staff").ok());
  ASSERT_TRUE(user("bob").Touch("/g/f").ok());
  EXPECT_EQ((*root().Stat("/g/f"))->group, "staff");
  EXPECT_EQ((*root().Stat("/g/f"))->owner, "bob");
}

TEST_P(AttrOps, APathBelowAFileIsMissingForASuperuserAndAnErrorForOthers) {
  ASSERT_TRUE(root().Touch("/f").ok());
  EXPECT_EQ(*root().Stat("/f/x"), std::nullopt);
  EXPECT_TRUE(IsError(user("bob").Stat("/f/x").status(), ErrorKind::kAccessControl,
                      "/f (is not a directory)"));
}

TEST_P(AttrOps, TraversalNeedsExecuteOnEveryAncestor) {
  ASSERT_TRUE(root().Mkdirs("/closed", 0700).ok());
  ASSERT_TRUE(root().Touch("/closed/f").ok());
  EXPECT_TRUE(IsError(
      user("bob").Stat("/closed/f").status(), ErrorKind::kAccessControl,
      "Permission denied: user=bob, access=EXECUTE, inode=\"/closed\":root:supergroup:drwx------"));
  EXPECT_NE(*user("bob").Stat("/closed"), std::nullopt);
}

// Regression: who may not traverse a directory learnt that an entry of it is a file.
TEST_P(AttrOps, WhatIsInAClosedDirectoryIsNotTold) {
  ASSERT_TRUE(root().Mkdirs("/closed", 0700).ok());
  ASSERT_TRUE(root().Touch("/closed/f").ok());
  const char* denied =
      "Permission denied: user=bob, access=EXECUTE, inode=\"/closed\":root:supergroup:drwx------";
  EXPECT_TRUE(IsError(user("bob").Stat("/closed/f/x").status(), ErrorKind::kAccessControl, denied));
  EXPECT_TRUE(IsError(user("bob").Touch("/closed/f/x"), ErrorKind::kAccessControl, denied));
}

TEST_P(AttrOps, TheFirstMatchingClassDecides) {
  ASSERT_TRUE(root().Mkdirs("/x", 0077).ok());
  ASSERT_TRUE(root().SetOwner("/x", "bob", "staff").ok());
  EXPECT_FALSE(user("bob", {"staff"}).List("/x").ok())
      << "the owner's bits, though group and others could";
  EXPECT_TRUE(user("ann", {"staff"}).List("/x").ok());
  EXPECT_TRUE(user("eve").List("/x").ok());
}

TEST_P(AttrOps, SetPermission) {
  ASSERT_TRUE(root().Mkdirs("/d").ok());
  ASSERT_TRUE(root().SetOwner("/d", "bob", std::nullopt).ok());
  EXPECT_TRUE(user("bob").SetPermission("/d", 01700).ok());
  EXPECT_EQ((*root().Stat("/d"))->permission, 01700);
  EXPECT_TRUE(IsError(user("ann").SetPermission("/d", 0777), ErrorKind::kAccessControl,
                      "Permission denied. user=ann is not the owner of inode=/d"));
  EXPECT_TRUE(IsError(root().SetPermission("/no", 0777), ErrorKind::kFileNotFound,
                      "Directory/File does not exist /no"));
  EXPECT_TRUE(IsError(root().SetPermission("/.reserved", 0777), ErrorKind::kInvalidPath,
                      "Invalid path name /.reserved"));
}

TEST_P(AttrOps, SetOwner) {
  ASSERT_TRUE(root().Mkdirs("/d").ok());
  ASSERT_TRUE(root().SetOwner("/d", "bob", "staff").ok());
  EXPECT_TRUE(IsError(user("bob").SetOwner("/d", "ann", std::nullopt), ErrorKind::kAccessControl,
                      "User bob is not a super user (non-super user cannot change owner)."));
  EXPECT_TRUE(IsError(user("bob").SetOwner("/d", std::nullopt, "wheel"), ErrorKind::kAccessControl,
                      "User bob does not belong to wheel"));
  EXPECT_TRUE(user("bob", {"wheel"}).SetOwner("/d", std::nullopt, "wheel").ok());
  EXPECT_EQ((*root().Stat("/d"))->group, "wheel");
  EXPECT_EQ((*root().Stat("/d"))->owner, "bob");
  EXPECT_TRUE(IsError(root().SetOwner("/no", "x", std::nullopt), ErrorKind::kFileNotFound,
                      "Directory/File does not exist /no"));
}

TEST_P(AttrOps, SetTimes) {
  ASSERT_TRUE(root().Touch("/f").ok());
  const int64_t atime = (*root().Stat("/f"))->atime_ms;
  EXPECT_TRUE(root().SetTimes("/f", 123, -1).ok());
  EXPECT_EQ((*root().Stat("/f"))->mtime_ms, 123);
  EXPECT_EQ((*root().Stat("/f"))->atime_ms, atime);
  EXPECT_TRUE(root().SetTimes("/f", -1, 456).ok());
  EXPECT_EQ((*root().Stat("/f"))->atime_ms, 456);
  EXPECT_TRUE(IsError(root().SetTimes("/no", 1, 1), ErrorKind::kFileNotFound,
                      "File/Directory /no does not exist."));
  EXPECT_TRUE(IsError(
      user("bob").SetTimes("/f", 1, 1), ErrorKind::kAccessControl,
      "Permission denied: user=bob, access=WRITE, inode=\"/f\":root:supergroup:-rw-r--r--"));
}

// Regression: a directory's access time was dropped, and any negative time but -1 was stored.
TEST_P(AttrOps, SetTimesOfADirectory) {
  ASSERT_TRUE(root().Mkdirs("/d").ok());
  EXPECT_TRUE(root().SetTimes("/d", 123, 456).ok());
  EXPECT_EQ((*root().Stat("/d"))->mtime_ms, 123);
  EXPECT_EQ((*root().Stat("/d"))->atime_ms, 456);
  EXPECT_TRUE(root().SetTimes("/d", -2, -3).ok());
  EXPECT_EQ((*root().Stat("/d"))->mtime_ms, 123);
  EXPECT_EQ((*root().Stat("/d"))->atime_ms, 456);
}

TEST_P(AttrOps, SetReplication) {
  ASSERT_TRUE(root().Touch("/f").ok());
  ASSERT_TRUE(root().Mkdirs("/d").ok());
  EXPECT_TRUE(*root().SetReplication("/f", 2));
  EXPECT_EQ((*root().Stat("/f"))->replication, 2);
  EXPECT_FALSE(*root().SetReplication("/d", 2));
  EXPECT_FALSE(*root().SetReplication("/no", 2));
  EXPECT_TRUE(IsError(root().SetReplication("/f", 513).status(), ErrorKind::kIo,
                      "Requested replication factor of 513 exceeds maximum of 512 for /f"));
  EXPECT_TRUE(
      IsError(root().SetReplication("/f", 0).status(), ErrorKind::kIo,
              "Requested replication factor of 0 is less than the required minimum of 1 for /f"));
}

TEST_P(AttrOps, CheckAccess) {
  ASSERT_TRUE(root().Touch("/f", 0640).ok());
  EXPECT_TRUE(root().CheckAccess("/f", 7).ok()) << "a superuser may everything";
  EXPECT_TRUE(
      IsError(user("bob").CheckAccess("/f", 4), ErrorKind::kAccessControl,
              "Permission denied: user=bob, access=READ, inode=\"/f\":root:supergroup:-rw-r-----"));
  EXPECT_TRUE(
      IsError(root().CheckAccess("/no", 4), ErrorKind::kFileNotFound, "Path not found: /no"));
}

}  // namespace
}  // namespace cairn::namenode
