// Faults of DataNodes and links while a block is being written through them.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "tests/fault/runner/scenario.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;
using cairn::testing::PatternBytes;
using cairn::testing::WaitFor;

// One file that is being written when something happens to its pipeline.
class Pipeline : public Scenario {
 protected:
  // Begins the file and sends enough that the pipeline stands.
  void Begin(const std::string& path, int64_t length) {
    path_ = path;
    length_ = length;
    file_seed_ = random()();
    ASSERT_OK_AND_ASSIGN(writer_, client::DfsClient::Connect(WriterOptions()));
    ASSERT_OK_AND_ASSIGN(out_, writer_->Create(path, {.replication = 3, .block_size = 4 * kBlock}));
    done_ = 0;
    Go(100'000);
    ASSERT_OK(out_->Hflush());
    ASSERT_OK(WaitFor("the pipeline", 10, [&] { return faults().Pipeline().size() == 3; }));
    pipeline_ = faults().Pipeline();
  }
  virtual client::ClientOptions WriterOptions() { return faults().client_options(); }
  void Go(int64_t n) {
    for (const int64_t end = std::min(done_ + n, length_); done_ < end;) {
      const size_t piece = std::min<int64_t>(50'000, end - done_);
      ASSERT_OK(out_->Write(PatternBytes(file_seed_, done_, piece)));
      done_ += static_cast<int64_t>(piece);
    }
  }
  void Finish() {
    Go(length_);
    ASSERT_OK(out_->Close());
    history().Add("writer", fmt::format("{}: {} bytes acknowledged", path_, length_));
    verifier().Expect(path_, file_seed_, length_, 3);
    out_.reset();
    writer_.reset();
  }
  // The DataNodes that have the closed file's first block, when all three have told of it: one
  // report is enough to close it.
  std::vector<int> Replicas(const std::string& path) {
    std::vector<int> nodes;
    for (int tries = 0; tries < 100 && nodes.size() < 3; ++tries) {
      if (tries > 0) Sleep(100);
      nodes.clear();
      const auto located = client().GetBlockLocations(path, 0, kBlock);
      EXPECT_OK(located.status());
      if (!located.ok()) return nodes;
      for (const ReplicaLocation& location : located->blocks.at(0).locations)
        nodes.push_back(faults().DatanodeAt(location.datanode.id.ip_addr));
    }
    return nodes;
  }
  // The link over which bytes reach position `position`, and the address they come from.
  FaultProxy& LinkTo(int position) { return faults().data_link(pipeline_[position]); }
  std::string SourceOf(int position) {
    return position == 0 ? FaultCluster::client_address()
                         : faults().address(pipeline_[position - 1]);
  }

  std::string path_;
  int64_t length_ = 0;
  int64_t done_ = 0;
  uint64_t file_seed_ = 0;
  std::unique_ptr<client::DfsClient> writer_;
  std::unique_ptr<client::OutputStream> out_;
  std::vector<int> pipeline_;
};

TEST_P(Pipeline, ADatanodeDiesMidPacketAtEachPosition) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4}));
  for (int position = 0; position < 3; ++position) {
    ASSERT_NO_FATAL_FAILURE(Begin(fmt::format("/f{}", position), 3 * kBlock));
    const int victim = pipeline_[position];
    std::atomic<bool> killed = false;
    LinkTo(position).Once(SourceOf(position), Flow::kToDaemon, Between(1, 2 * kBlock), [&] {
      EXPECT_OK(faults().Kill(victim));
      killed = true;
    });
    ASSERT_NO_FATAL_FAILURE(Finish());
    EXPECT_TRUE(killed);
    ASSERT_OK(verifier().CheckContents(client()));
    ASSERT_OK(faults().StartAll());
  }
  CheckEverything();
}

TEST_P(Pipeline, TwoOfThreeDieMidBlock) {
  // Two to take their places, and one for a copy that arrives without its source living to say so:
  // as in HDFS the node that has it is of no use then.
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 6}));
  ASSERT_NO_FATAL_FAILURE(Begin("/f", 3 * kBlock));
  const int survivor = static_cast<int>(Between(0, 2));
  std::atomic<int> killed = 0;
  LinkTo(0).Once(SourceOf(0), Flow::kToDaemon, Between(1, 2 * kBlock), [&] {
    for (int position = 0; position < 3; ++position) {
      if (position == survivor) continue;
      EXPECT_OK(faults().Kill(pipeline_[position]));
      ++killed;
    }
  });
  ASSERT_NO_FATAL_FAILURE(Finish());
  EXPECT_EQ(killed, 2);
  ASSERT_OK(verifier().CheckContents(client()));
  CheckEverything();
}

TEST_P(Pipeline, AByteFlippedOnTheWireIsNeitherStoredNorServed) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4}));
  watch().ExpectFlips();
  for (int position = 0; position < 3; ++position) {
    ASSERT_NO_FATAL_FAILURE(Begin(fmt::format("/f{}", position), 3 * kBlock));
    FaultProxy& link = LinkTo(position);
    const int64_t before = link.struck();
    link.FlipOnce(SourceOf(position), Flow::kToDaemon, Between(1, 2 * kBlock));
    ASSERT_NO_FATAL_FAILURE(Finish());
    EXPECT_EQ(link.struck(), before + 1) << "no byte was flipped";
  }
  // And on the way to a reader, who blames one replica that is good.
  ASSERT_OK_AND_ASSIGN(const LocatedBlocks located, client().GetBlockLocations("/f0", 0, 1));
  const int liar = faults().DatanodeAt(located.blocks.at(0).locations.at(0).datanode.id.ip_addr);
  ASSERT_GE(liar, 0);
  FaultProxy& link = faults().data_link(liar);
  const int64_t before = link.struck();
  link.FlipOnce(FaultCluster::client_address(), Flow::kFromDaemon, Between(1, kBlock));
  EXPECT_OK(WaitFor("the liar to be asked", 60, [&] {
    EXPECT_OK(verifier().CheckContents(client()));
    return link.struck() > before;
  }));
  CheckEverything();
}

// Flushed bytes and the wrong ones behind them share a checksum: who stored it had no valid replica
// any more, so that one flip cost two of three nodes what had been acknowledged.
TEST_P(Pipeline, AByteFlippedBehindAFlushCostsOnlyTheNodeThatIsBlamed) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4}));
  ASSERT_NO_FATAL_FAILURE(Begin("/f", 3 * kBlock));
  // The next packet: header, 126 checksums, the flushed part of the chunk, and what follows it.
  constexpr int64_t kHeaderBytes = 31 + 126 * 4;
  const int64_t flushed = done_ % 512;
  ASSERT_GT(flushed, 0) << "the flush was to end within a chunk";
  FaultProxy& link = LinkTo(0);
  const int64_t before = link.struck();
  link.FlipOnce(SourceOf(0), Flow::kToDaemon, kHeaderBytes + Between(flushed + 1, 512));
  ASSERT_NO_FATAL_FAILURE(Finish());
  EXPECT_EQ(link.struck(), before + 1) << "no byte was flipped";
  const std::vector<int> now = Replicas("/f");
  EXPECT_EQ(std::count_if(pipeline_.begin(), pipeline_.end(),
                          [&](int node) { return std::count(now.begin(), now.end(), node) > 0; }),
            2);
  CheckEverything();
}

// It is given up, and comes back while the block that it has the beginning of is still written.
TEST_P(Pipeline, ADatanodeStoppedMidWriteReturnsWithAStaleReplica) {
  using std::chrono::steady_clock;
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4}));
  ASSERT_NO_FATAL_FAILURE(Begin("/f", 4 * kBlock));
  const int victim = pipeline_[Between(0, 2)];
  std::atomic<bool> stopped = false;
  LinkTo(0).Once(SourceOf(0), Flow::kToDaemon, Between(1, kBlock), [&] {
    faults().Signal(victim, SIGSTOP);
    stopped = true;
  });
  const auto begun = steady_clock::now();
  ASSERT_NO_FATAL_FAILURE(Go(kBlock + 100'000));
  ASSERT_OK(out_->Hflush());  // by the others
  ASSERT_TRUE(stopped);
  // The dead interval of this cluster is 6 s.
  for (; steady_clock::now() < begun + std::chrono::seconds(30) && done_ < length_ - 100'000;
       Sleep(200)) {
    ASSERT_NO_FATAL_FAILURE(Go(10'000));
    ASSERT_OK(out_->Hflush());
  }
  ASSERT_OK(faults().WaitReady(3));  // it is given up
  ASSERT_LT(done_, length_) << "the file was to be open still";
  faults().Signal(victim, SIGCONT);
  ASSERT_OK(faults().WaitReady(4));
  ASSERT_NO_FATAL_FAILURE(Finish());
  CheckEverything();
}

// One flow of one link goes silent: the node behind it is blamed, and no other.
class OneWayPartition : public Pipeline {
 protected:
  void Run(const std::string& path, int position, Flow flow) {
    history().Add("runner",
                  fmt::format("{}: position {} flow {}", path, position, static_cast<int>(flow)));
    ASSERT_NO_FATAL_FAILURE(Begin(path, 3 * kBlock));
    FaultProxy& link = LinkTo(position);
    const std::string source = SourceOf(position);
    std::atomic<bool> partitioned = false;
    link.Once(source, flow, flow == Flow::kToDaemon ? Between(1, kBlock) : Between(1, 100), [&] {
      link.Shape(source, flow, {.held = true});
      partitioned = true;
    });
    ASSERT_NO_FATAL_FAILURE(Finish());
    EXPECT_TRUE(partitioned);
    const std::vector<int> left = Replicas(path);
    for (const int node : pipeline_) {
      const bool blamed = node == pipeline_[position];
      EXPECT_EQ(std::count(left.begin(), left.end(), node), blamed ? 0 : 1)
          << "DataNode " << node << " of a pipeline in which position " << position
          << " was to be blamed";
    }
    link.Reset("");
    link.Heal();
  }
};

TEST_P(OneWayPartition, BlamesTheNodeBehindIt) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4}));
  // Position 0 is the client's link, the others are between DataNodes; each in both directions.
  std::vector<std::pair<int, Flow>> variants;
  for (const Flow flow : {Flow::kToDaemon, Flow::kFromDaemon}) {
    for (int position = 0; position < 3; ++position) variants.emplace_back(position, flow);
  }
  // The short set takes the way from the client and, by the seed, one of those between DataNodes
  // and one back to the client or the DataNode before.
  if (!LongRun()) {
    variants = {{0, Flow::kToDaemon},
                {static_cast<int>(Between(1, 2)), Flow::kToDaemon},
                {static_cast<int>(Between(0, 2)), Flow::kFromDaemon}};
  }
  for (size_t i = 0; i < variants.size(); ++i) {
    ASSERT_NO_FATAL_FAILURE(Run(fmt::format("/f{}", i), variants[i].first, variants[i].second));
  }
  CheckEverything();
}

// Clients at work while something happens to the nodes they write through.
class Traffic : public Scenario {};

TEST_P(Traffic, OneDatanodeIsSlowByHalfASecondPerCall) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4}));
  const int slow = static_cast<int>(Between(0, 3));
  const int rule = faults().orders(slow).Add({.calls = kCallRead | kCallWrite | kCallSync,
                                              .prefix = faults().Disks(slow)[0],
                                              .delay_us = 500'000});
  Workload workload(faults(), history(), random()(), {.max_file_bytes = 300'000});
  workload.Start();
  Sleep(LongRun() ? 30'000 : 3'000);
  EXPECT_OK(WaitFor("some files and slow calls", 120, [&] {
    return workload.totals().files_closed > 3 && faults().orders(slow).Struck(rule) > 10;
  }));
  EXPECT_OK(workload.Stop());
  CheckEverything(&workload);
}

CAIRN_SCENARIOS(Pipeline, 1);
CAIRN_SCENARIOS(OneWayPartition, 1);
CAIRN_SCENARIOS(Traffic, 1);

}  // namespace
}  // namespace cairn::fault
