// DataNodes that go, come back, join and report late.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "tests/fault/runner/client_process.h"
#include "tests/fault/runner/scenario.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;
using cairn::testing::WaitFor;

class Datanodes : public Scenario {
 protected:
  void Put(const std::string& path, int64_t length) {
    ASSERT_OK(verifier().WriteFile(client(), path, random()(), length,
                                   {.replication = 3, .block_size = kBlock}));
  }
  // Addresses of the nodes of the file's first block.
  std::set<std::string> NodesOf(const std::string& path) {
    std::set<std::string> nodes;
    const auto located = client().GetBlockLocations(path, 0, 1);
    EXPECT_OK(located);
    if (!located.ok()) return nodes;
    for (const ReplicaLocation& location : located->blocks.at(0).locations)
      nodes.insert(location.datanode.id.ip_addr);
    return nodes;
  }
  // Nobody reaches DataNode `index`, nor it anybody.
  void Isolate(int index) {
    history().Add("runner", "isolates " + DaemonName(index));
    faults().namenode_link().Stop(faults().address(index));
    for (int i = 0; i < faults().datanodes(); ++i) {
      const std::string source = i == index ? "" : faults().address(index);
      faults().data_link(i).Stop(source);
      faults().rpc_link(i).Stop(source);
    }
  }
};

TEST_P(Datanodes, APartitionedOneReturnsAfterItsReplicasWereReplaced) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4}));
  for (int i = 0; i < 6; ++i)
    ASSERT_NO_FATAL_FAILURE(Put(fmt::format("/f{}", i), Between(1, 3 * kBlock)));
  Isolate(static_cast<int>(Between(0, 3)));
  ASSERT_OK(faults().WaitReady(3));  // dead
  EXPECT_GT(faults().LinksStruck(), 0);
  ASSERT_OK(verifier().CheckReplication(client()));
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK(client().Delete(fmt::format("/f{}", i), false));
    verifier().Forget(fmt::format("/f{}", i));
    ASSERT_NO_FATAL_FAILURE(Put(fmt::format("/new{}", i), Between(1, 3 * kBlock)));
  }
  CheckEverything();
}

TEST_P(Datanodes, AllRestartAtOnce) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 3}));
  for (int i = 0; i < 4; ++i)
    ASSERT_NO_FATAL_FAILURE(Put(fmt::format("/f{}", i), Between(1, 3 * kBlock)));
  for (int round = 0; round < (LongRun() ? 8 : 2); ++round) {
    for (int i = 0; i < 3; ++i) ASSERT_OK(faults().Kill(i));
    ASSERT_OK(faults().StartAll());
    ASSERT_OK(verifier().CheckContents(client()));
  }
  CheckEverything();
}

// DataNodes that are stopped one after another tell their writers that they will be back: the
// pipelines wait, and keep their nodes, though another one is free.
TEST_P(Datanodes, ARollingRestartIsAnnouncedToWriters) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4}));
  const uint64_t seed = random()();
  ASSERT_OK_AND_ASSIGN(const auto writer, faults().NewClient());
  ASSERT_OK_AND_ASSIGN(const auto out,
                       writer->Create("/long", {.replication = 3, .block_size = 64 * kBlock}));
  std::atomic<bool> stop = false;
  std::atomic<int64_t> flushed = 0;
  std::thread writing([&] {
    for (int64_t at = 0; !stop; at += 3'000) {
      ASSERT_OK(out->Write(cairn::testing::PatternBytes(seed, at, 3'000)));
      ASSERT_OK(out->Hflush());
      flushed = at + 3'000;
      Sleep(10);
    }
  });
  EXPECT_OK(WaitFor("the pipeline", 30, [&] { return flushed > 0; }));
  const std::set<std::string> before = NodesOf("/long");
  EXPECT_EQ(before.size(), 3u);
  Workload workload(faults(), history(), random()(), {.max_file_bytes = 1'000'000});
  workload.Start();
  for (int round = 0; round < (LongRun() ? 5 : 1); ++round) {
    for (int i = 0; i < 4; ++i) {
      EXPECT_OK(faults().Stop(i));
      EXPECT_OK(faults().Start(i));
      EXPECT_OK(faults().WaitReady(4));
      const int64_t then = flushed;
      EXPECT_OK(WaitFor("the writer to go on", 60, [&] { return flushed > then + 10'000; }));
    }
  }
  stop = true;
  writing.join();
  EXPECT_OK(workload.Stop());
  EXPECT_EQ(NodesOf("/long"), before) << "a node that was to come back was replaced";
  ASSERT_OK(out->Close());
  verifier().Expect("/long", seed, flushed, 3);
  CheckEverything(&workload);
}

TEST_P(Datanodes, ANewOneJoinsUnderLoad) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4, .started = 3}));
  Workload workload(faults(), history(), random()(), {});
  workload.Start();
  Sleep(Between(500, 2000));
  ASSERT_OK(faults().Start(3));
  ASSERT_OK(faults().WaitReady(4));
  const int64_t before = workload.totals().files_closed;
  ASSERT_OK(WaitFor("files after the newcomer", 60,
                    [&] { return workload.totals().files_closed > before + 10; }));
  EXPECT_OK(workload.Stop());
  EXPECT_GT(faults().data_link(3).passed("", Flow::kToDaemon), 0) << "it was given nothing";
  CheckEverything(&workload);
}

TEST_P(Datanodes, FullReportsRaceIncrements) {
  ASSERT_NO_FATAL_FAILURE(
      StartCluster({.datanodes = 4,
                    .settings = {{"dfs.blockreport.intervalMsec", "200"},
                                 {"dfs.blockreport.incremental.intervalMsec", "50"}}}));
  Workload workload(faults(), history(), random()(), {.max_file_bytes = 300'000, .pause_ms = 0});
  workload.Start();
  for (int round = 0; round < (LongRun() ? 60 : 12); ++round) {
    for (int i = 0; i < 4; ++i) {
      for (const Flow flow : {Flow::kToDaemon, Flow::kFromDaemon})
        faults().namenode_link().Shape(faults().address(i), flow, {.delay_ms = Between(0, 120)});
    }
    const std::string path = fmt::format("/short-lived{}", round % 3);
    ASSERT_NO_FATAL_FAILURE(Put(path, Between(1, 2 * kBlock)));
    Sleep(Between(0, 500));
    ASSERT_OK(client().Delete(path, false));
    verifier().Forget(path);
  }
  AwaitFiles(workload, 5);
  for (int i = 0; i < 4; ++i)
    EXPECT_OK(WaitFor("many reports", 60, [&] { return faults().ReportsLogged(i) > 10; }));
  EXPECT_GT(faults().namenode_link().struck(), 0) << "no report was late";
  EXPECT_OK(workload.Stop());
  CheckEverything(&workload);
}

TEST_P(Datanodes, ClockJumpsExpireNoLeaseAndKillNobody) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 3}));
  constexpr int64_t kHourMs = 3'600'000;
  constexpr int64_t kTenYearsMs = 10 * 365 * 24 * kHourMs;
  constexpr int64_t kJumpsMs[] = {kHourMs, -kHourMs, kTenYearsMs, -kTenYearsMs};
  ASSERT_OK_AND_ASSIGN(const auto writer, faults().NewClient());
  ASSERT_OK_AND_ASSIGN(const auto out, writer->Create("/open"));
  const uint64_t seed = random()();
  ASSERT_OK(out->Write(cairn::testing::PatternBytes(seed, 0, 1000)));
  ASSERT_OK(out->Hflush());
  // A client with a clock of its own, which writes all the time.
  constexpr int kClient = 3;
  ASSERT_OK_AND_ASSIGN(const auto client_orders,
                       ShimOrders::Create(directory() + "/client.shim", random()()));
  const uint64_t client_seed = random()() >> 1;
  ASSERT_OK_AND_ASSIGN(
      const auto process,
      ClientProcess::Start(faults(), ClientWork::kFlush, "/of-process", client_seed,
                           directory() + "/client.log", client_orders->Environment()));
  EXPECT_OK(WaitFor("its first bytes", 30, [&] { return process->flushed() > 0; }));
  EXPECT_EQ(client_orders->loaded(), 1);
  Workload workload(faults(), history(), random()(), {.max_file_bytes = 500'000});
  workload.Start();
  // Every clock makes every jump, in an order of its own.
  std::vector<std::pair<int, int64_t>> jumps;
  for (int time = 0; time < (LongRun() ? 3 : 1); ++time) {
    for (const int who : {kNamenode, 0, 1, 2, kClient}) {
      for (const int64_t jump : kJumpsMs) jumps.emplace_back(who, jump);
    }
  }
  std::shuffle(jumps.begin(), jumps.end(), std::mt19937_64(random()()));
  for (const auto& [who, jump] : jumps) {
    history().Add("runner", fmt::format("{} is {} ms ahead",
                                        who == kClient ? "a client" : DaemonName(who), jump));
    (who == kClient ? *client_orders : faults().orders(who)).SetClockOffsetMs(jump);
    const int64_t flushed = process->flushed();
    // Leases are looked at every two seconds.
    Sleep(who == kNamenode ? 2500 : Between(300, 1000));
    EXPECT_OK(WaitFor("the client to go on", 30, [&] { return process->flushed() > flushed; }));
    ASSERT_OK_AND_ASSIGN(const FsStats stats, client().GetFsStats());
    EXPECT_EQ(stats.live_datanodes, 3);
  }
  process->Kill();
  ASSERT_NO_FATAL_FAILURE(RecoverAndCheck("/of-process", client_seed, process->flushed()));
  AwaitFiles(workload, 5);
  EXPECT_OK(workload.Stop());
  ASSERT_OK(out->Write(cairn::testing::PatternBytes(seed, 1000, 1000)));
  ASSERT_OK(out->Close());
  verifier().Expect("/open", seed, 2000, 3);
  CheckEverything(&workload);
}

CAIRN_SCENARIOS(Datanodes, 1);

}  // namespace
}  // namespace cairn::fault
