// Name directories that are lost while the NameNode runs or is down, the database's included: a
// plain start goes on from the other one with every acknowledged change.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <thread>

#include "tests/cluster/cluster.h"
#include "tests/cluster/status_matchers.h"
#include "tests/cluster/storm.h"

namespace cairn::testing {
namespace {

// Clients that are patient: on a busy disk a start that copies a checkpoint takes its time.
Storm::Connect PatientClients(const Cluster& cluster) {
  client::ClientOptions options = cluster.client_options();
  options.namenode_retries = 480;
  return [options] { return client::DfsClient::Connect(options); };
}

// Ends the storm: what its clients were told, against what is there.
void StopAndCheck(Cluster& cluster, Storm& storm) {
  ASSERT_OK(storm.Stop());
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<client::DfsClient> client, cluster.NewClient());
  EXPECT_OK(storm.Check(*client));
  EXPECT_GT(storm.steps(), 20) << "the storm hardly ran";
}

void WorkFor(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

TEST(NameDirectory, ALostOneIsDoneWithoutAndItsEmptyReplacementIsFilled) {
  const char* given = std::getenv("CAIRN_SEED");
  const uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  SCOPED_TRACE(fmt::format("CAIRN_SEED={}", seed));
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Cluster> cluster,
                       NewForkedCluster({.datanodes = 1,
                                         .name_directories = 2,
                                         .settings = {{"dfs.replication", "1"},
                                                      // Else its first calls find no DataNode.
                                                      {"dfs.namenode.safemode.min.datanodes", "1"},
                                                      {"dfs.namenode.checkpoint.txns", "200"}}}));
  ASSERT_OK(cluster->StartAll());
  Storm storm({.seed = seed}, PatientClients(*cluster));
  for (int round = 0; round < 2; ++round) {
    const std::string lost = cluster->name_directory(round);
    WorkFor(600);
    if (round == 0) {  // under the running NameNode, which goes on
      std::filesystem::rename(lost, lost + ".lost");
      WorkFor(1500);
      ASSERT_OK(cluster->KillNamenode());
    } else {
      ASSERT_OK(cluster->KillNamenode());
      std::filesystem::rename(lost, lost + ".lost");
    }
    std::filesystem::remove_all(lost + ".lost");
    ASSERT_OK(cluster->StartNamenode());
    ASSERT_OK(cluster->WaitReady(1));
    EXPECT_FALSE(std::filesystem::exists(lost));
    WorkFor(300);
    ASSERT_OK(cluster->KillNamenode());
    std::filesystem::create_directory(lost);  // a new disk; in the next round the other one is lost
    ASSERT_OK(cluster->StartNamenode());
    ASSERT_OK(cluster->WaitReady(1));
  }
  StopAndCheck(*cluster, storm);
}

// The directory with the database is lost under a NameNode that has to write to it: it begins again
// by itself, in the other one, while its clients wait.
TEST(NameDirectory, TheDatabasesLossDoesNotEndTheNameNode) {
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Cluster> cluster,
                       NewForkedCluster({.datanodes = 1,
                                         .name_directories = 2,
                                         .settings = {{"dfs.replication", "1"},
                                                      // Else its first calls find no DataNode.
                                                      {"dfs.namenode.safemode.min.datanodes", "1"},
                                                      {"dfs.namenode.checkpoint.txns", "100"}}}));
  ASSERT_OK(cluster->StartAll());
  Storm storm({.seed = 7}, PatientClients(*cluster));
  WorkFor(500);
  std::filesystem::remove_all(cluster->name_directory(0));
  // A checkpoint becomes due and has the database write its files.
  const std::string moved = cluster->name_directory(1) + "/rocksdb";
  for (int tick = 0; tick < 600 && !std::filesystem::exists(moved); ++tick) WorkFor(100);
  ASSERT_TRUE(std::filesystem::exists(moved)) << "no new start within 60 s; " << cluster->logs();
  ASSERT_OK(cluster->WaitReady(1));
  EXPECT_TRUE(cluster->NamenodeRuns());
  WorkFor(300);
  StopAndCheck(*cluster, storm);
}

}  // namespace
}  // namespace cairn::testing
