// DataNodes that die, come back and restart: nothing acknowledged is lost, replica counts converge,
// nothing leaks. In the test's process too, where sanitizers see every thread of the whole path.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/cluster/cluster.h"
#include "tests/cluster/status_matchers.h"
#include "tests/cluster/verifier.h"

namespace cairn::testing {
namespace {

constexpr int64_t kBlock = 1 << 20;
const client::CreateOptions kThreeReplicas{.replication = 3, .block_size = kBlock};

class DatanodeFailure : public ::testing::TestWithParam<ClusterKind> {
 protected:
  void Start(const ClusterOptions& options) {
    ASSERT_OK_AND_ASSIGN(cluster_, NewCluster(GetParam(), options));
    ASSERT_OK(cluster_->StartAll());
    ASSERT_OK_AND_ASSIGN(client_, cluster_->NewClient());
  }

  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<client::DfsClient> client_;
};

TEST_P(DatanodeFailure, LostReplicasAreReplacedAndExcessIsTrimmedOnReturn) {
  Start({.datanodes = 4});
  Verifier verifier(*cluster_);
  for (int i = 0; i < 4; ++i) {
    ASSERT_OK(verifier.WriteFile(*client_, "/f" + std::to_string(i), i, 3 * kBlock + 17 * i,
                                 kThreeReplicas));
  }
  ASSERT_OK(cluster_->KillDatanode(1));
  ASSERT_OK(verifier.CheckContents(*client_));  // at once, from the other replicas
  ASSERT_OK(cluster_->WaitReady(3));
  ASSERT_OK(verifier.CheckReplication(*client_));
  ASSERT_OK(cluster_->StartDatanode(1));
  ASSERT_OK(cluster_->WaitReady(4));
  ASSERT_OK(verifier.CheckAll(*client_));
}

TEST_P(DatanodeFailure, AllRestartedAtOnceServeWhatTheyHeld) {
  Start({.datanodes = 3, .volumes_per_datanode = 2});
  Verifier verifier(*cluster_);
  ASSERT_OK(verifier.WriteFile(*client_, "/dir/a", 1, 5 * kBlock, kThreeReplicas));
  ASSERT_OK(verifier.WriteFile(*client_, "/dir/b", 2, 100, kThreeReplicas));
  for (int i = 0; i < 3; ++i) ASSERT_OK(cluster_->KillDatanode(i));
  for (int i = 0; i < 3; ++i) ASSERT_OK(cluster_->StartDatanode(i));
  ASSERT_OK(cluster_->WaitReady(3));
  ASSERT_OK(verifier.CheckAll(*client_));
}

TEST_P(DatanodeFailure, AWriteGoesOnWhenAPipelineNodeIsKilled) {
  Start({.datanodes = 5});  // after hflush HDFS insists on replacements
  Verifier verifier(*cluster_);
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<client::OutputStream> out,
                       client_->Create("/big", {.replication = 3, .block_size = 64 * kBlock}));
  const int64_t length = 24 * kBlock;
  for (int64_t done = 0; done < length; done += kBlock) {
    if (done == 8 * kBlock) ASSERT_OK(out->Hflush());
    if (done == 8 * kBlock) ASSERT_OK(cluster_->KillDatanode(2));
    if (done == 16 * kBlock) ASSERT_OK(cluster_->KillDatanode(0));
    ASSERT_OK(out->Write(PatternBytes(7, done, kBlock)));
  }
  ASSERT_OK(out->Close());
  verifier.Expect("/big", 7, length, 3);
  ASSERT_OK(verifier.CheckContents(*client_));
  ASSERT_OK(cluster_->StartDatanode(0));
  ASSERT_OK(cluster_->StartDatanode(2));
  ASSERT_OK(cluster_->WaitReady(5));
  ASSERT_OK(verifier.CheckAll(*client_));
}

TEST_P(DatanodeFailure, LoweredAndRaisedReplicationConverges) {
  Start({.datanodes = 3});
  Verifier verifier(*cluster_);
  ASSERT_OK(verifier.WriteFile(*client_, "/f", 3, 2 * kBlock, kThreeReplicas));
  ASSERT_OK_AND_ASSIGN(bool changed, client_->SetReplication("/f", 1));
  EXPECT_TRUE(changed);
  verifier.Expect("/f", 3, 2 * kBlock, 1);
  ASSERT_OK(verifier.CheckAll(*client_));
  ASSERT_OK_AND_ASSIGN(changed, client_->SetReplication("/f", 2));
  verifier.Expect("/f", 3, 2 * kBlock, 2);
  ASSERT_OK(verifier.CheckAll(*client_));
}

TEST_P(DatanodeFailure, DeletedFilesLeaveTheDisks) {
  Start({.datanodes = 3});
  Verifier verifier(*cluster_);
  ASSERT_OK(verifier.WriteFile(*client_, "/keep", 1, kBlock, kThreeReplicas));
  ASSERT_OK(verifier.WriteFile(*client_, "/gone/a", 2, 3 * kBlock, kThreeReplicas));
  ASSERT_OK(cluster_->KillDatanode(0));  // it will come back with blocks that no longer exist
  ASSERT_OK_AND_ASSIGN(const bool deleted, client_->Delete("/gone", /*recursive=*/true));
  EXPECT_TRUE(deleted);
  verifier.Forget("/gone");
  ASSERT_OK(cluster_->StartDatanode(0));
  ASSERT_OK(cluster_->WaitReady(3));
  ASSERT_OK(verifier.CheckAll(*client_));
}

TEST_P(DatanodeFailure, ReplicasSpreadOverRacks) {
  Start({.datanodes = 4, .racks = {"/r1", "/r2"}});
  Verifier verifier(*cluster_);
  ASSERT_OK(verifier.WriteFile(*client_, "/f", 1, 4 * kBlock, kThreeReplicas));
  LocatedBlocks located;
  // A file is closed when one replica of each block has been reported; the others follow.
  ASSERT_OK(WaitFor("three places of each block", 30, [&] {
    auto answer = client_->GetBlockLocations("/f", 0, 4 * kBlock);
    if (!answer.ok()) return false;
    located = *std::move(answer);
    return std::ranges::all_of(
        located.blocks, [](const LocatedBlock& block) { return block.locations.size() == 3; });
  }));
  for (const LocatedBlock& block : located.blocks) {
    std::set<std::string> racks;
    for (const ReplicaLocation& place : block.locations)
      racks.insert(place.datanode.network_location);
    EXPECT_EQ(racks.size(), 2u) << block.block.ToString();
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, DatanodeFailure, ::testing::ValuesIn(ClusterKinds()),
                         [](const auto& info) { return ToString(info.param); });

}  // namespace
}  // namespace cairn::testing
