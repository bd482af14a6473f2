// Reading: failover between replicas, checksums, positions, files being written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "client/testing/fake_cluster.h"
#include "common/types/errors.h"

namespace cairn::client {
namespace {

using testing::HasSubstr;

std::string Text(const absl::Status& status) { return std::string(status.message()); }

size_t ReadsOf(const FakeDatanode& node) {
  size_t reads = 0;
  for (const wire::Op& op : node.ops()) reads += std::holds_alternative<wire::ReadBlockOp>(op);
  return reads;
}

TEST(InputStream, ReadsWhatWasWrittenOverSeveralBlocks) {
  FakeCluster cluster(3);
  const std::string data = TestData(200'001);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  const auto read = cluster.Get("/f");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, data);
}

TEST(InputStream, AnEmptyFileEndsAtOnce) {
  FakeCluster cluster(1);
  ASSERT_TRUE(cluster.Put("/f", "").ok());
  auto in = cluster.client().Open("/f");
  char byte = 0;
  EXPECT_EQ((*in)->Read(&byte, 1).value(), 0u);
  EXPECT_EQ((*in)->Length(), 0);
}

TEST(InputStream, AMissingFileIsNamed) {
  FakeCluster cluster(1);
  const auto in = cluster.client().Open("/none");
  EXPECT_TRUE(Is(in.status(), ErrorKind::kFileNotFound));
}

TEST(InputStream, SeeksForwardsAndBackwards) {
  FakeCluster cluster(2);
  const std::string data = TestData(200'000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  auto in = cluster.client().Open("/f").value();
  for (const int64_t offset : {0, 100, 5000, 4999, 65'535, 65'536, 199'999, 1}) {
    ASSERT_TRUE(in->Seek(offset).ok());
    EXPECT_EQ(in->Tell(), offset);
    char byte = 0;
    ASSERT_EQ(in->Read(&byte, 1).value(), 1u) << offset;
    EXPECT_EQ(byte, data[static_cast<size_t>(offset)]) << offset;
  }
  EXPECT_TRUE(in->Seek(200'000).ok());
  EXPECT_FALSE(in->Seek(200'001).ok());
  EXPECT_FALSE(in->Seek(-1).ok());
}

TEST(InputStream, PositionalReadsCrossBlocksAndStopAtTheEnd) {
  FakeCluster cluster(2);
  const std::string data = TestData(200'000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  auto in = cluster.client().Open("/f").value();
  EXPECT_EQ(in->ReadAt(65'000, 70'000).value(), data.substr(65'000, 70'000));
  EXPECT_EQ(in->ReadAt(199'990, 100).value(), data.substr(199'990));
  EXPECT_EQ(in->ReadAt(200'000, 100).value(), "");
  EXPECT_EQ(in->Tell(), 0);
  char byte = 0;
  EXPECT_FALSE(in->ReadAt(-1, &byte, 1).ok());
}

TEST(InputStream, PositionalReadsRunInParallel) {
  FakeCluster cluster(3);
  const std::string data = TestData(300'000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  auto in = cluster.client().Open("/f").value();
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const int64_t offset = (t * 7919 + i * 14'983) % 290'000;
        const auto got = in->ReadAt(offset, 9000);
        if (!got.ok() || *got != data.substr(static_cast<size_t>(offset), 9000)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(InputStream, ConnectionsAreUsedAgain) {
  FakeCluster cluster(1);
  CreateOptions one;
  one.replication = 1;
  ASSERT_TRUE(cluster.Put("/f", TestData(10'000), one).ok());
  const int before = cluster.dn(0).connections_accepted();
  auto in = cluster.client().Open("/f").value();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(in->ReadAt(i * 1000, 100).ok());
  EXPECT_EQ(cluster.dn(0).connections_accepted(), before + 1);
}

TEST(InputStream, ADeadDatanodeIsPassedOver) {
  FakeCluster cluster(3);
  const std::string data = TestData(100'000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  cluster.dn(0).Kill();
  const auto read = cluster.Get("/f");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, data);
  EXPECT_TRUE(cluster.sleeps().empty()) << "another replica is asked at once";
}

TEST(InputStream, ADatanodeThatDiesInTheMiddleIsReplacedWithoutLosingAByte) {
  FakeCluster cluster(2);
  const std::string data = TestData(60'000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  DatanodeFaults faults;
  faults.close_reads_after_packets = 3;
  cluster.dn(0).SetFaults(faults);
  const auto read = cluster.Get("/f");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, data);
  EXPECT_EQ(ReadsOf(cluster.dn(1)), 1u);
}

TEST(InputStream, WrongBytesAreNeverReturnedAndAreReported) {
  FakeCluster cluster(3);
  const std::string data = TestData(50'000);
  ASSERT_TRUE(cluster.Put("/f", data).ok());
  DatanodeFaults faults;
  faults.corrupt_reads = true;
  cluster.dn(0).SetFaults(faults);
  auto in = cluster.client().Open("/f").value();
  EXPECT_EQ(in->ReadAll().value(), data);
  const auto reported = cluster.namenode().bad_blocks_reported();
  ASSERT_EQ(reported.size(), 1u);
  ASSERT_EQ(reported[0].locations.size(), 1u);
  EXPECT_EQ(reported[0].locations[0].datanode.id.uuid, "dn0");
  EXPECT_EQ(in->ReadAt(100, 1000).value(), data.substr(100, 1000));
  EXPECT_EQ(ReadsOf(cluster.dn(0)), 1u) << "the stream keeps away from it";
}

TEST(InputStream, TheOnlyReplicaBeingCorruptIsAnErrorThatNamesIt) {
  FakeCluster cluster(1);
  CreateOptions one;
  one.replication = 1;
  ASSERT_TRUE(cluster.Put("/f", TestData(1000), one).ok());
  DatanodeFaults faults;
  faults.corrupt_reads = true;
  cluster.dn(0).SetFaults(faults);
  const auto read = cluster.Get("/f");
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(Text(read.status()), HasSubstr("Could not obtain block: BP-1:blk_1073741825_1001"));
  EXPECT_THAT(Text(read.status()), HasSubstr("file=/f"));
  EXPECT_THAT(Text(read.status()), HasSubstr("127.0.0.1:"));
  EXPECT_THAT(Text(read.status()), HasSubstr("Checksum error"));
  EXPECT_EQ(cluster.namenode().bad_blocks_reported().size(), 1u);
}

TEST(InputStream, AllReplicasCorruptAreNotReported) {
  FakeCluster cluster(2);
  ASSERT_TRUE(cluster.Put("/f", TestData(1000)).ok());
  DatanodeFaults faults;
  faults.corrupt_reads = true;
  cluster.dn(0).SetFaults(faults);
  cluster.dn(1).SetFaults(faults);
  EXPECT_FALSE(cluster.Get("/f").ok());
  EXPECT_TRUE(cluster.namenode().bad_blocks_reported().empty());
}

TEST(InputStream, DataWithoutChecksumsIsRefused) {
  FakeCluster cluster(1);
  ASSERT_TRUE(cluster.Put("/f", TestData(1000)).ok());
  DatanodeFaults faults;
  faults.no_checksums = true;
  cluster.dn(0).SetFaults(faults);
  EXPECT_THAT(Text(cluster.Get("/f").status()), HasSubstr("no checksums"));
}

TEST(InputStream, LocationsAreFetchedAnewThreeTimesBeforeGivingUp) {
  FakeCluster cluster(2);
  ASSERT_TRUE(cluster.Put("/f", TestData(1000)).ok());
  cluster.dn(0).Kill();
  cluster.dn(1).Kill();
  const size_t before = cluster.namenode().CallsOf("getBlockLocations").size();
  EXPECT_FALSE(cluster.Get("/f").ok());
  EXPECT_EQ(cluster.namenode().CallsOf("getBlockLocations").size(), before + 1 + 3);
  const auto sleeps = cluster.sleeps();
  ASSERT_EQ(sleeps.size(), 3u);
  for (size_t round = 0; round < 3; ++round) {
    const auto window = static_cast<int64_t>(3000 * round);
    EXPECT_GE(sleeps[round], window);
    EXPECT_LE(sleeps[round], window + 3000 * static_cast<int64_t>(round + 1));
  }
}

// A file that is being written to all of two DataNodes.
class GrowingFile : public testing::Test {
 protected:
  void Flush(size_t from, size_t to) {
    ASSERT_TRUE(out_->Write(std::string_view(data_).substr(from, to - from)).ok());
    ASSERT_TRUE(out_->Hflush().ok());
  }
  std::unique_ptr<InputStream> Open() { return cluster_.client().Open("/f").value(); }

  FakeCluster cluster_{2};
  const std::string data_ = TestData(200'000);
  std::unique_ptr<OutputStream> out_ = cluster_.client().Create("/f").value();
};

TEST_F(GrowingFile, ANewReaderSeesWhatWasFlushed) {
  EXPECT_EQ(Open()->Length(), 0);
  for (const size_t to : {1000, 1001, 70'000, 150'000}) {
    Flush(static_cast<size_t>(out_->Tell()), to);
    auto in = Open();
    EXPECT_EQ(in->Length(), static_cast<int64_t>(to));
    EXPECT_EQ(in->ReadAll().value(), data_.substr(0, to));
  }
  EXPECT_TRUE(out_->Close().ok());
}

TEST_F(GrowingFile, AReaderAtTheEndLearnsOfMore) {
  Flush(0, 1000);
  auto in = Open();
  EXPECT_EQ(in->ReadAll().value(), data_.substr(0, 1000));
  char byte = 0;
  EXPECT_EQ(in->Read(&byte, 1).value(), 0u);
  Flush(1000, 3000);
  std::string more(5000, '\0');
  EXPECT_EQ(in->Read(more.data(), more.size()).value(), 2000u);
  EXPECT_EQ(more.substr(0, 2000), data_.substr(1000, 2000));
  Flush(3000, 100'000);  // into the next block
  EXPECT_EQ(in->ReadAt(60'000, more.data(), 5000).value(), 5000u);
  EXPECT_EQ(more, data_.substr(60'000, 5000));
  ASSERT_TRUE(in->Seek(90'000).ok());
  EXPECT_EQ(in->ReadAll().value(), data_.substr(90'000, 10'000));
  ASSERT_TRUE(out_->Write(std::string_view(data_).substr(100'000)).ok());
  ASSERT_TRUE(out_->Close().ok());
  EXPECT_EQ(in->Read(&byte, 1).value(), 1u);
  EXPECT_EQ(in->Length(), 200'000) << "closed meanwhile";
}

TEST_F(GrowingFile, AnyDatanodeOfTheLastBlockMayTellItsLength) {
  Flush(0, 1000);
  cluster_.dn(0).Kill();
  EXPECT_EQ(Open()->ReadAll().value(), data_.substr(0, 1000));
  EXPECT_TRUE(cluster_.sleeps().empty());
}

TEST_F(GrowingFile, ALengthThatNobodyTellsIsAnErrorAfterThreeMoreRounds) {
  Flush(0, 1000);
  cluster_.dn(0).Kill();
  cluster_.dn(1).Kill();
  const auto in = cluster_.client().Open("/f");
  ASSERT_FALSE(in.ok());
  EXPECT_THAT(
      Text(in.status()),
      testing::StartsWith("Cannot obtain block length for LocatedBlock{BP-1:blk_107374182"));
  EXPECT_THAT(Text(in.status()), HasSubstr("of /f; 127.0.0.1:"));
  EXPECT_EQ(cluster_.sleeps(), (std::vector<int64_t>{4000, 4000, 4000}));
}

TEST_F(GrowingFile, WhatWasReadableStaysSoWhenLocationsAreAskedForAnew) {
  Flush(0, 1000);
  Flush(1000, 5000);  // of which the NameNode is not told
  auto in = Open();
  DatanodeFaults faults;
  faults.close_reads_after_packets = 0;
  cluster_.dn(0).SetFaults(faults);
  cluster_.dn(1).SetFaults(faults);
  char byte = 0;
  EXPECT_FALSE(in->ReadAt(4000, &byte, 1).ok());
  cluster_.dn(1).SetFaults({});
  EXPECT_EQ(in->ReadAt(4000, &byte, 1).value(), 1u);
  EXPECT_EQ(byte, data_[4000]);
}

// A replica may be cut back by a recovery of its pipeline while it is being sent.
TEST_F(GrowingFile, BytesThatDoNotMatchAreNotReturnedButNoReasonToReportTheReplica) {
  Flush(0, 50'000);
  DatanodeFaults faults;
  faults.corrupt_reads = true;
  cluster_.dn(0).SetFaults(faults);
  EXPECT_EQ(Open()->ReadAll().value(), data_.substr(0, 50'000));
  EXPECT_TRUE(cluster_.namenode().bad_blocks_reported().empty());
  ASSERT_TRUE(out_->Close().ok());
  EXPECT_EQ(Open()->ReadAll().value(), data_.substr(0, 50'000));
  EXPECT_EQ(cluster_.namenode().bad_blocks_reported().size(), 1u) << "a finished one is";
}

TEST_F(GrowingFile, ABlockWhosePipelineIsBeingSetUpIsEmpty) {
  // The NameNode has placed the block, no DataNode has it.
  cluster_.namenode().AddEmptyBlock("/f");
  EXPECT_EQ(Open()->Length(), 0);
  cluster_.dn(0).Kill();
  EXPECT_EQ(Open()->Length(), 0) << "dn1 has none either, so no byte was acknowledged";
  EXPECT_TRUE(cluster_.sleeps().empty());
}

TEST_F(GrowingFile, ABlockThatWasAbandonedEmptyMayBeReplaced) {
  cluster_.namenode().AddEmptyBlock("/f");
  auto in = Open();
  cluster_.namenode().DropLastBlock("/f");
  Flush(0, 1000);
  EXPECT_EQ(Open()->Length(), 1000);
  std::string read(2000, '\0');
  EXPECT_EQ(in->Read(read.data(), read.size()).value(), 1000u);
}

// A file of 25 blocks, of which an open stream knows the first ten.
class ChangingFile : public testing::Test {
 protected:
  ChangingFile() {
    cluster_.options.block_size = 4096;
    create_.overwrite = true;
    create_.replication = 1;
    EXPECT_TRUE(cluster_.Put("/f", data_, create_).ok());
    in_ = cluster_.client().Open("/f").value();
    first_.resize(5000);
    EXPECT_GT(in_->Read(first_.data(), first_.size()).value(), 0u);
  }
  // What reading on gives: every byte of the file, or an error, but nothing else.
  absl::StatusOr<std::string> ReadOn() {
    EXPECT_TRUE(in_->Seek(0).ok());
    return in_->ReadAll();
  }
  void ExpectGone(const absl::Status& status) {
    EXPECT_TRUE(Is(status, ErrorKind::kFileNotFound)) << status;
    EXPECT_EQ(Text(status), "File does not exist: /f");
  }

  FakeCluster cluster_{1};
  CreateOptions create_;
  const std::string data_ = TestData(100'000, 1);
  std::unique_ptr<InputStream> in_;
  std::string first_;
};

TEST_F(ChangingFile, OverwrittenIsGoneForItsReader) {
  ASSERT_TRUE(cluster_.Put("/f", TestData(100'000, 2), create_).ok());
  ExpectGone(ReadOn().status());
  ExpectGone(in_->ReadAt(60'000, 10).status());
}

TEST_F(ChangingFile, DeletedAndCreatedAnewIsGoneForItsReader) {
  ASSERT_TRUE(cluster_.client().Delete("/f", false).value());
  ASSERT_TRUE(cluster_.Put("/f", TestData(100'000, 2), create_).ok());
  ExpectGone(ReadOn().status());
}

TEST_F(ChangingFile, RenamedOverIsGoneForItsReader) {
  ASSERT_TRUE(cluster_.Put("/g", TestData(100'000, 2), create_).ok());
  ASSERT_TRUE(cluster_.client().Rename2("/g", "/f", /*overwrite=*/true).ok());
  ExpectGone(ReadOn().status());
}

TEST_F(ChangingFile, DeletedIsReadAsFarAsItsBlocksAreKnown) {
  ASSERT_TRUE(cluster_.client().Delete("/f", false).value());
  EXPECT_EQ(in_->ReadAt(30'000, 5000).value(), data_.substr(30'000, 5000));
  ExpectGone(ReadOn().status());
}

TEST_F(ChangingFile, RenamedIsReadOn) {
  ASSERT_TRUE(cluster_.client().Rename2("/f", "/g", /*overwrite=*/false).ok());
  EXPECT_EQ(ReadOn().value(), data_);
  ASSERT_TRUE(cluster_.Put("/f", TestData(100'000, 2), create_).ok());
  EXPECT_EQ(in_->ReadAt(90'000, 5000).value(), data_.substr(90'000, 5000));
}

TEST_F(ChangingFile, ReplacedIsNeverAMixtureWhenLocationsAreAskedForAnew) {
  ASSERT_TRUE(cluster_.Put("/f", TestData(100'000, 2), create_).ok());
  DatanodeFaults faults;
  faults.close_reads_after_packets = 0;
  cluster_.dn(0).SetFaults(faults);  // forces it
  ExpectGone(in_->ReadAt(0, 10).status());
}

}  // namespace
}  // namespace cairn::client
