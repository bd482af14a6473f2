// A writer that dies leaves a file open: its last block is recovered by the DataNodes among
// themselves, over their Hadoop RPC ports, and the file is closed with every acknowledged byte.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

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

  // The files of replicas that the DataNode has not finished.
  std::vector<std::string> Unfinished(int datanode) {
    std::vector<std::string> paths;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(cluster_->volume(datanode, 0))) {
      if (entry.path().parent_path().filename() == "rbw") paths.push_back(entry.path());
    }
    EXPECT_FALSE(paths.empty());
    return paths;
  }
  // Whether a log has a line with `text`.
  bool NamenodeSays(const std::string& text) {
    for (const auto& entry : std::filesystem::directory_iterator(cluster_->logs())) {
      std::ifstream log(entry.path());
      for (std::string line; std::getline(log, line);) {
        if (line.find(text) != std::string::npos) return true;
      }
    }
    return false;
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

// All processes of the pipeline died and one disk lost bytes as well: the block was cut to what was
// left there.
TEST_P(LeaseRecovery, ADiskThatLostBytesDoesNotCostTheOthersTheirs) {
  Start();
  ASSERT_NO_FATAL_FAILURE(WriteAndDie());
  for (int i = 0; i < 3; ++i) ASSERT_OK(cluster_->KillDatanode(i));
  for (const std::string& path : Unfinished(1)) {
    if (!path.ends_with(".meta")) std::filesystem::resize_file(path, 1'000);
  }
  for (int i = 0; i < 3; ++i) ASSERT_OK(cluster_->StartDatanode(i));
  ASSERT_OK(cluster_->WaitReady(3));
  ASSERT_NO_FATAL_FAILURE(Recover());
  Verifier verifier(*cluster_);
  verifier.Expect("/f", kSeed, kLength, 3);
  ASSERT_OK(verifier.CheckAll(*client_));
}

// Such a file stayed open for ever.
TEST_P(LeaseRecovery, ABlockThatIsOnNoDiskAnyMoreIsGivenUpWhenAllHaveReported) {
  Start();
  ASSERT_NO_FATAL_FAILURE(WriteAndDie());
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(cluster_->KillDatanode(i));
    for (const std::string& path : Unfinished(i)) std::filesystem::remove(path);
  }
  ASSERT_OK(cluster_->KillNamenode());
  ASSERT_OK(cluster_->StartNamenode());
  for (int i = 0; i < 3; ++i) ASSERT_OK(cluster_->StartDatanode(i));
  ASSERT_OK(cluster_->WaitReady(3));
  ASSERT_NO_FATAL_FAILURE(Recover());
  Verifier verifier(*cluster_);
  verifier.Expect("/f", kSeed, kBlock, 3);
  ASSERT_OK(verifier.CheckAll(*client_));
}

// The DataNodes that were there did not have the flushed bytes, and the others were thought dead.
TEST_P(LeaseRecovery, BytesThatADeadDatanodeMayHaveAreWaitedFor) {
  if (GetParam() == ClusterKind::kInProcess) GTEST_SKIP() << "its NameNode has no log of its own";
  Start();
  ASSERT_NO_FATAL_FAILURE(WriteAndDie());
  for (int i = 0; i < 3; ++i) ASSERT_OK(cluster_->KillDatanode(i));
  for (const std::string& path : Unfinished(0)) std::filesystem::remove(path);
  ASSERT_OK(cluster_->KillNamenode());
  ASSERT_OK(cluster_->StartNamenode());
  ASSERT_OK(cluster_->StartDatanode(0));
  ASSERT_OK(WaitFor("the recovery to wait", 60, [&] {
    return client_->RecoverLease("/f").ok() && NamenodeSays(" waits for DataNode ");
  }));
  EXPECT_FALSE(*client_->IsFileClosed("/f"));
  ASSERT_OK(cluster_->StartDatanode(2));
  ASSERT_NO_FATAL_FAILURE(Recover());
  Verifier verifier(*cluster_);
  verifier.Expect("/f", kSeed, kLength, 3);
  ASSERT_OK(verifier.CheckContents(*client_));
}

INSTANTIATE_TEST_SUITE_P(Kinds, LeaseRecovery, ::testing::ValuesIn(ClusterKinds()),
                         [](const auto& info) { return ToString(info.param); });

}  // namespace
}  // namespace cairn::testing
