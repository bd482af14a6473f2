// Files that are appended to, truncated, joined, and followed by readers, on a whole cluster whose
// DataNodes are killed: nothing acknowledged is lost, replica counts converge, nothing leaks.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/cluster/cluster.h"
#include "tests/cluster/status_matchers.h"
#include "tests/cluster/tailing.h"
#include "tests/cluster/verifier.h"

namespace cairn::testing {
namespace {

constexpr int64_t kBlock = 1 << 20;
constexpr uint64_t kSeed = 7;
const client::CreateOptions kThreeReplicas{.replication = 3, .block_size = kBlock};

class OpenFile : public ::testing::TestWithParam<ClusterKind> {
 protected:
  void Start(int datanodes) {
    ASSERT_OK_AND_ASSIGN(cluster_, NewCluster(GetParam(), {.datanodes = datanodes}));
    ASSERT_OK(cluster_->StartAll());
    ASSERT_OK_AND_ASSIGN(client_, cluster_->NewClient());
    verifier_ = std::make_unique<Verifier>(*cluster_);
  }
  // Appends `n` pattern bytes to /f, whose length is `length_`.
  void Append(int64_t n, const client::AppendOptions& options = {}) {
    ASSERT_OK_AND_ASSIGN(const auto out, client_->Append("/f", options));
    ASSERT_EQ(out->Tell(), length_);
    ASSERT_OK(out->Write(PatternBytes(kSeed, length_, static_cast<size_t>(n))));
    ASSERT_OK(out->Close());
    length_ += n;
    verifier_->Expect("/f", kSeed, length_, 3);
    ASSERT_OK(verifier_->CheckContents(*client_));
  }
  void Write(int64_t n) {
    ASSERT_OK(verifier_->WriteFile(*client_, "/f", kSeed, n, kThreeReplicas));
    length_ = n;
  }
  void Truncate(int64_t length) {
    ASSERT_OK(client_->Truncate("/f", length));
    ASSERT_OK(WaitFor("the truncation", 30, [&] {
      const auto closed = client_->IsFileClosed("/f");
      return closed.ok() && *closed;
    }));
    length_ = length;
    verifier_->Expect("/f", kSeed, length_, 3);
    ASSERT_OK(verifier_->CheckContents(*client_));
  }
  // The index of the DataNode that is first in the last block's locations.
  int FirstOfLastBlock() {
    const auto located = client_->GetBlockLocations("/f", 0, length_);
    if (!located.ok() || located->last_block.empty()) return -1;
    const std::string name = located->last_block[0].locations.at(0).datanode.id.host_name;
    return std::stoi(name.substr(2));  // "dn3"
  }

  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<client::DfsClient> client_;
  std::unique_ptr<Verifier> verifier_;
  int64_t length_ = 0;
};

TEST_P(OpenFile, AppendsOfManySizesKeepEveryByte) {
  Start(3);
  Write(0);
  for (const int64_t n : {1, 510, 1, 700, 70'000, 3}) ASSERT_NO_FATAL_FAILURE(Append(n));
  ASSERT_NO_FATAL_FAILURE(Append(kBlock - length_));  // exactly full
  for (const int64_t n : {5L, 2 * kBlock, 13L}) ASSERT_NO_FATAL_FAILURE(Append(n));
  ASSERT_NO_FATAL_FAILURE(Append(100, {.new_block = true}));
  ASSERT_OK(verifier_->CheckAll(*client_));
}

TEST_P(OpenFile, AnAppendGoesOnWithoutADatanode) {
  Start(4);
  Write(kBlock + 70'001);
  const int gone = FirstOfLastBlock();
  ASSERT_GE(gone, 0);
  ASSERT_OK(cluster_->KillDatanode(gone));
  ASSERT_NO_FATAL_FAILURE(Append(100'000));
  ASSERT_OK(cluster_->StartDatanode(gone));
  ASSERT_OK(cluster_->WaitReady(4));
  ASSERT_NO_FATAL_FAILURE(Append(100));
  ASSERT_OK(verifier_->CheckAll(*client_));  // its older replica is gone
}

TEST_P(OpenFile, ATruncatedFileIsWrittenOn) {
  Start(3);
  Write(3 * kBlock);
  ASSERT_NO_FATAL_FAILURE(Truncate(2 * kBlock));
  ASSERT_NO_FATAL_FAILURE(Append(1000));
  ASSERT_NO_FATAL_FAILURE(Truncate(kBlock + 777));
  ASSERT_NO_FATAL_FAILURE(Append(2000));
  ASSERT_NO_FATAL_FAILURE(Truncate(0));
  ASSERT_NO_FATAL_FAILURE(Append(10));
  ASSERT_OK(verifier_->CheckAll(*client_));
}

// The joined blocks, short ones between full ones, get the target's replicas.
TEST_P(OpenFile, JoinedFilesAreOneFile) {
  Start(3);
  Write(kBlock + 1000);
  std::vector<std::string> parts;
  for (const int64_t n : {700L, 2 * kBlock + 1, kBlock}) {
    parts.push_back(fmt::format("/part{}", parts.size()));
    ASSERT_OK_AND_ASSIGN(const auto out,
                         client_->Create(parts.back(), {.replication = 1, .block_size = kBlock}));
    ASSERT_OK(out->Write(PatternBytes(kSeed, length_, static_cast<size_t>(n))));
    ASSERT_OK(out->Close());
    length_ += n;
  }
  ASSERT_OK(client_->Concat("/f", parts));
  ASSERT_NO_FATAL_FAILURE(Append(2000));
  ASSERT_OK(verifier_->CheckAll(*client_));
  for (const std::string& part : parts) {
    ASSERT_OK_AND_ASSIGN(const bool exists, client_->Exists(part));
    EXPECT_FALSE(exists) << part;
  }
  ASSERT_NO_FATAL_FAILURE(Truncate(kBlock + 1500));
  ASSERT_OK(verifier_->CheckAll(*client_));
}

TEST_P(OpenFile, IsListedUntilItIsClosed) {
  Start(1);
  ASSERT_OK_AND_ASSIGN(const auto out, client_->Create("/d/open", {.replication = 1}));
  ASSERT_OK(out->Write("some"));
  ASSERT_OK(out->Hflush());
  ASSERT_OK_AND_ASSIGN(const OpenFilesPage open, client_->ListOpenFiles("/d"));
  ASSERT_EQ(open.files.size(), 1u);
  EXPECT_EQ(open.files[0].path, "/d/open");
  EXPECT_EQ(open.files[0].client_name, client_->client_name());
  EXPECT_FALSE(open.has_more);
  ASSERT_OK(out->Close());
  ASSERT_OK_AND_ASSIGN(const OpenFilesPage closed, client_->ListOpenFiles());
  EXPECT_TRUE(closed.files.empty());
}

TEST_P(OpenFile, IsListedAsCorruptOnceItsBlocksAreGone) {
  Start(1);
  ASSERT_OK(verifier_->WriteFile(*client_, "/d/f", kSeed, kBlock + 1,
                                 {.replication = 1, .block_size = kBlock}));
  ASSERT_OK_AND_ASSIGN(const CorruptFilesPage none, client_->ListCorruptFiles());
  EXPECT_TRUE(none.paths.empty());
  ASSERT_OK(cluster_->KillDatanode(0));
  ASSERT_OK(WaitFor("the blocks to be missing", 60, [&] {
    const auto page = client_->ListCorruptFiles("/d");
    return page.ok() && page->paths == std::vector<std::string>{"/d/f", "/d/f"};
  }));
}

TEST_P(OpenFile, IsFollowedByReadersWhileDatanodesAreKilled) {
  Start(5);
  ASSERT_OK_AND_ASSIGN(const auto reader, cluster_->NewClient());
  Tailing tailing(*client_, *reader,
                  {.files = 3, .readers = 1, .seed = kSeed, .create = kThreeReplicas});
  EXPECT_OK(tailing.Run([&] {
    tailing.AwaitFlushes(20);
    EXPECT_OK(cluster_->KillDatanode(1));
    tailing.AwaitFlushes(tailing.flushes() + 20);
    EXPECT_OK(cluster_->KillDatanode(3));
  }));
}

INSTANTIATE_TEST_SUITE_P(Kinds, OpenFile, ::testing::ValuesIn(ClusterKinds()),
                         [](const auto& info) { return ToString(info.param); });

}  // namespace
}  // namespace cairn::testing
