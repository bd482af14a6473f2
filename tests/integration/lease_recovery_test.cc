// A writer that dies leaves a file open: its last block is recovered by the DataNodes among
// themselves, over their Hadoop RPC ports, and the file is closed with every acknowledged byte.
#include <gtest/gtest.h>

#include "tests/cluster/cluster.h"
#include "tests/cluster/status_matchers.h"
#include "tests/cluster/verifier.h"

namespace cairn::testing {
namespace {

constexpr int64_t kBlock = 1 << 20;
constexpr uint64_t kSeed = 11;

class LeaseRecovery : public ::testing::TestWithParam<ClusterKind> {
 protected:
  void Start() {
    ASSERT_OK_AND_ASSIGN(cluster_, NewCluster(GetParam(), {.datanodes = 3}));
    ASSERT_OK(cluster_->StartAll());
    ASSERT_OK_AND_ASSIGN(client_, cluster_->NewClient());
  }
  // Writes and flushes, and is gone.
  void WriteAndDie() {
    ASSERT_OK_AND_ASSIGN(const auto writer, cluster_->NewClient());
    ASSERT_OK_AND_ASSIGN(const auto out,
                         writer->Create("/f", {.replication = 3, .block_size = kBlock}));
    ASSERT_OK(out->Write(PatternBytes(kSeed, 0, kLength)));
    ASSERT_OK(out->Hflush());
  }
  void Recover() {
    ASSERT_OK(WaitFor("the lease to be recovered", 60, [&] {
      const auto closed = client_->RecoverLease("/f");
      return closed.ok() && *closed;
    }));
  }

  static constexpr int64_t kLength = kBlock + 70'001;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<client::DfsClient> client_;
};

TEST_P(LeaseRecovery, ClosesTheFileWithAllItsReplicas) {
  Start();
  ASSERT_NO_FATAL_FAILURE(WriteAndDie());
  ASSERT_NO_FATAL_FAILURE(Recover());
  Verifier verifier(*cluster_);
  verifier.Expect("/f", kSeed, kLength, 3);
  ASSERT_OK(verifier.CheckAll(*client_));
}

TEST_P(LeaseRecovery, GoesOnWithoutADatanodeThatDied) {
  Start();
  ASSERT_NO_FATAL_FAILURE(WriteAndDie());
  ASSERT_OK(cluster_->KillDatanode(1));
  ASSERT_OK(cluster_->WaitReady(2));
  ASSERT_NO_FATAL_FAILURE(Recover());
  Verifier verifier(*cluster_);
  verifier.Expect("/f", kSeed, kLength, 3);
  ASSERT_OK(verifier.CheckContents(*client_));
  // Its replica, of before the recovery, is replaced when it comes back.
  ASSERT_OK(cluster_->StartDatanode(1));
  ASSERT_OK(cluster_->WaitReady(3));
  ASSERT_OK(verifier.CheckAll(*client_));
}

INSTANTIATE_TEST_SUITE_P(Kinds, LeaseRecovery, ::testing::ValuesIn(ClusterKinds()),
                         [](const auto& info) { return ToString(info.param); });

}  // namespace
}  // namespace cairn::testing
