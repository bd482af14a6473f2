// The client's streams against real data ports and block stores: both ends of DataTransferProtocol
// must mean the same by it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/client/data_plane_fixture.h"

namespace cairn {
namespace {

using client::ReplaceDatanodePolicy;
using client::TestData;

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

TEST_F(DataPlane, AnAppendGoesOnBehindAFullBlockAndInAnEmptyFile) {
  Start(2);
  const std::string data = TestData((1 << 20) + 10);
  size_t at = 0;
  ASSERT_TRUE(Put("/f", "").ok());
  for (const size_t n : {1 << 20, 10}) {
    auto out = client_->Append("/f").value();
    ASSERT_TRUE(out->Write(std::string_view(data).substr(at, n)).ok());
    ASSERT_TRUE(out->Close().ok());
    at += n;
    EXPECT_TRUE(Get("/f").value() == data.substr(0, at)) << at;
  }
  EXPECT_EQ(namenode_->BlocksOf("/f").size(), 2u);
  EXPECT_TRUE(namenode_->pipeline_updates().empty()) << "no block was reopened";
}

TEST_F(DataPlane, FlushesWithinAnAppendedChunkKeepEveryByte) {
  Start(3);
  const std::string data = TestData(5000);
  ASSERT_TRUE(Put("/f", data.substr(0, 700)).ok());
  auto out = client_->Append("/f").value();
  size_t at = 700;
  for (const size_t n : {1, 2, 300, 21, 1, 511, 513, 1024, 7}) {
    ASSERT_TRUE(out->Write(std::string_view(data).substr(at, n)).ok());
    at += n;
    ASSERT_TRUE((n % 2 == 0 ? out->Hsync() : out->Hflush()).ok());
    EXPECT_TRUE(Get("/f").value() == data.substr(0, at)) << at;
  }
  ASSERT_TRUE(out->Close().ok());
  for (size_t i = 0; i < 3; ++i) ExpectFinalizedOn("/f", i);
}

// A DataNode of the file is gone when it is appended to.
class AppendWithout : public DataPlane, public testing::WithParamInterface<size_t> {};

TEST_P(AppendWithout, ANodeFillsAReplacementFromTheFinishedReplicas) {
  Start(4);
  const std::string data = TestData(200'000);
  ASSERT_TRUE(Put("/f", data.substr(0, 70'001)).ok());
  Stop(GetParam());
  auto out = client_->Append("/f").value();
  ASSERT_TRUE(out->Write(std::string_view(data).substr(70'001)).ok());
  const absl::Status closed = out->Close();
  ASSERT_TRUE(closed.ok()) << closed;
  EXPECT_EQ(namenode_->CallsOf("getAdditionalDatanode").size(), 1u);
  EXPECT_TRUE(Get("/f").value() == data);
  for (size_t i = 0; i < 4; ++i) {
    if (i != GetParam()) ExpectFinalizedOn("/f", i);
  }
}

INSTANTIATE_TEST_SUITE_P(Pipeline, AppendWithout, testing::Values(0, 1, 2));

TEST_F(DataPlane, ANewBlockWhoseSetUpLostANodeIsCreatedAnewByTheOthers) {
  options_.replace_datanode_min_replication = 2;
  Start(3);
  Stop(1);
  const std::string data = TestData(100'000);
  const absl::Status put = Put("/f", data);
  ASSERT_TRUE(put.ok()) << put;
  EXPECT_TRUE(namenode_->CallsOf("abandonBlock").empty());
  EXPECT_TRUE(Get("/f").value() == data);
  for (const size_t i : {0, 2}) ExpectFinalizedOn("/f", i);
}

TEST_F(DataPlane, ABlockMayEndEarly) {
  Start(2);
  const std::string data = TestData(10'000);
  auto out = client_->Create("/f", {.sync_block = true}).value();
  ASSERT_TRUE(out->Write(std::string_view(data).substr(0, 3000)).ok());
  ASSERT_TRUE(out->Hsync({.update_length = true, .end_block = true}).ok());
  ASSERT_TRUE(out->Write(std::string_view(data).substr(3000)).ok());
  ASSERT_TRUE(out->Close().ok());
  EXPECT_EQ(namenode_->BlocksOf("/f").size(), 2u);
  EXPECT_TRUE(Get("/f").value() == data);
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
  Stop(1);
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
      stopper = std::thread([&] { Stop(GetParam()); });
    }
    // The block must not end first: then the failure is that of setting the next one up.
    if (at == 900'000) stopper.join();
    const absl::Status written = out->Write(std::string_view(data).substr(at, 50'000));
    ASSERT_TRUE(written.ok()) << written;
  }
  const absl::Status closed = out->Close();
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
