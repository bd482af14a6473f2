// dfsadmin -metasave over a block manager with simulated DataNodes.
#include "namenode/admin/meta_save.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "namenode/blocks/testing/fake_cluster.h"

namespace cairn::namenode {
namespace {

using ::testing::HasSubstr;

class MetaSaveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 3; ++i) cluster_.AddNode("/r0");
    cluster_.Start();
  }
  std::string Text() {
    return MetaSaveText(*cluster_.manager, cluster_.manager->Stats(), cluster_.clock,
                        [](InodeId) { return std::string("/d/f"); });
  }
  std::string Name(BlockId id) {
    const BlockRow row = cluster_.Row(id);
    return Block{row.id, row.generation_stamp, row.length}.ToString();
  }

  FakeCluster cluster_;
};

TEST_F(MetaSaveTest, ABlockThatWaitsForACopyIsListedWithItsFileAndItsPlaces) {
  const BlockId block = cluster_.Write(3);
  BlockRow row = cluster_.Row(block);
  row.replication = 4;
  cluster_.SetRow(row);
  EXPECT_THAT(Text(), HasSubstr(fmt::format(
                          "Metasave: Blocks waiting for reconstruction: 1\n/d/f: {} (replicas: "
                          "live: 3 decommissioning and decommissioned: 0 corrupt: 0 in excess: 0 "
                          "maintenance mode: 0)  10.0.0.",
                          Name(block))));
}

TEST_F(MetaSaveTest, ABlockWithoutAGoodReplicaIsMissingAndItsBadOnesAreListed) {
  const BlockId block = cluster_.Write(3);
  const BlockRow row = cluster_.Row(block);
  for (int i = 0; i < 3; ++i) {
    cluster_.manager->MarkCorrupt({row.id, row.generation_stamp, row.length},
                                  fmt::format("uuid-{}", i), "");
  }
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr(fmt::format("Metasave: Blocks currently missing: 1\n/d/f: {} MISSING "
                                          "(replicas: live: 0",
                                          Name(block))));
  EXPECT_THAT(text, HasSubstr("10.0.0.1:9866(corrupt) : "));
  EXPECT_THAT(text, HasSubstr(fmt::format("Block={}\tNode=10.0.0.1:9866\tStorageID=DS-0\t"
                                          "StorageState=NORMAL\tTotalReplicas=3\t"
                                          "Reason=CORRUPTION_REPORTED\n",
                                          Name(block))));
}

TEST_F(MetaSaveTest, DeletionsAreListedByDatanode) {
  const BlockId block = cluster_.Write(3);
  const std::string name = Name(block);
  cluster_.Delete(block);
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("Metasave: Blocks 3 waiting deletion from 3 datanodes.\n"));
  EXPECT_THAT(text, HasSubstr(fmt::format("10.0.0.2:9866\n{} \n", name)));
}

TEST_F(MetaSaveTest, EveryDatanodeHasALine) {
  EXPECT_THAT(Text(), HasSubstr("Metasave: Number of datanodes: 3\n10.0.0.1:9866 /r0 IN "));
}

}  // namespace
}  // namespace cairn::namenode
