// Keys and row codecs: order, round trips, what is written for which change, refusal of damage.
#include "namenode/meta/row_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "namenode/meta/describe.h"
#include "namenode/meta/testing/map_snapshot.h"

namespace cairn::namenode {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Inode File(InodeId id, std::string name, size_t block_count) {
  Inode inode;
  inode.id = id;
  inode.parent_id = kRootInodeId;
  inode.name = std::move(name);
  inode.mode = 0644;
  inode.owner = "alice";
  inode.group = "staff";
  inode.mtime_ms = 1700000000123;
  inode.atime_ms = 1700000000456;
  inode.changed_txid = 77;
  inode.storage_policy = 7;
  inode.length = 12345;
  inode.replication = 3;
  inode.block_size = 128 << 20;
  inode.blocks.resize(block_count);
  std::iota(inode.blocks.begin(), inode.blocks.end(), kLastReservedBlockId + 1);
  return inode;
}

std::vector<Table> Tables(const RowChanges& changes) {
  std::vector<Table> tables;
  for (const RowChange& change : changes) tables.push_back(change.table);
  return tables;
}

TEST(SchemaTest, ChildrenSortBySignedBytesAsInHdfs) {
  // "é" (0xc3 0xa9) is negative as a Java byte and so comes before "a".
  EXPECT_LT(EntryKey(5, "\xc3\xa9"), EntryKey(5, "a"));
  EXPECT_LT(EntryKey(5, "a"), EntryKey(5, "a!"));
  EXPECT_LT(EntryKey(5, "zzz"), EntryKey(6, ""));
  EXPECT_LT(EntryKey(255, "z"), EntryKey(256, "a"));
}

TEST(SchemaTest, AChildRangeHoldsExactlyTheChildren) {
  EXPECT_LE(EntriesBegin(5), EntryKey(5, "\x80"));
  EXPECT_LT(EntryKey(5, std::string(255, '\x7f')), EntriesEnd(5));
  EXPECT_GE(EntryKey(6, ""), EntriesEnd(5));
  EXPECT_GT(EntryKeyAfter(5, "a"), EntryKey(5, "a"));
  EXPECT_LE(EntryKeyAfter(5, "a"), EntryKey(5, "a\x80"));
  EXPECT_EQ(EntryKeyAfter(5, ""), EntriesBegin(5));
}

TEST(SchemaTest, KeysRoundTrip) {
  EXPECT_EQ(*ParseEntryKey(EntryKey(7, "na\xff\x01me")), (EntryName{7, "na\xff\x01me"}));
  EXPECT_EQ(*ParseIdKey(IdKey(-3)), -3);
  EXPECT_EQ(ParseFileBlocksKey(FileBlocksKey(9, 300))->chunk, 300u);
  EXPECT_EQ(ParseLeaseKey(LeaseKey("DFSClient_1", 9))->holder, "DFSClient_1");
  EXPECT_EQ(ParseLeaseKey(LeaseKey("DFSClient_1", 9))->inode, 9);
  EXPECT_FALSE(ParseEntryKey("short").ok());
  EXPECT_FALSE(ParseIdKey("123456789").ok());
  EXPECT_FALSE(ParseCounter(meta_key::kLastInodeId, "12").ok());
}

TEST(SchemaTest, EveryTableHasAName) {
  for (int i = 0; i < kTableCount; ++i) {
    EXPECT_EQ(TableByName(kTableNames[i]), static_cast<Table>(i));
  }
  EXPECT_EQ(TableByName("nothing"), std::nullopt);
}

TEST(RowCodecTest, InodesOfEveryKindRoundTrip) {
  Inode file = File(20000, "f", 3);
  file.under_construction = {"DFSClient_x", "10.0.0.1"};
  Inode directory = File(20001, "d", 0);
  directory.kind = InodeKind::kDirectory;
  directory.child_count = 12;
  Inode link = File(20002, "l", 0);
  link.kind = InodeKind::kSymlink;
  link.symlink_target = "/else/where";
  for (const Inode& inode : {file, directory, link}) {
    MapSnapshot rows;
    RowChanges changes;
    EncodeInodeChange(nullptr, inode, changes);
    rows.Apply(changes);
    const auto loaded = LoadInodeById(rows, inode.id);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    ASSERT_TRUE(loaded->has_value());
    EXPECT_TRUE(SameInode(**loaded, inode));
  }
}

TEST(RowCodecTest, BlockListsOfEveryLengthRoundTrip) {
  for (const size_t count : {0, 1, 63, 64, 65, 127, 128, 1000}) {
    MapSnapshot rows;
    RowChanges changes;
    const Inode inode = File(20000, "f", count);
    EncodeInodeChange(nullptr, inode, changes);
    rows.Apply(changes);
    EXPECT_EQ(rows.size(Table::kFileBlocks), count / 64);
    const auto loaded = LoadInode(rows, inode.parent_id, "f");
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_TRUE(SameInode(**loaded, inode)) << count;
  }
}

TEST(RowCodecTest, AddingABlockWritesOneRowAndAtTheChunksEndTwo) {
  RowChanges changes;
  const Inode before = File(20000, "f", 130);
  EncodeInodeChange(&before, File(20000, "f", 131), changes);
  EXPECT_THAT(Tables(changes), ElementsAre(Table::kEntries));
  changes.clear();
  const Inode full = File(20000, "f", 191);
  EncodeInodeChange(&full, File(20000, "f", 192), changes);
  EXPECT_THAT(Tables(changes), ElementsAre(Table::kFileBlocks, Table::kEntries));
}

TEST(RowCodecTest, RandomChangesOfABlockListLeaveExactlyTheNewList) {
  MapSnapshot rows;
  Inode inode = File(20000, "f", 0);
  const Inode* before = nullptr;
  Inode previous;
  for (const size_t count : {200, 64, 63, 500, 128, 127, 300, 0, 70}) {
    inode.blocks.resize(count, count + 7);  // resizing up from 63 changes ids inside chunk 0
    RowChanges changes;
    EncodeInodeChange(before, inode, changes);
    rows.Apply(changes);
    EXPECT_EQ(rows.size(Table::kFileBlocks), count / 64);
    EXPECT_TRUE(SameInode(**LoadInode(rows, inode.parent_id, "f"), inode)) << count;
    previous = inode;
    before = &previous;
  }
}

TEST(RowCodecTest, AMoveDeletesTheOldEntryAndKeepsTheChunks) {
  MapSnapshot rows;
  RowChanges changes;
  const Inode before = File(20000, "f", 100);
  Inode after = before;
  after.name = "g";
  after.parent_id = 20005;
  EncodeInodeChange(nullptr, before, changes);
  rows.Apply(changes);
  changes.clear();
  EncodeInodeChange(&before, after, changes);
  EXPECT_THAT(Tables(changes), ElementsAre(Table::kEntries, Table::kInodeIndex, Table::kEntries));
  rows.Apply(changes);
  EXPECT_FALSE(LoadInode(rows, before.parent_id, "f")->has_value());
  EXPECT_TRUE(SameInode(**LoadInodeById(rows, 20000), after));
}

TEST(RowCodecTest, ARemovalLeavesNothing) {
  MapSnapshot rows;
  RowChanges changes;
  const Inode inode = File(20000, "f", 300);
  EncodeInodeChange(nullptr, inode, changes);
  EncodeInodeRemoval(inode, changes);
  rows.Apply(changes);
  for (int i = 0; i < kTableCount; ++i) EXPECT_EQ(rows.size(static_cast<Table>(i)), 0u);
}

TEST(RowCodecTest, BlocksPurgesRetriesAndIdentityRoundTrip) {
  RowChanges changes;
  const BlockRow block{kLastReservedBlockId + 5, 20000, 1005, 4096, 3, BlockState::kCommitted};
  EncodeBlock(block, changes);
  EXPECT_EQ(*DecodeBlock(changes[0].key, *changes[0].value), block);

  const PurgeRow purge{File(20000, "gone", 200), "cursor"};
  EncodePurge(purge, changes);
  const auto purged = DecodePurge(changes[1].key, *changes[1].value);
  ASSERT_TRUE(purged.ok());
  EXPECT_TRUE(SameInode(purged->root, purge.root));
  EXPECT_EQ(purged->cursor, "cursor");

  EncodeRetry(9, {std::string(16, '\xfe'), 12, "reply", 99}, changes);
  const auto retry = DecodeRetry(*changes[2].value);
  EXPECT_EQ(retry->client_id, std::string(16, '\xfe'));
  EXPECT_EQ(retry->call_id, 12);
  EXPECT_EQ(retry->reply, "reply");
  EXPECT_EQ(retry->wall_ms, 99);

  EncodeIdentity({"CID-1", "BP-1", 42, 1000}, changes);
  EXPECT_EQ(DecodeIdentity(*changes[3].value)->block_pool_id, "BP-1");
}

TEST(RowCodecTest, ABlockUnderRecoveryKeepsItsRecoveryIdAndTruncation) {
  RowChanges changes;
  BlockRow block{kLastReservedBlockId + 5, 20000, 1005, 4096, 3, BlockState::kUnderRecovery, 1006};
  EncodeBlock(block, changes);
  EXPECT_EQ(*DecodeBlock(changes[0].key, *changes[0].value), block);
  block.truncate_to = 0;
  EncodeBlock(block, changes);
  EXPECT_EQ(*DecodeBlock(changes[1].key, *changes[1].value), block);
  EXPECT_THAT(DescribeRow(Table::kBlocks, changes[1].key, *changes[1].value),
              ::testing::HasSubstr("under-recovery recovery_id=1006 truncate_to=0"));
}

TEST(RowCodecTest, ABlockThatIsWrittenKeepsItsPipeline) {
  RowChanges changes;
  BlockRow block{kLastReservedBlockId + 6, 20000, 1005, 4096, 3, BlockState::kUnderConstruction};
  block.pipeline = {"uuid-a", "uuid-b"};
  EncodeBlock(block, changes);
  EXPECT_EQ(*DecodeBlock(changes[0].key, *changes[0].value), block);
  EXPECT_THAT(DescribeRow(Table::kBlocks, changes[0].key, *changes[0].value),
              ::testing::HasSubstr("pipeline=\"uuid-a,uuid-b\""));
}

TEST(RowCodecTest, DamagedRowsAreRefused) {
  RowChanges changes;
  EncodeInodeChange(nullptr, File(20000, "f", 3), changes);
  const RowChange& entry = changes.back();
  EXPECT_FALSE(DecodeInode(entry.key, "\xff\xff").ok());
  EXPECT_FALSE(DecodeInode(entry.key, "").ok());  // id 0
  EXPECT_FALSE(DecodeInode("abc", *entry.value).ok());
  EXPECT_FALSE(DecodeBlockChunk("").ok());
  EXPECT_FALSE(DecodeBlock(IdKey(5), "").ok());
  EXPECT_FALSE(DecodePurge(IdKey(5), "").ok());
}

TEST(RowCodecTest, AMissingChunkIsDamageNotAShorterFile) {
  MapSnapshot rows;
  RowChanges changes;
  EncodeInodeChange(nullptr, File(20000, "f", 200), changes);
  changes.push_back({Table::kFileBlocks, FileBlocksKey(20000, 1), std::nullopt});
  rows.Apply(changes);
  const auto loaded = LoadInodeById(rows, 20000);
  EXPECT_EQ(loaded.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(loaded.status().message()), HasSubstr("chunk 1 is missing"));
}

}  // namespace
}  // namespace cairn::namenode
