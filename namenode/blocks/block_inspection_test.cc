// What fsck sees of a block.
#include <gtest/gtest.h>

#include "namenode/blocks/testing/fake_cluster.h"

namespace cairn::namenode {
namespace {

TEST(BlockInspection, ShowsEveryReplicaAndHowItStands) {
  FakeCluster cluster;
  for (int i = 0; i < 3; ++i) cluster.AddNode("/r0");
  cluster.Start();
  const BlockId block = cluster.Write(3);
  const LocatedBlock located = cluster.manager->Locate(block, 0, "");
  const ReplicaLocation& bad = located.locations[0];
  cluster.manager->MarkCorrupt(located.block.block, bad.datanode.id.uuid, bad.storage_id);
  const auto seen = cluster.manager->Inspect(block);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->live, 2);
  EXPECT_EQ(seen->corrupt, 1);
  EXPECT_FALSE(seen->multi_rack);
  ASSERT_EQ(seen->replicas.size(), 3u);
  for (const ReplicaView& replica : seen->replicas) {
    EXPECT_EQ(replica.corrupt, replica.place.datanode.id.uuid == bad.datanode.id.uuid);
    EXPECT_EQ(replica.corrupt_reason, replica.corrupt ? "CORRUPTION_REPORTED" : "");
    EXPECT_FALSE(replica.excess || replica.unsure);
  }
  EXPECT_EQ(cluster.manager->LookAgain({&block, 1}), 1) << "it waits for a third good replica";
  EXPECT_FALSE(cluster.manager->Inspect(block + 1).has_value());
}

}  // namespace
}  // namespace cairn::namenode
