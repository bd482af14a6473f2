// Bytes that were synced within a chunk that grew afterwards: no order in which a power cut wrote
// things back may lose them.
#include "datanode/store/synced_tail.h"

#include "datanode/store/meta_file.h"
#include "datanode/store/testing/store_fixture.h"

namespace cairn::datanode {
namespace {

class SyncedTailTest : public StoreTest {
 protected:
  void SetUp() override { Open(); }
  std::string Data() { return Paths().DataFile(ReplicaPlace::kRbw, kId); }
  std::string Meta(GenerationStamp stamp = kStamp) {
    return Paths().MetaFile(ReplicaPlace::kRbw, kId, stamp);
  }
  std::string TailFile() { return Paths().SyncedTailFile(kId); }

  // The power goes; of what was not synced only the stored checksum of `chunk` got to the disk.
  void CutPowerAfterChecksum(int64_t chunk, const std::string& covered,
                             GenerationStamp stamp = kStamp) {
    fs.CutPower();
    store.reset();
    ASSERT_TRUE(fs.RestorePower().ok());
    auto meta = PosixFileSystem().Open(Meta(stamp), OpenMode::kReadWrite);
    ASSERT_TRUE(meta.ok()) << meta.status();
    ASSERT_TRUE(
        (*meta)->WriteAt(MetaOffset(DataChecksum(), chunk), DataChecksum().Compute(covered)).ok());
  }
  // What a recovery makes of the replica.
  std::string Recovered() {
    Open();
    const auto info = store->Get(kId);
    if (!info.ok()) return info.status().ToString();
    EXPECT_EQ(info->state, ReplicaState::kWaitingToBeRecovered);
    EXPECT_TRUE(store->InitReplicaRecovery(info->block, 5000).ok());
    EXPECT_TRUE(store->UpdateReplicaUnderRecovery(info->block, 5000, info->block.num_bytes).ok());
    EXPECT_FALSE(PosixFileSystem().Exists(TailFile()));
    return ReadAll().value_or("unreadable");
  }
};

TEST_F(SyncedTailTest, TheChecksumOfAGrownChunkWithoutItsBytes) {
  const std::string data = Bytes(900);
  auto writer = MakeRbw(data.substr(0, 700), 700);
  ASSERT_TRUE(writer->Sync().ok());
  EXPECT_FALSE(PosixFileSystem().Exists(TailFile())) << "nothing to protect yet";
  ASSERT_TRUE(Put(*writer, 512, data.substr(512)).ok());
  EXPECT_TRUE(PosixFileSystem().Exists(TailFile()));
  writer.reset();
  CutPowerAfterChecksum(1, data.substr(512));
  EXPECT_EQ(Recovered(), data.substr(0, 700));
}

TEST_F(SyncedTailTest, ALaterChunkDoesNotHideTheOneThatWasSynced) {
  const std::string data = Bytes(1536);
  auto writer = MakeRbw(data.substr(0, 700), 700);
  ASSERT_TRUE(writer->Sync().ok());
  ASSERT_TRUE(Put(*writer, 512, data.substr(512)).ok());
  writer.reset();
  CutPowerAfterChecksum(1, data.substr(512, 512));
  // Size, third chunk and both checksums got to the disk; the page of the second chunk did not.
  auto file = *PosixFileSystem().Open(Data(), OpenMode::kReadWrite);
  ASSERT_TRUE(file->WriteAt(1024, data.substr(1024)).ok());
  auto meta = *PosixFileSystem().Open(Meta(), OpenMode::kReadWrite);
  ASSERT_TRUE(
      meta->WriteAt(MetaOffset(DataChecksum(), 2), DataChecksum().Compute(data.substr(1024))).ok());
  EXPECT_EQ(Recovered(), data.substr(0, 700));
}

TEST_F(SyncedTailTest, WhatSurvivedBeyondTheSyncIsKept) {
  const std::string data = Bytes(1536);
  auto writer = MakeRbw(data.substr(0, 700), 700);
  ASSERT_TRUE(writer->Sync().ok());
  ASSERT_TRUE(Put(*writer, 512, data.substr(512)).ok());
  writer.reset();
  EXPECT_EQ(Recovered(), data);
}

TEST_F(SyncedTailTest, AFinalizedReplicaThatIsAppendedTo) {
  const std::string data = Bytes(800);
  MakeFinalized(data.substr(0, 700));
  auto writer = store->Append(Recovery(kStamp + 1, 700, 700));
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE(Put(**writer, 512, data.substr(512)).ok());
  writer->reset();
  CutPowerAfterChecksum(1, data.substr(512), kStamp + 1);
  EXPECT_EQ(Recovered(), data.substr(0, 700));
}

TEST_F(SyncedTailTest, TheFormerTailCountsWhileANewOneIsTorn) {
  const std::string data = Bytes(1000);
  auto writer = MakeRbw(data.substr(0, 700), 700);
  ASSERT_TRUE(writer->Sync().ok());
  ASSERT_TRUE(Put(*writer, 512, data.substr(512, 288)).ok());  // keeps 700
  ASSERT_TRUE(writer->Sync().ok());
  ASSERT_TRUE(Put(*writer, 512, data.substr(512)).ok());  // keeps 800
  auto tails = *ReadSyncedTails(PosixFileSystem(), Paths(), kId);
  ASSERT_EQ(tails.size(), 2u);
  EXPECT_EQ(tails[0].length, 800);
  EXPECT_EQ(tails[1].length, 700);
  EXPECT_EQ(tails[0].checksum, DataChecksum().Compute(data.substr(512, 288)));
  writer.reset();
  CutPowerAfterChecksum(1, data.substr(512));
  FlipByte(TailFile(), 4096 + 5);
  EXPECT_EQ(Recovered(), data.substr(0, 700));
}

TEST_F(SyncedTailTest, RecordsAreWhatTheDocumentSays) {
  const PoolPaths paths = Paths();
  SyncedTailFile kept(PosixFileSystem(), paths, kId);
  ASSERT_TRUE(kept.Keep({0x0102, "abcd"}).ok());
  const std::string bytes = *PosixFileSystem().ReadFile(TailFile(), 10'000);
  EXPECT_EQ(bytes.substr(0, 16), std::string("CTL1\0\0\0\0\0\0\1\2abcd", 16));
  EXPECT_EQ(bytes.size(), 20u);
  // A writer that comes later does not begin with the slot that counts.
  SyncedTailFile next(PosixFileSystem(), paths, kId);
  ASSERT_TRUE(next.Keep({0x0203, "efgh"}).ok());
  EXPECT_EQ(ReadSyncedTails(PosixFileSystem(), paths, kId)->size(), 2u);
}

TEST_F(SyncedTailTest, GoesWithItsReplica) {
  auto writer = MakeRbw(Bytes(700), 700);
  ASSERT_TRUE(writer->Sync().ok());
  ASSERT_TRUE(Put(*writer, 700, "more").ok());
  ASSERT_TRUE(PosixFileSystem().Exists(TailFile()));
  ASSERT_TRUE(writer->Finalize(false, "").ok());
  writer.reset();
  EXPECT_FALSE(PosixFileSystem().Exists(TailFile()));
  WriteFile(TailFile(), "of a replica that a crash finalized before this could be removed");
  Open();
  EXPECT_FALSE(PosixFileSystem().Exists(TailFile()));
  EXPECT_EQ(ReadAll()->size(), 704u);
}

TEST_F(SyncedTailTest, WithoutRoomForTheRecordNothingIsWritten) {
  const std::string data = Bytes(900);
  auto writer = MakeRbw(data.substr(0, 700), 700);
  ASSERT_TRUE(writer->Sync().ok());
  fs.Inject(Fault::NoSpace(FileOp::kWriteAt, "synced_"));
  EXPECT_TRUE(Is(Put(*writer, 512, data.substr(512)), ErrorKind::kDiskOutOfSpace));
  writer.reset();
  EXPECT_EQ(*ReadAll(), data.substr(0, 700));
}

}  // namespace
}  // namespace cairn::datanode
