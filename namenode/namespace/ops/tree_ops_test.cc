// mkdirs, renames, delete and listings: HDFS's semantics and messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "namenode/namespace/ops/testing/ops_test.h"

namespace cairn::namenode {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TreeOps : public OpsTest {};
CAIRN_INSTANTIATE_OPS_TEST(TreeOps);

TEST_P(TreeOps, MkdirsMakesAncestorsWithWriteAndExecuteForTheirOwner) {
  EXPECT_TRUE(*root().Mkdirs("/a/b/c", 0500));
  EXPECT_EQ((*root().Stat("/a"))->permission, 0700);
  EXPECT_EQ((*root().Stat("/a/b"))->permission, 0700);
  EXPECT_EQ((*root().Stat("/a/b/c"))->permission, 0500);
  EXPECT_TRUE(*root().Mkdirs("/a/b/c", 0777)) << "an existing directory is success";
  EXPECT_EQ((*root().Stat("/a/b/c"))->permission, 0500) << "and unchanged";
  EXPECT_TRUE(*root().Mkdirs("/"));
}

TEST_P(TreeOps, MkdirsErrors) {
  ASSERT_TRUE(root().Touch("/f").ok());
  EXPECT_TRUE(IsError(root().Mkdirs("/f").status(), ErrorKind::kFileAlreadyExists,
                      "Path is not a directory: /f"));
  EXPECT_TRUE(IsError(root().Mkdirs("/f/x").status(), ErrorKind::kParentNotDirectory,
                      "/f (is not a directory)"));
  EXPECT_TRUE(IsError(root().Mkdirs("/no/x", 0755, false).status(), ErrorKind::kFileNotFound,
                      "Parent directory doesn't exist: /no"));
  EXPECT_TRUE(IsError(root().Mkdirs("/a:b").status(), ErrorKind::kInvalidPath,
                      "Invalid path name Invalid file name: /a:b"));
  EXPECT_TRUE(IsError(root().Mkdirs("/d/.snapshot").status(), ErrorKind::kHadoopIllegalArgument,
                      "\".snapshot\" is a reserved name."));
  EXPECT_TRUE(IsError(root().Mkdirs("/" + std::string(256, 'n')).status(),
                      ErrorKind::kPathComponentTooLong,
                      "The maximum path component name limit of " + std::string(256, 'n') +
                          " in directory / is exceeded: limit=255 length=256"));
  EXPECT_TRUE(IsError(root().Mkdirs("/" + std::string(8000, 'n')).status(), ErrorKind::kIo,
                      "mkdirs: Pathname too long.  Limit 8000 characters, 1000 levels."));
  EXPECT_TRUE(IsError(root().Mkdirs("relative").status(), ErrorKind::kInvalidPath,
                      "Invalid path name Invalid file name: relative"));
  EXPECT_TRUE(
      IsError(user("bob").Mkdirs("/x").status(), ErrorKind::kAccessControl,
              "Permission denied: user=bob, access=WRITE, inode=\"/\":root:supergroup:drwxr-xr-x"));
}

TEST_P(TreeOps, AFailedMkdirsLeavesNothing) {
  const std::string bad = "/new/" + std::string(300, 'n');
  ASSERT_FALSE(root().Mkdirs(bad).ok());
  EXPECT_EQ(*root().Stat("/new"), std::nullopt);
  EXPECT_EQ((*root().Stat("/"))->children, 0);
}

TEST_P(TreeOps, RenameTable) {
  ASSERT_TRUE(root().Mkdirs("/d/sub").ok());
  ASSERT_TRUE(root().Touch("/f").ok());
  ASSERT_TRUE(root().Touch("/g").ok());
  EXPECT_FALSE(*root().Rename("/missing", "/x"));
  EXPECT_FALSE(*root().Rename("/", "/x"));
  EXPECT_FALSE(*root().Rename("/f", "/no/x")) << "no such parent";
  EXPECT_FALSE(*root().Rename("/f", "/g")) << "the destination is a file";
  EXPECT_FALSE(*root().Rename("/d", "/d/sub/x")) << "below itself";
  EXPECT_TRUE(*root().Rename("/f", "/f")) << "a file onto itself";
  EXPECT_FALSE(*root().Rename("/d", "/d")) << "a directory would move into itself";
  EXPECT_TRUE(*root().Rename("/f", "/")) << "resolves to /f";
  EXPECT_TRUE(*root().Rename("/f", "/d")) << "into the directory";
  EXPECT_THAT(root().Names("/d"), ElementsAre("f", "sub"));
  ASSERT_TRUE(root().Touch("/f").ok());
  EXPECT_FALSE(*root().Rename("/f", "/d")) << "its name is taken there";
  EXPECT_TRUE(IsError(root().Rename("/f", "/g/x").status(), ErrorKind::kParentNotDirectory,
                      "/g (is not a directory)"));
  EXPECT_TRUE(IsError(root().Rename("/f", "/a:b").status(), ErrorKind::kInvalidPath,
                      "Invalid path name Invalid file name: /a:b"));
  EXPECT_TRUE(IsError(root().Rename("/f", "/.reserved").status(), ErrorKind::kInvalidPath,
                      "Invalid path name Cannot rename to or from /.reserved"));
}

TEST_P(TreeOps, Rename2Table) {
  ASSERT_TRUE(root().Mkdirs("/d/sub").ok());
  ASSERT_TRUE(root().Mkdirs("/empty").ok());
  ASSERT_TRUE(root().Touch("/f").ok());
  ASSERT_TRUE(root().Touch("/g").ok());
  EXPECT_TRUE(IsError(root().Rename2("/missing", "/x"), ErrorKind::kFileNotFound,
                      "rename source /missing is not found."));
  EXPECT_TRUE(
      IsError(root().Rename2("/", "/x"), ErrorKind::kIo, "rename source cannot be the root"));
  EXPECT_TRUE(
      IsError(root().Rename2("/f", "/"), ErrorKind::kIo, "rename destination cannot be the root"));
  EXPECT_TRUE(IsError(root().Rename2("/f", "/f"), ErrorKind::kFileAlreadyExists,
                      "The source /f and destination /f are the same"));
  EXPECT_TRUE(IsError(root().Rename2("/d", "/d/x"), ErrorKind::kIo,
                      "Rename destination /d/x is a directory or file under source /d"));
  EXPECT_TRUE(IsError(root().Rename2("/f", "/d", true), ErrorKind::kIo,
                      "Source /f and destination /d must both be directories"));
  EXPECT_TRUE(IsError(root().Rename2("/f", "/g"), ErrorKind::kFileAlreadyExists,
                      "rename destination /g already exists"));
  EXPECT_TRUE(IsError(root().Rename2("/empty", "/d", true), ErrorKind::kIo,
                      "rename destination directory is not empty: /d"));
  EXPECT_TRUE(IsError(root().Rename2("/f", "/no/x"), ErrorKind::kFileNotFound,
                      "rename destination parent /no/x not found."));
  const InodeId moved = (*root().Stat("/f"))->file_id;
  EXPECT_TRUE(root().Rename2("/f", "/g", true).ok());
  EXPECT_EQ((*root().Stat("/g"))->file_id, moved);
  EXPECT_EQ(*root().Stat("/f"), std::nullopt);
  EXPECT_TRUE(root().Rename2("/d", "/empty", true).ok());
  EXPECT_THAT(root().Names("/"), ElementsAre("empty", "g"));
  EXPECT_THAT(root().Names("/empty"), ElementsAre("sub"));
  EXPECT_EQ((*root().Stat("/"))->children, 2);
}

TEST_P(TreeOps, ARenamedDirectoryTakesItsTreeAlong) {
  ASSERT_TRUE(root().Mkdirs("/a/b/c").ok());
  ASSERT_TRUE(root().Touch("/a/b/c/f").ok());
  ASSERT_TRUE(root().Mkdirs("/z").ok());
  ASSERT_TRUE(*root().Rename("/a/b", "/z/y"));
  EXPECT_NE(*root().Stat("/z/y/c/f"), std::nullopt);
  EXPECT_EQ(*root().Stat("/a/b/c/f"), std::nullopt);
  EXPECT_EQ((*root().Stat("/a"))->children, 0);
  EXPECT_EQ((*root().Stat("/z"))->children, 1);
}

TEST_P(TreeOps, DeleteRules) {
  ASSERT_TRUE(root().Mkdirs("/d/sub").ok());
  ASSERT_TRUE(root().Touch("/d/f").ok());
  EXPECT_FALSE(*root().Delete("/missing"));
  EXPECT_FALSE(*root().Delete("/", true));
  EXPECT_TRUE(IsError(root().Delete("/d").status(), ErrorKind::kPathIsNotEmptyDirectory,
                      "`/d is non empty': Directory is not empty"));
  EXPECT_TRUE(IsError(root().Delete("/d/f/x").status(), ErrorKind::kAccessControl,
                      "/d/f (is not a directory)"));
  EXPECT_TRUE(IsError(root().Delete("/.reserved", true).status(), ErrorKind::kInvalidPath,
                      "Invalid path name /.reserved"));
  EXPECT_TRUE(*root().Delete("/d/f"));
  EXPECT_TRUE(*root().Delete("/d", true));
  EXPECT_THAT(root().Names("/"), IsEmpty());
}

TEST_P(TreeOps, ARecursiveDeleteNeedsAllOfEveryNonEmptyDirectory) {
  ASSERT_TRUE(root().Mkdirs("/home", 0777).ok());
  ASSERT_TRUE(user("bob").Mkdirs("/home/bob/x").ok());
  ASSERT_TRUE(root().Mkdirs("/home/bob/roots", 0755).ok());
  EXPECT_TRUE(*user("bob").Delete("/home/bob/roots", true)) << "an empty directory of another's";
  ASSERT_TRUE(root().Mkdirs("/home/bob/roots/inner", 0755).ok());
  EXPECT_TRUE(IsError(user("bob").Delete("/home/bob", true).status(), ErrorKind::kAccessControl,
                      "Permission denied: user=bob, access=ALL, "
                      "inode=\"/home/bob/roots\":root:supergroup:drwxr-xr-x"));
  EXPECT_NE(*root().Stat("/home/bob/roots/inner"), std::nullopt);
  ASSERT_TRUE(root().SetOwner("/home/bob/roots", "bob", std::nullopt).ok());
  EXPECT_TRUE(*user("bob").Delete("/home/bob", true));
  EXPECT_EQ(*root().Stat("/home/bob"), std::nullopt);
}

TEST_P(TreeOps, TheStickyBitKeepsOthersEntries) {
  ASSERT_TRUE(root().Mkdirs("/tmp").ok());
  ASSERT_TRUE(root().SetPermission("/tmp", 01777).ok());
  ASSERT_TRUE(user("ann").Touch("/tmp/f").ok());
  EXPECT_TRUE(IsError(
      user("bob").Delete("/tmp/f").status(), ErrorKind::kAccessControl,
      "Permission denied by sticky bit: user=bob, path=\"/tmp/f\":ann:supergroup:-rw-r--r--, "
      "parent=\"/tmp\":root:supergroup:drwxrwxrwt"));
  EXPECT_FALSE(user("bob").Rename2("/tmp/f", "/tmp/g").ok());
  EXPECT_TRUE(*user("ann").Delete("/tmp/f"));
}

TEST_P(TreeOps, ListingsAreInSignedByteOrderAndPaged) {
  ASSERT_TRUE(root().Mkdirs("/l").ok());
  for (const char* name : {"a", "Z", "_", "\xc3\xa9"})
    ASSERT_TRUE(root().Touch(std::string("/l/") + name).ok());
  EXPECT_THAT(root().Names("/l"), ElementsAre("\xc3\xa9", "Z", "_", "a"));
  EXPECT_THAT(root().Names("/l", "Z"), ElementsAre("_", "a"));
  EXPECT_THAT(root().Names("/l", "Y"), ElementsAre("Z", "_", "a")) << "the start need not exist";
  EXPECT_THAT(root().Names("/l", "a"), IsEmpty());
}

TEST_P(TreeOps, APageHoldsAtMostTheLimit) {
  ASSERT_TRUE(root().Mkdirs("/l").ok());
  const int limit = options().list_limit;
  for (int i = 0; i < limit + 3; ++i)
    ASSERT_TRUE(root().Mkdirs("/l/" + std::to_string(100000 + i)).ok());
  const auto first = *root().List("/l");
  EXPECT_EQ(first->entries.size(), limit);
  EXPECT_EQ(first->remaining, 3);
  const auto second = *root().List("/l", first->entries.back().path);
  EXPECT_EQ(second->entries.size(), 3);
  EXPECT_EQ(second->remaining, 0);
}

// fs.protected.directories, in HDFS's words; not even the superuser may.
TEST_P(TreeOps, ProtectedDirectoriesStayUnlessTheyAreEmpty) {
  ASSERT_TRUE(root().Mkdirs("/p/sub/x").ok());
  ASSERT_TRUE(root().Mkdirs("/q/r").ok());
  ASSERT_TRUE(root().Mkdirs("/empty").ok());
  options().protected_dirs->Set({"/p", "/q/r", "/empty"}, false);
  const auto denied = [](const absl::Status& status, const std::string& what) {
    return IsError(status, ErrorKind::kAccessControl, "Cannot delete/rename " + what);
  };
  EXPECT_TRUE(denied(root().Delete("/p", true).status(), "non-empty protected directory /p"));
  EXPECT_TRUE(denied(root().Rename("/p", "/z").status(), "non-empty protected directory /p"));
  EXPECT_TRUE(denied(root().Rename2("/p", "/z"), "non-empty protected directory /p"));
  EXPECT_TRUE(IsError(root().Delete("/p", false).status(), ErrorKind::kPathIsNotEmptyDirectory,
                      "`/p is non empty': Directory is not empty"));
  EXPECT_TRUE(*root().Rename("/q", "/moved")) << "/q/r is empty";
  ASSERT_TRUE(*root().Rename("/moved", "/q"));
  ASSERT_TRUE(root().Touch("/q/r/f").ok());
  EXPECT_TRUE(denied(root().Delete("/q", true).status(), "non-empty protected subdirectory /q/r"));
  EXPECT_TRUE(*root().Delete("/empty", true));
  EXPECT_TRUE(*root().Rename("/p/sub", "/p/other")) << "below it nothing is protected";
  options().protected_dirs->Set({"/p"}, true);
  EXPECT_TRUE(denied(root().Delete("/p/other", true).status(),
                     "subdirectory under protected subdirectory /p"));
  options().protected_dirs->Set({}, true);
  EXPECT_TRUE(*root().Delete("/p", true));
}

// A root that can have snapshots has a directory for them, which is empty.
TEST_P(TreeOps, TheSnapshotsOfTheRoot) {
  const auto status = *root().Stat("/.snapshot");
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->permission, 0777);
  EXPECT_EQ(status->file_id, -1);
  ASSERT_TRUE(root().Mkdirs("/d").ok());
  EXPECT_FALSE((*root().Stat("/d/.snapshot")).has_value());
}

TEST_P(TreeOps, ListingOfAFileAMissingPathAndTheReservedRoot) {
  ASSERT_TRUE(root().Touch("/f").ok());
  EXPECT_THAT(root().Names("/f"), ElementsAre(""));
  EXPECT_EQ(*root().List("/missing"), std::nullopt);
  EXPECT_THAT(root().Names("/.reserved"), ElementsAre(".inodes", "raw"));
  EXPECT_TRUE(
      IsError(root().List("/f/x").status(), ErrorKind::kAccessControl, "/f (is not a directory)"));
  ASSERT_TRUE(root().Mkdirs("/closed", 0700).ok());
  EXPECT_TRUE(IsError(user("bob").List("/closed").status(), ErrorKind::kAccessControl,
                      "Permission denied: user=bob, access=READ_EXECUTE, "
                      "inode=\"/closed\":root:supergroup:drwx------"));
}

TEST_P(TreeOps, PathsByInodeId) {
  ASSERT_TRUE(root().Mkdirs("/a/b").ok());
  ASSERT_TRUE(root().Touch("/a/b/f").ok());
  const std::string b = "/.reserved/.inodes/" + std::to_string((*root().Stat("/a/b"))->file_id);
  EXPECT_EQ((*root().Stat(b + "/f"))->file_id, (*root().Stat("/a/b/f"))->file_id);
  EXPECT_EQ((*root().Stat(b + "/.."))->file_id, (*root().Stat("/a"))->file_id);
  EXPECT_TRUE(root().Mkdirs(b + "/made").ok());
  EXPECT_NE(*root().Stat("/a/b/made"), std::nullopt);
  EXPECT_TRUE(IsError(root().Stat("/.reserved/.inodes/x").status(), ErrorKind::kFileNotFound,
                      "Invalid inode path: /.reserved/.inodes/x"));
  ASSERT_TRUE(*root().Delete("/a", true));
  EXPECT_EQ(KindOf(root().Stat(b).status()), ErrorKind::kFileNotFound)
      << "deleted, though not yet reclaimed";
}

TEST_P(TreeOps, SafeModeRefusesChangesWithItsTip) {
  ASSERT_TRUE(root().Touch("/f").ok());
  EnterSafeMode();
  EXPECT_TRUE(IsError(root().Mkdirs("/d").status(), ErrorKind::kSafeMode,
                      "Cannot create directory /d. Name node is in safe mode."));
  EXPECT_TRUE(IsError(root().Create("/g").status(), ErrorKind::kSafeMode,
                      "Cannot create file/g. Name node is in safe mode."));
  EXPECT_TRUE(IsError(root().Delete("/f").status(), ErrorKind::kSafeMode,
                      "Cannot delete /f. Name node is in safe mode."));
  EXPECT_TRUE(IsError(root().Rename2("/f", "/g"), ErrorKind::kSafeMode,
                      "Cannot rename /f. Name node is in safe mode."));
  EXPECT_TRUE(IsError(root().SetTimes("/f", 1, 1), ErrorKind::kSafeMode,
                      "Cannot set times /f. Name node is in safe mode."));
  EXPECT_NE(*root().Stat("/f"), std::nullopt);
}

TEST_P(TreeOps, ContentSummaryCountsTheDirectoryItself) {
  ASSERT_TRUE(root().Mkdirs("/c/d").ok());
  ASSERT_TRUE(root().Touch("/c/f").ok());
  ASSERT_TRUE(root().Touch("/c/d/g").ok());
  const auto summary = root().GetContentSummary("/c");
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->directory_count, 2);
  EXPECT_EQ(summary->file_count, 2);
  EXPECT_EQ(summary->length, 0);
  EXPECT_EQ(summary->quota, -1);
  EXPECT_EQ(root().GetContentSummary("/")->quota, INT64_MAX);
  EXPECT_EQ(KindOf(root().GetContentSummary("/missing").status()), ErrorKind::kFileNotFound);
}

}  // namespace
}  // namespace cairn::namenode
