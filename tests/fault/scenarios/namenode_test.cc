// A NameNode that is killed at any moment: acknowledged changes are there, others whole or not at
// all, and none is done twice.
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>

#include "tests/cluster/namespace_model.h"
#include "tests/fault/runner/scenario.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;
using cairn::testing::NamespaceModel;
using cairn::testing::WaitFor;

class Namenode : public Scenario {
 protected:
  void Restart() {
    ASSERT_OK(faults().Kill(kNamenode));
    ASSERT_OK(faults().Start(kNamenode));
  }
};

TEST_P(Namenode, AStormOfEightClientsSurvivesKills) {
  ASSERT_NO_FATAL_FAILURE(
      StartCluster({.datanodes = 1,
                    .name_directories = 2,
                    .settings = {{"dfs.replication", "1"},
                                 {"dfs.namenode.safemode.min.datanodes", "1"},
                                 // Longer than the NameNode is away: its DataNode is the only one.
                                 {"dfs.client.socket-timeout", "60000"}}}));
  constexpr int kClients = 8;
  const int kills = LongRun() ? 60 : 6;
  std::deque<NamespaceModel> models(kClients);
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i, seed = random()()] {
      const std::string home = fmt::format("/client{}", i);
      ASSERT_OK_AND_ASSIGN(const auto client, faults().NewClient());
      ASSERT_OK(client->Mkdirs(home));
      models[i].AddDirectory(home);
      std::mt19937_64 steps(seed);
      while (!stop) {
        const absl::Status step = models[i].RandomStep(*client, home, steps);
        if (!step.ok()) history().Add(home, step.ToString());
        ASSERT_OK(step);
      }
    });
  }
  for (int i = 0; i < kills && !HasFailure(); ++i) {
    Sleep(Between(100, 1200));
    Restart();
    if (Between(0, 2) > 0) EXPECT_OK(faults().WaitReady(1));  // else again before it is up
  }
  EXPECT_OK(faults().WaitReady(1));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  ASSERT_NO_FATAL_FAILURE(Restart());
  ASSERT_OK(faults().WaitReady(1));
  int64_t steps = 0;
  for (int i = 0; i < kClients; ++i) {
    EXPECT_OK(models[i].Compare(client(), fmt::format("/client{}", i)));
    steps += models[i].steps();
  }
  EXPECT_GT(steps, kClients * kills);
  Report(fmt::format("kills={} operations={}", kills, steps));
  CheckDaemons();
}

TEST_P(Namenode, KilledBetweenTheSyncAndTheReplyItAnswersTheRetry) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 1}));
  // Past the proxy: sees what the NameNode has done while its replies are held.
  ASSERT_OK_AND_ASSIGN(const auto witness, faults().cluster().NewClient());
  for (int round = 0; round < (LongRun() ? 20 : 3); ++round) {
    const std::string base = fmt::format("/round{}", round);
    ASSERT_OK(client().Mkdirs(base + "/to-delete/child"));
    ASSERT_OK(client().Mkdirs(base + "/to-rename"));
    ASSERT_OK_AND_ASSIGN(const auto caller, faults().NewClient());
    ASSERT_OK(caller->Mkdirs(base + "/connected"));
    faults().namenode_link().Shape(FaultCluster::client_address(), Flow::kFromDaemon,
                                   {.held = true});
    absl::Status created, renamed;
    absl::StatusOr<bool> deleted = false;
    std::vector<std::thread> calls;
    calls.emplace_back([&] { created = caller->Create(base + "/created").status(); });
    calls.emplace_back(
        [&] { renamed = caller->Rename2(base + "/to-rename", base + "/renamed", false); });
    calls.emplace_back([&] { deleted = caller->Delete(base + "/to-delete", true); });
    EXPECT_OK(WaitFor("the calls to be done", 30, [&] {
      const auto there = [&](const char* name) {
        const absl::StatusOr<bool> exists = witness->Exists(base + name);
        return exists.ok() && *exists;
      };
      return there("/created") && there("/renamed") && !there("/to-delete");
    }));
    EXPECT_OK(faults().Kill(kNamenode));
    faults().namenode_link().Reset("");  // the held replies are lost
    faults().namenode_link().Heal();
    EXPECT_OK(faults().Start(kNamenode));
    for (std::thread& call : calls) call.join();
    EXPECT_OK(created);
    EXPECT_OK(renamed);
    EXPECT_OK(deleted);
    EXPECT_TRUE(deleted.value_or(false)) << "the retry was told that nothing was there";
    ASSERT_OK(faults().WaitReady(1));
    ASSERT_OK(client().Delete(base, true));
  }
  CheckEverything();
}

CAIRN_SCENARIOS(Namenode);

}  // namespace
}  // namespace cairn::fault
