// Directories at start: formatting, foreign data, adoption, what a crash left, duplicates, space.
#include "datanode/store/meta_file.h"
#include "datanode/store/testing/store_fixture.h"
#include "datanode/store/version_file.h"

namespace cairn::datanode {
namespace {

class VolumeTest : public StoreTest {
 protected:
  void TwoVolumes() {
    options.volumes = {{dir / "d0", StorageType::kDisk}, {dir / "d1", StorageType::kSsd}};
  }
  std::string Message() { return std::string(TryOpen().message()); }
  void ExpectRefused(const std::string& what) {
    const std::string message = Message();
    EXPECT_NE(message.find(what), std::string::npos) << message;
  }
  void Replace(const std::string& path, const std::string& from, const std::string& to) {
    std::string text = *PosixFileSystem().ReadFile(path, 1 << 20);
    ASSERT_NE(text.find(from), std::string::npos) << text;
    WriteFile(path, text.replace(text.find(from), from.size(), to));
  }
  // A pair of files as HDFS has it.
  void WritePair(ReplicaPlace place, BlockId id, GenerationStamp stamp, const std::string& data,
                 const std::string& volume = "d0") {
    const PoolPaths paths = Paths(volume);
    ASSERT_TRUE(PosixFileSystem().CreateDirectories(paths.Directory(place, id)).ok());
    WriteFile(paths.DataFile(place, id), data);
    WriteMeta(place, id, stamp, data, volume);
  }
  void WriteMeta(ReplicaPlace place, BlockId id, GenerationStamp stamp, const std::string& data,
                 const std::string& volume = "d0") {
    WriteFile(Paths(volume).MetaFile(place, id, stamp),
              EncodeMetaHeader(DataChecksum()) + DataChecksum().Compute(data));
  }
  bool HasFile(const std::string& path) { return PosixFileSystem().Exists(path); }
};

TEST_F(VolumeTest, NewDirectoryGetsHdfssLayout) {
  Open();
  const auto volume =
      VolumeVersion::Parse(*PosixFileSystem().ReadFile(dir / "d0/current/VERSION", 1 << 16));
  ASSERT_TRUE(volume.ok()) << volume.status();
  EXPECT_EQ(volume->cluster_id, "CID-1");
  EXPECT_EQ(volume->datanode_uuid, store->datanode_uuid());
  EXPECT_EQ(volume->layout_version, -57);
  EXPECT_EQ(volume->storage_id.substr(0, 3), "DS-");
  const std::string pool_dir = dir / "d0/current/BP-1-127.0.0.1-1";
  const auto version =
      PoolVersion::Parse(*PosixFileSystem().ReadFile(pool_dir + "/current/VERSION", 1 << 16));
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(version->namespace_id, 77);
  for (const char* name : {"/current/finalized", "/current/rbw", "/tmp"}) {
    EXPECT_TRUE(HasFile(pool_dir + name)) << name;
  }
}

TEST_F(VolumeTest, IdentityAndReplicasSurviveARestart) {
  TwoVolumes();
  Open();
  const std::string uuid = store->datanode_uuid();
  const std::string storage = OnlyStorage();
  MakeFinalized(Bytes(1000));
  const int64_t used = store->Usage()[0].dfs_used;
  Open();
  EXPECT_EQ(store->datanode_uuid(), uuid);
  EXPECT_EQ(OnlyStorage(), storage);
  EXPECT_EQ(store->Usage()[0].dfs_used, used);
  EXPECT_EQ(*ReadAll(), Bytes(1000));
}

TEST_F(VolumeTest, NewDirectoryJoinsTheOthersIdentity) {
  Open();
  const std::string uuid = store->datanode_uuid();
  TwoVolumes();
  Open();
  EXPECT_EQ(store->datanode_uuid(), uuid);
  EXPECT_EQ(store->Usage().size(), 2u);
}

TEST_F(VolumeTest, DirectoryOfAnotherClusterPoolOrNamespaceIsRefusedByName) {
  Open();
  MakeFinalized(Bytes(10));
  const PoolIdentity ours = pool;
  pool.cluster_id = "CID-2";
  ExpectRefused("Incompatible clusterIDs in " + (dir / "d0") +
                ": namenode clusterID = CID-2; datanode clusterID = CID-1");
  pool = ours;
  pool.pool_id = "BP-2-127.0.0.1-1";
  ExpectRefused("namenode blockpoolID = BP-2-127.0.0.1-1; datanode blockpoolID = BP-1-127.0.0.1-1");
  pool = ours;
  pool.namespace_id = 78;
  ExpectRefused("namenode namespaceID = 78; datanode namespaceID = 77");
  pool = ours;
  pool.creation_time = 2;
  ExpectRefused("CTime");
  pool = ours;
  Open();
  EXPECT_TRUE(ReadAll().ok()) << "nothing was touched";
}

TEST_F(VolumeTest, OtherLayoutsDamagedVersionsAndMixedNodesAreRefused) {
  TwoVolumes();
  Open();
  store.reset();
  const std::string version = dir / "d0/current/VERSION";
  const std::string good = *PosixFileSystem().ReadFile(version, 1 << 16);
  Replace(version, "layoutVersion=-57", "layoutVersion=-56");
  ExpectRefused("Reported: -56. Expecting = -57.");
  WriteFile(version, "garbage");
  ExpectRefused(dir / "d0/current/VERSION is in an inconsistent state");
  WriteFile(version, std::string(100'000, '#'));
  EXPECT_FALSE(TryOpen().ok());
  WriteFile(version, good);
  Replace(version, "datanodeUuid=", "datanodeUuid=x");
  ExpectRefused("does not match");
  ASSERT_TRUE(PosixFileSystem().Remove(version).ok());
  ExpectRefused("version file in current directory is missing");
  WriteFile(version, good);
  EXPECT_TRUE(TryOpen().ok());
}

TEST_F(VolumeTest, PoolIdThatIsNoDirectoryNameIsRefused) {
  for (const char* id : {"", "pool", "BP-/../../x"}) {
    pool.pool_id = id;
    ExpectRefused("Unexpected blockpoolID");
  }
}

TEST_F(VolumeTest, DirectoryInUseIsRefused) {
  Open();
  const auto second = OpenBlockStore(options, pool, StoreEnv{fs, clock, random});
  EXPECT_NE(std::string(second.status().message()).find("Cannot lock storage " + (dir / "d0")),
            std::string::npos);
}

TEST_F(VolumeTest, AdoptsTheDataOfAnHdfsDatanode) {
  const std::string root = dir / "d0";
  const std::string pool_dir = root + "/current/BP-1-127.0.0.1-1";
  ASSERT_TRUE(PosixFileSystem().CreateDirectories(pool_dir + "/current/finalized").ok());
  WriteFile(root + "/current/VERSION",
            "#Mon Jan 06 10:00:00 UTC 2025\nstorageID=DS-a\nclusterID=CID-1\ncTime=0\n"
            "datanodeUuid=uuid-a\nstorageType=DATA_NODE\nlayoutVersion=-57\n");
  WriteFile(pool_dir + "/current/VERSION",
            "#x\nnamespaceID=77\ncTime=1\nblockpoolID=BP-1-127.0.0.1-1\nlayoutVersion=-57\n");
  WriteFile(pool_dir + "/scanner.cursor", "{\"lastSavedMs\" : 1}");
  WriteFile(pool_dir + "/current/replicas", "stale");
  WriteFile(pool_dir + "/current/dfsUsed", "1 2");
  const BlockId other = (int64_t{1} << 30) + (3 << 16) + (9 << 8);
  WritePair(ReplicaPlace::kFinalized, kId, kStamp, Bytes(5000));
  WritePair(ReplicaPlace::kFinalized, other, 1007, Bytes(512));
  Open();
  EXPECT_EQ(store->datanode_uuid(), "uuid-a");
  EXPECT_EQ(OnlyStorage(), "DS-a");
  EXPECT_EQ(*ReadAll(), Bytes(5000));
  EXPECT_EQ(*ReadAll(other, 1007), Bytes(512));
  EXPECT_TRUE(listener.TakeBad().empty());
  EXPECT_FALSE(HasFile(pool_dir + "/current/replicas"));
}

TEST_F(VolumeTest, LooseFilesAreLeftAloneAndOrphanMetaFilesRemoved) {
  Open();
  store.reset();
  const PoolPaths paths = Paths();
  ASSERT_TRUE(PosixFileSystem().CreateDirectories(paths.LeafDirectory(0)).ok());
  WriteFile(paths.finalized() + "/subdir0/subdir0/notes.txt", "mine");
  WriteFile(paths.rbw() + "/blk_78", "");
  WriteMeta(ReplicaPlace::kFinalized, 79, 1, "x");
  Open();
  EXPECT_TRUE(HasFile(paths.finalized() + "/subdir0/subdir0/notes.txt"));
  EXPECT_FALSE(HasFile(paths.rbw() + "/blk_78"));
  EXPECT_FALSE(HasFile(paths.MetaFile(ReplicaPlace::kFinalized, 79, 1)));
  EXPECT_TRUE(store->List(OnlyStorage())->replicas.empty());
}

TEST_F(VolumeTest, BlockWithoutMetaFileIsListedWithStampZeroAndBad) {
  Open();
  MakeFinalized(Bytes(10));
  store.reset();
  ASSERT_TRUE(
      PosixFileSystem().Remove(Paths().MetaFile(ReplicaPlace::kFinalized, kId, kStamp)).ok());
  Open();
  EXPECT_EQ(store->Get(kId)->block, (Block{kId, 0, 10}));
  EXPECT_EQ(listener.TakeBad().size(), 1u);
  EXPECT_FALSE(ReadAll().ok());
  store->Invalidate({Block{kId, 0, 0}});
  store->DrainDeletions();
  EXPECT_FALSE(HasFile(Paths().DataFile(ReplicaPlace::kFinalized, kId)));
}

TEST_F(VolumeTest, FinalizingThatMovedOnlyTheMetaFileIsUndone) {
  Open();
  store.reset();
  const std::string data = Bytes(1000);
  WritePair(ReplicaPlace::kRbw, kId, kStamp, data);
  ASSERT_TRUE(PosixFileSystem().Remove(Paths().MetaFile(ReplicaPlace::kRbw, kId, kStamp)).ok());
  ASSERT_TRUE(PosixFileSystem().CreateDirectories(Paths().LeafDirectory(0)).ok());
  WriteMeta(ReplicaPlace::kFinalized, kId, kStamp, data);
  Open();
  EXPECT_EQ(store->Get(kId)->state, ReplicaState::kWaitingToBeRecovered);
  EXPECT_EQ(store->Get(kId)->block, (Block{kId, kStamp, 1000}));
}

TEST_F(VolumeTest, AppendThatMovedOnlyTheMetaFileIsUndone) {
  Open();
  store.reset();
  const std::string data = Bytes(1000);
  WritePair(ReplicaPlace::kFinalized, kId, kStamp, data);
  ASSERT_TRUE(
      PosixFileSystem().Remove(Paths().MetaFile(ReplicaPlace::kFinalized, kId, kStamp)).ok());
  WriteMeta(ReplicaPlace::kRbw, kId, 1002, data);
  Open();
  EXPECT_EQ(store->Get(kId)->state, ReplicaState::kFinalized);
  EXPECT_EQ(*ReadAll(kId, 1002), data);
}

TEST_F(VolumeTest, WaitingReplicaIsNotReadableButRecoverable) {
  Open();
  store.reset();
  const std::string data = Bytes(1000);
  WritePair(ReplicaPlace::kRbw, kId, kStamp, data);
  FlipByte(Paths().DataFile(ReplicaPlace::kRbw, kId), 999);
  WriteFile(Paths().tmp() + "/blk_5", "left over");
  Open();
  EXPECT_EQ(store->Get(kId)->block, (Block{kId, kStamp, 512}));
  EXPECT_EQ(store->Get(kId)->visible_length, -1);
  EXPECT_FALSE(HasFile(Paths().tmp() + "/blk_5"));
  EXPECT_FALSE(ReadAll().ok());
  EXPECT_FALSE(store->RecoverRbw(Recovery(1002, 0, 1000)).ok());
  const auto init = store->InitReplicaRecovery(Block{kId, kStamp, 0}, 1002);
  ASSERT_TRUE(init.ok()) << init.status();
  EXPECT_EQ((*init)->original_state, ReplicaState::kWaitingToBeRecovered);
  ASSERT_TRUE(store->UpdateReplicaUnderRecovery(Block{kId, kStamp, 512}, 1002, 400).ok());
  EXPECT_EQ(*ReadAll(kId, 1002), data.substr(0, 400));
}

TEST_F(VolumeTest, DuplicatesKeepTheHigherStampThenTheLongerReplica) {
  TwoVolumes();
  Open();
  store.reset();
  WritePair(ReplicaPlace::kFinalized, 1, 1001, Bytes(1000), "d0");
  WritePair(ReplicaPlace::kFinalized, 1, 1002, Bytes(500), "d1");
  WritePair(ReplicaPlace::kFinalized, 2, 1001, Bytes(1000), "d0");
  WritePair(ReplicaPlace::kFinalized, 2, 1001, Bytes(500), "d1");
  WritePair(ReplicaPlace::kRbw, 3, 1001, Bytes(1000), "d0");
  WritePair(ReplicaPlace::kFinalized, 3, 1001, Bytes(1000), "d1");
  WritePair(ReplicaPlace::kFinalized, 4, 1001, Bytes(500), "d0");
  WritePair(ReplicaPlace::kRbw, 4, 1002, Bytes(600), "d0");
  Open();
  EXPECT_EQ(store->Get(1)->block, (Block{1, 1002, 500}));
  EXPECT_EQ(store->Get(2)->block, (Block{2, 1001, 1000}));
  EXPECT_EQ(store->Get(3)->state, ReplicaState::kFinalized);
  EXPECT_EQ(store->Get(4)->block, (Block{4, 1002, 600}));
  EXPECT_FALSE(HasFile(Paths("d0").DataFile(ReplicaPlace::kFinalized, 1)));
  EXPECT_FALSE(HasFile(Paths("d1").DataFile(ReplicaPlace::kFinalized, 2)));
  EXPECT_FALSE(HasFile(Paths("d0").DataFile(ReplicaPlace::kRbw, 3)));
  EXPECT_FALSE(HasFile(Paths("d0").DataFile(ReplicaPlace::kFinalized, 4)));
}

TEST_F(VolumeTest, ReplicasGoRoundRobinAndWishesAreHeeded) {
  options.volumes = {{dir / "d0", StorageType::kDisk},
                     {dir / "d1", StorageType::kDisk},
                     {dir / "d2", StorageType::kSsd}};
  Open();
  for (BlockId id = 1; id <= 4; ++id) MakeFinalized("x", id);
  const auto usage = store->Usage();
  EXPECT_EQ(usage[0].num_blocks + usage[1].num_blocks, 4);
  EXPECT_GE(usage[0].num_blocks, 1);
  EXPECT_GE(usage[1].num_blocks, 1);
  WriteRequest ssd = Request(10);
  ssd.storage_type = StorageType::kSsd;
  EXPECT_EQ((*store->CreateRbw(ssd))->storage_id(), usage[2].storage_id);
  WriteRequest chosen = Request(11);
  chosen.storage_id = usage[1].storage_id;
  EXPECT_EQ((*store->CreateRbw(chosen))->storage_id(), usage[1].storage_id);
}

TEST_F(VolumeTest, ReservedSpaceIsNotOffered) {
  Open();
  const StorageUsage all = store->Usage()[0];
  options.reserved_bytes = all.capacity;
  Open();
  EXPECT_EQ(store->Usage()[0].capacity, 0);
  EXPECT_EQ(store->Usage()[0].remaining, 0);
  const auto refused = store->CreateRbw(Request());
  EXPECT_TRUE(Is(refused.status(), ErrorKind::kDiskOutOfSpace)) << refused.status();
  EXPECT_NE(std::string(refused.status().message()).find("Out of space: The volume with the most"),
            std::string::npos);
}

TEST_F(VolumeTest, SpaceOfReplicasBeingWrittenIsPromised) {
  Open();
  WriteRequest request = Request();
  request.block.num_bytes = int64_t{1} << 30;
  const int64_t before = store->Usage()[0].remaining;
  if (before < int64_t{2} << 30) GTEST_SKIP() << "needs 2 GiB of free space to tell";
  auto writer = store->CreateRbw(request);
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_LE(store->Usage()[0].remaining, before - (int64_t{1} << 29));
  WriteRequest huge = Request(kId + 1);
  huge.block.num_bytes = int64_t{1} << 60;
  EXPECT_TRUE(Is(store->CreateRbw(huge).status(), ErrorKind::kDiskOutOfSpace));
}

}  // namespace
}  // namespace cairn::datanode
