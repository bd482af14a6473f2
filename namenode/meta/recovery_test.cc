// Recovery: crashes at every stage, mirrors that are behind, power cuts, failing disks, damage.
#include "namenode/meta/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/random.h"
#include "common/testing/faulty_file_system.h"
#include "namenode/meta/name_dir.h"
#include "namenode/meta/testing/store_harness.h"

namespace cairn::namenode {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

void FlipBit(FileSystem& fs, const std::string& path, int64_t offset) {
  std::string bytes = *fs.ReadFile(path, 1 << 30);
  ASSERT_LT(offset, static_cast<int64_t>(bytes.size()));
  const char flipped = static_cast<char>(bytes[static_cast<size_t>(offset)] ^ 0x04);
  const auto file = fs.Open(path, OpenMode::kReadWrite);
  ASSERT_TRUE((*file)->WriteAt(offset, std::string_view(&flipped, 1)).ok());
}

void WriteJournalEnd(FileSystem& fs, const std::string& dir, const JournalEnd& end) {
  ASSERT_TRUE(fs.WriteFileAtomically(JournalEndPath(dir), EncodeJournalEnd(end)).ok());
}

std::vector<std::string> RocksFiles(StoreHarness& h, std::string_view part) {
  std::vector<std::string> paths;
  const auto names = *h.fs.List(RocksPath(h.dir(0)));
  for (const std::string& name : names) {
    if (name.find(part) != std::string::npos) paths.push_back(RocksPath(h.dir(0)) + "/" + name);
  }
  return paths;
}

TEST(RecoveryTest, ALaggingMirrorIsRepaired) {
  StoreHarness h(2);
  h.options.segment_bytes = 200;
  h.Start();
  for (int i = 0; i < 10; ++i) {
    h.Put("k", fmt::format("{}", i));
    ASSERT_TRUE(h.Sync());
  }
  h.Crash();
  // The second directory loses its end, as if it had failed a while ago.
  const auto names = *ListSegments(h.fs, h.dir(1));
  ASSERT_GT(names.size(), 3u);
  for (size_t i = 3; i < names.size(); ++i) {
    ASSERT_TRUE(h.fs.Remove(SegmentPath(h.dir(1), names[i])).ok());
  }
  ASSERT_TRUE(WriteJournalState(h.fs, h.dir(1), {2, names[2]}).ok());
  WriteJournalEnd(h.fs, h.dir(1), {names[2], kSegmentHeaderBytes});
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("k"), "9");
  h.Crash();
  const auto after = *ListSegments(h.fs, h.dir(0));
  for (const Txid name : after) {
    EXPECT_EQ(*h.fs.ReadFile(SegmentPath(h.dir(0), name), 1 << 20),
              *h.fs.ReadFile(SegmentPath(h.dir(1), name), 1 << 20));
  }
}

TEST(RecoveryTest, TheSecondDirectoryWinsWhenItHasMore) {
  FaultyFileSystem fs(PosixFileSystem());
  StoreHarness h(2, &fs);
  h.Start();
  h.Put("k", "both");
  ASSERT_TRUE(h.Sync());
  fs.Inject(Fault::Eio(FileOp::kSync, h.dir(0) + "/journal_", 0, -1));
  h.Put("k", "second");
  ASSERT_TRUE(h.Sync());
  h.Put("k", "second only");
  ASSERT_TRUE(h.Sync());
  EXPECT_THAT(h.store().FailedDirectories(), SizeIs(1));
  EXPECT_TRUE(h.fatal().ok());
  h.Crash();
  fs.ClearFaults();
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("k"), "second only");
  EXPECT_THAT(h.store().FailedDirectories(), IsEmpty());
}

TEST(RecoveryTest, FailureOfAllDirectoriesIsFatalAndNothingIsAcknowledged) {
  FaultyFileSystem fs(PosixFileSystem());
  StoreHarness h(2, &fs);
  h.Start();
  h.Put("k", "good");
  ASSERT_TRUE(h.Sync());
  const Txid durable = h.store().durable();
  fs.Inject(Fault::Eio(FileOp::kSync, "journal_", 0, -1));
  bool told = false;
  h.store().WhenDurable(h.Put("k", "bad"), [&] { told = true; });
  EXPECT_FALSE(h.WaitFatal().ok());
  h.Put("k", "later");
  EXPECT_EQ(h.store().durable(), durable);
  EXPECT_FALSE(h.store().WaitApplied(h.store().last_appended()).ok());
  h.store().WaitForRoom();  // does not hang
  h.Close();
  EXPECT_FALSE(told);
  fs.ClearFaults();
  ASSERT_TRUE(h.Open().ok());
}

TEST(RecoveryTest, NoSpaceInTheOnlyDirectoryIsFatal) {
  FaultyFileSystem fs(PosixFileSystem());
  StoreHarness h(1, &fs);
  h.Start();
  fs.Inject(Fault::NoSpace(FileOp::kWriteAt, "journal_", 0, -1));
  h.Put("k", "v");
  EXPECT_EQ(h.WaitFatal().code(), absl::StatusCode::kResourceExhausted);
}

// Random transactions, power cuts at random moments with torn writes: what was acknowledged is
// there, and the whole is a prefix of what was appended.
TEST(RecoveryTest, PowerCutsLoseNothingAcknowledged) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  Random random(seed);
  FaultyFileSystem fs(PosixFileSystem());
  StoreHarness h(2, &fs);
  h.options.segment_bytes = 2000;
  h.Start();
  std::map<std::string, std::vector<std::pair<Txid, std::string>>> history;
  for (int round = 0; round < 8; ++round) {
    for (int i = 0, n = static_cast<int>(random.Uniform(60)); i < n; ++i) {
      const std::string key = fmt::format("k{}", random.Uniform(5));
      const std::string value = fmt::format("{}.{}", round, i);
      history[key].emplace_back(h.Put(key, value), value);
      if (random.Uniform(10) == 0) ASSERT_TRUE(h.Sync());
    }
    fs.CutPower();
    const Txid acknowledged = h.store().durable();
    h.Crash();
    ASSERT_TRUE(fs.RestorePower(&random).ok());
    const absl::Status opened = h.Open();
    ASSERT_TRUE(opened.ok()) << opened;
    const Txid last = h.store().last_appended();
    ASSERT_GE(last, acknowledged);
    for (auto& [key, writes] : history) {
      while (!writes.empty() && writes.back().first > last) writes.pop_back();
      EXPECT_EQ(h.Get(key), writes.empty() ? "(none)" : writes.back().second) << key;
    }
  }
}

TEST(RecoveryTest, AFlippedBitInTheJournalIsRefusedByName) {
  StoreHarness h;
  h.options.apply_interval_ms = 3600000;
  h.Start();
  for (int i = 0; i < 5; ++i) {
    h.Put("k", fmt::format("{}", i));
    ASSERT_TRUE(h.Sync());
  }
  h.Crash();
  const std::string path = SegmentPath(h.dir(0), 2);
  FlipBit(h.fs, path, kSegmentHeaderBytes + kBatchHeaderBytes + 3);
  EXPECT_THAT(h.Open().ToString(), AllOf(HasSubstr(path), HasSubstr("offset 48")));
  FlipBit(h.fs, path, kSegmentHeaderBytes + kBatchHeaderBytes + 3);
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("k"), "4");
}

TEST(RecoveryTest, AnIdleStoreMarksItsLastBatchSoThatDamageIsNotATornTail) {
  StoreHarness h;
  h.options.marker_idle_ms = 1;
  h.Start();
  h.Put("k", "v");
  ASSERT_TRUE(h.Sync());
  const std::string path = SegmentPath(h.dir(0), 2);
  const auto marked = [&] {
    const auto scan = ScanJournal(h.fs, h.dir(0), StoreHarness::Identity().namespace_id);
    return scan.ok() && h.fs.Stat(path)->size_bytes > 48 + 48 + 10 + 40;
  };
  for (int i = 0; i < 5000 && !marked(); ++i) h.store().WaitForRoom();
  h.Crash();
  FlipBit(h.fs, path, kSegmentHeaderBytes + kBatchHeaderBytes + 3);
  EXPECT_THAT(h.Open().ToString(), HasSubstr(path));
}

TEST(RecoveryTest, AJournalThatEndsBeforeTheDatabaseIsRefused) {
  StoreHarness h;
  h.Start();
  h.Put("k", "v");
  h.Close();  // flushed
  const std::string path = SegmentPath(h.dir(0), 2);
  const auto file = h.fs.Open(path, OpenMode::kReadWrite);
  ASSERT_TRUE((*file)->Truncate(kSegmentHeaderBytes).ok());
  EXPECT_THAT(h.Open().ToString(), AllOf(HasSubstr(path), HasSubstr("bytes of it were synced")));
  WriteJournalEnd(h.fs, h.dir(0), {2, kSegmentHeaderBytes});  // an old one
  EXPECT_THAT(h.Open().ToString(), AllOf(HasSubstr(path), HasSubstr("already has transaction 2")));
}

// One bit after the other of RocksDB's CURRENT and MANIFEST: the store is refused, or what it
// serves is right.
TEST(RecoveryTest, FlippedBitsInManifestAndCurrentAreNeverServed) {
  StoreHarness h;
  h.Start();
  for (int i = 0; i < 20; ++i) h.Put(fmt::format("k{}", i), fmt::format("v{}", i));
  h.Close();
  ASSERT_TRUE(h.Open().ok());
  h.Put("k3", "new");
  h.Close();
  const std::string backup = h.dir(0) + "-backup";
  int refused = 0;
  for (const std::string part : {"CURRENT", "MANIFEST"}) {
    const std::string path = RocksFiles(h, part).at(0);
    const int64_t size = h.fs.Stat(path)->size_bytes;
    for (int64_t at = 0; at < size; at += std::max<int64_t>(size / 25, 1)) {
      const std::string copy = fmt::format("rm -rf {0} && cp -a {1} {0}", backup, h.dir(0));
      ASSERT_EQ(std::system(copy.c_str()), 0);
      FlipBit(h.fs, path, at);
      const absl::Status opened = h.Open();
      if (opened.ok()) {
        EXPECT_EQ(h.Get("k3"), "new");
        for (int i = 4; i < 20; ++i) EXPECT_EQ(h.Get(fmt::format("k{}", i)), fmt::format("v{}", i));
        h.Close();
      } else {
        ++refused;
        EXPECT_THAT(opened.ToString(), HasSubstr(h.dir(0)));
      }
      const std::string restore = fmt::format("rm -rf {1} && mv {0} {1}", backup, h.dir(0));
      ASSERT_EQ(std::system(restore.c_str()), 0);
    }
  }
  EXPECT_GT(refused, 10);
}

// One bit of a table file, all over the file: refused at start, or the background pass stops the
// store, and no read ever returns a wrong value.
TEST(RecoveryTest, FlippedBitsInTableFilesAreNeverServed) {
  StoreHarness h;
  h.Start();
  for (int i = 0; i < 200; ++i) h.Put(fmt::format("k{}", i), fmt::format("v{}", i));
  h.Close();
  const auto tables = RocksFiles(h, ".sst");
  ASSERT_FALSE(tables.empty());
  for (const std::string& path : tables) {
    const int64_t size = h.fs.Stat(path)->size_bytes;
    for (int64_t at = 0; at < size; at += std::max<int64_t>(size / 12, 1)) {
      FlipBit(h.fs, path, at);
      const absl::Status opened = h.Open();
      if (opened.ok()) {
        const auto value = h.store().Snapshot()->Get(Table::kMeta, "k7");
        if (value.ok()) EXPECT_EQ(*value, "v7");
        EXPECT_EQ(h.WaitFatal().code(), absl::StatusCode::kDataLoss) << path << " at " << at;
        EXPECT_THAT(h.fatal().ToString(), HasSubstr(".sst"));
        h.Crash();
      } else {
        EXPECT_THAT(opened.ToString(), HasSubstr(h.dir(0)));
      }
      FlipBit(h.fs, path, at);
    }
  }
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("k199"), "v199");
}

// RocksDB itself would name the file LevelDB had, "…/000012.ldb".
TEST(RecoveryTest, AMissingTableFileIsRefusedByItsName) {
  StoreHarness h(2);
  h.Start();
  for (int i = 0; i < 20; ++i) h.Put(fmt::format("k{}", i), "v");
  h.Close();
  const std::vector<std::string> tables = RocksFiles(h, ".sst");
  ASSERT_FALSE(tables.empty());
  for (const std::string& path : tables) {
    ASSERT_TRUE(h.fs.Rename(path, path + ".aside").ok());
    EXPECT_THAT(h.Open().ToString(), AllOf(HasSubstr(path), Not(HasSubstr(".ldb"))));
    ASSERT_TRUE(h.fs.Rename(path + ".aside", path).ok());
  }
  ASSERT_TRUE(h.Open().ok());
}

TEST(RecoveryTest, DamagedVersionAndJournalStateAreRefusedByName) {
  StoreHarness h;
  h.Start();
  h.Close();
  for (const std::string& path :
       {VersionPath(h.dir(0)), JournalStatePath(h.dir(0)), JournalEndPath(h.dir(0))}) {
    for (int64_t at = 0; at < h.fs.Stat(path)->size_bytes; ++at) {
      FlipBit(h.fs, path, at);
      EXPECT_THAT(h.Open().ToString(), HasSubstr(path));
      FlipBit(h.fs, path, at);
    }
  }
  ASSERT_TRUE(h.Open().ok());
}

TEST(RecoveryTest, MutationsWaitForRoom) {
  StoreHarness h;
  h.options.max_unapplied_bytes = 4000;
  h.options.max_unsynced_bytes = 4000;
  h.Start();
  for (int i = 0; i < 300; ++i) {
    h.store().WaitForRoom();
    h.Put(fmt::format("k{}", i), std::string(500, 'x'));
  }
  EXPECT_EQ(h.Get("k299"), std::string(500, 'x'));
}

// The system counts what a failed sync should have written as written.
TEST(RecoveryTest, WhatASyncFailedToWriteIsWrittenAgainAtTheNextStart) {
  FaultyFileSystem fs(PosixFileSystem());
  StoreHarness h(1, &fs);
  h.Start();
  h.Put("k", "synced");
  ASSERT_TRUE(h.Sync());
  fs.Inject(Fault::Eio(FileOp::kSync, h.dir(0) + "/journal_"));
  h.Put("k", "not synced");
  EXPECT_FALSE(h.Sync());
  h.Crash();
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("k"), "not synced");  // it is in the page cache
  h.Put("k", "last");
  ASSERT_TRUE(h.Sync());
  fs.CutPower();
  h.Crash();
  ASSERT_TRUE(fs.RestorePower().ok());
  const absl::Status opened = h.Open();
  ASSERT_TRUE(opened.ok()) << opened;
  EXPECT_EQ(h.Get("k"), "last");
}

// The cut of a closed segment's reserve is not synced.
TEST(RecoveryTest, ReservedZerosInAClosedSegmentOfAMirrorAreNoReasonToCopyIt) {
  StoreHarness h(2);
  h.options.segment_bytes = 400;
  h.Start();
  for (int i = 0; i < 10; ++i) {
    h.Put("k", fmt::format("{}", i));
    ASSERT_TRUE(h.Sync());
  }
  h.Crash();
  const auto names = *ListSegments(h.fs, h.dir(1));
  ASSERT_GT(names.size(), 2u);
  const std::string closed = SegmentPath(h.dir(1), names[1]);
  const std::string with_zeros = *h.fs.ReadFile(closed, 1 << 20) + std::string(100, '\0');
  {
    const auto file = h.fs.Open(closed, OpenMode::kCreateOrTruncate);
    ASSERT_TRUE((*file)->Append(with_zeros).ok());
  }
  ASSERT_TRUE(h.Open().ok());
  EXPECT_EQ(h.Get("k"), "9");
  h.Crash();
  EXPECT_EQ(*h.fs.ReadFile(closed, 1 << 20), with_zeros);
}

}  // namespace
}  // namespace cairn::namenode
