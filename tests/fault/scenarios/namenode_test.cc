// A NameNode that is killed at any moment: acknowledged changes are there, others whole or not at
// all, and none is done twice.
#include <gtest/gtest.h>

#include <thread>

#include "tests/cluster/storm.h"
#include "tests/fault/runner/scenario.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;
using cairn::testing::Storm;
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
  Storm storm({.clients = kClients, .seed = random()()}, [this] { return faults().NewClient(); });
  for (int i = 0; i < kills && storm.ok(); ++i) {
    Sleep(Between(100, 1200));
    Restart();
    if (Between(0, 2) > 0) EXPECT_OK(faults().WaitReady(1));  // else again before it is up
  }
  EXPECT_OK(faults().WaitReady(1));
  EXPECT_OK(WaitFor("operations of all kinds", 120, [&] {
    return !storm.ok() || (storm.steps() > kClients * kills && storm.truncations() > 0);
  }));
  ASSERT_OK(storm.Stop());
  ASSERT_NO_FATAL_FAILURE(Restart());
  ASSERT_OK(faults().WaitReady(1));
  ASSERT_OK(storm.Check(client(), &verifier()));
  Report(fmt::format("kills={} operations={} truncations={}", kills + 1, storm.steps(),
                     storm.truncations()));
  CheckEverything();
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

CAIRN_SCENARIOS(Namenode, 2);

}  // namespace
}  // namespace cairn::fault
