// Failing, full and powerless disks.
#include <thread>

#include "datanode/store/testing/store_fixture.h"

namespace cairn::datanode {
namespace {

class FailureTest : public StoreTest {
 protected:
  void TwoVolumes() {
    options.volumes = {{dir / "d0", StorageType::kDisk}, {dir / "d1", StorageType::kDisk}};
  }
};

TEST_F(FailureTest, FullDiskAtCreationIsACleanErrorAndLeavesNothing) {
  Open();
  fs.Inject(Fault::NoSpace(FileOp::kWriteAt, ".meta"));
  EXPECT_TRUE(Is(store->CreateRbw(Request()).status(), ErrorKind::kDiskOutOfSpace));
  EXPECT_FALSE(store->Get(kId).ok());
  EXPECT_FALSE(PosixFileSystem().Exists(Paths().DataFile(ReplicaPlace::kRbw, kId)));
  EXPECT_TRUE(store->CreateRbw(Request()).ok());
  EXPECT_TRUE(store->FailedVolumes().empty());
}

TEST_F(FailureTest, ANewReplicaPassesOverAVolumeThatFailsOrIsFullAfterAll) {
  TwoVolumes();
  options.failed_volumes_tolerated = 1;
  Open();
  const std::string d1 = store->Usage()[1].storage_id;
  BlockId id = kId;
  for (const Fault& fault :
       {Fault::NoSpace(FileOp::kOpen, dir / "d0", 0, -1),
        Fault::NoSpace(FileOp::kWriteAt, dir / "d0"),
        Fault::Eio(FileOp::kWriteAt, dir / "d0/current/BP-1-127.0.0.1-1/current")}) {
    WriteRequest request = Request(++id);
    request.storage_id = store->Usage()[0].storage_id;
    fs.Inject(fault);
    const auto writer = store->CreateRbw(request);
    fs.ClearFaults();
    ASSERT_TRUE(writer.ok()) << writer.status();
    EXPECT_EQ((*writer)->storage_id(), d1);
  }
  EXPECT_TRUE(PosixFileSystem().List(Paths().rbw())->empty());
}

TEST_F(FailureTest, FullDiskWhileWritingKeepsWhatWasWritten) {
  Open();
  const std::string data = Bytes(2000);
  auto writer = MakeRbw(data.substr(0, 700), 700);
  for (const char* file : {"rbw/blk_1073741825", ".meta"}) {
    fs.ClearFaults();
    fs.Inject(Fault::NoSpace(FileOp::kWriteAt, file));
    EXPECT_TRUE(
        Is(Put(*writer, 512, std::string_view(data).substr(512)), ErrorKind::kDiskOutOfSpace));
    EXPECT_FALSE(Put(*writer, 512, std::string_view(data).substr(512)).ok())
        << "nothing is written after a failed write";
    EXPECT_FALSE(writer->Finalize(false, "").ok());
    EXPECT_EQ(*ReadAll(), data.substr(0, 700));
    auto recovered = store->RecoverRbw(Recovery(1002, 700, 2000));
    ASSERT_TRUE(recovered.ok()) << recovered.status();
    writer = *std::move(recovered);
  }
  ASSERT_TRUE(Put(*writer, 512, std::string_view(data).substr(512)).ok());
  ASSERT_TRUE(writer->Finalize(true, "").ok());
  EXPECT_EQ(*ReadAll(kId, 1002), data);
}

TEST_F(FailureTest, OneBadWriteIsAnErrorButNoBrokenVolume) {
  Open();
  auto writer = MakeRbw(Bytes(100), 100);
  fs.Inject(Fault::Eio(FileOp::kWriteAt, "rbw/"));
  EXPECT_TRUE(absl::IsDataLoss(Put(*writer, 100, "x")));
  writer.reset();
  EXPECT_TRUE(store->RecoverRbw(Recovery(1002, 100, 200)).ok());
  EXPECT_TRUE(store->Health().ok());
}

TEST_F(FailureTest, FailedSyncIsNeverFollowedByASuccess) {
  Open();
  auto writer = MakeRbw(Bytes(100), 100);
  fs.Inject(Fault::Eio(FileOp::kSync, "blk_"));
  EXPECT_FALSE(writer->Sync().ok());
  EXPECT_FALSE(writer->Sync().ok());
  EXPECT_FALSE(writer->Finalize(true, "").ok());
  EXPECT_EQ(store->Get(kId)->state, ReplicaState::kBeingWritten);
}

TEST_F(FailureTest, FailedRenamesLeaveTheReplicaWhereItWas) {
  Open();
  const std::string data = Bytes(1000);
  for (int after = 0; after < 2; ++after) {
    auto writer = store->CreateRbw(Request(kId + after));
    ASSERT_TRUE(Put(**writer, 0, data).ok());
    (*writer)->SetBytesAcked(1000);
    fs.Inject(Fault::Eio(FileOp::kRename, "finalized", after));
    EXPECT_FALSE((*writer)->Finalize(false, "").ok());
    fs.ClearFaults();
    EXPECT_EQ(store->Get(kId + after)->state, ReplicaState::kBeingWritten);
    EXPECT_EQ(*ReadAll(kId + after), data);
    WriteRequest close = Request(kId + after, kStamp, 1002);
    close.min_bytes_received = 1000;
    EXPECT_TRUE(store->RecoverClose(close).ok());
    EXPECT_EQ(*ReadAll(kId + after, 1002), data);
  }
}

TEST_F(FailureTest, FailedDirectorySyncUndoesTheMove) {
  Open();
  MakeFinalized(Bytes(700));
  fs.Inject(Fault::Eio(FileOp::kSyncDirectory, "rbw"));
  EXPECT_FALSE(store->Append(Recovery(1002, 700, 700)).ok());
  EXPECT_EQ(store->Get(kId)->state, ReplicaState::kFinalized);
  EXPECT_EQ(*ReadAll(), Bytes(700));
}

TEST_F(FailureTest, UnreadableSectorIsABadReplicaNotABrokenVolume) {
  Open();
  MakeFinalized(Bytes(1000));
  fs.Inject(Fault::Eio(FileOp::kReadAt, "finalized/subdir0/subdir0/blk_1073741825"));
  auto reader = store->OpenReader(Block{kId, kStamp, 0}, 0);
  std::string out(512, '\0');
  absl::Status read = reader.status();
  if (reader.ok()) read = (*reader)->ReadVerified(0, 512, out.data());
  EXPECT_TRUE(absl::IsDataLoss(read)) << read;
  EXPECT_EQ(listener.TakeBad().size(), 1u);
  EXPECT_TRUE(ReadAll().ok());
  EXPECT_TRUE(store->Health().ok());
}

TEST_F(FailureTest, BrokenVolumeIsDroppedAndTheOthersGoOn) {
  TwoVolumes();
  Open();
  for (BlockId id = 1; id <= 4; ++id) MakeFinalized(Bytes(100, id), id);
  const std::string d0 = store->Usage()[0].storage_id;
  const auto lost = store->List(d0)->replicas;
  ASSERT_FALSE(lost.empty());
  listener.TakeChanges();
  for (const FileOp op : {FileOp::kOpen, FileOp::kReadAt, FileOp::kWriteAt, FileOp::kAppend}) {
    fs.Inject(Fault::Eio(op, dir / "d0", 0, -1));
  }
  EXPECT_FALSE(ReadAll(lost[0].block.id).ok());
  Eventually([&] { return store->FailedVolumes().size() == 1; });
  EXPECT_EQ(store->FailedVolumes()[0].storage_id, d0);
  EXPECT_EQ(store->FailedVolumes()[0].path, dir / "d0");
  Eventually([&] { return listener.TakeFailures().size() == 1; });
  EXPECT_TRUE(store->Health().ok());
  EXPECT_TRUE(absl::IsNotFound(store->List(d0).status()));
  EXPECT_TRUE(listener.TakeChanges().empty()) << "a lost volume reports no replica deleted";
  for (BlockId id = 10; id <= 13; ++id) MakeFinalized("still here", id);
  for (const ReplicaEntry& entry : lost) EXPECT_FALSE(store->Get(entry.block.id).ok());
}

// It took every replica, could finish none, and was tried again and again.
TEST_F(FailureTest, AVolumeOnWhichNothingCanBeMovedIsBroken) {
  TwoVolumes();
  Open();
  auto writer = store->CreateRbw(Request());
  ASSERT_TRUE(Put(**writer, 0, "x").ok());
  const bool on_d0 = (*writer)->storage_id() == store->Usage()[0].storage_id;
  fs.Inject(Fault::Eio(FileOp::kRename, dir / (on_d0 ? "d0" : "d1"), 0, -1));
  EXPECT_FALSE((*writer)->Finalize(false, "").ok());
  Eventually([&] { return store->FailedVolumes().size() == 1; });
}

TEST_F(FailureTest, MoreBrokenVolumesThanToleratedStopTheDatanode) {
  TwoVolumes();
  options.failed_volumes_tolerated = 0;
  Open();
  MakeFinalized("x");
  EXPECT_TRUE(store->Health().ok());
  const bool on_d0 = store->Get(kId)->storage_id == store->Usage()[0].storage_id;
  fs.Inject(Fault::Eio(FileOp::kOpen, dir / (on_d0 ? "d0" : "d1"), 0, -1));
  EXPECT_FALSE(ReadAll().ok());
  Eventually([&] { return !store->Health().ok(); });
  EXPECT_NE(std::string(store->Health().message()).find("Too many failed volumes"),
            std::string::npos);
}

TEST_F(FailureTest, TheLastVolumeThatBreaksStopsTheDatanode) {
  TwoVolumes();
  Open();
  for (BlockId id = 1; id <= 4; ++id) MakeFinalized("x", id);
  for (const size_t broken : {0, 1}) {
    EXPECT_TRUE(store->Health().ok());
    fs.Inject(Fault::Eio(FileOp::kOpen, dir / fmt::format("d{}", broken), 0, -1));
    for (BlockId id = 1; id <= 4; ++id) (void)ReadAll(id);
    Eventually([&] { return store->FailedVolumes().size() == broken + 1; });
  }
  EXPECT_FALSE(store->Health().ok());
}

TEST_F(FailureTest, WritersOfABrokenVolumeAreStopped) {
  TwoVolumes();
  options.failed_volumes_tolerated = 1;
  Open();
  WriteRequest request = Request();
  std::atomic<bool> stopped = false;
  request.stop_writer = [&] { stopped = true; };
  auto writer = store->CreateRbw(request);
  const bool on_d0 = (*writer)->storage_id() == store->Usage()[0].storage_id;
  fs.Inject(Fault::Eio(FileOp::kWriteAt, dir / (on_d0 ? "d0" : "d1"), 0, -1));
  EXPECT_FALSE(Put(**writer, 0, "x").ok());
  Eventually([&] { return stopped.load(); });
  EXPECT_TRUE(absl::IsAborted((*writer)->Finalize(false, "").status()));
}

TEST_F(FailureTest, VolumeThatCannotBeOpenedCountsAsFailed) {
  TwoVolumes();
  options.failed_volumes_tolerated = 0;
  Open();
  store.reset();
  fs.Inject(Fault::Eio(FileOp::kOpen, dir / "d1/current", 0, -1));
  EXPECT_FALSE(TryOpen().ok()) << "none is tolerated";
  options.failed_volumes_tolerated = -1;
  Open();
  EXPECT_EQ(store->Usage().size(), 1u);
  EXPECT_EQ(store->FailedVolumes().at(0).path, dir / "d1");
  EXPECT_EQ(listener.TakeFailures().size(), 1u);
}

// HDFS takes a process without descriptors for one that has lost its blocks.
TEST_F(FailureTest, LackOfDescriptorsOrMemoryIsNoDamageAndNoBrokenVolume) {
  Open();
  MakeFinalized(Bytes(1000));
  const absl::Status lack = absl::UnavailableError("injected: Too many open files");
  for (const FileOp op : {FileOp::kOpen, FileOp::kList}) fs.Inject({op, "", 0, -1, lack});
  EXPECT_TRUE(absl::IsUnavailable(store->OpenReader(Block{kId, kStamp, 0}, 0).status()));
  EXPECT_TRUE(absl::IsUnavailable(store->CreateRbw(Request(kId + 1)).status()));
  store->RunDirectoryScan();
  store->RunBlockScan();
  clock.Advance(3'600'000);
  store->RunDirectoryScan();
  fs.ClearFaults();
  store->RunDirectoryScan();
  EXPECT_TRUE(store->FailedVolumes().empty());
  EXPECT_TRUE(listener.TakeBad().empty());
  for (const ReplicaChange& change : listener.TakeChanges()) {
    EXPECT_NE(change.kind, ReplicaChangeKind::kDeleted);
  }
  EXPECT_EQ(*ReadAll(), Bytes(1000));
}

TEST_F(FailureTest, LackOfDescriptorsAtTheStartStopsItAndDropsNoVolume) {
  TwoVolumes();
  options.failed_volumes_tolerated = 1;
  Open();
  MakeFinalized("data");
  const absl::Status lack = absl::UnavailableError("injected: Too many open files");
  for (const char* where :
       {"d1/in_use.lock", "VERSION", "d1/current/BP-1-127.0.0.1-1/current/rbw"}) {
    store.reset();
    fs.Inject({FileOp::kOpen, where, 0, -1, lack});
    fs.Inject({FileOp::kList, where, 0, -1, lack});
    EXPECT_TRUE(absl::IsUnavailable(TryOpen())) << where;
    fs.ClearFaults();
  }
  Open();
  EXPECT_EQ(store->Usage().size(), 2u);
}

TEST_F(FailureTest, OneUnreadableFileAtTheStartIsOneBadReplica) {
  Open();
  MakeFinalized(Bytes(1000));
  SetSize(Paths().MetaFile(ReplicaPlace::kFinalized, kId, kStamp), 9);  // so that it is looked into
  fs.Inject(Fault::Eio(FileOp::kReadAt, "finalized"));
  Open();
  EXPECT_EQ(store->Usage().size(), 1u);
  EXPECT_EQ(listener.TakeBad().size(), 1u);
}

TEST_F(FailureTest, AMetaFileThatIsTooShortIsDamageNeverNoChecksums) {
  Open();
  MakeFinalized(Bytes(1024));
  const std::string meta = Paths().MetaFile(ReplicaPlace::kFinalized, kId, kStamp);
  for (const int64_t size : {7, 3, 0}) {
    SCOPED_TRACE(fmt::format("{} bytes", size));
    SetSize(meta, size);
    EXPECT_TRUE(Is(store->OpenReader(Block{kId, kStamp, 0}, 0).status(), ErrorKind::kChecksum));
    EXPECT_EQ(listener.TakeBad().size(), 1u);
    store->RunBlockScan();
    EXPECT_EQ(listener.TakeBad().size(), 1u);
    store->RunDirectoryScan();
    EXPECT_EQ(listener.TakeBad().size(), 1u);
    EXPECT_TRUE(Is(store->Append(Recovery(1002, 1024, 1024)).status(), ErrorKind::kChecksum));
    EXPECT_TRUE(
        Is(store->InitReplicaRecovery(Block{kId, kStamp, 0}, 1005).status(), ErrorKind::kChecksum));
    listener.TakeBad();
    Open();
    EXPECT_EQ(listener.TakeBad().size(), 1u) << "found by the start";
  }
}

TEST_F(FailureTest, AVolumeThatHangsDoesNotHoldUpTheOthersOrTheHeartbeat) {
  TwoVolumes();
  Open();
  for (BlockId id = 1; id <= 4; ++id) MakeFinalized(Bytes(1000, id), id);
  const auto on_d0 = store->List(store->Usage()[0].storage_id)->replicas;
  const auto on_d1 = store->List(store->Usage()[1].storage_id)->replicas;
  ASSERT_EQ(on_d0.size(), 2u);
  ASSERT_EQ(on_d1.size(), 2u);
  fs.Hang(dir / "d0");
  store->Invalidate({on_d0[0].block, on_d1[0].block});
  std::thread reader([&] { EXPECT_TRUE(ReadAll(on_d0[1].block.id).ok()); });
  std::thread scanner([&] { store->RunBlockScan(); });
  // What a heartbeat and a report ask for, reads, writes and deletions on the other volume.
  EXPECT_EQ(store->Usage().size(), 2u);
  EXPECT_EQ(store->List(store->Usage()[0].storage_id)->replicas.size(), 1u);
  EXPECT_TRUE(ReadAll(on_d1[1].block.id).ok());
  WriteRequest request = Request(10);
  request.storage_id = store->Usage()[1].storage_id;
  auto writer = store->CreateRbw(request);
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE(Put(**writer, 0, "data").ok());
  ASSERT_TRUE((*writer)->Sync().ok());
  ASSERT_TRUE((*writer)->Finalize(true, "").ok());
  Eventually([&] { return !store->Get(on_d1[0].block.id).ok(); });
  Eventually([&] {
    return !PosixFileSystem().Exists(
        Paths("d1").DataFile(ReplicaPlace::kFinalized, on_d1[0].block.id));
  });
  EXPECT_TRUE(
      PosixFileSystem().Exists(Paths().DataFile(ReplicaPlace::kFinalized, on_d0[0].block.id)));
  fs.Unhang();
  reader.join();
  scanner.join();
  store->DrainDeletions();
  EXPECT_FALSE(
      PosixFileSystem().Exists(Paths().DataFile(ReplicaPlace::kFinalized, on_d0[0].block.id)));
}

// The packet that ends a block and asks for durability may break the pipeline; the recovery then
// ends the block, and its writer was told that it is durable.
TEST_F(FailureTest, WhatACloseRecoveryFinishedSurvivesAPowerCut) {
  Open();
  const std::string data = Bytes(700);
  {
    auto writer = store->CreateRbw(Request());
    ASSERT_TRUE(Put(**writer, 0, data).ok());
  }
  ASSERT_TRUE(store->RecoverClose(Recovery(kStamp + 1, 700, 700)).ok());
  fs.CutPower();
  store.reset();
  ASSERT_TRUE(fs.RestorePower(nullptr).ok());
  Open();
  const auto read = ReadAll(kId, kStamp + 1);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, data);
}

// What a writer was promised before the power went.
struct Promise {
  std::string data;
  int64_t durable = 0;  // bytes that a sync covered
  bool finalized = false;
};

class PowerCutTest : public FailureTest, public ::testing::WithParamInterface<int> {
 protected:
  // Random work until the power goes; returns what was acknowledged as durable.
  void Work(Random& dice, std::map<BlockId, Promise>& promises) {
    for (BlockId id = 1; id < 1000; ++id) {
      Promise& promise = promises[id];
      auto writer = store->CreateRbw(Request(id));
      if (!writer.ok()) return;
      const auto packets = dice.Uniform(6);
      for (uint64_t i = 0; i < packets; ++i) {
        // Like a client: again from the boundary of the partial chunk.
        const auto begin = static_cast<int64_t>(promise.data.size() / 512 * 512);
        promise.data += dice.Bytes(1 + dice.Uniform(1500));
        if (!Put(**writer, begin, std::string_view(promise.data).substr(begin)).ok()) return;
        if (dice.Uniform(3) != 0) continue;
        if (!(*writer)->Sync().ok()) return;
        promise.durable = static_cast<int64_t>(promise.data.size());
      }
      if (dice.Uniform(2) != 0) continue;
      const bool sync = dice.Uniform(2) == 0;
      if (!(*writer)->Finalize(sync, "").ok()) return;
      if (sync) {
        promise.finalized = true;
        promise.durable = static_cast<int64_t>(promise.data.size());
      }
    }
  }
  void Check(BlockId id, const Promise& promise) {
    const auto info = store->Get(id);
    if (promise.durable == 0 && !promise.finalized) {
      if (!info.ok()) return;
    }
    ASSERT_TRUE(info.ok()) << id << " of " << promise.durable << " bytes: " << info.status();
    EXPECT_GE(info->block.num_bytes, promise.durable) << id;
    if (info->state == ReplicaState::kWaitingToBeRecovered) {
      ASSERT_FALSE(promise.finalized) << id;
      const Block block = info->block;
      const auto init = store->InitReplicaRecovery(block, 2000);
      ASSERT_TRUE(init.ok()) << init.status();
      EXPECT_TRUE((*init)->may_have_lost_bytes) << id;
      if (block.num_bytes == 0) return;  // takes no part in a recovery
      ASSERT_TRUE(store->UpdateReplicaUnderRecovery(block, 2000, block.num_bytes).ok());
    }
    const auto read = ReadAll(id);
    if (!read.ok() && promise.durable == 0 && !promise.finalized) return;  // an error, not a lie
    ASSERT_TRUE(read.ok()) << id << ": " << read.status();
    EXPECT_EQ(*read, promise.data.substr(0, read->size())) << id;
  }
};

TEST_P(PowerCutTest, NothingSyncedIsLostAndNothingWrongIsServed) {
  const int seed = GetParam();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  Random dice(static_cast<uint64_t>(seed));
  Open();
  std::map<BlockId, Promise> promises;
  std::thread worker([&] { Work(dice, promises); });
  Random moment(static_cast<uint64_t>(seed) + 1000);
  const auto writes = static_cast<int64_t>(moment.Uniform(200));
  Eventually([&] { return fs.calls(FileOp::kWriteAt) >= writes; });
  fs.CutPower();
  worker.join();
  store.reset();
  Random torn(static_cast<uint64_t>(seed) + 2000);
  ASSERT_TRUE(fs.RestorePower(seed % 2 == 0 ? &torn : nullptr).ok());
  options.boot_id = "boot-2";
  Open();
  for (const auto& [id, promise] : promises) Check(id, promise);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PowerCutTest, ::testing::Range(1, 17));

}  // namespace
}  // namespace cairn::datanode
