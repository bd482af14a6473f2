// DataNodes that go, come back, join and report late.
#include <gtest/gtest.h>
#include <signal.h>

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
  // Nobody reaches DataNode `index`, nor it anybody.
  void Isolate(int index) {
    history().Add("runner", "isolates " + DaemonName(index));
    faults().namenode_link().Stop(faults().address(index));
    for (int i = 0; i < faults().datanodes(); ++i)
      faults().data_link(i).Stop(i == index ? "" : faults().address(index));
  }
};

TEST_P(Datanodes, APartitionedOneReturnsAfterItsReplicasWereReplaced) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4}));
  for (int i = 0; i < 6; ++i)
    ASSERT_NO_FATAL_FAILURE(Put(fmt::format("/f{}", i), Between(1, 3 * kBlock)));
  Isolate(static_cast<int>(Between(0, 3)));
  ASSERT_OK(faults().WaitReady(3));  // dead
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
  EXPECT_OK(workload.Stop());
  CheckEverything(&workload);
}

TEST_P(Datanodes, ClockJumpsExpireNoLeaseAndKillNobody) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 3}));
  constexpr int64_t kHourMs = 3'600'000;
  constexpr int64_t kTenYearsMs = 10 * 365 * 24 * kHourMs;
  constexpr int64_t kJumpsMs[] = {kHourMs, -kHourMs, kTenYearsMs, -kTenYearsMs, 0};
  ASSERT_OK_AND_ASSIGN(const auto writer, faults().NewClient());
  ASSERT_OK_AND_ASSIGN(const auto out, writer->Create("/open"));
  ASSERT_OK(out->Write("before"));
  ASSERT_OK(out->Hflush());
  Workload workload(faults(), history(), random()(), {.max_file_bytes = 500'000});
  workload.Start();
  for (int round = 0; round < (LongRun() ? 60 : 10); ++round) {
    const int daemon = static_cast<int>(Between(kNamenode, 2));
    const int64_t jump = kJumpsMs[Between(0, 4)];
    history().Add("runner", fmt::format("{} is {} ms ahead", DaemonName(daemon), jump));
    faults().orders(daemon).SetClockOffsetMs(jump);
    Sleep(Between(300, 1000));
    ASSERT_OK_AND_ASSIGN(const FsStats stats, client().GetFsStats());
    EXPECT_EQ(stats.live_datanodes, 3);
  }
  EXPECT_OK(workload.Stop());
  ASSERT_OK(out->Write(" and after"));
  ASSERT_OK(out->Close());
  ASSERT_OK_AND_ASSIGN(const auto in, client().Open("/open"));
  ASSERT_OK_AND_ASSIGN(const std::string content, in->ReadAll());
  EXPECT_EQ(content, "before and after");
  ASSERT_OK(client().Delete("/open", false));
  CheckEverything(&workload);
}

CAIRN_SCENARIOS(Datanodes);

}  // namespace
}  // namespace cairn::fault
