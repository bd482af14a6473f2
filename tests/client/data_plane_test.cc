// The client's streams against real data ports and block stores: both ends of DataTransferProtocol
// must mean the same by it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "client/base/client_context.h"
#include "client/dfs_client.h"
#include "client/testing/fake_cluster.h"
#include "datanode/transfer/testing/transfer_node.h"

namespace cairn {
namespace {

using client::CreateOptions;
using client::DfsClient;
using client::FakeNamenode;
using client::ReplaceDatanodePolicy;
using client::TestData;
using datanode::TransferNode;

// Data ports and a client whose NameNode knows them.
class DataPlane : public testing::Test {
 protected:
  void Start(size_t nodes) {
    std::vector<ReplicaLocation> locations;
    for (size_t i = 0; i < nodes; ++i) {
      nodes_.push_back(std::make_unique<TransferNode>());
      ReplicaLocation location;
      location.datanode = nodes_.back()->info();
      location.datanode.network_location = "/default-rack";
      locations.push_back(location);
    }
    namenode_ = std::make_unique<FakeNamenode>(locations, datanode::kTestPool);
    options_.block_size = 1 << 20;
    options_.socket_timeout_ms = 10'000;
    client_ = DfsClient::WithStub(options_, client::MakeStub(*namenode_),
                                  client::ClientEnvironment::Real())
                  .value();
  }

  void TearDown() override { client_.reset(); }

  absl::Status Put(const std::string& path, const std::string& data,
                   const CreateOptions& create = {}) {
    auto out = client_->Create(path, create);
    if (!out.ok()) return out.status();
    if (absl::Status written = (*out)->Write(data); !written.ok()) return written;
    return (*out)->Close();
  }
  absl::StatusOr<std::string> Get(const std::string& path) {
    auto in = client_->Open(path);
    if (!in.ok()) return in.status();
    return (*in)->ReadAll();
  }

  // Every block of the file has a finalized replica of its length on node `index`.
  void ExpectFinalizedOn(const std::string& path, size_t index) {
    for (const LocatedBlock& block : namenode_->BlocksOf(path)) {
      const auto replica = nodes_[index]->store().Get(block.block.block.id);
      ASSERT_TRUE(replica.ok()) << replica.status();
      EXPECT_EQ(replica->state, ReplicaState::kFinalized);
      EXPECT_EQ(replica->block.generation_stamp, block.block.block.generation_stamp);
      EXPECT_EQ(replica->block.num_bytes, block.block.block.num_bytes);
    }
  }

  client::ClientOptions options_;
  std::vector<std::unique_ptr<TransferNode>> nodes_;
  std::unique_ptr<FakeNamenode> namenode_;
  std::unique_ptr<DfsClient> client_;
};

TEST_F(DataPlane, FilesOfManySizesComeBackAsWritten) {
  Start(3);
  for (const size_t size :
       {0, 1, 511, 512, 513, 64'512, 64'513, 1 << 20, (1 << 20) + 1, 2'600'000}) {
    const std::string path = fmt::format("/f{}", size);
    const std::string data = TestData(size, size);
    const absl::Status put = Put(path, data);
    ASSERT_TRUE(put.ok()) << size << ": " << put;
    const auto got = Get(path);
    ASSERT_TRUE(got.ok()) << size << ": " << got.status();
    EXPECT_TRUE(*got == data) << size;
    for (size_t i = 0; i < 3; ++i) ExpectFinalizedOn(path, i);
  }
}

TEST_F(DataPlane, PositionalReadsInParallelShareTheNodes) {
  Start(2);
  const std::string data = TestData(2'500'000);
  ASSERT_TRUE(Put("/f", data).ok());
  auto in = client_->Open("/f").value();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const int64_t offset = (t * 611'953 + i * 100'003) % 2'400'000;
        const auto got = in->ReadAt(offset, static_cast<size_t>(70'000 + i));
        if (!got.ok() || *got != data.substr(static_cast<size_t>(offset), 70'000 + i)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(DataPlane, FlushedBytesAreReadableWhileTheFileIsWritten) {
  Start(3);
  const std::string data = TestData(300'000);
  auto out = client_->Create("/f").value();
  size_t at = 0;
  for (const size_t n : {1, 511, 1, 700, 100'000, 13, 65'536, 3}) {
    ASSERT_TRUE(out->Write(std::string_view(data).substr(at, n)).ok());
    at += n;
    const absl::Status flushed = n % 2 == 0 ? out->Hflush() : out->Hsync();
    ASSERT_TRUE(flushed.ok()) << flushed;
    if (n % 2 == 0) continue;  // only hsync tells the NameNode the length
    const auto got = Get("/f");
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_TRUE(*got == data.substr(0, at)) << at;
  }
  ASSERT_TRUE(out->Write(std::string_view(data).substr(at)).ok());
  const absl::Status closed = out->Close();
  ASSERT_TRUE(closed.ok()) << closed;
  EXPECT_TRUE(Get("/f").value() == data);
}

TEST_F(DataPlane, AnAppendGoesOnWithinAChunk) {
  Start(2);
  const std::string data = TestData(200'000);
  ASSERT_TRUE(Put("/f", data.substr(0, 70'001)).ok());
  size_t at = 70'001;
  for (const size_t n : {5, 100, 60'000}) {
    auto out = client_->Append("/f");
    ASSERT_TRUE(out.ok()) << out.status();
    ASSERT_TRUE((*out)->Write(std::string_view(data).substr(at, n)).ok());
    const absl::Status closed = (*out)->Close();
    ASSERT_TRUE(closed.ok()) << closed;
    at += n;
    EXPECT_TRUE(Get("/f").value() == data.substr(0, at)) << at;
  }
  for (size_t i = 0; i < 2; ++i) ExpectFinalizedOn("/f", i);
}

TEST_F(DataPlane, ADamagedReplicaIsPassedOverAndReported) {
  Start(2);
  const std::string data = TestData(200'000);
  ASSERT_TRUE(Put("/f", data).ok());
  const BlockId block = namenode_->BlocksOf("/f").at(0).block.block.id;
  nodes_[0]->DamageData(block, 100'000);
  EXPECT_TRUE(Get("/f").value() == data);
  const auto reported = namenode_->bad_blocks_reported();
  ASSERT_EQ(reported.size(), 1u);
  EXPECT_EQ(reported[0].locations.at(0).datanode.id.uuid, nodes_[0]->info().id.uuid);
}

TEST_F(DataPlane, TheChecksumOfAFileIsThatOfItsChunkCrcs) {
  Start(2);
  const std::string data = TestData(1'500'000);
  ASSERT_TRUE(Put("/f", data).ok());
  ASSERT_TRUE(Put("/g", data).ok());
  const auto sum = client_->GetFileChecksum("/f");
  ASSERT_TRUE(sum.ok()) << sum.status();
  EXPECT_EQ(sum->algorithm, "MD5-of-2048MD5-of-512CRC32C");
  EXPECT_EQ(*sum, *client_->GetFileChecksum("/g"));
}

TEST_F(DataPlane, ALostNodeIsReplacedWithACopy) {
  options_.replace_datanode_policy = ReplaceDatanodePolicy::kAlways;
  Start(4);
  const std::string data = TestData(900'000);
  auto out = client_->Create("/f").value();
  ASSERT_TRUE(out->Write(std::string_view(data).substr(0, 300'001)).ok());
  ASSERT_TRUE(out->Hflush().ok());
  nodes_[1]->StopServer();
  ASSERT_TRUE(out->Write(std::string_view(data).substr(300'001)).ok());
  const absl::Status closed = out->Close();
  ASSERT_TRUE(closed.ok()) << closed;
  EXPECT_EQ(namenode_->CallsOf("getAdditionalDatanode").size(), 1u);
  EXPECT_TRUE(Get("/f").value() == data);
  for (const size_t i : {0, 2, 3}) ExpectFinalizedOn("/f", i);
}

// Each node of the pipeline stops in turn while the writer goes on.
class NodeStops : public DataPlane, public testing::WithParamInterface<size_t> {};

TEST_P(NodeStops, InTheMiddleOfAWriteLosesNothing) {
  options_.replace_datanode_best_effort = true;  // there is no fourth node
  Start(3);
  const std::string data = TestData(3'000'000);
  auto out = client_->Create("/f").value();
  std::thread stopper;
  for (size_t at = 0; at < data.size(); at += 50'000) {
    if (at == 400'000) {
      ASSERT_TRUE(out->Hflush().ok());
      stopper = std::thread([&] { nodes_[GetParam()]->StopServer(); });
    }
    const absl::Status written = out->Write(std::string_view(data).substr(at, 50'000));
    ASSERT_TRUE(written.ok()) << written;
  }
  const absl::Status closed = out->Close();
  stopper.join();
  ASSERT_TRUE(closed.ok()) << closed;
  EXPECT_EQ(namenode_->pipeline_updates().size(), 1u);
  EXPECT_TRUE(Get("/f").value() == data);
  for (size_t i = 0; i < 3; ++i) {
    if (i != GetParam()) ExpectFinalizedOn("/f", i);
  }
}

INSTANTIATE_TEST_SUITE_P(Pipeline, NodeStops, testing::Values(0, 1, 2));

}  // namespace
}  // namespace cairn
