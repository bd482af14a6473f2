// What the balancer is offered, over a block manager with simulated DataNodes.
#include "namenode/admin/blocks_on_datanode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "namenode/blocks/testing/fake_cluster.h"

namespace cairn::namenode {
namespace {

using ::testing::UnorderedElementsAre;

// Three DataNodes, all with the same blocks.
class BlocksOnDatanodeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 3; ++i) cluster_.AddNode("/r0");
    cluster_.Start();
  }
  std::vector<BlockPlaces> Ask(GetBlocksRequest request) {
    request.datanode_uuid = "uuid-0";
    return BlocksOnDatanode(*cluster_.manager, request,
                            [this](InodeId file) { return hot_.contains(file); });
  }
  static std::vector<BlockId> Ids(const std::vector<BlockPlaces>& blocks) {
    std::vector<BlockId> ids;
    for (const BlockPlaces& block : blocks) ids.push_back(block.block.id);
    return ids;
  }

  FakeCluster cluster_{BlockManagerOptions{.lock_yield_items = 3}};
  std::set<InodeId> hot_;
};

TEST_F(BlocksOnDatanodeTest, EveryBlockComesOnceWithAllItsPlaces) {
  std::set<BlockId> written;
  for (int i = 0; i < 20; ++i) written.insert(cluster_.Write(3));
  const auto blocks = Ask({.bytes = int64_t{1} << 40});
  std::set<BlockId> given;
  for (const BlockPlaces& block : blocks) {
    EXPECT_TRUE(given.insert(block.block.id).second);
    EXPECT_EQ(block.block.num_bytes, FakeCluster::kBlockSize);
    std::vector<std::string> uuids;
    for (const ReplicaPlace& place : block.places) uuids.push_back(place.datanode_uuid);
    EXPECT_THAT(uuids, UnorderedElementsAre("uuid-0", "uuid-1", "uuid-2"));
  }
  EXPECT_EQ(given, written);
}

TEST_F(BlocksOnDatanodeTest, ItEndsWhenThereIsEnough) {
  for (int i = 0; i < 20; ++i) cluster_.Write(3);
  EXPECT_EQ(Ask({.bytes = 1}).size(), 1u);
  EXPECT_EQ(Ask({.bytes = 7 * FakeCluster::kBlockSize - 1}).size(), 7u);
}

TEST_F(BlocksOnDatanodeTest, WalksBeginAtBlocksThatDiffer) {
  for (int i = 0; i < 50; ++i) cluster_.Write(3);
  std::set<BlockId> first;
  for (int i = 0; i < 100; ++i) first.insert(Ids(Ask({.bytes = 1})).front());
  EXPECT_GT(first.size(), 10u);
}

TEST_F(BlocksOnDatanodeTest, SmallBlocksAndOtherStorageTypesAreLeftOut) {
  cluster_.Write(3);
  EXPECT_EQ(Ask({.bytes = 1, .min_block_bytes = FakeCluster::kBlockSize}).size(), 1u);
  EXPECT_TRUE(Ask({.bytes = 1, .min_block_bytes = FakeCluster::kBlockSize + 1}).empty());
  EXPECT_EQ(Ask({.bytes = 1, .storage_type = StorageType::kDisk}).size(), 1u);
  EXPECT_TRUE(Ask({.bytes = 1, .storage_type = StorageType::kSsd}).empty());
}

TEST_F(BlocksOnDatanodeTest, BadReplicasAndUnfinishedBlocksAreNotOffered) {
  const BlockId good = cluster_.Write(3);
  const BlockId bad = cluster_.Write(3);
  std::vector<ReplicaLocation> places;
  cluster_.Allocate(3, "10.9.9.9", &places);
  const BlockRow row = cluster_.Row(bad);
  cluster_.manager->MarkCorrupt({row.id, row.generation_stamp, row.length}, "uuid-0", "");
  EXPECT_THAT(Ids(Ask({.bytes = int64_t{1} << 40})), UnorderedElementsAre(good));
}

TEST_F(BlocksOnDatanodeTest, BlocksOfHotFilesComeLastAndOnlyWhenNeeded) {
  const BlockId hot = cluster_.Write(3);
  const BlockId cold = cluster_.Write(3);
  hot_.insert(cluster_.Row(hot).inode);
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(Ids(Ask({.bytes = 1, .hot_interval_ms = 1})), ::testing::ElementsAre(cold));
    EXPECT_THAT(Ids(Ask({.bytes = int64_t{1} << 40, .hot_interval_ms = 1})),
                ::testing::ElementsAre(cold, hot));
  }
  EXPECT_EQ(Ids(Ask({.bytes = int64_t{1} << 40})).size(), 2u);
}

TEST_F(BlocksOnDatanodeTest, AStorageThatHasNotReportedSinceItRegisteredIsLeftOut) {
  cluster_.Write(3);
  EXPECT_TRUE(cluster_.manager->Register(cluster_.nodes[0].registration).ok());
  EXPECT_TRUE(Ask({.bytes = 1}).empty());
  cluster_.FullReport(0);
  EXPECT_EQ(Ask({.bytes = 1}).size(), 1u);
}

TEST_F(BlocksOnDatanodeTest, ADatanodeThatIsNotKnownHasNoBlocks) {
  EXPECT_TRUE(
      BlocksOnDatanode(*cluster_.manager, {.datanode_uuid = "other", .bytes = 1}, [](InodeId) {
        return false;
      }).empty());
}

TEST_F(BlocksOnDatanodeTest, TheBalancersBandwidthIsToldOnceToEveryLiveDatanode) {
  cluster_.manager->SetBalancerBandwidth(12'345);
  for (size_t node = 0; node < 3; ++node) {
    EXPECT_EQ(cluster_.BeatOnly(node).balancer_bandwidth, 12'345);
    EXPECT_EQ(cluster_.BeatOnly(node).balancer_bandwidth, 0);
  }
}

}  // namespace
}  // namespace cairn::namenode
