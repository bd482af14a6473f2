// Records with few and many replicas, the two views of the map, and what a block costs.
#include "namenode/blocks/model/block_map.h"

#include <malloc.h>

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "common/random.h"

namespace cairn::namenode {
namespace {

BlockRow Row(BlockId id) { return {id, 16386, 1001, 42, 3, BlockState::kComplete}; }

std::set<StorageIndex> Storages(const BlockRecord& record) {
  std::set<StorageIndex> storages;
  for (const StoredReplica& replica : record.replicas()) storages.insert(replica.storage());
  return storages;
}

TEST(BlockRecord, KeepsItsRow) {
  const BlockRow row{7, 99, 1234567, int64_t{1} << 40, 512, BlockState::kUnderRecovery};
  const BlockRecord record(row);
  EXPECT_EQ(record.Row(7), row);
  EXPECT_FALSE(record.committed());
}

TEST(BlockRecord, GrowsBeyondItsInlineReplicasAndShrinksAgain) {
  BlockRecord record(Row(1));
  std::set<StorageIndex> expected;
  for (StorageIndex storage = 0; storage < 20; ++storage) {
    record.Add(StoredReplica(storage * 1000));
    expected.insert(storage * 1000);
    EXPECT_EQ(Storages(record), expected);
  }
  BlockRecord moved(std::move(record));
  for (StorageIndex storage = 0; storage < 20; ++storage) {
    moved.Remove(storage * 1000);
    expected.erase(storage * 1000);
    EXPECT_EQ(Storages(moved), expected);
  }
  EXPECT_EQ(moved.Row(1), Row(1));
}

TEST(BlockRecord, KeepsFlagsOfEachReplica) {
  BlockRecord record(Row(1));
  record.Add(StoredReplica(5, StoredReplica::kCorrupt));
  record.Add(StoredReplica(6));
  record.Find(6)->Set(StoredReplica::kExcess);
  EXPECT_TRUE(record.Find(5)->Has(StoredReplica::kCorrupt));
  EXPECT_FALSE(record.Find(5)->good());
  EXPECT_TRUE(record.Find(6)->Has(StoredReplica::kExcess));
  record.Find(6)->Clear(StoredReplica::kExcess);
  EXPECT_TRUE(record.Find(6)->good());
  EXPECT_EQ(record.Find(7), nullptr);
}

TEST(BlockMap, RefusesTheSameReplicaTwiceAndReplicasOfUnknownBlocks) {
  BlockMap map;
  EXPECT_FALSE(map.AddReplica(1, StoredReplica(0)));
  map.Put(Row(1));
  EXPECT_TRUE(map.AddReplica(1, StoredReplica(0)));
  EXPECT_FALSE(map.AddReplica(1, StoredReplica(0)));
  EXPECT_TRUE(map.RemoveReplica(1, 0));
  EXPECT_FALSE(map.RemoveReplica(1, 0));
}

TEST(BlockMap, ANewRowKeepsTheReplicas) {
  BlockMap map;
  map.Put(Row(1));
  map.AddReplica(1, StoredReplica(4));
  BlockRow row = Row(1);
  row.generation_stamp = 2000;
  map.Put(row);
  EXPECT_EQ(map.Find(1)->Row(1), row);
  EXPECT_EQ(Storages(*map.Find(1)), std::set<StorageIndex>{4});
}

TEST(BlockMap, ScansInPages) {
  BlockMap map;
  for (BlockId id = 1; id <= 10; ++id) map.Put(Row(id));
  std::vector<BlockId> seen;
  BlockId after = -100;
  while (true) {
    const BlockId last =
        map.Scan(after, 3, [&](BlockId id, const BlockRecord&) { seen.push_back(id); });
    if (last == after) break;
    after = last;
  }
  EXPECT_EQ(seen.size(), 10u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
}

TEST(BlockMap, BothViewsAgreeWithAModelUnderRandomChanges) {
  const uint64_t seed = Random().Next64();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  BlockMap map;
  std::map<BlockId, std::set<StorageIndex>> model;
  for (int step = 0; step < 20'000; ++step) {
    const BlockId id = static_cast<BlockId>(random.Uniform(200));
    const auto storage = static_cast<StorageIndex>(random.Uniform(9));
    switch (random.Uniform(8)) {
      case 0:
        EXPECT_EQ(map.Erase(id), model.erase(id) == 1);
        break;
      case 1:
      case 2:
        map.Put(Row(id));
        model.try_emplace(id);
        break;
      case 3:
      case 4:
        EXPECT_EQ(map.RemoveReplica(id, storage),
                  model.contains(id) && model[id].erase(storage) == 1);
        break;
      default:
        EXPECT_EQ(map.AddReplica(id, StoredReplica(storage)),
                  model.contains(id) && model[id].insert(storage).second);
    }
  }
  EXPECT_EQ(map.size(), model.size());
  std::map<StorageIndex, std::set<BlockId>> stored;
  for (const auto& [id, storages] : model) {
    ASSERT_NE(map.Find(id), nullptr);
    EXPECT_EQ(Storages(*map.Find(id)), storages);
    for (const StorageIndex storage : storages) stored[storage].insert(id);
  }
  for (StorageIndex storage = 0; storage < 9; ++storage) {
    const auto& view = map.Stored(storage);
    EXPECT_EQ(std::set<BlockId>(view.begin(), view.end()), stored[storage]);
  }
}

#if !defined(__has_feature)
#define __has_feature(x) 0
#endif
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

// Bytes the allocator has given out, its own overhead included.
size_t AllocatedBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST(BlockMap, ABlockWithThreeReplicasCostsLessThanAHundredBytes) {
#ifdef __OPTIMIZE__
  constexpr BlockId kBlocks = 1'000'000;
#else
  constexpr BlockId kBlocks = 200'000;  // the same to 0.1 bytes, and this takes seconds
#endif
  constexpr uint64_t kStorages = 60;  // 20 DataNodes with 3 volumes
  Random random(1);
  const size_t before = AllocatedBytes();
  BlockMap map;
  for (BlockId id = 1; id <= kBlocks; ++id) map.Put(Row((BlockId{1} << 30) + id));
  for (BlockId id = 1; id <= kBlocks; ++id) {
    const uint64_t first = random.Next64();
    for (uint64_t replica = 0; replica < 3; ++replica) {
      map.AddReplica((BlockId{1} << 30) + id,
                     StoredReplica(static_cast<StorageIndex>((first + replica * 17) % kStorages)));
    }
  }
  const double bytes = static_cast<double>(AllocatedBytes() - before) / kBlocks;
  RecordProperty("bytes_per_block", static_cast<int>(bytes));
  EXPECT_LT(bytes, 100) << "bytes a block";
  EXPECT_GT(bytes, 50) << "the measurement itself is wrong";
  printf("%.1f bytes a block with three replicas\n", bytes);
}

#endif

}  // namespace
}  // namespace cairn::namenode
