// SIGKILL of the NameNode at any moment loses no acknowledged change and leaves none half-applied:
// checked against a model of the namespace.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "tests/cluster/cluster.h"
#include "tests/cluster/status_matchers.h"
#include "tests/cluster/storm.h"
#include "tests/cluster/verifier.h"

namespace cairn::testing {
namespace {

// The kernel's seed of a run: CAIRN_SEED repeats one.
uint64_t Seed() {
  const char* given = std::getenv("CAIRN_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

class NamenodeCrash : public ::testing::TestWithParam<const char*> {};

TEST_P(NamenodeCrash, AStormOfChangesSurvivesKills) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(fmt::format("CAIRN_SEED={}", seed));
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Cluster> cluster,
                       NewForkedCluster({.datanodes = 1,
                                         .name_directories = 2,
                                         .settings = {{"cairn.namenode.cache-size", GetParam()},
                                                      // Else its first calls find no DataNode.
                                                      {"dfs.namenode.safemode.min.datanodes", "1"},
                                                      {"dfs.replication", "1"}}}));
  ASSERT_OK(cluster->StartAll());
  constexpr int kClients = 6;
  constexpr int kKills = 8;
  Storm storm({.clients = kClients, .seed = seed}, [&cluster] { return cluster->NewClient(); });
  std::mt19937_64 random(seed);
  for (int i = 0; i < kKills; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200 + random() % 800));
    ASSERT_OK(cluster->KillNamenode());
    ASSERT_OK(cluster->StartNamenode());
    ASSERT_OK(cluster->WaitReady(1));
  }
  ASSERT_OK(WaitFor("operations of all kinds", 60, [&] {
    return !storm.ok() || (storm.steps() > kClients * 10 && storm.truncations() > 0);
  }));
  ASSERT_OK(storm.Stop());
  ASSERT_OK(cluster->KillNamenode());
  ASSERT_OK(cluster->StartNamenode());
  ASSERT_OK(cluster->WaitReady(1));
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<client::DfsClient> client, cluster->NewClient());
  EXPECT_OK(storm.Check(*client));
  RecordProperty("steps", std::to_string(storm.steps()));
}

INSTANTIATE_TEST_SUITE_P(Caches, NamenodeCrash, ::testing::Values("1073741824", "0"),
                         [](const auto& info) { return std::string("CacheBytes") + info.param; });

// A client that asks while the NameNode is down, and DataNodes that send heartbeats meanwhile, find
// it as soon as it is back. (They missed it again and again for 5 to 10 s: connections of gRPC come
// up only while somebody waits for them.)
TEST(NamenodeCrashReturn, IsNoticedAtOnce) {
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Cluster> cluster, NewForkedCluster({.datanodes = 1}));
  ASSERT_OK(cluster->StartAll());
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<client::DfsClient> client, cluster->NewClient());
  ASSERT_OK(client->Mkdirs("/d"));
  for (int round = 0; round < 3; ++round) {
    ASSERT_OK(cluster->KillNamenode());
    std::atomic<bool> found = false;
    std::thread asking([&] {
      EXPECT_OK(client->Stat("/d"));
      found = true;
    });
    std::this_thread::sleep_for(std::chrono::seconds(2));  // several attempts in vain
    EXPECT_FALSE(found);
    ASSERT_OK(cluster->StartNamenode());
    const auto started = std::chrono::steady_clock::now();
    asking.join();
    ASSERT_OK(cluster->WaitReady(1));
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - started;
    EXPECT_LT(waited.count(), 4.5) << "round " << round;
  }
}

TEST(NamenodeCrashDelete, ABigDeleteInterruptedIsFinishedAfterTheRestart) {
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Cluster> cluster, NewForkedCluster({.datanodes = 3}));
  ASSERT_OK(cluster->StartAll());
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<client::DfsClient> client, cluster->NewClient());
  Verifier verifier(*cluster);
  ASSERT_OK(verifier.WriteFile(*client, "/keep", 1, 100000, {.replication = 3}));
  for (int d = 0; d < 10; ++d) {
    for (int f = 0; f < 30; ++f) {
      ASSERT_OK(verifier.WriteFile(*client, fmt::format("/tree/d{}/f{}", d, f), f, 100,
                                   {.replication = 2}));
    }
  }
  ASSERT_OK_AND_ASSIGN(const bool deleted, client->Delete("/tree", /*recursive=*/true));
  EXPECT_TRUE(deleted);
  for (int kill = 0; kill < 3;
       ++kill) {  // the first within the reclaiming, others wherever they fall
    ASSERT_OK(cluster->KillNamenode());
    ASSERT_OK(cluster->StartNamenode());
  }
  verifier.Forget("/tree");
  ASSERT_OK(cluster->WaitReady(3));
  ASSERT_OK_AND_ASSIGN(const bool exists, client->Exists("/tree"));
  EXPECT_FALSE(exists);
  ASSERT_OK(verifier.CheckAll(*client));
  ASSERT_OK(WaitFor("the inodes to be reclaimed", 30, [&] {
    const auto stats = client->GetFsStats();
    return stats.ok() && stats->total_files == 2;  // the root and /keep
  }));
}

}  // namespace
}  // namespace cairn::testing
