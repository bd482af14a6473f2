// Name directories that are lost while the NameNode runs or is down, the database's included: a
// plain start goes on from the other one with every acknowledged change.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <random>
#include <thread>

#include "tests/cluster/cluster.h"
#include "tests/cluster/namespace_model.h"
#include "tests/cluster/status_matchers.h"

namespace cairn::testing {
namespace {

// Clients that change directories of their own at random and know what they were told.
class Storm {
 public:
  Storm(Cluster& cluster, uint64_t seed) : cluster_(cluster), models_(kClients) {
    for (int i = 0; i < kClients; ++i)
      threads_.emplace_back([this, i, seed] { Work(i, seed + i); });
  }
  ~Storm() { Stop(); }

  void Stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  // What the clients were told, against what is there.
  void Check() {
    ASSERT_OK_AND_ASSIGN(const std::unique_ptr<client::DfsClient> client, cluster_.NewClient());
    int64_t steps = 0;
    for (int i = 0; i < kClients; ++i) {
      EXPECT_OK(models_[i].Compare(*client, Home(i)));
      steps += models_[i].steps();
    }
    EXPECT_GT(steps, 20) << "the storm hardly ran";
  }

 private:
  static constexpr int kClients = 4;
  static std::string Home(int i) { return fmt::format("/client{}", i); }

  void Work(int i, uint64_t seed) {
    // Patient: on a busy disk a start that copies a checkpoint takes its time.
    client::ClientOptions options = cluster_.client_options();
    options.namenode_retries = 480;
    auto client = client::DfsClient::Connect(options);
    ASSERT_OK(client);
    ASSERT_OK((*client)->Mkdirs(Home(i)));
    models_[i].AddDirectory(Home(i));
    std::mt19937_64 random(seed);
    while (!stop_) ASSERT_OK(models_[i].RandomStep(**client, Home(i), random));
  }

  Cluster& cluster_;
  std::atomic<bool> stop_ = false;
  std::vector<NamespaceModel> models_;
  std::vector<std::thread> threads_;
};

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
                                                      {"dfs.namenode.checkpoint.txns", "200"}}}));
  ASSERT_OK(cluster->StartAll());
  Storm storm(*cluster, seed);
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
  storm.Stop();
  storm.Check();
}

// The directory with the database is lost under a NameNode that has to write to it: it begins again
// by itself, in the other one, while its clients wait.
TEST(NameDirectory, TheDatabasesLossDoesNotEndTheNameNode) {
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Cluster> cluster,
                       NewForkedCluster({.datanodes = 1,
                                         .name_directories = 2,
                                         .settings = {{"dfs.replication", "1"},
                                                      {"dfs.namenode.checkpoint.txns", "100"}}}));
  ASSERT_OK(cluster->StartAll());
  Storm storm(*cluster, 7);
  WorkFor(500);
  std::filesystem::remove_all(cluster->name_directory(0));
  // A checkpoint becomes due and has the database write its files.
  const std::string moved = cluster->name_directory(1) + "/rocksdb";
  for (int tick = 0; tick < 600 && !std::filesystem::exists(moved); ++tick) WorkFor(100);
  ASSERT_TRUE(std::filesystem::exists(moved)) << "no new start within 60 s; " << cluster->logs();
  ASSERT_OK(cluster->WaitReady(1));
  EXPECT_TRUE(cluster->NamenodeRuns());
  WorkFor(300);
  storm.Stop();
  storm.Check();
}

}  // namespace
}  // namespace cairn::testing
