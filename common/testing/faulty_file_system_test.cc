// The faults are the ones planned, and a power cut keeps exactly what was durable.
#include "common/testing/faulty_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/temp_dir.h"

namespace cairn {
namespace {

using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class FaultyFileSystemTest : public ::testing::Test {
 protected:
  std::unique_ptr<File> Open(const std::string& name, OpenMode mode) {
    return std::move(fs_.Open(dir_ / name, mode)).value();
  }
  // Creates a file whose bytes and name are durable.
  void WriteDurably(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(fs_.WriteFileAtomically(dir_ / name, bytes).ok());
  }
  // Content of the file on the real disk; "-" when there is none.
  std::string OnDisk(const std::string& name) {
    const auto bytes = PosixFileSystem().ReadFile(dir_ / name, 1 << 20);
    return bytes.ok() ? *bytes : "-";
  }
  void PowerCycle(Random* torn = nullptr) {
    fs_.CutPower();
    const absl::Status status = fs_.RestorePower(torn);
    ASSERT_TRUE(status.ok()) << status;
  }

  TempDir dir_;
  FaultyFileSystem fs_{PosixFileSystem()};
};

TEST_F(FaultyFileSystemTest, InjectsTheErrorAfterTheCountOnMatchingPathsOnly) {
  fs_.Inject(Fault::NoSpace(FileOp::kAppend, "victim", 1, 2));
  const auto victim = Open("victim", OpenMode::kCreate);
  const auto other = Open("other", OpenMode::kCreate);
  EXPECT_TRUE(victim->Append("a").ok());
  EXPECT_TRUE(other->Append("a").ok());
  EXPECT_TRUE(absl::IsResourceExhausted(victim->Append("b")));
  EXPECT_TRUE(absl::IsResourceExhausted(victim->Append("b")));
  EXPECT_TRUE(victim->Append("c").ok());
  EXPECT_EQ(OnDisk("victim"), "ac");
  EXPECT_EQ(fs_.calls(FileOp::kAppend), 5);
}

TEST_F(FaultyFileSystemTest, AFailedSyncMakesNothingDurable) {
  WriteDurably("f", "old");
  fs_.Inject(Fault::Eio(FileOp::kSync, "f", 0, -1));
  {
    const auto file = Open("f", OpenMode::kReadWrite);
    ASSERT_TRUE(file->Append("new").ok());
    EXPECT_TRUE(absl::IsDataLoss(file->Sync()));
  }
  PowerCycle();
  EXPECT_EQ(OnDisk("f"), "old");
  fs_.ClearFaults();
  EXPECT_TRUE(Open("f", OpenMode::kReadWrite)->Sync().ok());
}

TEST_F(FaultyFileSystemTest, ALaterSyncDoesNotMendOneThatFailed) {
  const std::string path = dir_ / "f";
  auto file = *fs_.Open(path, OpenMode::kCreate);
  ASSERT_TRUE(file->Append("durable").ok());
  ASSERT_TRUE(file->Sync().ok());
  ASSERT_TRUE(fs_.SyncDirectory(dir_.path()).ok());
  ASSERT_TRUE(file->WriteAt(0, "DUR").ok());
  ASSERT_TRUE(file->Append("+more").ok());
  fs_.Inject(Fault::Eio(FileOp::kSync, "f"));
  EXPECT_FALSE(file->Sync().ok());
  ASSERT_TRUE(file->WriteAt(8, "mo").ok());
  ASSERT_TRUE(file->Sync().ok());
  EXPECT_EQ(*fs_.ReadFile(path, 100), "DURable+more");
  fs_.CutPower();
  ASSERT_TRUE(fs_.RestorePower().ok());
  EXPECT_EQ(*fs_.ReadFile(path, 100), std::string("durable\0mo\0\0", 12));
}

TEST_F(FaultyFileSystemTest, APowerCutDropsWhatWasNotSynced) {
  WriteDurably("f", "0123456789");
  const auto file = Open("f", OpenMode::kReadWrite);
  ASSERT_TRUE(file->Append("AB").ok());
  ASSERT_TRUE(file->Sync().ok());
  ASSERT_TRUE(file->WriteAt(2, "xx").ok());
  ASSERT_TRUE(file->WriteAt(3, "yyyy").ok());
  ASSERT_TRUE(file->Truncate(4).ok());
  ASSERT_TRUE(file->Append("zzzzzzzzzzzzzzzz").ok());
  PowerCycle();
  EXPECT_EQ(OnDisk("f"), "0123456789AB");
}

TEST_F(FaultyFileSystemTest, APowerCutDropsNamesThatWereNotSynced) {
  WriteDurably("kept", "kept");
  WriteDurably("removed", "removed");
  WriteDurably("replaced", "before");
  {
    const auto file = Open("created", OpenMode::kCreate);
    ASSERT_TRUE(file->Append("x").ok());
    ASSERT_TRUE(file->Sync().ok());
  }
  ASSERT_TRUE(fs_.Remove(dir_ / "removed").ok());
  ASSERT_TRUE(fs_.Rename(dir_ / "created", dir_ / "replaced").ok());
  ASSERT_TRUE(fs_.CreateDirectories(dir_ / "a/b").ok());
  ASSERT_TRUE(fs_.Link(dir_ / "kept", dir_ / "a/link").ok());
  EXPECT_EQ(OnDisk("replaced"), "x");
  PowerCycle();
  EXPECT_EQ(OnDisk("kept"), "kept");
  EXPECT_EQ(OnDisk("removed"), "removed");
  EXPECT_EQ(OnDisk("replaced"), "before");
  EXPECT_THAT(*fs_.List(dir_.path()), UnorderedElementsAre("kept", "removed", "replaced"));
}

TEST_F(FaultyFileSystemTest, SyncedNamesSurvive) {
  WriteDurably("gone", "gone");
  ASSERT_TRUE(fs_.CreateDirectories(dir_ / "sub").ok());
  ASSERT_TRUE(fs_.Remove(dir_ / "gone").ok());
  {
    const auto file = Open("new", OpenMode::kCreate);
    ASSERT_TRUE(file->Append("bytes").ok());
    ASSERT_TRUE(file->Sync().ok());
    ASSERT_TRUE(file->Append("lost").ok());
  }
  ASSERT_TRUE(fs_.SyncDirectory(dir_.path()).ok());
  PowerCycle();
  EXPECT_THAT(*fs_.List(dir_.path()), UnorderedElementsAre("sub", "new"));
  EXPECT_EQ(OnDisk("new"), "bytes");
}

TEST_F(FaultyFileSystemTest, ARenameIntoASyncedDirectoryHoldsThoughTheSourceIsNotSynced) {
  ASSERT_TRUE(fs_.CreateDirectories(dir_ / "rbw").ok());
  ASSERT_TRUE(fs_.CreateDirectories(dir_ / "finalized").ok());
  ASSERT_TRUE(fs_.SyncDirectory(dir_.path()).ok());
  {
    const auto file = Open("rbw/blk", OpenMode::kCreate);
    ASSERT_TRUE(file->Append("data").ok());
    ASSERT_TRUE(file->Sync().ok());
  }
  ASSERT_TRUE(fs_.Rename(dir_ / "rbw/blk", dir_ / "finalized/blk").ok());
  ASSERT_TRUE(fs_.SyncDirectory(dir_ / "finalized").ok());
  PowerCycle();
  EXPECT_EQ(OnDisk("finalized/blk"), "data");
  EXPECT_THAT(*fs_.List(dir_ / "rbw"), IsEmpty());
}

TEST_F(FaultyFileSystemTest, FilesMoveWithTheirDirectory) {
  ASSERT_TRUE(fs_.CreateDirectories(dir_ / "d").ok());
  ASSERT_TRUE(fs_.SyncDirectory(dir_.path()).ok());
  WriteDurably("d/f", "1");
  ASSERT_TRUE(Open("d/f", OpenMode::kReadWrite)->Append("2").ok());
  { const auto unsynced_name = Open("d/g", OpenMode::kCreate); }
  ASSERT_TRUE(fs_.Rename(dir_ / "d", dir_ / "e").ok());
  ASSERT_TRUE(fs_.SyncDirectory(dir_.path()).ok());
  PowerCycle();
  EXPECT_EQ(OnDisk("e/f"), "1");
  EXPECT_EQ(OnDisk("e/g"), "-");
}

TEST_F(FaultyFileSystemTest, WithoutPowerEveryCallFailsAndOldFilesStayDead) {
  const auto file = Open("f", OpenMode::kCreate);
  fs_.CutPower();
  EXPECT_TRUE(absl::IsUnavailable(file->Append("x")));
  EXPECT_TRUE(absl::IsUnavailable(fs_.CreateDirectories(dir_ / "d")));
  ASSERT_TRUE(fs_.RestorePower().ok());
  EXPECT_TRUE(absl::IsUnavailable(file->Append("x")));
  EXPECT_TRUE(fs_.CreateDirectories(dir_ / "d").ok());
}

TEST_F(FaultyFileSystemTest, ATornTailIsAPrefixOfWhatWasAppended) {
  bool torn_somewhere = false;
  Random random(42);
  for (int round = 0; round < 20; ++round) {
    WriteDurably("f", "synced");
    ASSERT_TRUE(Open("f", OpenMode::kReadWrite)->Append("appended").ok());
    PowerCycle(&random);
    EXPECT_THAT(OnDisk("f"), StartsWith("synced"));
    EXPECT_THAT("syncedappended", StartsWith(OnDisk("f")));
    torn_somewhere |= OnDisk("f") != "synced" && OnDisk("f") != "syncedappended";
  }
  EXPECT_TRUE(torn_somewhere);
}

TEST_F(FaultyFileSystemTest, ATruncatedFileComesBack) {
  WriteDurably("f", "precious");
  { const auto emptied = Open("f", OpenMode::kCreateOrTruncate); }
  EXPECT_EQ(OnDisk("f"), "");
  PowerCycle();
  EXPECT_EQ(OnDisk("f"), "precious");
}

TEST_F(FaultyFileSystemTest, ARemovedTreeComesBack) {
  ASSERT_TRUE(fs_.CreateDirectories(dir_ / "d/e").ok());
  ASSERT_TRUE(fs_.SyncDirectory(dir_.path()).ok());
  ASSERT_TRUE(fs_.SyncDirectory(dir_ / "d").ok());
  WriteDurably("d/e/f", "bytes");
  ASSERT_TRUE(fs_.RemoveRecursively(dir_ / "d").ok());
  EXPECT_THAT(*fs_.List(dir_.path()), IsEmpty());
  PowerCycle();
  EXPECT_EQ(OnDisk("d/e/f"), "bytes");
}

}  // namespace
}  // namespace cairn
