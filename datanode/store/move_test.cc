// Moves of replicas between the volumes of one DataNode.
#include "datanode/store/testing/store_fixture.h"

namespace cairn::datanode {
namespace {

class MoveTest : public StoreTest {
 protected:
  void SetUp() override {
    options.volumes = {{dir / "d0", StorageType::kDisk}, {dir / "d1", StorageType::kArchive}};
    options.failed_volumes_tolerated = 1;
    Open();
    disk_ = store->Usage()[0].storage_id;
    archive_ = store->Usage()[1].storage_id;
  }
  MoveRequest ToArchive(GenerationStamp stamp = kStamp) {
    return {.block = Block{kId, stamp, 0}, .storage_type = StorageType::kArchive};
  }
  size_t FilesIn(const std::string& directory) { return PosixFileSystem().List(directory)->size(); }

  std::string disk_;
  std::string archive_;
};

TEST_F(MoveTest, TheReplicaIsOnTheOtherVolumeAndBothChangesAreTold) {
  const std::string data = Bytes(3'000'000);
  MakeFinalized(data);
  listener.TakeChanges();
  int64_t paced = 0;
  MoveRequest request = ToArchive();
  request.pace = [&](int64_t bytes) { paced += bytes; };
  ASSERT_TRUE(store->MoveToStorage(request).ok());
  EXPECT_EQ(paced, 3'000'000);
  EXPECT_EQ(store->Get(kId)->storage_id, archive_);
  EXPECT_EQ(*ReadAll(), data);
  const auto changes = listener.TakeChanges();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].kind, ReplicaChangeKind::kReceived);
  EXPECT_EQ(changes[0].storage_id, archive_);
  EXPECT_EQ(changes[1].kind, ReplicaChangeKind::kDeleted);
  EXPECT_EQ(changes[1].storage_id, disk_);
  EXPECT_EQ(store->Usage()[0].dfs_used, 0);
  EXPECT_EQ(FilesIn(Paths("d1").tmp()), 0u);
  Open();
  EXPECT_EQ(*ReadAll(), data);
}

TEST_F(MoveTest, RefusesWhatIsThereAlreadyUnfinishedOrOfAnotherStamp) {
  auto writer = MakeRbw("data", 4);
  EXPECT_TRUE(Is(store->MoveToStorage(ToArchive()), ErrorKind::kReplicaNotFound));
  ASSERT_TRUE(writer->Finalize(false, "").ok());
  EXPECT_TRUE(Is(store->MoveToStorage(ToArchive(kStamp + 1)), ErrorKind::kReplicaNotFound));
  MoveRequest request = ToArchive();
  request.storage_type = StorageType::kDisk;
  EXPECT_TRUE(Is(store->MoveToStorage(request), ErrorKind::kReplicaAlreadyExists));
  request.storage_type = StorageType::kSsd;
  EXPECT_TRUE(Is(store->MoveToStorage(request), ErrorKind::kDiskOutOfSpace));
  EXPECT_EQ(store->Get(kId)->storage_id, disk_);
}

TEST_F(MoveTest, ADamagedReplicaIsReportedAndStays) {
  MakeFinalized(Bytes(1000));
  FlipByte(Paths().DataFile(ReplicaPlace::kFinalized, kId), 700);
  EXPECT_TRUE(Is(store->MoveToStorage(ToArchive()), ErrorKind::kChecksum));
  EXPECT_EQ(listener.TakeBad().size(), 1u);
  EXPECT_EQ(store->Get(kId)->storage_id, disk_);
  EXPECT_EQ(FilesIn(Paths("d1").tmp()), 0u);
}

TEST_F(MoveTest, AFailingTargetLeavesTheReplicaWhereItIs) {
  MakeFinalized("data");
  for (const FileOp op : {FileOp::kOpen, FileOp::kWriteAt, FileOp::kSync, FileOp::kRename}) {
    fs.Inject(Fault::NoSpace(op, dir / "d1"));
    EXPECT_TRUE(Is(store->MoveToStorage(ToArchive()), ErrorKind::kDiskOutOfSpace));
    fs.ClearFaults();
    EXPECT_EQ(*ReadAll(), "data");
    EXPECT_EQ(FilesIn(Paths("d1").tmp()), 0u);
  }
  EXPECT_TRUE(store->MoveToStorage(ToArchive()).ok());
}

TEST_F(MoveTest, AnAppendMeanwhileWins) {
  MakeFinalized("data");
  std::unique_ptr<ReplicaWriter> writer;
  MoveRequest request = ToArchive();
  request.pace = [&](int64_t) { writer = *store->Append(Recovery(kStamp + 1, 4, 4)); };
  EXPECT_FALSE(store->MoveToStorage(request).ok());
  ASSERT_TRUE(Put(*writer, 0, "data and more").ok());
  ASSERT_TRUE(writer->Finalize(false, "").ok());
  EXPECT_EQ(*ReadAll(), "data and more");
  EXPECT_EQ(store->Get(kId)->storage_id, disk_);
}

TEST_F(MoveTest, NoTemporaryTakesTheNameOfTheCopy) {
  MakeFinalized("data");
  MoveRequest request = ToArchive();
  request.pace = [&](int64_t) {
    store->Invalidate({Block{kId, kStamp, 0}});
    EXPECT_TRUE(Is(store->CreateTemporary(Request(kId, kStamp + 1)).status(),
                   ErrorKind::kReplicaAlreadyExists));
    EXPECT_FALSE(store->MoveToStorage(ToArchive()).ok());
  };
  EXPECT_FALSE(store->MoveToStorage(request).ok());
  store->DrainDeletions();
  EXPECT_TRUE(store->CreateTemporary(Request(kId, kStamp + 1)).ok());
}

}  // namespace
}  // namespace cairn::datanode
