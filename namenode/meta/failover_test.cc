// Starts and runs with name directories that are missing, empty, broken or behind: one good one is
// enough, and one that lacks the latest changes never wins.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "common/testing/faulty_file_system.h"
#include "namenode/meta/checkpoint.h"
#include "namenode/meta/name_dir.h"
#include "namenode/meta/rocks.h"
#include "namenode/meta/testing/store_harness.h"

namespace cairn::namenode {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Writes enough that a directory without its database needs a checkpoint.
void Fill(StoreHarness& h) {
  for (int round = 0; round < 3; ++round) {
    h.Put(fmt::format("r{}", round), "saved");
    ASSERT_TRUE(h.store().SaveNamespace().ok());
  }
  h.Put("k", "last");
  ASSERT_TRUE(h.Sync());
}

void ExpectFilled(StoreHarness& h) {
  for (int round = 0; round < 3; ++round) EXPECT_EQ(h.Get(fmt::format("r{}", round)), "saved");
  EXPECT_EQ(h.Get("k"), "last");
}

void Copy(const std::string& from, const std::string& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

TEST(FailoverTest, AStartGoesOnWithoutAMissingDirectory) {
  for (const size_t missing : {0, 1}) {
    StoreHarness h(2);
    h.options.segment_bytes = 100;
    h.Start();
    Fill(h);
    h.Crash();
    const std::string aside = h.dir(missing) + ".aside";
    ASSERT_TRUE(h.fs.Rename(h.dir(missing), aside).ok());
    absl::Status opened = h.Open();
    ASSERT_TRUE(opened.ok()) << opened;
    EXPECT_THAT(h.store().FailedDirectories(), ElementsAre(HasSubstr(h.dir(missing))));
    EXPECT_FALSE(h.fs.Exists(h.dir(missing)));  // not made up
    ExpectFilled(h);
    h.Put("k", "without");
    ASSERT_TRUE(h.Sync());
    ASSERT_TRUE(h.store().SaveNamespace().ok());
    h.Crash();
    // It comes back, and is behind.
    ASSERT_TRUE(h.fs.Rename(aside, h.dir(missing)).ok());
    opened = h.Open();
    ASSERT_TRUE(opened.ok()) << opened;
    EXPECT_EQ(h.Get("k"), "without");
    EXPECT_THAT(h.store().FailedDirectories(), IsEmpty());
    h.Close();
    // And now has everything itself.
    ASSERT_TRUE(h.fs.RemoveRecursively(h.dir(1 - missing)).ok());
    opened = h.Open();
    ASSERT_TRUE(opened.ok()) << opened;
    EXPECT_EQ(h.Get("k"), "without");
  }
}

TEST(FailoverTest, AnEmptyDirectoryAmongGoodOnesIsFilled) {
  for (const size_t replaced : {0, 1}) {
    StoreHarness h(2);
    h.Start();
    Fill(h);
    h.Close();
    ASSERT_TRUE(h.fs.RemoveRecursively(h.dir(replaced)).ok());
    ASSERT_TRUE(h.fs.CreateDirectories(h.dir(replaced) + "/lost+found").ok());
    const absl::Status opened = h.Open();
    ASSERT_TRUE(opened.ok()) << opened;
    EXPECT_THAT(h.store().FailedDirectories(), IsEmpty());
    ExpectFilled(h);
    h.Close();
    h.options.name_dirs = {h.dir(replaced)};
    ASSERT_TRUE(h.Open().ok());
    ExpectFilled(h);
  }
}

TEST(FailoverTest, WithoutAnyUsableDirectoryTheStartIsRefused) {
  StoreHarness h(2);
  h.Start();
  h.Close();
  ASSERT_TRUE(h.fs.RemoveRecursively(h.dir(0)).ok());
  ASSERT_TRUE(h.fs.RemoveRecursively(h.dir(1)).ok());
  EXPECT_THAT(h.Open().ToString(), AllOf(HasSubstr(h.dir(0)), HasSubstr(h.dir(1))));
  ASSERT_TRUE(h.fs.CreateDirectories(h.dir(1)).ok());
  EXPECT_THAT(h.Open().ToString(), AllOf(HasSubstr(h.dir(0)), HasSubstr("does not exist")));
}

// Every call that a start makes in the first directory fails in turn, for good: the start goes on
// without it, or with it, but never without an acknowledged transaction.
TEST(FailoverTest, AStartGoesOnWithoutADirectoryWhoseDiskFails) {
  int left_out = 0;
  for (const FileOp op : {FileOp::kOpen, FileOp::kStat, FileOp::kList, FileOp::kReadAt,
                          FileOp::kSync, FileOp::kSyncDirectory, FileOp::kRename}) {
    for (const size_t failing : {0, 1}) {
      FaultyFileSystem fs(PosixFileSystem());
      StoreHarness h(2, &fs);
      h.Start();
      Fill(h);
      h.Crash();
      fs.Inject(Fault::Eio(op, h.dir(failing), 0, -1));
      const absl::Status opened = h.Open();
      ASSERT_TRUE(opened.ok()) << static_cast<int>(op) << " " << opened;
      ExpectFilled(h);
      h.Put("k", "later");
      ASSERT_TRUE(h.Sync());
      left_out += static_cast<int>(h.store().FailedDirectories().size());
      h.Crash();
      fs.ClearFaults();
      ASSERT_TRUE(h.Open().ok());
      EXPECT_EQ(h.Get("k"), "later");
    }
  }
  EXPECT_GE(left_out, 10);
}

// A disk that turned read-only still has the latest changes, and the other directory gets them.
TEST(FailoverTest, AReadOnlyDirectoryThatIsAheadGivesWhatItHas) {
  FaultyFileSystem fs(PosixFileSystem());
  StoreHarness h(2, &fs);
  h.Start();
  h.Put("k", "both");
  ASSERT_TRUE(h.Sync());
  // The second fails so thoroughly that it cannot even be marked.
  for (const FileOp op : {FileOp::kSync, FileOp::kOpen}) {
    fs.Inject(Fault::Eio(op, h.dir(1) + "/", 0, -1));
  }
  h.Put("k", "first only");
  ASSERT_TRUE(h.Sync());
  h.Crash();
  fs.ClearFaults();
  ASSERT_FALSE(fs.Exists(BehindPath(h.dir(1))));
  for (const FileOp op : {FileOp::kSync, FileOp::kTruncate, FileOp::kAppend, FileOp::kRename}) {
    fs.Inject({op, h.dir(0) + "/", 0, -1, absl::PermissionDeniedError("Read-only file system")});
  }
  const absl::Status opened = h.Open();
  ASSERT_TRUE(opened.ok()) << opened;
  EXPECT_THAT(h.store().FailedDirectories(), ElementsAre(HasSubstr(h.dir(0))));
  EXPECT_EQ(h.Get("k"), "first only");
}

TEST(FailoverTest, ADirectoryThatWasDroppedNeverWins) {
  FaultyFileSystem fs(PosixFileSystem());
  StoreHarness h(2, &fs);
  h.Start();
  h.Put("k", "both");
  ASSERT_TRUE(h.Sync());
  fs.Inject(Fault::Eio(FileOp::kSync, h.dir(1) + "/journal_", 0, 1));
  h.Put("k", "first only");
  ASSERT_TRUE(h.Sync());
  EXPECT_THAT(h.store().FailedDirectories(), SizeIs(1));
  h.Crash();
  const std::string aside = h.dir(0) + ".aside";
  ASSERT_TRUE(fs.Rename(h.dir(0), aside).ok());
  EXPECT_THAT(h.Open().ToString(),
              AllOf(HasSubstr(BehindPath(h.dir(1))), HasSubstr(h.dir(0)), HasSubstr("injected")));
  ASSERT_TRUE(fs.Rename(aside, h.dir(0)).ok());
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("k"), "first only");
  h.Close();
  // Repaired: it may be started from alone.
  EXPECT_FALSE(fs.Exists(BehindPath(h.dir(1))));
  ASSERT_TRUE(fs.RemoveRecursively(h.dir(0)).ok());
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("k"), "first only");
}

TEST(FailoverTest, ADroppedDirectoryIsMarkedAsSoonAsItCanBeWritten) {
  FaultyFileSystem fs(PosixFileSystem());
  StoreHarness h(2, &fs);
  h.Start();
  for (const FileOp op : {FileOp::kSync, FileOp::kOpen}) {
    fs.Inject(Fault::Eio(op, h.dir(1) + "/", 0, -1));
  }
  h.Put("k", "v");
  ASSERT_TRUE(h.Sync());
  EXPECT_FALSE(fs.Exists(BehindPath(h.dir(1))));
  fs.ClearFaults();
  for (int i = 0; i < 1000 && !fs.Exists(BehindPath(h.dir(1))); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(fs.Exists(BehindPath(h.dir(1))));
}

TEST(FailoverTest, WhenAllFailTogetherNoneIsBehind) {
  FaultyFileSystem fs(PosixFileSystem());
  StoreHarness h(2, &fs);
  h.Start();
  h.Put("k", "good");
  ASSERT_TRUE(h.Sync());
  fs.Inject(Fault::Eio(FileOp::kSync, "journal_", 0, -1));
  h.Put("k", "bad");
  EXPECT_FALSE(h.WaitFatal().ok());
  h.Crash();
  fs.ClearFaults();
  ASSERT_TRUE(fs.RemoveRecursively(h.dir(0)).ok());
  const absl::Status opened = h.Open();
  ASSERT_TRUE(opened.ok()) << opened;
}

// Two lives of one file system: what the first directory has after their common past is of neither
// use nor harm to the second's life, which has the higher epoch, though it is longer.
TEST(FailoverTest, AnAbandonedHistoryLeavesNothing) {
  StoreHarness h(2);
  h.Start();
  h.Put("common", "1");
  ASSERT_TRUE(h.Sync());
  h.Crash();
  const std::vector<std::string> both = h.options.name_dirs;
  Copy(both[1], both[1] + ".later");
  h.options.name_dirs = {both[0]};
  ASSERT_TRUE(h.Open().ok());
  for (int i = 0; i < 5; ++i) {
    h.Put(fmt::format("lost{}", i), "x");
    ASSERT_TRUE(h.store().SaveNamespace().ok());
  }
  h.Close();
  Copy(both[1] + ".later", both[1]);
  h.options.name_dirs = {both[1]};
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(h.Open().ok());
    h.Put("new", fmt::format("{}", i));
    h.Close();
  }
  h.options.name_dirs = both;
  const absl::Status opened = h.Open();
  ASSERT_TRUE(opened.ok()) << opened;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(h.Get(fmt::format("lost{}", i)), "(none)");
  EXPECT_EQ(h.Get("common"), "1");
  EXPECT_EQ(h.Get("new"), "2");
  h.Close();
  // Neither in the first directory's checkpoints nor in a database of its own.
  h.options.name_dirs = {both[0]};
  ASSERT_TRUE(h.Open().ok());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(h.Get(fmt::format("lost{}", i)), "(none)");
  EXPECT_EQ(h.Get("new"), "2");
}

// The database's directory is removed under the running store, with what RocksDB still had to
// flush: the store ends, and the next start goes on in the other directory.
TEST(FailoverTest, AfterTheDatabasesDirectoryIsLostAPlainRestartGoesOn) {
  StoreHarness h(2);
  h.Start();
  Fill(h);
  ASSERT_TRUE(h.fs.RemoveRecursively(h.dir(0)).ok());
  // Still acknowledged: the journal in the second directory has it.
  h.Put("k", "acknowledged");
  ASSERT_TRUE(h.Sync());
  for (int i = 0; i < 100 && h.fatal().ok(); ++i) {
    h.Put("big", std::string(4 << 20, static_cast<char>('a' + i % 26)));  // until RocksDB flushes
    if (!h.Sync()) break;
    h.Get("big");
  }
  EXPECT_THAT(h.WaitFatal().ToString(),
              AllOf(HasSubstr("Start the NameNode again"), HasSubstr(h.dir(1))));
  EXPECT_TRUE(MetaStore::RestartHelps(h.fatal()));
  h.Close();
  const absl::Status opened = h.Open();
  ASSERT_TRUE(opened.ok()) << opened;
  EXPECT_EQ(h.Get("k"), "acknowledged");
  for (int round = 0; round < 3; ++round) EXPECT_EQ(h.Get(fmt::format("r{}", round)), "saved");
}

// Checkpoints of one directory share the files that did not change between them: one flipped bit
// was in the database and in all of them, and the other directory's were not asked.
TEST(FailoverTest, ADatabaseThatIsDamagedWithItsCheckpointsIsRebuiltFromAnotherDirectorys) {
  StoreHarness h(2);
  h.options.segment_bytes = 100;
  h.Start();
  Fill(h);
  h.Close();
  int flipped = 0;
  for (const auto& file :
       std::filesystem::recursive_directory_iterator(CheckpointsPath(h.dir(0)))) {
    if (file.path().extension() != ".sst") continue;
    std::fstream content(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    content.seekp(20);
    content.put('\xff');
    ++flipped;
  }
  ASSERT_GT(flipped, 1);
  ASSERT_TRUE(h.fs.RemoveRecursively(RocksPath(h.dir(0))).ok());
  const absl::Status opened = h.Open();
  ASSERT_TRUE(opened.ok()) << opened;
  ExpectFilled(h);
}

TEST(FailoverTest, ADatabaseThatWasOnlyBegunIsMadeAgain) {
  StoreHarness h;
  h.Start();
  h.Put("k", "v");
  ASSERT_TRUE(h.Sync());
  h.Close();
  const std::string database = RocksPath(h.dir(0));
  ASSERT_TRUE(h.fs.RemoveRecursively(database).ok());
  // What a NameNode leaves that is killed while it makes one.
  ASSERT_TRUE(RocksTables::Create(database + ".tmp").ok());
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("k"), "v");
  EXPECT_FALSE(h.fs.Exists(database + ".tmp"));
}

// Each checkpoint of this store looks after failed directories.
void RestoreAndSave(StoreHarness& h) {
  h.store().SetRestoresFailed(true);
  const absl::Status saved = h.store().SaveNamespace();
  ASSERT_TRUE(saved.ok()) << saved;
}

TEST(FailoverTest, ACheckpointTakesAFailedDirectoryBack) {
  FaultyFileSystem fs(PosixFileSystem());
  StoreHarness h(2, &fs);
  h.options.segment_bytes = 100;
  h.Start();
  Fill(h);
  fs.Inject(Fault::Eio(FileOp::kSync, h.dir(1) + "/journal_", 0, 1));
  h.Put("k", "without");
  ASSERT_TRUE(h.Sync());
  ASSERT_THAT(h.store().FailedDirectories(), SizeIs(1));
  EXPECT_FALSE(h.store().restores_failed());
  ASSERT_TRUE(h.store().SaveNamespace().ok());
  EXPECT_THAT(h.store().FailedDirectories(), SizeIs(1)) << "nobody asked for it";
  RestoreAndSave(h);
  EXPECT_THAT(h.store().FailedDirectories(), IsEmpty());
  EXPECT_FALSE(fs.Exists(BehindPath(h.dir(1))));
  h.Put("k", "last");
  ASSERT_TRUE(h.Sync());
  h.Crash();
  ASSERT_TRUE(fs.RemoveRecursively(h.dir(0)).ok());
  const absl::Status opened = h.Open();
  ASSERT_TRUE(opened.ok()) << opened;
  ExpectFilled(h);
}

// The disk is exchanged while the NameNode runs, or only comes after its start.
TEST(FailoverTest, ACheckpointFillsADirectoryOnANewDisk) {
  for (const bool at_start : {false, true}) {
    StoreHarness h(3);
    h.Start();
    Fill(h);
    if (at_start) h.Close();
    ASSERT_TRUE(h.fs.RemoveRecursively(h.dir(2)).ok());
    if (at_start) {
      ASSERT_TRUE(h.Open().ok());
    } else {
      for (int i = 0; i < 500 && h.store().FailedDirectories().empty(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
    ASSERT_THAT(h.store().FailedDirectories(), SizeIs(1));
    RestoreAndSave(h);
    EXPECT_THAT(h.store().FailedDirectories(), SizeIs(1)) << "it is not there";
    ASSERT_TRUE(h.fs.CreateDirectories(h.dir(2) + "/lost+found").ok());
    ASSERT_TRUE(h.store().SaveNamespace().ok());
    EXPECT_THAT(h.store().FailedDirectories(), IsEmpty());
    h.Put("k", "last");
    ASSERT_TRUE(h.Sync());
    h.Crash();
    h.options.name_dirs = {h.dir(2)};
    const absl::Status opened = h.Open();
    ASSERT_TRUE(opened.ok()) << opened;
    ExpectFilled(h);
  }
}

TEST(FailoverTest, WhatBelongsToAnotherFileSystemIsNotTakenBack) {
  StoreHarness h(2);
  h.Start();
  h.Put("k", "v");
  const std::string theirs = VersionPath(h.dir(1));
  ClusterIdentity other = StoreHarness::Identity();
  other.namespace_id += 1;
  ASSERT_TRUE(WriteVersion(h.fs, h.dir(1), other).ok());
  for (int i = 0; i < 500 && h.store().FailedDirectories().empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const auto before = h.fs.List(h.dir(1));
  RestoreAndSave(h);
  EXPECT_THAT(h.store().FailedDirectories(), SizeIs(1));
  EXPECT_EQ(*h.fs.List(h.dir(1)), *before);
  EXPECT_EQ(ReadVersion(h.fs, h.dir(1))->namespace_id, other.namespace_id);
}

// Every call that fills the directory fails in turn; then the process dies and starts again, with
// both directories or with the good one.
TEST(FailoverTest, ADirectoryThatFailsWhileItIsFilledStaysOutAndHarmsNothing) {
  int taken_back = 0;
  for (const FileOp op : {FileOp::kOpen, FileOp::kSync, FileOp::kSyncDirectory, FileOp::kRename,
                          FileOp::kAppend, FileOp::kWriteAt, FileOp::kRemove}) {
    for (int after = 0; after < 12; after += 1 + after / 3) {
      FaultyFileSystem fs(PosixFileSystem());
      StoreHarness h(2, &fs);
      h.options.segment_bytes = 100;
      h.Start();
      Fill(h);
      fs.Inject(Fault::Eio(FileOp::kSync, h.dir(1) + "/journal_", 0, 1));
      h.Put("k", "dropped");
      ASSERT_TRUE(h.Sync());
      fs.Inject(Fault::Eio(op, h.dir(1) + "/", after, 1));
      RestoreAndSave(h);
      taken_back += h.store().FailedDirectories().empty() ? 1 : 0;
      h.Put("k", "last");
      ASSERT_TRUE(h.Sync());
      h.Crash();
      fs.ClearFaults();
      // The other directory alone: it has everything, or is no place to begin with.
      const std::string aside = h.dir(0) + ".aside";
      ASSERT_TRUE(fs.Rename(h.dir(0), aside).ok());
      if (h.Open().ok()) {
        EXPECT_EQ(h.Get("k"), "last") << static_cast<int>(op) << " " << after;
        h.Crash();
        continue;
      }
      ASSERT_TRUE(fs.Rename(aside, h.dir(0)).ok());
      absl::Status opened = h.Open();
      ASSERT_TRUE(opened.ok()) << static_cast<int>(op) << " " << after << ": " << opened;
      ExpectFilled(h);
      h.Crash();
      ASSERT_TRUE(fs.RemoveRecursively(h.dir(0)).ok());
      opened = h.Open();
      ASSERT_TRUE(opened.ok()) << static_cast<int>(op) << " " << after << ": " << opened;
      ExpectFilled(h);
    }
  }
  EXPECT_GT(taken_back, 0) << "late faults are beyond it";
}

TEST(FailoverTest, ADirectoryIsTakenBackWhileChangesAreMade) {
  FaultyFileSystem fs(PosixFileSystem());
  StoreHarness h(2, &fs);
  h.options.segment_bytes = 2000;
  h.Start();
  h.Put("k0", "v");
  ASSERT_TRUE(h.Sync());
  std::atomic<bool> stop = false;
  std::atomic<int> written = 0;
  std::thread writer([&] {
    while (!stop) {
      h.Put(fmt::format("k{}", written + 1), "v");
      if (h.Sync()) ++written;
    }
  });
  for (int round = 0; round < 5; ++round) {
    fs.Inject(Fault::Eio(FileOp::kSync, h.dir(1) + "/journal_", 0, 1));
    for (int i = 0; i < 500 && h.store().FailedDirectories().empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    RestoreAndSave(h);
    EXPECT_THAT(h.store().FailedDirectories(), IsEmpty());
  }
  stop = true;
  writer.join();
  h.Crash();
  ASSERT_TRUE(fs.RemoveRecursively(h.dir(0)).ok());
  const absl::Status opened = h.Open();
  ASSERT_TRUE(opened.ok()) << opened;
  for (int i = 0; i <= written; ++i) EXPECT_EQ(h.Get(fmt::format("k{}", i)), "v");
}

TEST(FailoverTest, ADatabaseMarkedAsFailedIsMovedToAnotherDirectory) {
  StoreHarness h(2);
  h.Start();
  Fill(h);
  h.Close();
  ASSERT_TRUE(h.fs.WriteFileAtomically(DatabaseFailedPath(h.dir(0)), "why\n").ok());
  for (int start = 0; start < 2; ++start) {  // and stays there
    ASSERT_TRUE(h.Open().ok());
    ExpectFilled(h);
    h.Close();
    EXPECT_TRUE(h.fs.Exists(RocksPath(h.dir(1))));
    EXPECT_FALSE(h.fs.Exists(RocksPath(h.dir(0))));
  }
}

}  // namespace
}  // namespace cairn::namenode
