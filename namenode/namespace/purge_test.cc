// Reclaiming deleted trees, interrupted anywhere; and changes of whole trees that are checked
// first.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>
#include <string>

#include "common/types/errors.h"
#include "namenode/namespace/testing/namespace_fixture.h"

namespace cairn::namenode {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

NamespaceOptions SmallBatches(CacheSize size) {
  NamespaceOptions options = OptionsFor(size);
  options.purge_batch_rows = 5;
  return options;
}

class PurgeTest : public ::testing::TestWithParam<CacheSize> {
 protected:
  // Directories, files with blocks, open files and one file with many blocks, below /t; and a file
  // beside it.
  void MakeTree(TestNamespace& fs) {
    ASSERT_TRUE(fs.WriteFile("/kept", 2).ok());
    for (int d = 0; d < 3; ++d) {
      for (int f = 0; f < 4; ++f) {
        ASSERT_TRUE(fs.WriteFile(fmt::format("/t/d{}/s/f{}", d, f), f).ok());
      }
      ASSERT_TRUE(fs.Mkdirs(fmt::format("/t/d{}/empty", d)).ok());
      const std::string open = fmt::format("/t/d{}/open", d);
      ASSERT_TRUE(fs.Create(open, fmt::format("w{}", d)).ok());
      ASSERT_TRUE(fs.AddBlock(open, fmt::format("w{}", d)).ok());
    }
    ASSERT_TRUE(fs.WriteFile("/t/many", 23).ok());
  }
  // Nothing of /t is left anywhere.
  void ExpectReclaimed(TestNamespace& fs) {
    EXPECT_EQ(fs.InodeCount(), 2);
    EXPECT_EQ(fs.disk().size(Table::kEntries), 2u);
    EXPECT_EQ(fs.disk().size(Table::kInodeIndex), 2u);
    EXPECT_EQ(fs.disk().size(Table::kBlocks), 2u);
    EXPECT_EQ(fs.disk().size(Table::kLeases), 0u);
    EXPECT_EQ(fs.disk().size(Table::kPurge), 0u);
    EXPECT_EQ(fs.disk().size(Table::kFileBlocks), 0u);
    EXPECT_EQ(fs.blocks().rows().size(), 2u);
    EXPECT_EQ(fs.ns().runner().WithState([](NamespaceState& s) { return s.leases.files(); }), 0u);
  }
};

INSTANTIATE_TEST_SUITE_P(Caches, PurgeTest,
                         ::testing::Values(CacheSize::kNone, CacheSize::k64Entries,
                                           CacheSize::kDefault),
                         CacheSizeName);

TEST_P(PurgeTest, ADeletedTreeIsReclaimed) {
  TestNamespace fs(SmallBatches(GetParam()), StoreKind::kMemory);
  MakeTree(fs);
  ASSERT_TRUE(*fs.Delete("/t"));
  EXPECT_THAT(fs.List("/"), ElementsAre("kept"));
  EXPECT_EQ(fs.disk().size(Table::kPurge), 1u);
  EXPECT_GT(fs.Purge(), 5);
  ExpectReclaimed(fs);
  EXPECT_THAT(fs.blocks().unlinked(), ::testing::ContainerEq(fs.blocks().removed()));
}

TEST_P(PurgeTest, AnInterruptedPurgeIsResumedAfterEveryStep) {
  int steps = 1;
  for (int interrupted = 0; interrupted < steps; ++interrupted) {
    TestNamespace fs(SmallBatches(GetParam()), StoreKind::kMemory);
    MakeTree(fs);
    ASSERT_TRUE(*fs.Delete("/t"));
    for (int i = 0; i < interrupted; ++i) ASSERT_TRUE(*fs.ns().purger().Step());
    fs.Restart();
    const int left = fs.Purge();
    if (interrupted == 0) steps = left;
    SCOPED_TRACE(interrupted);
    ExpectReclaimed(fs);
  }
}

TEST_P(PurgeTest, APurgeInterruptedAfterEveryBatchGoesOnWhereItWas) {
  TestNamespace fs(SmallBatches(GetParam()), StoreKind::kMemory);
  MakeTree(fs);
  ASSERT_TRUE(*fs.Delete("/t"));
  size_t rows = fs.disk().size(Table::kEntries) + fs.disk().size(Table::kBlocks);
  for (int steps = 0; *fs.ns().purger().Step(); ++steps) {
    ASSERT_LT(steps, 1000);
    // Ending leases has no rows of its own to show how far it is: a restart begins it again.
    const size_t left = fs.disk().size(Table::kEntries) + fs.disk().size(Table::kBlocks);
    if (left < rows) fs.Restart();
    rows = left;
  }
  ExpectReclaimed(fs);
}

TEST_P(PurgeTest, AFileGivesItsBlocksBackAtOnce) {
  TestNamespace fs(GetParam());
  ASSERT_TRUE(fs.WriteFile("/kept", 2).ok());
  ASSERT_TRUE(fs.WriteFile("/f", 3).ok());
  ASSERT_TRUE(fs.Create("/open").ok());
  ASSERT_TRUE(fs.AddBlock("/open", "writer").ok());
  ASSERT_TRUE(*fs.Delete("/f"));
  ASSERT_TRUE(*fs.Delete("/open"));
  ExpectReclaimed(fs);
  EXPECT_EQ(fs.Purge(), 0);
}

TEST_P(PurgeTest, AFileOfManyBlocksIsReclaimedInBatches) {
  TestNamespace fs(SmallBatches(GetParam()), StoreKind::kMemory);
  ASSERT_TRUE(fs.WriteFile("/kept", 2).ok());
  ASSERT_TRUE(fs.WriteFile("/f", 150).ok());
  EXPECT_EQ(fs.disk().size(Table::kFileBlocks), 2u);
  ASSERT_TRUE(*fs.Delete("/f"));
  fs.Restart();
  EXPECT_GE(fs.Purge(), 150 / 5);
  ExpectReclaimed(fs);
}

TEST_P(PurgeTest, NothingIsReclaimedInSafeMode) {
  TestNamespace fs(GetParam());
  MakeTree(fs);
  ASSERT_TRUE(*fs.Delete("/t"));
  fs.blocks().EnterSafeMode(false);
  EXPECT_EQ(fs.Purge(), 0);
  ASSERT_TRUE(fs.blocks().LeaveSafeMode(false).ok());
  EXPECT_GT(fs.Purge(), 0);
  ExpectReclaimed(fs);
}

TEST_P(PurgeTest, WhatIsUnlinkedIsNotReachedByItsId) {
  TestNamespace fs(GetParam());
  ASSERT_TRUE(fs.Mkdirs("/t/d").ok());
  const auto file = fs.Create("/t/d/f");
  ASSERT_TRUE(file.ok());
  const auto linked = [&] {
    return *TestNamespace::Sync<bool>(
        [&](Done<bool> done) { fs.ns().IsLinked(file->file_id, std::move(done)); });
  };
  const auto path = [&] {
    return TestNamespace::Sync<std::string>(
        [&](Done<std::string> done) { fs.ns().PathOf(file->file_id, std::move(done)); });
  };
  EXPECT_TRUE(linked());
  EXPECT_EQ(path().value_or(""), "/t/d/f");
  ASSERT_TRUE(*fs.Rename("/t/d", "/elsewhere"));
  EXPECT_TRUE(linked());
  EXPECT_EQ(path().value_or(""), "/elsewhere/f");
  ASSERT_TRUE(*fs.Delete("/elsewhere"));
  EXPECT_FALSE(linked());
  EXPECT_TRUE(Is(path().status(), ErrorKind::kFileNotFound));
  const auto by_id = fs.GetFileInfo(fmt::format("/.reserved/.inodes/{}", file->file_id));
  EXPECT_TRUE(Is(by_id.status(), ErrorKind::kFileNotFound)) << by_id.status();
  fs.Purge();
  EXPECT_FALSE(linked());
}

// ---- changes of whole trees

class SubtreeTest : public PurgeTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(fs_.Mkdirs("/u").ok());
    SetOwner("/u", "alice", 0755);
    for (const char* path : {"/u/d/x/y", "/u/d/z"}) {
      ASSERT_TRUE(fs_.Mkdirs(path, alice_).ok());
    }
    ASSERT_TRUE(fs_.WriteFile("/u/d/x/f", 1, 1 << 20, alice_).ok());
  }
  void SetOwner(const std::string& path, const std::string& owner, uint16_t mode) {
    ASSERT_TRUE(TestNamespace::SyncVoid([&](DoneVoid done) {
                  fs_.ns().SetOwner(TestNamespace::Root(), {path, owner, owner}, std::move(done));
                }).ok());
    ASSERT_TRUE(TestNamespace::SyncVoid([&](DoneVoid done) {
                  fs_.ns().SetPermission(TestNamespace::Root(), path, mode, std::move(done));
                }).ok());
  }

  const Caller alice_ = TestNamespace::User("alice");
  TestNamespace fs_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Caches, SubtreeTest,
                         ::testing::Values(CacheSize::kNone, CacheSize::k64Entries,
                                           CacheSize::kDefault),
                         CacheSizeName);

TEST_P(SubtreeTest, AnOwnerDeletesTheWholeTree) {
  const auto deleted = fs_.Delete("/u/d", true, alice_);
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_TRUE(*deleted);
  EXPECT_THAT(fs_.List("/u"), IsEmpty());
  EXPECT_TRUE(fs_.ns().runner().WithState([](NamespaceState& s) { return s.marks.empty(); }));
}

TEST_P(SubtreeTest, OneDirectoryOfAnotherUserProtectsTheTree) {
  ASSERT_TRUE(fs_.Mkdirs("/u/d/x/y/others/deep").ok());
  SetOwner("/u/d/x/y/others", "bob", 0700);
  const auto deleted = fs_.Delete("/u/d", true, alice_);
  EXPECT_TRUE(Is(deleted.status(), ErrorKind::kAccessControl)) << deleted.status();
  EXPECT_THAT(std::string(deleted.status().message()), HasSubstr("/u/d/x/y/others"));
  EXPECT_THAT(fs_.List("/u"), ElementsAre("d"));
  EXPECT_TRUE(fs_.ns().runner().WithState([](NamespaceState& s) { return s.marks.empty(); }));
}

TEST_P(SubtreeTest, MutationsBelowWaitUntilTheTreeIsGone) {
  std::promise<absl::StatusOr<bool>> made;
  std::atomic<bool> made_already = false;
  // The first read while the mark is set belongs to the walk or to the loads of operations that
  // come before it; asking for the mark tells.
  std::atomic<bool> asked = false;
  fs_.memory().SetReadHook([&] {
    const bool marked =
        fs_.ns().runner().WithState([](NamespaceState& s) { return !s.marks.empty(); });
    if (!marked || asked.exchange(true)) return;
    fs_.ns().Mkdirs(TestNamespace::Root(), {"/u/d/x/new", 0755, true},
                    [&](absl::StatusOr<bool> result) {
                      made_already = true;
                      made.set_value(std::move(result));
                    });
    EXPECT_TRUE((*fs_.GetFileInfo("/u/d/x")).has_value());  // reads go on
    EXPECT_FALSE(made_already);
  });
  const auto deleted = fs_.Delete("/u/d", true, alice_);
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_TRUE(*deleted);
  ASSERT_TRUE(asked);
  EXPECT_TRUE(*made.get_future().get());  // made anew, in a new tree
  EXPECT_THAT(fs_.List("/u/d"), ElementsAre("x"));
  EXPECT_THAT(fs_.List("/u/d/x"), ElementsAre("new"));
}

TEST_P(SubtreeTest, TheWalkSeesWhatIsNotYetApplied) {
  fs_.memory().SetAuto(true, false);
  ASSERT_TRUE(fs_.Mkdirs("/u/d/x/y/others/deep").ok());
  SetOwner("/u/d/x/y/others", "bob", 0700);
  EXPECT_FALSE(fs_.Delete("/u/d", true, alice_).ok());
}

TEST_P(SubtreeTest, ContentSummaryAddsUpTheTree) {
  const auto summary = TestNamespace::Sync<ContentSummary>([&](Done<ContentSummary> done) {
    fs_.ns().GetContentSummary(alice_, "/u", std::move(done));
  });
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->directory_count, 5);
  EXPECT_EQ(summary->file_count, 1);
  EXPECT_EQ(summary->length, 1 << 20);
  EXPECT_EQ(summary->space_consumed, 3 << 20);
}

TEST_P(SubtreeTest, AWalkVisitsEverythingInOrderWithBlocks) {
  std::vector<std::string> paths;
  size_t blocks = 0;
  const absl::Status walked = TestNamespace::SyncVoid([&](DoneVoid done) {
    fs_.ns().Walk(
        TestNamespace::Root(), "/u",
        [&](const std::string& path, const FileStatus& status) {
          paths.push_back(path);
          if (status.locations) blocks += status.locations->blocks.size();
          return true;
        },
        std::move(done));
  });
  ASSERT_TRUE(walked.ok()) << walked;
  EXPECT_THAT(paths, ElementsAre("/u", "/u/d", "/u/d/x", "/u/d/x/f", "/u/d/x/y", "/u/d/z"));
  EXPECT_EQ(blocks, 1u);
}

}  // namespace
}  // namespace cairn::namenode
