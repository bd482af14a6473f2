// Truncations and recoveries over the journal and RocksDB.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "namenode/namespace/ops/testing/sync_namespace.h"

namespace cairn::namenode {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kBlock = 1 << 20;
constexpr int64_t kHardMs = 1'200'000;

TEST(RecoveryOnDisk, TruncationsRecoveriesAndTakenLeasesAreReplayed) {
  TestNamespace fs(CacheSize::kNone, StoreKind::kDisk);
  SyncNamespace root(fs.ns(), TestNamespace::Root());
  ASSERT_TRUE(fs.WriteFile("/f", 100, kBlock).ok());
  ASSERT_FALSE(*root.Truncate("/f", 3 * kBlock + 7, "cutter"));
  const BlockRow cut = fs.blocks().rows().at(
      root.GetBlockLocations("/f", 0, INT64_MAX)->blocks.back().block.block.id);
  ASSERT_EQ(cut.truncate_to, 7);
  const InodeId open = fs.Create("/g", "writer")->file_id;
  const auto block = fs.AddBlock("/g", "writer");
  ASSERT_TRUE(block.ok());
  fs.clock().Advance(kHardMs + 1);
  EXPECT_FALSE(
      *TestNamespace::Sync<bool>([&](auto done) { fs.ns().ExpireLease(open, std::move(done)); }));
  const BlockRow taken = fs.blocks().rows().at(block->block.block.id);
  ASSERT_EQ(taken.state, BlockState::kUnderRecovery);

  fs.Restart();
  SyncNamespace again(fs.ns(), TestNamespace::Root());
  EXPECT_EQ(fs.blocks().rows().at(cut.id), cut);
  EXPECT_EQ(fs.blocks().rows().at(taken.id), taken);
  EXPECT_THAT(std::string(fs.AddBlock("/g", "writer").status().message()),
              HasSubstr("is not the lease owner (=HDFS_NameNode-"));
  const std::string& pool = fs.store().identity().block_pool_id;
  EXPECT_TRUE(again
                  .BlockSync({{pool, {cut.id, cut.generation_stamp, cut.length}},
                              cut.recovery_id,
                              7,
                              false,
                              {FakeBlockManager::Place(0)}})
                  .ok());
  EXPECT_TRUE(again
                  .BlockSync({{pool, {taken.id, taken.generation_stamp, 0}},
                              taken.recovery_id,
                              55,
                              false,
                              {FakeBlockManager::Place(0)}})
                  .ok());
  fs.Restart();
  SyncNamespace last(fs.ns(), TestNamespace::Root());
  EXPECT_EQ((*last.Stat("/f"))->length, 3 * kBlock + 7);
  EXPECT_EQ((*last.Stat("/g"))->length, 55);
  EXPECT_TRUE(*last.IsFileClosed("/f"));
  EXPECT_TRUE(*last.IsFileClosed("/g"));
  fs.Purge();
  EXPECT_EQ(fs.blocks().rows().size(), 5u);
  EXPECT_EQ(fs.blocks().rows().at(cut.id).truncate_to, std::nullopt);
  EXPECT_GT(fs.blocks().rows().at(taken.id).generation_stamp, taken.generation_stamp);
}

}  // namespace
}  // namespace cairn::namenode
