// All machines lose their power at once: what was synced is there afterwards, whatever part of the
// rest the disks happened to keep.
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <thread>

#include "tests/fault/runner/scenario.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;
using cairn::testing::NamespaceModel;

class Power : public Scenario {
 protected:
  void CutAndRestart() {
    constexpr Unsynced kFates[] = {Unsynced::kMixed, Unsynced::kMixed, Unsynced::kLost,
                                   Unsynced::kKept};
    ASSERT_OK(faults().KillAll());
    ASSERT_OK(faults().CutPower(kFates[Between(0, 3)], random()()));
    ASSERT_OK(faults().StartAll());
  }
};

TEST_P(Power, CutsLoseNoAcknowledgedChangeOfTheNamespace) {
  ASSERT_NO_FATAL_FAILURE(
      StartCluster({.datanodes = 1,
                    .name_directories = 2,
                    .power_cuts = true,
                    .settings = {{"cairn.namenode.journal.segment-size", "16k"}}}));
  constexpr int kClients = 4;
  const int cuts = LongRun() ? 100 : 5;
  std::deque<NamespaceModel> models;
  for (int i = 0; i < kClients; ++i) models.emplace_back(0);
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i, seed = random()()] {
      const std::string home = fmt::format("/client{}", i);
      ASSERT_OK_AND_ASSIGN(const auto client, faults().NewClient());
      ASSERT_OK(client->Mkdirs(home));
      models[i].AddDirectory(home);
      std::mt19937_64 steps(seed);
      while (!stop) ASSERT_OK(models[i].RandomStep(*client, home, steps));
    });
  }
  for (int i = 0; i < cuts && !HasFailure(); ++i) {
    Sleep(Between(50, 1000));
    CutAndRestart();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  ASSERT_NO_FATAL_FAILURE(CutAndRestart());
  int64_t steps = 0;
  for (int i = 0; i < kClients; ++i) {
    EXPECT_OK(models[i].Compare(client(), fmt::format("/client{}", i)));
    steps += models[i].steps();
  }
  Report(fmt::format("cuts={} operations={}", cuts + 1, steps));
  CheckDaemons();
}

TEST_P(Power, CutsLoseNoFileThatDatanodesSyncedOnClose) {
  ASSERT_NO_FATAL_FAILURE(StartCluster(
      {.datanodes = 3, .power_cuts = true, .settings = {{"dfs.datanode.synconclose", "true"}}}));
  const int cuts = LongRun() ? 100 : 4;
  for (int i = 0; i < cuts && !HasFailure(); ++i) {
    for (int j = 0; j < 3; ++j) {
      ASSERT_OK(verifier().WriteFile(client(), fmt::format("/f{}", Between(0, 9)), random()(),
                                     Between(1, 3 * kBlock),
                                     {.overwrite = true, .replication = 3, .block_size = kBlock}));
    }
    Sleep(Between(0, 500));
    ASSERT_NO_FATAL_FAILURE(CutAndRestart());
    ASSERT_OK(verifier().CheckContents(client()));
  }
  Report(fmt::format("cuts={}", cuts));
  CheckEverything();
}

// The cut itself has teeth: what nobody synced is gone from every disk.
TEST_P(Power, ACutTakesWhatWasNotSynced) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 3, .power_cuts = true}));
  ASSERT_OK_AND_ASSIGN(const auto out,
                       client().Create("/f", {.replication = 3, .block_size = kBlock}));
  ASSERT_OK(out->Write(cairn::testing::PatternBytes(1, 0, kBlock)));
  ASSERT_OK(out->Close());
  const auto bytes_on_disks = [&] {
    uintmax_t bytes = 0;
    for (int i = 0; i < 3; ++i) {
      for (const auto& entry :
           std::filesystem::recursive_directory_iterator(faults().Disks(i)[0])) {
        const std::string name = entry.path().filename();
        if (name.starts_with("blk_") && !name.ends_with(".meta")) bytes += entry.file_size();
      }
    }
    return bytes;
  };
  EXPECT_EQ(bytes_on_disks(), 3u * kBlock);
  ASSERT_OK(faults().KillAll());
  ASSERT_OK(faults().CutPower(Unsynced::kLost, 1));
  EXPECT_EQ(bytes_on_disks(), 0u);
  CheckDaemons();
}

CAIRN_SCENARIOS(Power);

}  // namespace
}  // namespace cairn::fault
