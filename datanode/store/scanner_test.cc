// The block scanner and the directory scanner.
#include <thread>

#include "datanode/store/directory_scanner.h"
#include "datanode/store/testing/store_fixture.h"

namespace cairn::datanode {
namespace {

class ScannerTest : public StoreTest {
 protected:
  void SetUp() override { Open(); }
  std::string DataFile() { return Paths().DataFile(ReplicaPlace::kFinalized, kId); }
  std::string MetaFile() { return Paths().MetaFile(ReplicaPlace::kFinalized, kId, kStamp); }
  void Hide(const std::string& path) {
    ASSERT_TRUE(PosixFileSystem().Rename(path, dir / "x").ok());
  }
  void Show(const std::string& path) {
    ASSERT_TRUE(PosixFileSystem().Rename(dir / "x", path).ok());
  }
};

TEST_F(ScannerTest, BlockScanFindsAFlipAnywhere) {
  for (BlockId id = 1; id <= 5; ++id) MakeFinalized(Bytes(600'000, id), id);
  store->RunBlockScan();
  EXPECT_TRUE(listener.TakeBad().empty());
  FlipByte(Paths().DataFile(ReplicaPlace::kFinalized, 3), 599'999);
  store->RunBlockScan();
  EXPECT_EQ(listener.TakeBad(), (std::vector<Block>{{3, kStamp, 600'000}}));
}

TEST_F(ScannerTest, SuspectIsVerified) {
  MakeFinalized(Bytes(1000));
  FlipByte(DataFile(), 5);
  store->Suspect(Block{kId, kStamp, 1000});
  store->RunBlockScan();
  EXPECT_EQ(listener.TakeBad().size(), 2u) << "as a suspect and in the pass";
}

TEST_F(ScannerTest, BackgroundScanKeepsItsCursorOverARestart) {
  MakeFinalized(Bytes(1000));
  options.background = true;
  options.scan_period_ms = 1000;
  Open();
  FlipByte(DataFile(), 5);
  clock.Advance(2000);
  Eventually([&] { return !listener.TakeBad().empty(); });
  Eventually([&] { return PosixFileSystem().Exists(Paths().scanner_cursor()); });
  Open();
  const std::string cursor = *PosixFileSystem().ReadFile(Paths().scanner_cursor(), 4096);
  EXPECT_NE(cursor.find(fmt::format("lastBlockId={}", kId)), std::string::npos) << cursor;
  clock.Advance(2000);
  Eventually([&] { return !listener.TakeBad().empty(); });
}

TEST_F(ScannerTest, AReplicaThatCouldNotBeOpenedForLackOfDescriptorsIsLookedAtAgain) {
  MakeFinalized(Bytes(1000));
  FlipByte(DataFile(), 5);
  options.background = true;
  options.scan_period_ms = 1'000'000'000;
  const absl::Status lack = absl::UnavailableError("injected: Too many open files");
  fs.Inject({FileOp::kOpen, "finalized", 0, 1, lack});
  Open();
  Eventually([&] { return listener.TakeBad().size() == 1; });
}

TEST_F(ScannerTest, AJumpOfTheWallClockDoesNotPutTheScanOff) {
  MakeFinalized(Bytes(1000));
  options.background = true;
  options.scan_period_ms = 1'000'000;
  Open();
  Eventually([&] { return PosixFileSystem().Exists(Paths().scanner_cursor()); });
  FlipByte(DataFile(), 5);
  const int64_t now_ms = clock.WallMs();
  clock.SetWallMs(now_ms + 100LL * 365 * 86'400'000);  // a pass begins in a hundred years
  Eventually([&] { return !listener.TakeBad().empty(); });
  clock.SetWallMs(now_ms);
  Eventually([&] { return !listener.TakeBad().empty(); });
}

TEST_F(ScannerTest, BackgroundVerifiesSuspectsWithoutWaitingForThePeriod) {
  MakeFinalized(Bytes(1000));
  options.background = true;
  Open();
  // Let the pass that a new volume begins with end first.
  Eventually([&] { return PosixFileSystem().Exists(Paths().scanner_cursor()); });
  FlipByte(DataFile(), 5);
  store->Suspect(Block{kId, kStamp, 1000});
  Eventually([&] { return !listener.TakeBad().empty(); });
}

TEST_F(ScannerTest, FileMissingForAMomentIsNotReportedDeleted) {
  MakeFinalized(Bytes(1000));
  listener.TakeChanges();
  Hide(DataFile());
  EXPECT_TRUE(absl::IsDataLoss(ReadAll().status()));
  store->RunDirectoryScan();
  Show(DataFile());
  clock.Advance(DirectoryScanner::kMissingGraceMs);
  store->RunDirectoryScan();
  EXPECT_TRUE(listener.TakeChanges().empty());
  EXPECT_TRUE(listener.TakeBad().empty());
  EXPECT_EQ(*ReadAll(), Bytes(1000));
}

TEST_F(ScannerTest, FileMissingForGoodIsReportedDeletedOnceTheVolumeProvedFine) {
  MakeFinalized(Bytes(1000));
  listener.TakeChanges();
  Hide(DataFile());
  store->RunDirectoryScan();
  EXPECT_TRUE(listener.TakeChanges().empty());
  clock.Advance(DirectoryScanner::kMissingGraceMs);
  store->RunDirectoryScan();
  const auto changes = listener.TakeChanges();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, ReplicaChangeKind::kDeleted);
  EXPECT_EQ(changes[0].block, (Block{kId, kStamp, 1000}));
  EXPECT_FALSE(store->Get(kId).ok());
  // And if it comes back, it is taken in again.
  Show(DataFile());
  store->RunDirectoryScan();
  EXPECT_EQ(listener.TakeChanges().at(0).kind, ReplicaChangeKind::kReceived);
  EXPECT_EQ(*ReadAll(), Bytes(1000));
}

TEST_F(ScannerTest, VanishedVolumeIsAFailedVolumeAndDeletesNothing) {
  MakeFinalized(Bytes(1000));
  listener.TakeChanges();
  Hide(Paths().pool());
  store->RunDirectoryScan();
  clock.Advance(DirectoryScanner::kMissingGraceMs);
  store->RunDirectoryScan();
  Eventually([&] { return store->FailedVolumes().size() == 1; });
  EXPECT_TRUE(listener.TakeChanges().empty());
  EXPECT_FALSE(store->Health().ok());
}

TEST_F(ScannerTest, MissingMetaFileIsReportedBadAfterItsGrace) {
  MakeFinalized(Bytes(1000));
  Hide(MetaFile());
  store->RunDirectoryScan();
  EXPECT_TRUE(listener.TakeBad().empty());
  clock.Advance(DirectoryScanner::kMissingGraceMs);
  store->RunDirectoryScan();
  EXPECT_EQ(listener.TakeBad().size(), 1u);
  EXPECT_TRUE(store->Get(kId).ok());
}

TEST_F(ScannerTest, WrongSizesAreReportedBad) {
  MakeFinalized(Bytes(1000));
  SetSize(MetaFile(), 7);
  store->RunDirectoryScan();
  EXPECT_EQ(listener.TakeBad().size(), 1u);
  SetSize(DataFile(), 999);
  store->RunDirectoryScan();
  EXPECT_EQ(listener.TakeBad().size(), 1u);
}

TEST_F(ScannerTest, UnknownPairIsAdoptedOnceAndOnlyWhenItFits) {
  MakeFinalized(Bytes(1000));
  const std::string data = *PosixFileSystem().ReadFile(DataFile(), 1 << 20);
  const std::string meta = *PosixFileSystem().ReadFile(MetaFile(), 1 << 20);
  WriteFile(Paths().DataFile(ReplicaPlace::kFinalized, 7), data);
  WriteFile(Paths().MetaFile(ReplicaPlace::kFinalized, 7, 1001), meta);
  WriteFile(Paths().DataFile(ReplicaPlace::kFinalized, 8), data + "x");
  WriteFile(Paths().MetaFile(ReplicaPlace::kFinalized, 8, 1001), meta.substr(0, 7));
  listener.TakeChanges();
  store->RunDirectoryScan();
  store->RunDirectoryScan();
  const auto changes = listener.TakeChanges();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].block, (Block{7, 1001, 1000}));
  EXPECT_EQ(*ReadAll(7), data);
  EXPECT_FALSE(store->Get(8).ok());
}

TEST_F(ScannerTest, ScanLeavesReplicasBeingWrittenAlone) {
  auto writer = MakeRbw(Bytes(100), 100);
  store->RunDirectoryScan();
  clock.Advance(DirectoryScanner::kMissingGraceMs);
  store->RunDirectoryScan();
  EXPECT_TRUE(listener.TakeBad().empty());
  EXPECT_TRUE(Put(*writer, 100, "x").ok());
}

TEST_F(ScannerTest, FileMissedByAReadIsLookedAtInTheBackground) {
  MakeFinalized(Bytes(1000));
  options.background = true;
  Open();
  listener.TakeChanges();
  Hide(DataFile());
  EXPECT_FALSE(ReadAll().ok());
  Eventually([&] {
    clock.Advance(1000);
    std::this_thread::yield();
    return !listener.TakeChanges().empty();
  });
  EXPECT_FALSE(store->Get(kId).ok());
}

}  // namespace
}  // namespace cairn::datanode
