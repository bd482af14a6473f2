// concat: HDFS's checks in HDFS's order, what becomes of blocks and rows, and its replay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "namenode/namespace/ops/testing/ops_test.h"

namespace cairn::namenode {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kBlock = 1 << 20;

class ConcatOps : public OpsTest {
 protected:
  void SetUp() override { ASSERT_TRUE(root().Mkdirs("/d").ok()); }
  // A closed file of `count` blocks of `length` bytes.
  void Write(const std::string& path, int count, int64_t length, int replication = 1,
             int64_t block_size = kBlock) {
    ASSERT_TRUE(root()
                    .Create({.path = path,
                             .client_name = "w",
                             .replication = replication,
                             .block_size = block_size})
                    .ok());
    std::optional<ExtendedBlock> last;
    for (int i = 0; i < count; ++i) {
      const auto block = root().AddBlock({.path = path, .client_name = "w", .previous = last});
      ASSERT_TRUE(block.ok()) << block.status();
      last = block->block;
      last->block.num_bytes = length;
    }
    ASSERT_TRUE(*root().Complete({.path = path, .client_name = "w", .last = last}));
  }
  std::vector<int64_t> BlockLengths(const std::string& path) {
    std::vector<int64_t> lengths;
    const auto located = root().GetBlockLocations(path, 0, INT64_MAX);
    for (const LocatedBlock& block : located->blocks) {
      lengths.push_back(block.block.block.num_bytes);
    }
    return lengths;
  }
  ::testing::AssertionResult Refused(ErrorKind kind, const std::string& line,
                                     const std::string& target,
                                     const std::vector<std::string>& sources) {
    return IsError(root().Concat(target, sources), kind, line);
  }
  ::testing::AssertionResult Illegal(const std::string& line, const std::string& target,
                                     const std::vector<std::string>& sources) {
    return Refused(ErrorKind::kHadoopIllegalArgument, line, target, sources);
  }
};
CAIRN_INSTANTIATE_OPS_TEST(ConcatOps);

TEST_P(ConcatOps, NamesAreCheckedFirst) {
  Write("/d/t", 1, 10);
  Write("/d/a", 1, 10);
  const auto io = ErrorKind::kIo;
  EXPECT_TRUE(Refused(ErrorKind::kIllegalArgument, "Target file name is empty", "", {"/d/a"}));
  EXPECT_TRUE(Refused(ErrorKind::kIllegalArgument, "No sources given", "/none", {}));
  EXPECT_TRUE(Refused(io,
                      "Concat operation doesn't support .reserved relative path : "
                      "/.reserved/.inodes/16385/d/t",
                      "/.reserved/.inodes/16385/d/t", {"/d/a"}));
  EXPECT_TRUE(
      Refused(io, "Concat operation doesn't support .reserved relative path : /.reserved/raw/d/a",
              "/d/t", {"/d/a", "/.reserved/raw/d/a"}));
  EXPECT_TRUE(
      Refused(ErrorKind::kAssertion, "Absolute path required, but got 'd/a'", "/d/t", {"d/a"}));
}

TEST_P(ConcatOps, TheTargetIsAClosedFile) {
  Write("/d/t", 1, 10);
  Write("/d/a", 1, 10);
  ASSERT_TRUE(root().Create("/d/open").ok());
  const auto missing = ErrorKind::kFileNotFound;
  EXPECT_TRUE(Refused(missing, "File does not exist: //d//zz/", "//d//zz/", {"/d/a"}));
  EXPECT_TRUE(Refused(missing, "Path is not a file: /d", "/d", {"/d/a"}));
  EXPECT_TRUE(Refused(missing, "Path is not a file: /", "/", {"/d/a"}));
  EXPECT_TRUE(Refused(ErrorKind::kAccessControl, "/d/t (is not a directory)", "/d/t/x", {"/d/a"}));
  EXPECT_TRUE(Illegal("concat: target file //d/open is under construction", "//d/open", {"/d/a"}));
}

TEST_P(ConcatOps, SourcesAreOtherClosedFilesOfTheSameDirectory) {
  Write("/d/t", 1, 10);
  Write("/d/a", 1, 10);
  Write("/d/big", 1, 10, 1, 2 * kBlock);
  Write("/other/x", 1, 10);
  ASSERT_TRUE(root().Touch("/d/empty").ok());
  ASSERT_TRUE(root().Create("/d/open").ok());
  const auto missing = ErrorKind::kFileNotFound;
  EXPECT_TRUE(Refused(missing, "File does not exist: /d/zz", "/d/t", {"/d/a", "/d/a", "/d/zz"}));
  EXPECT_TRUE(Refused(missing, "Path is not a file: /d", "/d/t", {"/d"}));
  EXPECT_TRUE(Illegal("Source file /other//x is not in the same directory with the target /d/t",
                      "//d/t", {"/other//x"}));
  EXPECT_TRUE(Illegal("concat: the src file /d//t is the same with the target file /d/t", "//d/t",
                      {"/d/a", "/d//t"}));
  for (const std::string path : {"/d/open", "/d/empty"}) {
    EXPECT_TRUE(Illegal("concat: source file " + path + " is invalid or empty or underConstruction",
                        "/d/t", {path}));
  }
  EXPECT_TRUE(
      Illegal("concat: source file /d/big has preferred block size 2097152 which is greater than "
              "the target file's preferred block size 1048576",
              "/d/t", {"/d/big"}));
  EXPECT_TRUE(
      Illegal("concat: at least two of the source files are the same", "/d/t", {"/d/a", "/d//a"}));
  EXPECT_THAT(BlockLengths("/d/t"), ElementsAre(10)) << "a refusal changes nothing";
  EXPECT_THAT(root().Names("/d"), ElementsAre("a", "big", "empty", "open", "t"));
}

TEST_P(ConcatOps, PermissionsAreCheckedBeforeExistence) {
  Write("/d/t", 1, 10);
  Write("/d/a", 1, 10);
  const auto refused = [&](const std::string& line, const std::string& source) {
    return IsError(user("bob").Concat("/d/t", {source}), ErrorKind::kAccessControl, line);
  };
  EXPECT_TRUE(refused(
      "Permission denied: user=bob, access=WRITE, inode=\"/d/t\":root:supergroup:-rw-r--r--",
      "/d/a"));
  ASSERT_TRUE(root().SetPermission("/d/t", 0666).ok());
  for (const std::string source : {"/d/a", "/d/zz"}) {
    EXPECT_TRUE(refused(
        "Permission denied: user=bob, access=WRITE, inode=\"/d\":root:supergroup:drwxr-xr-x",
        source));
  }
  ASSERT_TRUE(root().SetPermission("/d/a", 0600).ok());
  EXPECT_TRUE(
      refused("Permission denied: user=bob, access=READ, inode=\"/d/a\":root:supergroup:-rw-------",
              "/d/a"));
  ASSERT_TRUE(root().SetPermission("/d/a", 0644).ok());
  ASSERT_TRUE(root().SetPermission("/d", 01777).ok());
  EXPECT_TRUE(
      refused("Permission denied by sticky bit: user=bob, "
              "path=\"/d/a\":root:supergroup:-rw-r--r--, "
              "parent=\"/d\":root:supergroup:drwxrwxrwt",
              "/d/a"));
  ASSERT_TRUE(root().SetPermission("/d", 0777).ok());
  EXPECT_TRUE(user("bob").Concat("/d/t", {"/d/a"}).ok());
}

TEST_P(ConcatOps, SafeModeRefusesBeforeAnythingElse) {
  EnterSafeMode();
  EXPECT_TRUE(
      Refused(ErrorKind::kSafeMode, "Cannot concat /t. Name node is in safe mode.", "/t", {}));
}

TEST_P(ConcatOps, BlocksChangeTheirFileAndItsReplication) {
  Write("/d/t", 2, 700, 3);
  Write("/d/a", 1, 10, 1);
  Write("/d/b", 2, 20, 5, kBlock);
  const FileStatus before = **root().Stat("/d/t");
  fs().clock().Advance(1000);
  ASSERT_TRUE(root().Concat("/d/t", {"/d/b", "/d/a"}).ok());
  EXPECT_THAT(root().Names("/d"), ElementsAre("t"));
  EXPECT_EQ((*root().Stat("/d"))->children, 1);
  const FileStatus after = **root().Stat("/d/t");
  EXPECT_EQ(after.file_id, before.file_id);
  EXPECT_EQ(after.length, 1450);
  EXPECT_EQ(after.replication, 3);
  EXPECT_EQ(after.atime_ms, before.atime_ms);
  EXPECT_EQ(after.mtime_ms, before.mtime_ms + 1000);
  EXPECT_EQ((*root().Stat("/d"))->mtime_ms, after.mtime_ms);
  EXPECT_THAT(BlockLengths("/d/t"), ElementsAre(700, 700, 20, 20, 10));
  ASSERT_EQ(blocks().rows().size(), 5u);
  for (const auto& [id, row] : blocks().rows()) {
    EXPECT_EQ(row.inode, after.file_id);
    EXPECT_EQ(row.replication, 3);
    EXPECT_EQ(row.state, BlockState::kComplete);
  }
  EXPECT_TRUE(blocks().removed().empty());
  EXPECT_EQ(fs().InodeCount(), 3) << "the root, /d and /d/t";
}

TEST_P(ConcatOps, AJoinedFileGrowsShrinksAndGoesAsAnyOther) {
  Write("/d/t", 1, 700);
  Write("/d/a", 1, 10);
  ASSERT_TRUE(root().Concat("/d/t", {"/d/a"}).ok());
  const auto appended = root().Append("/d/t", "w");
  ASSERT_TRUE(appended.ok()) << appended.status();
  EXPECT_EQ(appended->block->offset, 700) << "the short last block goes on";
  ExtendedBlock last = appended->block->block;
  last.block.num_bytes = 30;
  ASSERT_TRUE(*root().Complete({.path = "/d/t", .client_name = "w", .last = last}));
  EXPECT_TRUE(*root().Truncate("/d/t", 700)) << "at the border of the first file";
  EXPECT_THAT(BlockLengths("/d/t"), ElementsAre(700));
  ASSERT_TRUE(*root().Delete("/d/t"));
  fs().Purge();
  EXPECT_TRUE(blocks().rows().empty());
}

TEST_P(ConcatOps, ARepetitionIsAnsweredAlsoAfterARestart) {
  Write("/d/t", 1, 700);
  Write("/d/a", 70, 10);  // more than a row of the block list holds
  Write("/d/b", 70, 10);
  const auto concat = [&](int64_t call, std::vector<std::string> sources) {
    return TestNamespace::SyncVoid([&](auto done) {
      fs().ns().Concat(TestNamespace::Remembered(TestNamespace::Root(), 'c', call),
                       {"/d/t", std::move(sources)}, std::move(done));
    });
  };
  ASSERT_TRUE(concat(1, {"/d/a", "/d/b"}).ok());
  EXPECT_TRUE(concat(1, {"/d/a", "/d/b"}).ok());
  fs().Restart();
  EXPECT_TRUE(concat(1, {"/d/a", "/d/b"}).ok());
  EXPECT_TRUE(Is(concat(2, {"/d/a", "/d/b"}), ErrorKind::kFileNotFound));
  EXPECT_EQ((*root().Stat("/d/t"))->length, 2100);
  EXPECT_EQ(BlockLengths("/d/t").size(), 141u);
  EXPECT_EQ(fs().disk().size(Table::kBlocks), 141u);
  EXPECT_EQ(fs().disk().size(Table::kFileBlocks), 2u) << "of the sources no list is left";
}

TEST(ConcatOnDisk, IsReplayedFromTheJournal) {
  TestNamespace fs(CacheSize::kNone, StoreKind::kDisk);
  for (const std::string path : {"/t", "/a", "/b"}) {
    ASSERT_TRUE(fs.WriteFile(path, 70, 10).ok());
  }
  SyncNamespace root(fs.ns(), TestNamespace::Root());
  ASSERT_TRUE(root.Concat("/t", {"/b", "/a"}).ok());
  const auto before = root.GetBlockLocations("/t", 0, INT64_MAX);
  const auto rows = fs.blocks().rows();
  for (int start = 0; start < 2; ++start) {
    fs.Restart();
    SyncNamespace again(fs.ns(), TestNamespace::Root());
    EXPECT_THAT(again.Names("/"), ElementsAre("t"));
    const auto after = again.GetBlockLocations("/t", 0, INT64_MAX);
    ASSERT_TRUE(after.ok()) << after.status();
    ASSERT_EQ(after->blocks.size(), 210u);
    for (size_t i = 0; i < after->blocks.size(); ++i) {
      EXPECT_EQ(after->blocks[i].block, before->blocks[i].block) << i;
    }
    EXPECT_EQ(fs.blocks().rows(), rows);
    EXPECT_EQ(fs.InodeCount(), 2);
  }
  ASSERT_TRUE(*fs.Delete("/t"));
  fs.Purge();
  EXPECT_TRUE(fs.blocks().rows().empty());
}

}  // namespace
}  // namespace cairn::namenode
