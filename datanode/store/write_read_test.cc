// Packets into replicas and bytes out of them: re-sends, partial chunks, snapshots, damage.
#include <thread>

#include "datanode/store/meta_file.h"
#include "datanode/store/testing/store_fixture.h"

namespace cairn::datanode {
namespace {

class WriteReadTest : public StoreTest {
 protected:
  void SetUp() override { Open(); }
};

TEST_F(WriteReadTest, FinalizedReplicaReadsBackAndHasHdfssFiles) {
  const std::string data = Bytes(100'000);
  MakeFinalized(data);
  EXPECT_EQ(*ReadAll(), data);
  const std::string file = Paths().DataFile(ReplicaPlace::kFinalized, kId);
  const std::string meta = Paths().MetaFile(ReplicaPlace::kFinalized, kId, kStamp);
  EXPECT_EQ(*PosixFileSystem().ReadFile(file, 1 << 20), data);
  EXPECT_EQ(*PosixFileSystem().ReadFile(meta, 1 << 20),
            EncodeMetaHeader(DataChecksum()) + DataChecksum().Compute(data));
  EXPECT_EQ(store->Usage()[0].dfs_used, 100'000 + MetaFileBytes(DataChecksum(), 100'000));
}

TEST_F(WriteReadTest, EventsAndListingsAreNumberedInOneSequence) {
  MakeFinalized(Bytes(10));
  const auto changes = listener.TakeChanges();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].kind, ReplicaChangeKind::kReceiving);
  EXPECT_EQ(changes[1].kind, ReplicaChangeKind::kReceived);
  EXPECT_EQ(changes[1].block, (Block{kId, kStamp, 10}));
  EXPECT_LT(changes[0].sequence, changes[1].sequence);
  const auto listing = store->List(OnlyStorage());
  ASSERT_TRUE(listing.ok());
  EXPECT_GT(listing->sequence, changes[1].sequence);
  ASSERT_EQ(listing->replicas.size(), 1u);
  EXPECT_EQ(listing->replicas[0].block, (Block{kId, kStamp, 10}));
  // The NameNode takes a number that it has seen for an old report, and asks for another one: on a
  // volume where nothing changed it asked with every heartbeat, for ever.
  EXPECT_GT(store->List(OnlyStorage())->sequence, listing->sequence);
  MakeFinalized(Bytes(10), kId + 1);
  EXPECT_GT(listener.TakeChanges().front().sequence, listing->sequence + 1);
}

TEST_F(WriteReadTest, ListingIsSortedAndLeavesTemporaryOut) {
  for (const BlockId id : {30, 10, 20}) MakeFinalized(Bytes(5), id);
  auto temporary = store->CreateTemporary(Request(15));
  ASSERT_TRUE(temporary.ok());
  const auto listing = store->List(OnlyStorage());
  ASSERT_EQ(listing->replicas.size(), 3u);
  EXPECT_EQ(listing->replicas[0].block.id, 10);
  EXPECT_EQ(listing->replicas[2].block.id, 30);
}

TEST_F(WriteReadTest, ReSentPacketsAreSkippedAndThePartialChunkGetsTheNewChecksum) {
  const std::string data = Bytes(1500);
  auto writer = MakeRbw(data.substr(0, 700), 700);
  // HDFS's client sends the partial chunk again from its boundary.
  ASSERT_TRUE(Put(*writer, 512, std::string_view(data).substr(512, 288)).ok());
  EXPECT_EQ(writer->bytes_on_disk(), 800);
  ASSERT_TRUE(Put(*writer, 0, std::string_view(data).substr(0, 512)).ok());
  EXPECT_EQ(writer->bytes_on_disk(), 800);
  ASSERT_TRUE(Put(*writer, 512, std::string_view(data).substr(512)).ok());
  ASSERT_TRUE(writer->Finalize(false, "").ok());
  EXPECT_EQ(*ReadAll(), data);
}

TEST_F(WriteReadTest, PacketWithinAChunkExtendsTheStoredChecksum) {
  const std::string data = Bytes(1200);
  auto writer = MakeRbw(data.substr(0, 700), 700);
  ASSERT_TRUE(Put(*writer, 700, std::string_view(data).substr(700, 324)).ok());
  ASSERT_TRUE(Put(*writer, 1024, std::string_view(data).substr(1024)).ok());
  ASSERT_TRUE(writer->Finalize(false, "").ok());
  EXPECT_EQ(*ReadAll(), data);
}

TEST_F(WriteReadTest, PacketWithinAChunkMustNotPassItsEnd) {
  auto writer = MakeRbw(Bytes(700), 0);
  EXPECT_TRUE(absl::IsInvalidArgument(Put(*writer, 700, Bytes(325))));
  EXPECT_EQ(writer->bytes_on_disk(), 700);
}

TEST_F(WriteReadTest, DamageOnDiskIsNotGivenANewChecksum) {
  auto writer = MakeRbw(Bytes(700), 700);
  FlipByte(Paths().DataFile(ReplicaPlace::kRbw, kId), 600);
  EXPECT_TRUE(absl::IsDataLoss(Put(*writer, 700, "more")));
  EXPECT_EQ(listener.TakeBad().size(), 1u);
  EXPECT_EQ(writer->bytes_on_disk(), 700);
}

TEST_F(WriteReadTest, OutOfSequenceIsRefused) {
  auto writer = MakeRbw(Bytes(10), 0);
  const absl::Status ahead = Put(*writer, 11, "x");
  EXPECT_TRUE(absl::IsInvalidArgument(ahead));
  EXPECT_NE(std::string(ahead.message()).find("out-of-sequence packet"), std::string::npos);
  EXPECT_TRUE(absl::IsInvalidArgument(Put(*writer, -1, "x")));
}

TEST_F(WriteReadTest, WrongChecksumBlamesTheSenderAndWritesNothing) {
  auto writer = MakeRbw(Bytes(512), 0);
  const absl::Status bad = writer->Write(512, "hello", std::string(4, 'x'), /*verify=*/true);
  EXPECT_TRUE(Is(bad, ErrorKind::kChecksum)) << bad;
  EXPECT_EQ(writer->bytes_on_disk(), 512);
  EXPECT_TRUE(listener.TakeBad().empty());
  EXPECT_TRUE(absl::IsInvalidArgument(writer->Write(512, "hello", "123", true)));
  // A node in the middle of a pipeline does not look; the last one does, and readers do.
  ASSERT_TRUE(writer->Write(512, "hello", std::string(4, 'x'), /*verify=*/false).ok());
  ASSERT_TRUE(writer->Finalize(false, "").ok());
  EXPECT_TRUE(Is(ReadAll().status(), ErrorKind::kChecksum));
  EXPECT_EQ(listener.TakeBad().size(), 1u);
}

// Its checksum would become that of the whole chunk, or would be replaced by one of the wrong
// bytes.
TEST_F(WriteReadTest, ADamagedPacketTakesNoAckedBytesOfItsChunkWithIt) {
  const std::string data = Bytes(600);
  std::string damaged = data;
  damaged[400] ^= 1;
  auto writer = MakeRbw(data.substr(0, 300), 300);
  for (const auto& [offset, n] : {std::pair<size_t, size_t>{0, 600}, {300, 212}}) {
    const std::string checksums = DataChecksum().Compute(std::string_view(data).substr(offset, n));
    const absl::Status bad = writer->Write(static_cast<int64_t>(offset), damaged.substr(offset, n),
                                           checksums, /*verify=*/false);
    EXPECT_TRUE(Is(bad, ErrorKind::kChecksum)) << offset << ": " << bad;
  }
  EXPECT_EQ(writer->bytes_on_disk(), 300);
  writer.reset();
  const auto recovered = store->RecoverRbw(Recovery(1002, 300, 600));
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ(*ReadAll(), data.substr(0, 300));
}

TEST_F(WriteReadTest, APacketWithoutTheAgreedChecksumsIsRefused) {
  auto writer = store->CreateRbw(Request());
  for (const bool verify : {true, false}) {
    EXPECT_TRUE(absl::IsInvalidArgument((*writer)->Write(0, "data", "", verify)));
  }
  EXPECT_EQ((*writer)->bytes_on_disk(), 0);
}

TEST_F(WriteReadTest, SendersThatAgreedOnNoChecksumsGetThoseOfTheDiskComputed) {
  const std::string data = Bytes(2000);
  MakeFinalized(data.substr(0, 100));
  WriteRequest request = Recovery(1002, 100, 100);
  request.checksum = DataChecksum{ChecksumType::kNull, 512};
  auto writer = store->Append(request);
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE((*writer)->Write(100, std::string_view(data).substr(100, 200), "", true).ok());
  ASSERT_TRUE((*writer)->Write(300, std::string_view(data).substr(300, 212), "", true).ok());
  ASSERT_TRUE((*writer)->Write(512, std::string_view(data).substr(512), "", true).ok());
  ASSERT_TRUE((*writer)->Finalize(false, "").ok());
  EXPECT_EQ(*ReadAll(), data);
}

TEST_F(WriteReadTest, AppendWithOtherChecksumKeepsThatOfTheDisk) {
  const std::string data = Bytes(3000);
  MakeFinalized(data.substr(0, 700));
  WriteRequest request = Recovery(1002, 700, 700);
  request.checksum = DataChecksum{ChecksumType::kCrc32, 100};
  auto writer = store->Append(request);
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_EQ((*writer)->disk_checksum(), DataChecksum());
  const std::string_view rest = std::string_view(data).substr(700);
  EXPECT_TRUE(Is((*writer)->Write(700, rest, std::string(92, 'x'), false), ErrorKind::kChecksum))
      << "the sender's checksums are always verified when they are not the ones stored";
  ASSERT_TRUE(Put(**writer, 700, rest, request.checksum, /*verify=*/false).ok());
  ASSERT_TRUE((*writer)->Finalize(false, "").ok());
  EXPECT_EQ(*ReadAll(), data);
}

TEST_F(WriteReadTest, ReplicaWithoutChecksumsIsServedAsSuch) {
  WriteRequest request = Request();
  request.checksum = DataChecksum{ChecksumType::kNull, 512};
  auto writer = store->CreateRbw(request);
  const std::string data = Bytes(1000);
  ASSERT_TRUE((*writer)->Write(0, data, "", true).ok());
  ASSERT_TRUE((*writer)->Finalize(true, "").ok());
  writer->reset();
  Open();
  EXPECT_TRUE(listener.TakeBad().empty());
  EXPECT_EQ(*ReadAll(), data);
  EXPECT_EQ((*store->OpenReader(Block{kId, kStamp, 0}, 0))->checksum().type, ChecksumType::kNull);
}

TEST_F(WriteReadTest, ReaderSeesTheChecksumThatBelongsToItsLength) {
  const std::string data = Bytes(1000);
  auto writer = MakeRbw(data.substr(0, 700), 600);
  auto reader = store->OpenReader(Block{kId, kStamp, 0}, 600);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->visible_length(), 600);
  EXPECT_EQ((*reader)->block().num_bytes, 700);
  ASSERT_TRUE(Put(*writer, 512, std::string_view(data).substr(512)).ok());
  ASSERT_TRUE(writer->Finalize(false, "").ok());
  store->Invalidate({Block{kId, kStamp, 0}});
  store->DrainDeletions();
  std::string out(188, '\0');
  const absl::Status read = (*reader)->ReadVerified(512, 188, out.data());
  EXPECT_TRUE(read.ok()) << read;
  EXPECT_EQ(out, data.substr(512, 188));
  EXPECT_TRUE(absl::IsNotFound(ReadAll().status()));
}

TEST_F(WriteReadTest, ReaderOfFinalizedSurvivesAnAppend) {
  const std::string data = Bytes(1000);
  MakeFinalized(data.substr(0, 700));
  auto reader = store->OpenReader(Block{kId, kStamp, 0}, 0);
  auto writer = store->Append(Recovery(1002, 700, 700));
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE(Put(**writer, 512, std::string_view(data).substr(512)).ok());
  std::string out(700, '\0');
  EXPECT_TRUE((*reader)->ReadVerified(0, 700, out.data()).ok());
  EXPECT_EQ(out, data.substr(0, 700));
}

TEST_F(WriteReadTest, ReaderWaitsForAcksAndThenTakesWhatIsThere) {
  auto writer = MakeRbw(Bytes(700), 0);
  std::thread acker([&] { writer->SetBytesAcked(700); });
  auto reader = store->OpenReader(Block{kId, kStamp, 0}, 700);
  acker.join();
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ((*reader)->visible_length(), 700);
  EXPECT_EQ(*store->VisibleLength(Block{kId, kStamp, 0}), 700);
}

TEST_F(WriteReadTest, AckedBytesNeverPassTheDiskNorFall) {
  auto writer = MakeRbw(Bytes(100), 50);
  writer->SetBytesAcked(1000);
  EXPECT_EQ(writer->bytes_acked(), 100);
  writer->SetBytesAcked(10);
  EXPECT_EQ(writer->bytes_acked(), 100);
}

TEST_F(WriteReadTest, RangesOutsideTheSnapshotAreRefused) {
  MakeFinalized(Bytes(1000));
  auto reader = store->OpenReader(Block{kId, kStamp, 0}, 0);
  std::string out(2000, '\0');
  constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
  EXPECT_TRUE(absl::IsInvalidArgument((*reader)->ReadData(0, 1001, out.data())));
  EXPECT_TRUE(absl::IsInvalidArgument((*reader)->ReadData(-1, 1, out.data())));
  EXPECT_TRUE(absl::IsInvalidArgument((*reader)->ReadData(kHuge, 1, out.data())));
  std::string checksums;
  EXPECT_TRUE(absl::IsInvalidArgument((*reader)->ReadChecksums(1, 511, checksums)));
  EXPECT_TRUE(absl::IsInvalidArgument((*reader)->ReadChecksums(0, 600, checksums)));
  EXPECT_TRUE(absl::IsInvalidArgument((*reader)->ReadChecksums(512, kHuge, checksums)));
  EXPECT_TRUE((*reader)->ReadChecksums(512, 488, checksums).ok());
  EXPECT_EQ(checksums.size(), 4u);
}

TEST_F(WriteReadTest, StampsOfReadersAreChecked) {
  MakeFinalized(Bytes(10));
  EXPECT_FALSE(store->OpenReader(Block{kId, kStamp + 1, 0}, 0).ok());
  EXPECT_TRUE(store->OpenReader(Block{kId, kStamp - 1, 0}, 0).ok());
  EXPECT_FALSE(store->VisibleLength(Block{kId, kStamp + 1, 0}).ok());
  EXPECT_TRUE(
      Is(store->OpenReader(Block{kId + 1, kStamp, 0}, 0).status(), ErrorKind::kReplicaNotFound));
}

TEST_F(WriteReadTest, BitFlipsInDataAndMetaAreFoundAndReported) {
  MakeFinalized(Bytes(5000));
  FlipByte(Paths().DataFile(ReplicaPlace::kFinalized, kId), 4321);
  EXPECT_TRUE(Is(ReadAll().status(), ErrorKind::kChecksum));
  EXPECT_EQ(listener.TakeBad(), (std::vector<Block>{{kId, kStamp, 5000}}));
  FlipByte(Paths().DataFile(ReplicaPlace::kFinalized, kId), 4321);
  EXPECT_TRUE(ReadAll().ok());
  FlipByte(Paths().MetaFile(ReplicaPlace::kFinalized, kId, kStamp), 9);
  EXPECT_TRUE(Is(ReadAll().status(), ErrorKind::kChecksum));
  EXPECT_EQ(listener.TakeBad().size(), 1u);
}

TEST_F(WriteReadTest, ShortMetaFileIsDamageNeverAbsenceOfChecksums) {
  MakeFinalized(Bytes(5000));
  for (const int64_t size : {46, 7, 3, 0}) {
    SetSize(Paths().MetaFile(ReplicaPlace::kFinalized, kId, kStamp), size);
    const auto reader = store->OpenReader(Block{kId, kStamp, 0}, 0);
    EXPECT_TRUE(Is(reader.status(), ErrorKind::kChecksum)) << size << reader.status();
    EXPECT_EQ(listener.TakeBad().size(), 1u) << size;
  }
  // The same after a restart: told as soon as somebody listens.
  Open();
  EXPECT_EQ(listener.TakeBad().size(), 1u);
  EXPECT_FALSE(ReadAll().ok());
}

TEST_F(WriteReadTest, TruncatedDataIsDamage) {
  MakeFinalized(Bytes(5000));
  auto reader = store->OpenReader(Block{kId, kStamp, 0}, 0);
  SetSize(Paths().DataFile(ReplicaPlace::kFinalized, kId), 4000);
  std::string out(1000, '\0');
  EXPECT_TRUE(absl::IsDataLoss((*reader)->ReadData(4000, 1000, out.data())));
  EXPECT_EQ(listener.TakeBad().size(), 1u);
  EXPECT_TRUE(Is(store->OpenReader(Block{kId, kStamp, 0}, 0).status(), ErrorKind::kChecksum));
}

TEST_F(WriteReadTest, DeletedReplicasAreHiddenAtOnceReportedOnceAndGone) {
  MakeFinalized(Bytes(100));
  listener.TakeChanges();
  store->Invalidate({Block{kId, kStamp + 1, 0}});  // another stamp: not meant
  store->DrainDeletions();
  EXPECT_TRUE(ReadAll().ok());
  store->Invalidate({Block{kId, kStamp, 0}, Block{kId, kStamp, 0}, Block{kId + 1, kStamp, 0}});
  EXPECT_TRUE(Is(store->Get(kId).status(), ErrorKind::kReplicaNotFound));
  EXPECT_TRUE(store->List(OnlyStorage())->replicas.empty());
  store->DrainDeletions();
  const auto changes = listener.TakeChanges();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, ReplicaChangeKind::kDeleted);
  EXPECT_FALSE(PosixFileSystem().Exists(Paths().DataFile(ReplicaPlace::kFinalized, kId)));
  EXPECT_EQ(store->Usage()[0].dfs_used, 0);
}

// A pipeline recovery that was repeated under one stamp cut the files below the snapshot of a
// reader, which called the replica bad.
TEST_F(WriteReadTest, AReaderWhoseReplicaIsCutUnderItDoesNotCallItBad) {
  const std::string data = Bytes(1'000);
  MakeRbw(data, 700)->Abort();
  auto reader = store->OpenReader(Block{kId, kStamp, 0}, 0);
  ASSERT_TRUE(reader.ok()) << reader.status();
  ASSERT_EQ((*reader)->block().num_bytes, 1'000);
  auto writer = store->RecoverRbw(Recovery(kStamp, 700, 1'000));
  ASSERT_TRUE(writer.ok()) << writer.status();
  std::string out(488, '\0');
  EXPECT_TRUE(absl::IsDataLoss((*reader)->ReadVerified(512, out.size(), out.data())));
  EXPECT_TRUE(listener.TakeBad().empty());
  // Also when other bytes have come in their place.
  ASSERT_TRUE(Put(**writer, 512, data.substr(512, 188) + Bytes(300, 2)).ok());
  EXPECT_TRUE(absl::IsDataLoss((*reader)->ReadVerified(512, out.size(), out.data())));
  EXPECT_TRUE(listener.TakeBad().empty());
  // Damage is told as ever.
  auto again = store->OpenReader(Block{kId, kStamp, 0}, 0);
  ASSERT_TRUE(again.ok()) << again.status();
  FlipByte(Paths().DataFile(ReplicaPlace::kRbw, kId), 600);
  EXPECT_TRUE(absl::IsDataLoss((*again)->ReadVerified(512, out.size(), out.data())));
  EXPECT_EQ(listener.TakeBad().size(), 1u);
}

}  // namespace
}  // namespace cairn::datanode
