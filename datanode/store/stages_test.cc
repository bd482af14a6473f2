// Every stage of the write pipeline and of a lease recovery: what it accepts, refuses and leaves.
#include <atomic>
#include <thread>

#include "datanode/store/testing/store_fixture.h"

namespace cairn::datanode {
namespace {

class StagesTest : public StoreTest {
 protected:
  void SetUp() override { Open(); }
  ReplicaInfo Info(BlockId id = kId) {
    const auto info = store->Get(id);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.ok() ? *info : ReplicaInfo();
  }
  // A writer that leaves as soon as it is asked to, as a transfer thread does.
  std::thread LeaveWhenStopped(std::unique_ptr<ReplicaWriter>& writer) {
    return std::thread([this, &writer] {
      while (!stop_asked_.load()) std::this_thread::yield();
      EXPECT_TRUE(absl::IsAborted(Put(*writer, writer->bytes_on_disk(), "late")));
      EXPECT_TRUE(absl::IsAborted(writer->Finalize(false, "").status()));
      writer.reset();
    });
  }
  std::unique_ptr<ReplicaWriter> StoppableRbw(const std::string& data, int64_t acked) {
    WriteRequest request = Request();
    request.stop_writer = [this] { stop_asked_ = true; };
    auto writer = store->CreateRbw(request);
    EXPECT_TRUE(Put(**writer, 0, data).ok());
    (*writer)->SetBytesAcked(acked);
    return *std::move(writer);
  }

  std::atomic<bool> stop_asked_ = false;
};

TEST_F(StagesTest, ARecoveredPipelineIsReportedWithItsNewStamp) {
  auto writer = MakeRbw(Bytes(700), 700);
  writer.reset();
  listener.TakeChanges();
  ASSERT_TRUE(store->RecoverRbw(Recovery(1002, 700, 700)).ok());
  const auto changes = listener.TakeChanges();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, ReplicaChangeKind::kReceiving);
  EXPECT_EQ(changes[0].block, (Block{kId, 1002, 700}));
  EXPECT_LT(changes[0].sequence, store->List(OnlyStorage())->sequence);
}

// The length asked for was reported once: an empty block looked as if it had bytes, and its file
// could not be closed.
TEST_F(StagesTest, ANewReplicaIsReportedAsEmptyAsItIs) {
  WriteRequest request = Request();
  request.block.num_bytes = 1 << 20;  // the space to expect
  ASSERT_TRUE(store->CreateRbw(request).ok());
  const auto changes = listener.TakeChanges();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, ReplicaChangeKind::kReceiving);
  EXPECT_EQ(changes[0].block, (Block{kId, kStamp, 0}));
}

TEST_F(StagesTest, AReplicaUnderRecoveryIsAnRwrOfItsOldStampAfterARestart) {
  auto writer = MakeRbw(Bytes(700), 700);
  writer.reset();
  ASSERT_TRUE(store->InitReplicaRecovery(Block{kId, kStamp, 0}, 1005).ok());
  Open();
  EXPECT_EQ(Info().state, ReplicaState::kWaitingToBeRecovered);
  EXPECT_EQ(Info().block, (Block{kId, kStamp, 700}));
  EXPECT_TRUE(Is(store->UpdateReplicaUnderRecovery(Block{kId, kStamp, 700}, 1005, 700).status(),
                 ErrorKind::kIo))
      << "the recovery before the restart is over";
  ASSERT_TRUE(store->InitReplicaRecovery(Block{kId, kStamp, 0}, 1005).ok())
      << "and may be repeated";
}

TEST_F(StagesTest, AStaleReplicaThatTheNamenodeInvalidatesGoes) {
  auto writer = MakeRbw(Bytes(700), 700);
  writer.reset();
  Open();
  listener.TakeChanges();
  store->Invalidate({Block{kId, kStamp, 0}});
  store->DrainDeletions();
  EXPECT_FALSE(store->Get(kId).ok());
  const auto changes = listener.TakeChanges();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, ReplicaChangeKind::kDeleted);
}

TEST_F(StagesTest, AnAnnouncedRestartLeavesReplicasToTheirWriters) {
  const std::string data = Bytes(900);
  auto writer = MakeRbw(data.substr(0, 700), 650);
  writer.reset();
  store->AnnounceRestart(50'000);
  clock.Advance(49'000);
  Open();
  EXPECT_EQ(Info().state, ReplicaState::kBeingWritten);
  EXPECT_EQ(Info().visible_length, 700);
  EXPECT_EQ(*ReadAll(), data.substr(0, 700));
  auto again = store->RecoverRbw(Recovery(1002, 650, 700));
  ASSERT_TRUE(again.ok()) << again.status();
  ASSERT_TRUE(Put(**again, 512, data.substr(512)).ok());
  ASSERT_TRUE((*again)->Finalize(false, "").ok());
  again->reset();
  EXPECT_EQ(*ReadAll(), data);
}

TEST_F(StagesTest, AnAnnouncementCountsOnceAndNotForever) {
  MakeRbw("data", 4).reset();
  store->AnnounceRestart(50'000);
  Open();
  EXPECT_EQ(Info().state, ReplicaState::kBeingWritten);
  Open();
  EXPECT_EQ(Info().state, ReplicaState::kWaitingToBeRecovered);
  Open();
  ASSERT_TRUE(store->InitReplicaRecovery(Block{kId, kStamp, 0}, 1005).ok());
  store->AnnounceRestart(50'000);
  Open();
  EXPECT_EQ(Info().state, ReplicaState::kWaitingToBeRecovered) << "a recovery is no writer";
}

TEST_F(StagesTest, AnAnnouncementThatIsLateOrOfAnotherBootDoesNotCount) {
  MakeRbw("data", 4).reset();
  store->AnnounceRestart(50'000);
  clock.Advance(50'000);
  Open();
  EXPECT_EQ(Info().state, ReplicaState::kWaitingToBeRecovered);
  for (const std::string& text :
       {fmt::format("{}\nanother-boot\n", clock.WallMs() + 10'000),
        fmt::format("{}", clock.WallMs() + 10'000), std::string("soon")}) {
    WriteFile(Paths().RestartFile(kId), text);
    Open();
    EXPECT_EQ(Info().state, ReplicaState::kWaitingToBeRecovered) << text;
    EXPECT_FALSE(PosixFileSystem().Exists(Paths().RestartFile(kId)));
  }
}

TEST_F(StagesTest, CreateMakesAnEmptyVisibleRbw) {
  auto writer = store->CreateRbw(Request());
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ(Info().state, ReplicaState::kBeingWritten);
  EXPECT_EQ(Info().visible_length, 0);
  EXPECT_TRUE(store->OpenReader(Block{kId, kStamp, 0}, 0).ok());
}

TEST_F(StagesTest, CreateRefusesAnExistingReplicaInAnyState) {
  auto writer = store->CreateRbw(Request());
  const auto again = store->CreateRbw(Request(kId, kStamp + 1));
  EXPECT_TRUE(Is(again.status(), ErrorKind::kReplicaAlreadyExists));
  EXPECT_NE(std::string(again.status().message()).find("already exists in state RBW and thus"),
            std::string::npos);
  ASSERT_TRUE((*writer)->Finalize(false, "").ok());
  EXPECT_TRUE(Is(store->CreateRbw(Request()).status(), ErrorKind::kReplicaAlreadyExists));
  EXPECT_TRUE(Is(store->CreateRbw(Request(kId, kStamp, kStamp)).status(),
                 ErrorKind::kReplicaAlreadyExists));
}

TEST_F(StagesTest, CreateWithLatestStampReplacesAnOlderReplica) {
  auto writer = StoppableRbw(Bytes(100), 100);
  std::thread leaver = LeaveWhenStopped(writer);
  auto fresh = store->CreateRbw(Request(kId, kStamp, kStamp + 1));
  leaver.join();
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_EQ(Info().block, (Block{kId, kStamp + 1, 0}));
  EXPECT_FALSE(PosixFileSystem().Exists(Paths().MetaFile(ReplicaPlace::kRbw, kId, kStamp)));
  ASSERT_TRUE(Put(**fresh, 0, "new").ok());
  ASSERT_TRUE((*fresh)->Finalize(false, "").ok());
  EXPECT_EQ(*ReadAll(), "new");
}

TEST_F(StagesTest, TemporaryIsInvisibleAndGoesWithItsWriter) {
  auto writer = store->CreateTemporary(Request());
  ASSERT_TRUE(Put(**writer, 0, Bytes(10)).ok());
  EXPECT_EQ(Info().visible_length, -1);
  EXPECT_FALSE(store->OpenReader(Block{kId, kStamp, 0}, 0).ok());
  writer->reset();
  EXPECT_FALSE(store->Get(kId).ok());
  EXPECT_FALSE(PosixFileSystem().Exists(Paths().DataFile(ReplicaPlace::kTmp, kId)));
  EXPECT_TRUE(listener.TakeChanges().empty());
  EXPECT_EQ(store->Usage()[0].dfs_used, 0);
}

TEST_F(StagesTest, TemporaryIsRefusedBesideFinalizedOrANewerReplica) {
  MakeFinalized(Bytes(10));
  EXPECT_TRUE(Is(store->CreateTemporary(Request(kId, kStamp + 5)).status(),
                 ErrorKind::kReplicaAlreadyExists));
  auto rbw = store->CreateRbw(Request(kId + 1, kStamp));
  EXPECT_TRUE(Is(store->CreateTemporary(Request(kId + 1, kStamp)).status(),
                 ErrorKind::kReplicaAlreadyExists));
  (*rbw)->Abort();
  EXPECT_TRUE(store->CreateTemporary(Request(kId + 1, kStamp + 1)).ok());
}

// The node had the block before an append that it missed; the next append's pipeline needs it.
TEST_F(StagesTest, AStaleFinalizedReplicaGivesWayToATransfer) {
  MakeFinalized(Bytes(10));
  WriteRequest same = Request(kId, kStamp);
  same.is_transfer = true;
  EXPECT_TRUE(Is(store->CreateTemporary(same).status(), ErrorKind::kReplicaAlreadyExists));
  WriteRequest newer = Request(kId, kStamp + 1);
  newer.is_transfer = true;
  auto writer = store->CreateTemporary(newer);
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE(Put(**writer, 0, "longer than it was").ok());
  ASSERT_TRUE((*writer)->Finalize(false, "").ok());
  EXPECT_EQ(*ReadAll(), "longer than it was");
  EXPECT_EQ(Info().block, (Block{kId, kStamp + 1, 18}));
}

TEST_F(StagesTest, FinalizedTemporaryIsReportedWithItsDeleteHint) {
  auto writer = store->CreateTemporary(Request());
  ASSERT_TRUE(Put(**writer, 0, Bytes(10)).ok());
  ASSERT_TRUE((*writer)->Finalize(false, "other-node").ok());
  const auto changes = listener.TakeChanges();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].delete_hint, "other-node");
  EXPECT_EQ(Info().state, ReplicaState::kFinalized);
}

TEST_F(StagesTest, TransferredRbwIsConvertedAndThenRecovered) {
  auto writer = store->CreateTemporary(Request());
  ASSERT_TRUE(Put(**writer, 0, Bytes(700)).ok());
  ASSERT_TRUE((*writer)->ConvertToRbw().ok());
  EXPECT_TRUE(absl::IsAborted(Put(**writer, 700, "x")));
  writer->reset();
  EXPECT_EQ(Info().state, ReplicaState::kBeingWritten);
  EXPECT_EQ(Info().visible_length, 700);
  auto recovered = store->RecoverRbw(Recovery(1002, 700, 700));
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ((*recovered)->block(), (Block{kId, 1002, 700}));
}

// It may stand in for a replica whose bytes were synced.
TEST_F(StagesTest, TransferredRbwSurvivesAPowerCut) {
  const std::string data = Bytes(700);
  auto writer = store->CreateTemporary(Request());
  ASSERT_TRUE(Put(**writer, 0, data).ok());
  ASSERT_TRUE((*writer)->ConvertToRbw().ok());
  writer->reset();
  fs.CutPower();
  store.reset();
  ASSERT_TRUE(fs.RestorePower().ok());
  Open();
  EXPECT_EQ(Info().state, ReplicaState::kWaitingToBeRecovered);
  EXPECT_EQ(Info().block, (Block{kId, kStamp, 700}));
}

// The pipeline it was copied for may fail before it is set up: only the NameNode can remove it
// then.
TEST_F(StagesTest, TransferredRbwIsReported) {
  auto writer = store->CreateTemporary(Request());
  ASSERT_TRUE(Put(**writer, 0, Bytes(700)).ok());
  ASSERT_TRUE((*writer)->ConvertToRbw().ok());
  const auto changes = listener.TakeChanges();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].kind, ReplicaChangeKind::kReceiving);
  EXPECT_EQ(changes[0].block, (Block{kId, kStamp, 700}));
  EXPECT_LT(changes[0].sequence, store->List(OnlyStorage())->sequence);
}

TEST_F(StagesTest, AppendContinuesAFinalizedReplicaUnderTheNewStamp) {
  const std::string data = Bytes(1300);
  MakeFinalized(data.substr(0, 700));
  auto writer = store->Append(Recovery(1002, 700, 700));
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_EQ(Info().state, ReplicaState::kBeingWritten);
  EXPECT_EQ(Info().visible_length, 700);
  ASSERT_TRUE(Put(**writer, 700, std::string_view(data).substr(700, 324)).ok());
  ASSERT_TRUE(Put(**writer, 1024, std::string_view(data).substr(1024)).ok());
  ASSERT_TRUE((*writer)->Finalize(true, "").ok());
  EXPECT_EQ(*ReadAll(kId, 1002), data);
  EXPECT_FALSE(PosixFileSystem().Exists(Paths().DataFile(ReplicaPlace::kRbw, kId)));
}

TEST_F(StagesTest, AppendChecksStateStampAndLength) {
  EXPECT_TRUE(Is(store->Append(Recovery(1002, 0, 0)).status(), ErrorKind::kReplicaNotFound));
  MakeFinalized(Bytes(700));
  EXPECT_FALSE(store->Append(Recovery(1000, 700, 700)).ok());
  EXPECT_FALSE(store->Append(Recovery(1002, 699, 699)).ok());
  WriteRequest newer = Recovery(1010, 700, 700);
  newer.block.generation_stamp = 1005;
  EXPECT_FALSE(store->Append(newer).ok());
  auto writer = store->Append(Recovery(1001, 700, 700));
  ASSERT_TRUE(writer.ok()) << "an unbumped stamp is what a Go client sends: " << writer.status();
  EXPECT_TRUE(Is(store->Append(Recovery(1002, 700, 700)).status(), ErrorKind::kReplicaNotFound));
}

TEST_F(StagesTest, AppendRecoveryTakesFinalizedAndRbw) {
  MakeFinalized(Bytes(700));
  auto first = store->RecoverAppend(Recovery(1002, 700, 700));
  ASSERT_TRUE(first.ok()) << first.status();
  first->reset();
  auto second = store->RecoverAppend(Recovery(1003, 700, 700));
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(Info().block, (Block{kId, 1003, 700}));
  second->reset();
  EXPECT_FALSE(store->RecoverAppend(Recovery(1004, 699, 699)).ok());
  EXPECT_FALSE(store->RecoverAppend(Recovery(1002, 700, 700)).ok()) << "stamp above latest";
  EXPECT_TRUE(store->Get(kId).ok());
}

TEST_F(StagesTest, StreamingRecoveryStopsTheWriterAndCutsToTheBytesAcked) {
  const std::string data = Bytes(3000);
  auto writer = StoppableRbw(data.substr(0, 2000), 1300);
  std::thread leaver = LeaveWhenStopped(writer);
  auto recovered = store->RecoverRbw(Recovery(1002, 1300, 2000));
  leaver.join();
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ((*recovered)->block(), (Block{kId, 1002, 1300}));
  EXPECT_EQ(*ReadAll(kId, 1002), data.substr(0, 1300));
  ASSERT_TRUE(Put(**recovered, 1024, std::string_view(data).substr(1024)).ok());
  ASSERT_TRUE((*recovered)->Finalize(false, "").ok());
  EXPECT_EQ(*ReadAll(kId, 1002), data);
}

TEST_F(StagesTest, StreamingRecoveryChecksStampAndLengths) {
  auto writer = MakeRbw(Bytes(2000), 1300);
  writer.reset();
  EXPECT_FALSE(store->RecoverRbw(Recovery(1002, 1301, 2000)).ok()) << "acked below min";
  EXPECT_FALSE(store->RecoverRbw(Recovery(1002, 1300, 1999)).ok()) << "received above max";
  WriteRequest newer = Recovery(1010, 1300, 2000);
  newer.block.generation_stamp = 1002;
  EXPECT_FALSE(store->RecoverRbw(newer).ok()) << "replica older than the block";
  EXPECT_FALSE(store->RecoverRbw(Recovery(1000, 1300, 2000)).ok()) << "replica newer than latest";
  EXPECT_TRUE(store->RecoverRbw(Recovery(1002, 1300, 2000)).ok());
}

TEST_F(StagesTest, StreamingRecoveryRefusesFinalized) {
  MakeFinalized(Bytes(10));
  const auto recovered = store->RecoverRbw(Recovery(1002, 10, 10));
  EXPECT_TRUE(Is(recovered.status(), ErrorKind::kReplicaNotFound));
  EXPECT_NE(std::string(recovered.status().message()).find("Cannot recover a non-RBW replica"),
            std::string::npos);
}

TEST_F(StagesTest, RecoveryOfAWriterThatDoesNotStopTimesOut) {
  options.stop_writer_timeout_ms = 50;
  Open();
  auto writer = MakeRbw(Bytes(10), 10);
  EXPECT_TRUE(absl::IsUnavailable(store->RecoverRbw(Recovery(1002, 10, 10)).status()));
  EXPECT_TRUE(absl::IsAborted(Put(*writer, 10, "x"))) << "it was asked to stop all the same";
  writer.reset();
  EXPECT_TRUE(store->RecoverRbw(Recovery(1002, 10, 10)).ok());
}

TEST_F(StagesTest, RefusedRecoveryLeavesTheWriterAlone) {
  auto writer = MakeRbw(Bytes(10), 10);
  EXPECT_FALSE(store->RecoverRbw(Recovery(1000, 10, 10)).ok());
  EXPECT_FALSE(store->CreateRbw(Request()).ok());
  EXPECT_TRUE(Put(*writer, 10, "x").ok());
}

TEST_F(StagesTest, CloseRecoveryFinalizesRbwAndRestampsFinalized) {
  const std::string data = Bytes(700);
  auto writer = MakeRbw(data, 700);
  writer.reset();
  EXPECT_FALSE(store->RecoverClose(Recovery(1002, 600, 700)).ok());
  const auto closed = store->RecoverClose(Recovery(1002, 700, 700));
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_EQ(*closed, OnlyStorage());
  EXPECT_EQ(Info().state, ReplicaState::kFinalized);
  ASSERT_TRUE(store->RecoverClose(Recovery(1003, 700, 700)).ok());
  EXPECT_EQ(*ReadAll(kId, 1003), data);
  EXPECT_EQ(listener.TakeChanges().back().block, (Block{kId, 1003, 700}));
}

TEST_F(StagesTest, LeaseRecoveryOfAnRbwCutsAndFinalizesIt) {
  const std::string data = Bytes(2000);
  auto writer = StoppableRbw(data, 700);
  std::thread leaver = LeaveWhenStopped(writer);
  const auto init = store->InitReplicaRecovery(Block{kId, kStamp, 0}, 1005);
  leaver.join();
  ASSERT_TRUE(init.ok() && init->has_value()) << init.status();
  EXPECT_EQ((*init)->block, (Block{kId, kStamp, 2000}));
  EXPECT_EQ((*init)->original_state, ReplicaState::kBeingWritten);
  EXPECT_EQ(Info().state, ReplicaState::kUnderRecovery);
  EXPECT_EQ(Info().visible_length, 700);
  EXPECT_EQ(store->List(OnlyStorage())->replicas[0].state, ReplicaState::kBeingWritten);
  EXPECT_FALSE(store->RecoverRbw(Recovery(1009, 700, 2000)).ok());
  const auto done = store->UpdateReplicaUnderRecovery(Block{kId, kStamp, 2000}, 1005, 1000);
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(*done, OnlyStorage());
  EXPECT_EQ(*ReadAll(kId, 1005), data.substr(0, 1000));
  EXPECT_EQ(listener.TakeChanges().back().kind, ReplicaChangeKind::kReceived);
}

TEST_F(StagesTest, LeaseRecoveryOfAFinalizedReplicaKeepsItReadable) {
  const std::string data = Bytes(700);
  MakeFinalized(data);
  ASSERT_TRUE(store->InitReplicaRecovery(Block{kId, kStamp, 0}, 1005).ok());
  EXPECT_EQ(*ReadAll(), data);
  EXPECT_EQ(store->List(OnlyStorage())->replicas[0].state, ReplicaState::kFinalized);
  ASSERT_TRUE(store->UpdateReplicaUnderRecovery(Block{kId, kStamp, 700}, 1005, 700).ok());
  EXPECT_EQ(*ReadAll(kId, 1005), data);
}

TEST_F(StagesTest, LeaseRecoveryChecksIdsAndLengths) {
  EXPECT_FALSE(store->InitReplicaRecovery(Block{kId, kStamp, 0}, 1005)->has_value());
  MakeFinalized(Bytes(700));
  EXPECT_FALSE(store->InitReplicaRecovery(Block{kId, kStamp + 1, 0}, 1005).ok());
  EXPECT_FALSE(store->InitReplicaRecovery(Block{kId, kStamp, 0}, kStamp).ok());
  ASSERT_TRUE(store->InitReplicaRecovery(Block{kId, kStamp, 0}, 1005).ok());
  EXPECT_TRUE(Is(store->InitReplicaRecovery(Block{kId, kStamp, 0}, 1005).status(),
                 ErrorKind::kRecoveryInProgress));
  const auto newer = store->InitReplicaRecovery(Block{kId, kStamp, 0}, 1006);
  ASSERT_TRUE(newer.ok());
  EXPECT_EQ((*newer)->original_state, ReplicaState::kFinalized);
  EXPECT_FALSE(store->UpdateReplicaUnderRecovery(Block{kId, kStamp, 700}, 1005, 700).ok());
  EXPECT_FALSE(store->UpdateReplicaUnderRecovery(Block{kId, kStamp, 699}, 1006, 600).ok());
  EXPECT_FALSE(store->UpdateReplicaUnderRecovery(Block{kId, kStamp, 700}, 1006, 701).ok());
  EXPECT_TRUE(store->UpdateReplicaUnderRecovery(Block{kId, kStamp, 700}, 1006, 0).ok());
  EXPECT_EQ(*ReadAll(), "");
  EXPECT_FALSE(store->UpdateReplicaUnderRecovery(Block{kId, 1006, 0}, 1006, 0).ok());
}

TEST_F(StagesTest, InvalidatedReplicaMakesRoomForANewOneAtOnce) {
  options.deletions_per_second = 10;
  Open();
  MakeFinalized(Bytes(10), 1);
  MakeFinalized(Bytes(10), 2);
  MakeFinalized(Bytes(10));
  store->Invalidate({Block{1, kStamp, 0}, Block{2, kStamp, 0}, Block{kId, kStamp, 0}});
  auto writer = store->CreateTemporary(Request());
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE(Put(**writer, 0, "fresh").ok());
  ASSERT_TRUE((*writer)->Finalize(false, "").ok());
  store->DrainDeletions();
  EXPECT_EQ(*ReadAll(), "fresh");
}

TEST_F(StagesTest, TheDeletionOfAReplicaLeavesTheWriterOfItsSuccessorAlone) {
  options.deletions_per_second = 10;
  Open();
  MakeFinalized(Bytes(10), 1);
  MakeFinalized(Bytes(10));
  store->Invalidate({Block{1, kStamp, 0}, Block{kId, kStamp, 0}});
  WriteRequest request = Request();
  request.stop_writer = [this] { stop_asked_ = true; };
  auto writer = store->CreateTemporary(request);
  ASSERT_TRUE(writer.ok()) << writer.status();
  store->DrainDeletions();
  EXPECT_FALSE(stop_asked_);
  ASSERT_TRUE(Put(**writer, 0, "fresh").ok());
  ASSERT_TRUE((*writer)->Finalize(false, "").ok());
  EXPECT_EQ(*ReadAll(), "fresh");
}

TEST_F(StagesTest, OneReplicaUnderAttackByManyStaysWhole) {
  constexpr int kRounds = 30;
  std::atomic<GenerationStamp> stamp = kStamp;
  MakeFinalized(Bytes(5000));
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!done.load()) {
        const auto read = ReadAll();
        if (!read.ok()) continue;
        EXPECT_EQ(read->substr(0, 5000), Bytes(5000));
      }
    });
  }
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        const auto info = store->Get(kId);
        if (!info.ok()) continue;
        WriteRequest request = Recovery(++stamp, info->block.num_bytes, 1 << 20);
        auto writer = store->RecoverAppend(request);
        if (!writer.ok()) continue;
        const std::string more = Bytes(100);
        const int64_t at = (*writer)->bytes_on_disk();
        (*writer)
            ->Write(at, more.substr(0, std::min<int64_t>(100, 512 - at % 512)), "", true)
            .IgnoreError();
        (*writer)->SetBytesAcked((*writer)->bytes_on_disk());
        if (round % 2 == 0) (*writer)->Finalize(false, "").status().IgnoreError();
      }
    });
  }
  threads[2].join();
  threads[3].join();
  done = true;
  threads[0].join();
  threads[1].join();
  EXPECT_TRUE(listener.TakeBad().empty());
  EXPECT_TRUE(ReadAll().ok());
}

}  // namespace
}  // namespace cairn::datanode
