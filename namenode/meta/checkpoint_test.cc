// Checkpoints: in every directory, pruned, checked, and enough to restore from any one directory.
#include "namenode/meta/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <functional>
#include <thread>

#include "common/testing/faulty_file_system.h"
#include "namenode/meta/name_dir.h"
#include "namenode/meta/testing/store_harness.h"

namespace cairn::namenode {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::vector<Txid> Checkpoints(StoreHarness& h, size_t dir) {
  return *ListCheckpoints(h.fs, h.dir(dir));
}

TEST(CheckpointTest, SaveNamespaceMakesACheckedCopyInEveryDirectory) {
  StoreHarness h(3);
  h.Start();
  h.Put("k", "v");
  const absl::Status saved = h.store().SaveNamespace();
  ASSERT_TRUE(saved.ok()) << saved;
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_THAT(Checkpoints(h, i), ElementsAre(2));
    EXPECT_TRUE(VerifyCheckpoint(h.fs, CheckpointPath(h.dir(i), 2)).ok());
  }
  EXPECT_TRUE(h.store().SaveNamespace().ok());  // nothing new
  EXPECT_THAT(Checkpoints(h, 1), ElementsAre(2));
}

TEST(CheckpointTest, TwoAreKeptAndTheJournalSinceTheOlder) {
  StoreHarness h(2);
  h.options.segment_bytes = 100;
  h.Start();
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 5; ++i) {
      h.Put("k", fmt::format("{}.{}", round, i));
      ASSERT_TRUE(h.Sync());
    }
    ASSERT_TRUE(h.store().SaveNamespace().ok());
  }
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_THAT(Checkpoints(h, i), ElementsAre(16, 21));
    const auto segments = *ListSegments(h.fs, h.dir(i));
    EXPECT_GT(segments.front(), 10);
    EXPECT_LE(segments.front(), 17);
  }
}

TEST(CheckpointTest, AnyDirectoryRestoresTheNamespace) {
  for (const size_t source : {0, 1}) {
    for (const bool saved : {false, true}) {
      StoreHarness h(2);
      h.Start();
      h.Put("before", "1");
      if (saved) ASSERT_TRUE(h.store().SaveNamespace().ok());
      h.Put("after", "2");
      ASSERT_TRUE(h.Sync());
      h.Crash();
      // With nothing but the one directory, and without the database.
      ASSERT_TRUE(h.fs.RemoveRecursively(RocksPath(h.dir(source))).ok());
      h.options.name_dirs = {h.dir(source)};
      const absl::Status opened = h.Open();
      ASSERT_TRUE(opened.ok()) << opened;
      EXPECT_EQ(h.Get("before"), "1");
      EXPECT_EQ(h.Get("after"), "2");
      EXPECT_EQ(h.store().last_appended(), 3);
    }
  }
}

TEST(CheckpointTest, ALostDatabaseIsRebuiltFromTheSameDirectory) {
  StoreHarness h(2);
  h.Start();
  h.Put("k", "1");
  ASSERT_TRUE(h.store().SaveNamespace().ok());
  h.Put("k", "2");
  h.Close();
  EXPECT_THAT(MetaStore::CheckNoDatabase(h.options, h.fs).ToString(), HasSubstr("move it away"));
  ASSERT_TRUE(h.fs.RemoveRecursively(RocksPath(h.dir(0))).ok());
  EXPECT_TRUE(MetaStore::CheckNoDatabase(h.options, h.fs).ok());
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("k"), "2");
}

TEST(CheckpointTest, ALostFirstDirectoryIsRebuiltFromTheSecond) {
  StoreHarness h(2);
  h.options.segment_bytes = 100;
  h.Start();
  for (int round = 0; round < 3; ++round) {
    h.Put("k", fmt::format("{}", round));
    ASSERT_TRUE(h.store().SaveNamespace().ok());
  }
  h.Put("k", "last");
  h.Close();
  // A new disk in its place.
  ASSERT_TRUE(h.fs.RemoveRecursively(h.dir(0)).ok());
  ASSERT_TRUE(h.fs.CreateDirectories(h.dir(0)).ok());
  const absl::Status opened = h.Open();
  ASSERT_TRUE(opened.ok()) << opened;
  EXPECT_TRUE(h.fs.Exists(RocksPath(h.dir(0))));
  EXPECT_EQ(h.Get("k"), "last");
  // And the rebuilt directory can restore again.
  ASSERT_TRUE(h.store().SaveNamespace().ok());
  EXPECT_TRUE(VerifyCheckpoint(h.fs, CheckpointPath(h.dir(0), 5)).ok());
}

TEST(CheckpointTest, ADamagedCheckpointIsNotRestored) {
  StoreHarness h;
  h.Start();
  h.Put("k", "1");
  ASSERT_TRUE(h.store().SaveNamespace().ok());
  h.Put("k", "2");
  ASSERT_TRUE(h.store().SaveNamespace().ok());
  h.Close();
  ASSERT_TRUE(h.fs.RemoveRecursively(RocksPath(h.dir(0))).ok());
  const auto damage = [&](Txid txid) {
    const std::string checkpoint = CheckpointPath(h.dir(0), txid);
    const std::string path = checkpoint + "/CURRENT";
    ASSERT_TRUE(h.fs.WriteFileAtomically(path, "MANIFEST-000001\n").ok());
    EXPECT_THAT(VerifyCheckpoint(h.fs, checkpoint).ToString(), HasSubstr(path));
  };
  damage(3);  // the older one and the journal since do as well
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("k"), "2");
  h.Close();
  ASSERT_TRUE(h.fs.RemoveRecursively(RocksPath(h.dir(0))).ok());
  damage(2);
  EXPECT_EQ(h.Open().code(), absl::StatusCode::kDataLoss);
}

// Flips `bit` in every table file of the database.
void FlipTables(StoreHarness& h, int bit) {
  const std::vector<std::string> names = *h.fs.List(RocksPath(h.dir(0)));
  int flipped = 0;
  for (const std::string& name : names) {
    if (!name.ends_with(".sst")) continue;
    const auto file = h.fs.Open(RocksPath(h.dir(0)) + "/" + name, OpenMode::kReadWrite);
    char byte = 0;
    if (!file.ok() || !(*file)->ReadAt(20, 1, &byte).ok()) continue;  // compacted away meanwhile
    byte = static_cast<char>(byte ^ (1 << bit));
    ASSERT_TRUE((*file)->WriteAt(20, std::string_view(&byte, 1)).ok());
    ++flipped;
  }
  ASSERT_GT(flipped, 0);
}

TEST(CheckpointTest, DamageOfATableFileNeverGetsIntoACheckpoint) {
  StoreHarness h;
  h.options.verify_bytes_per_second = 1;  // the background pass gets nowhere
  h.Start();
  h.Put("k", std::string(1000, 'x'));
  ASSERT_TRUE(h.store().SaveNamespace().ok());
  absl::Status saved;
  // A compaction that had read the files before they were flipped replaces them by good ones: then
  // the checkpoint is good, and the next round flips its files.
  for (int round = 0; round < 8 && saved.ok(); ++round) {
    FlipTables(h, round);
    h.Put("l", std::to_string(round));
    saved = h.store().SaveNamespace();
    if (saved.ok()) {
      const std::string newest = CheckpointPath(h.dir(0), Checkpoints(h, 0).back());
      EXPECT_TRUE(VerifyCheckpoint(h.fs, newest).ok());
    }
  }
  EXPECT_EQ(saved.code(), absl::StatusCode::kDataLoss) << saved;
  EXPECT_THAT(saved.ToString(), HasSubstr(".sst"));
  EXPECT_FALSE(h.fatal().ok());
}

TEST(CheckpointTest, ADirectoryThatCannotTakeTheCheckpointIsDropped) {
  FaultyFileSystem fs(PosixFileSystem());
  StoreHarness h(2, &fs);
  h.Start();
  h.Put("k", "v");
  fs.Inject(Fault::NoSpace(FileOp::kAppend, h.dir(1) + "/checkpoints", 0, -1));
  ASSERT_TRUE(h.store().SaveNamespace().ok());
  EXPECT_THAT(h.store().FailedDirectories(), SizeIs(1));
  EXPECT_THAT(Checkpoints(h, 0), ElementsAre(2));
  EXPECT_EQ(Checkpoints(h, 1).size(), 0u);
}

// Lost under the running store: removed, or removed and made again, as an unmounted disk looks.
TEST(CheckpointTest, ALostMirrorIsDroppedAndGetsNoCheckpoint) {
  for (const bool made_again : {false, true}) {
    StoreHarness h(2);
    h.Start();
    h.Put("k", "v");
    ASSERT_TRUE(h.Sync());
    ASSERT_TRUE(h.fs.RemoveRecursively(h.dir(1)).ok());
    if (made_again) ASSERT_TRUE(h.fs.CreateDirectories(h.dir(1)).ok());
    ASSERT_TRUE(h.store().SaveNamespace().ok());
    EXPECT_THAT(Checkpoints(h, 0), ElementsAre(2));
    EXPECT_THAT(h.store().FailedDirectories(), ElementsAre(HasSubstr(h.dir(1))));
    EXPECT_FALSE(h.fs.Exists(CheckpointsPath(h.dir(1))));
    EXPECT_EQ(h.fs.Exists(h.dir(1)), made_again);
    h.Put("k", "w");
    EXPECT_TRUE(h.Sync());
    EXPECT_TRUE(h.fatal().ok());
  }
}

TEST(CheckpointTest, ALostDirectoryIsDroppedWithinSeconds) {
  const std::vector<std::function<std::string(const std::string&)>> losses = {
      VersionPath, LockPath, [](const std::string& dir) { return SegmentPath(dir, 2); },
      [](const std::string& dir) { return dir; }};
  for (const auto& lost : losses) {
    StoreHarness h(3);
    h.Start();
    h.Put("k", "v");
    ASSERT_TRUE(h.Sync());
    EXPECT_THAT(h.store().FailedDirectories(), SizeIs(0));
    const std::string path = lost(h.dir(2));
    ASSERT_TRUE(h.fs.Exists(path)) << path;
    ASSERT_TRUE(h.fs.RemoveRecursively(path).ok());
    for (int i = 0; i < 1000 && h.store().FailedDirectories().empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_THAT(h.store().FailedDirectories(), ElementsAre(HasSubstr(h.dir(2)))) << path;
    h.Put("k", "w");
    EXPECT_TRUE(h.Sync());
  }
}

TEST(CheckpointTest, ALostFirstDirectoryFailsTheCheckpoint) {
  StoreHarness h(2);
  h.Start();
  h.Put("k", "v");
  ASSERT_TRUE(h.Sync());
  ASSERT_TRUE(h.fs.RemoveRecursively(h.dir(0)).ok());
  const absl::Status saved = h.store().SaveNamespace();
  EXPECT_THAT(saved.ToString(), HasSubstr(h.dir(0)));
  EXPECT_FALSE(h.fs.Exists(h.dir(0)));
}

// The process's lack says nothing of a disk.
TEST(CheckpointTest, TooManyOpenFilesDropNoDirectoryAndEndNothing) {
  FaultyFileSystem fs(PosixFileSystem());
  StoreHarness h(2, &fs);
  h.Start();
  h.Put("k", "v");
  for (const std::string& path : {h.dir(0) + "/checkpoints", h.dir(1) + "/checkpoints",
                                  VersionPath(h.dir(0)), VersionPath(h.dir(1))}) {
    fs.Inject(
        {FileOp::kOpen, path, 0, -1, absl::UnavailableError("injected: Too many open files")});
    EXPECT_TRUE(absl::IsUnavailable(h.store().SaveNamespace())) << path;
    fs.ClearFaults();
  }
  EXPECT_THAT(h.store().FailedDirectories(), SizeIs(0));
  // And below the injected file system, where RocksDB opens its own files.
  h.Put("k", "w");
  ASSERT_TRUE(h.Sync());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{3, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const absl::Status saved = h.store().SaveNamespace();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(absl::IsUnavailable(saved)) << saved;
  EXPECT_THAT(h.store().FailedDirectories(), SizeIs(0));
  EXPECT_TRUE(h.fatal().ok()) << h.fatal();
  const absl::Status again = h.store().SaveNamespace();
  EXPECT_TRUE(again.ok()) << again;
  EXPECT_EQ(h.Get("k"), "w");
  EXPECT_EQ(Checkpoints(h, 1).back(), 3);
}

TEST(CheckpointTest, AFailedCheckpointChangesNothing) {
  FaultyFileSystem fs(PosixFileSystem());
  StoreHarness h(1, &fs);
  h.Start();
  h.Put("k", "v");
  fs.Inject(Fault::NoSpace(FileOp::kRename, "checkpoints", 0, -1));
  EXPECT_FALSE(h.store().SaveNamespace().ok());
  EXPECT_TRUE(h.fatal().ok());
  EXPECT_EQ(Checkpoints(h, 0).size(), 0u);
  fs.ClearFaults();
  EXPECT_TRUE(h.store().SaveNamespace().ok());
  EXPECT_EQ(h.Get("k"), "v");
}

TEST(CheckpointTest, CheckpointsAreMadeByTransactionsAndByTime) {
  StoreHarness h;
  h.options.checkpoint_txns = 10;
  h.Start();
  for (int i = 0; i < 10; ++i) h.Put("k", "v");
  EXPECT_EQ(h.Get("k"), "v");
  const auto wait_for = [&](Txid txid) {
    for (int i = 0; i < 1000; ++i) {
      const auto made = Checkpoints(h, 0);
      if (!made.empty() && made.back() == txid) return true;
      Mutex mu;
      CondVar never;
      MutexLock lock(mu);
      never.WaitFor(mu, 10);
    }
    return false;
  };
  EXPECT_TRUE(wait_for(11));
  ASSERT_TRUE(h.store().SaveNamespace().ok());  // behind the one just seen
  h.Put("k", "w");
  EXPECT_EQ(h.Get("k"), "w");
  h.clock.Advance(h.options.checkpoint_period_ms);
  EXPECT_TRUE(wait_for(12));
}

}  // namespace
}  // namespace cairn::namenode
