// Replicas waiting to be recovered: which of them may have lost acknowledged bytes, and what counts
// of those.
#include "datanode/store/boot_record.h"
#include "datanode/store/meta_file.h"
#include "datanode/store/testing/store_fixture.h"

namespace cairn::datanode {
namespace {

class LostBytesTest : public StoreTest {
 protected:
  void SetUp() override { Open(); }
  std::string Data(BlockId id = kId) { return Paths().DataFile(ReplicaPlace::kRbw, id); }
  std::string Meta() { return Paths().MetaFile(ReplicaPlace::kRbw, kId, kStamp); }
  void Boot(const std::string& id) {
    options.boot_id = id;
    Open();
  }
  // What a recovery is told of the replica: its length, with "?" when it may have lost bytes.
  std::string Told(GenerationStamp recovery_id = 5000, BlockId id = kId) {
    const auto info = store->Get(id);
    if (!info.ok()) return "none";
    EXPECT_EQ(info->state, ReplicaState::kWaitingToBeRecovered);
    const auto init = store->InitReplicaRecovery(info->block, recovery_id);
    if (!init.ok()) return init.status().ToString();
    if (!*init) return "none";
    return fmt::format("{}{}", (*init)->block.num_bytes, (*init)->may_have_lost_bytes ? "?" : "");
  }
};

TEST_F(LostBytesTest, TheDeathOfTheProcessTakesNothing) {
  MakeRbw(Bytes(1'000), 1'000).reset();
  Open();
  EXPECT_EQ(Told(), "1000");
  Open();
  EXPECT_EQ(Told(), "1000");
}

TEST_F(LostBytesTest, ABootMakesReplicasSuspectUntilTheyAreRecovered) {
  MakeRbw(Bytes(1'000), 1'000).reset();
  Boot("boot-2");
  EXPECT_EQ(Told(5000), "1000?");
  Open();
  EXPECT_EQ(Told(5001), "1000?") << "also for the second process under the new boot";
  const Block block{kId, kStamp, 1'000};
  ASSERT_TRUE(store->UpdateReplicaUnderRecovery(block, 5001, 1'000).ok());
  auto next = store->CreateRbw(Request(kId + 1));
  ASSERT_TRUE(next.ok());
  ASSERT_TRUE(Put(**next, 0, Bytes(10)).ok());
  next->reset();
  Open();
  EXPECT_EQ(Told(5002, kId + 1), "10") << "it was written under this boot";
  EXPECT_TRUE(ReadBootRecord(PosixFileSystem(), Paths())->suspects.empty());
}

TEST_F(LostBytesTest, WithoutABootIdOrAGoodRecordNoReplicaIsTrusted) {
  MakeRbw(Bytes(1'000), 1'000).reset();
  Boot("");
  EXPECT_EQ(Told(5000), "1000?");
  Boot("boot-1");
  EXPECT_EQ(Told(5001), "1000?");
  ASSERT_TRUE(store->UpdateReplicaUnderRecovery(Block{kId, kStamp, 1'000}, 5001, 1'000).ok());
  auto next = store->CreateRbw(Request(kId + 1));
  ASSERT_TRUE(next.ok());
  next->reset();
  store.reset();
  FlipByte(Paths().boot_record(), 2);
  Open();
  EXPECT_EQ(Told(5002, kId + 1), "0?");
}

TEST_F(LostBytesTest, DataThatEndsBeforeItsChecksumsHasLostBytes) {
  MakeRbw(Bytes(1'000), 1'000).reset();
  store.reset();
  SetSize(Data(), 600);
  Open();
  EXPECT_EQ(Told(5000), "512?");
  Open();
  EXPECT_EQ(Told(5001), "512?") << "though the files agree by now";
}

TEST_F(LostBytesTest, ALastChunkThatIsNotWhatItsChecksumSaysHasLostBytes) {
  MakeRbw(Bytes(1'000), 1'000).reset();
  store.reset();
  FlipByte(Data(), 513);
  Open();
  EXPECT_EQ(Told(), "512?");
}

TEST_F(LostBytesTest, ADamagedReplicaIsNotWrittenOn) {
  MakeRbw(Bytes(1'000), 1'000).reset();
  store->AnnounceRestart(50'000);
  store.reset();
  SetSize(Data(), 600);
  Open();
  EXPECT_EQ(Told(), "512?");
}

// After a power cut any page may be missing, not only those at the end.
TEST_F(LostBytesTest, AfterABootTheBeginningThatFitsItsChecksumsCounts) {
  const std::string data = Bytes(3 << 20);
  MakeRbw(data, 3 << 20).reset();
  store.reset();
  FlipByte(Data(), (2 << 20) + 700);
  Open();
  EXPECT_EQ(Told(), std::to_string(3 << 20)) << "found on read";
  Boot("boot-2");
  EXPECT_EQ(Told(), fmt::format("{}?", (2 << 20) + 512));
  const Block block{kId, kStamp, (2 << 20) + 512};
  ASSERT_TRUE(store->UpdateReplicaUnderRecovery(block, 5000, block.num_bytes).ok());
  EXPECT_EQ(*ReadAll(), data.substr(0, static_cast<size_t>(block.num_bytes)));
}

// They were called strays, and nothing ever removed them.
TEST_F(LostBytesTest, AReplicaWithoutChecksumsStaysUntilItIsDeleted) {
  const std::string data = Bytes(1'000);
  MakeRbw(data, 1'000).reset();
  const int64_t used = store->Usage().at(0).dfs_used;
  store.reset();
  SetSize(Meta(), 3);
  Open();
  EXPECT_EQ(*PosixFileSystem().ReadFile(Data(), 2'000), data) << "untouched";
  EXPECT_GT(store->Usage().at(0).dfs_used, 1'000);
  EXPECT_LE(store->Usage().at(0).dfs_used, used);
  const auto listed = store->List(OnlyStorage())->replicas;
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].block, (Block{kId, kStamp, 0}));
  EXPECT_EQ(listed[0].state, ReplicaState::kWaitingToBeRecovered);
  EXPECT_FALSE(ReadAll().ok());
  EXPECT_EQ(Told(5000), "0?");
  Open();
  EXPECT_EQ(Told(5001), "0?");
  EXPECT_TRUE(listener.TakeBad().empty());
  store->Invalidate({Block{kId, kStamp, 0}});
  store->DrainDeletions();
  EXPECT_TRUE(PosixFileSystem().List(Paths().rbw())->empty());
  EXPECT_EQ(store->Usage().at(0).dfs_used, 0);
}

// One bit makes CRC32C "no checksums": its replica counted as whole, whatever its bytes.
TEST_F(LostBytesTest, AHeaderThatDeniesTheChecksumsBehindItIsDamage) {
  const std::string data = Bytes(1'000);
  MakeRbw(data, 1'000).reset();
  store.reset();
  auto meta = PosixFileSystem().Open(Meta(), OpenMode::kReadWrite);
  ASSERT_TRUE(meta.ok()) << meta.status();
  ASSERT_TRUE((*meta)->WriteAt(2, std::string_view("\0", 1)).ok());
  Open();
  EXPECT_EQ(Told(5000), "0?");
  EXPECT_FALSE(ReadAll().ok());
  EXPECT_EQ(*(*meta)->Size(), MetaFileBytes(DataChecksum(), 1'000)) << "untouched";
}

TEST_F(LostBytesTest, AReplicaWithoutMetaFileHasNoStamp) {
  MakeRbw(Bytes(1'000), 1'000).reset();
  store.reset();
  ASSERT_TRUE(PosixFileSystem().Remove(Meta()).ok());
  Open();
  EXPECT_EQ(store->Get(kId)->block, (Block{kId, 0, 0}));
  EXPECT_EQ(Told(), "0?");
  store->Invalidate({Block{kId, 0, 0}});
  store->DrainDeletions();
  EXPECT_TRUE(PosixFileSystem().List(Paths().rbw())->empty());
}

TEST_F(LostBytesTest, AnUnreadableReplicaMakesRoomForACopy) {
  MakeRbw(Bytes(1'000), 1'000).reset();
  store.reset();
  SetSize(Meta(), 0);
  Open();
  ASSERT_TRUE(store->CreateTemporary(Request(kId, kStamp + 1)).ok());
  EXPECT_TRUE(PosixFileSystem().List(Paths().rbw())->empty());
}

TEST_F(LostBytesTest, ASectorThatCannotBeReadCostsTrustAndNoVolume) {
  const std::string data = Bytes(900);
  for (const char* file : {"synced_", "boot.record", "rbw/blk_1073741825"}) {
    SCOPED_TRACE(file);
    auto writer = MakeRbw(data.substr(0, 700), 700);
    ASSERT_TRUE(writer->Sync().ok());
    ASSERT_TRUE(Put(*writer, 512, data.substr(512)).ok());
    writer.reset();
    store.reset();
    fs.Inject(Fault::Eio(FileOp::kReadAt, file));
    Open();
    const std::string told = Told();
    EXPECT_TRUE(told.ends_with("?")) << told;
    const auto info = store->Get(kId);
    ASSERT_TRUE(info.ok()) << info.status();
    store->Invalidate({info->block});
    store->DrainDeletions();
  }
}

TEST_F(LostBytesTest, TheRecordIsWhatTheDocumentSays) {
  ASSERT_TRUE(WriteBootRecord(PosixFileSystem(), Paths(), {"abc", {{7, 1001}, {5, 1002}}}).ok());
  EXPECT_EQ(*PosixFileSystem().ReadFile(Paths().boot_record(), 1'000),
            "abc\n5 1002\n7 1001\ncrc32c=8232951d\n");
}

TEST_F(LostBytesTest, TheMachineHasABootId) {
  EXPECT_EQ(MachineBootId(PosixFileSystem()).size(), 36u);
  EXPECT_EQ(MachineBootId(PosixFileSystem()), MachineBootId(PosixFileSystem()));
}

}  // namespace
}  // namespace cairn::datanode
