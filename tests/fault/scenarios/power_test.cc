// All machines lose their power at once: what was synced is there afterwards, whatever part of the
// rest the disks happened to keep.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/cluster/storm.h"
#include "tests/fault/runner/scenario.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;
using cairn::testing::Storm;

class Power : public Scenario {
 protected:
  Unsynced SomeFate() {
    constexpr Unsynced kFates[] = {Unsynced::kMixed, Unsynced::kMixed, Unsynced::kLost,
                                   Unsynced::kKept};
    return kFates[Between(0, 3)];
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
  // Empty files: what DataNodes keep is for the scenarios below.
  Storm storm({.clients = kClients, .seed = random()(), .max_file_bytes = 0},
              [this] { return faults().NewClient(); });
  for (int i = 0; i < cuts && storm.ok(); ++i) {
    Sleep(Between(50, 1000));
    ASSERT_NO_FATAL_FAILURE(CutPowerAndRestart(SomeFate()));
  }
  ASSERT_OK(storm.Stop());
  ASSERT_NO_FATAL_FAILURE(CutPowerAndRestart(SomeFate()));
  ASSERT_OK(storm.Check(client(), &verifier()));
  Report(fmt::format("cuts={} operations={}", cuts + 1, storm.steps()));
  CheckEverything();
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
    ASSERT_NO_FATAL_FAILURE(CutPowerAndRestart(SomeFate()));
    ASSERT_OK(verifier().CheckContents(client()));
  }
  Report(fmt::format("cuts={}", cuts));
  CheckEverything();
}

// The cut itself has teeth: what nobody synced is gone from every disk.
TEST_P(Power, ACutTakesWhatWasNotSynced) {
  ASSERT_NO_FATAL_FAILURE(
      StartCluster({.datanodes = 3,
                    .power_cuts = true,
                    .settings = {{"dfs.namenode.safemode.threshold-pct", "0"}}}));
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
  watch().Suspend();
  ASSERT_OK(faults().KillAll());
  ASSERT_OK(faults().CutPower(Unsynced::kLost, 1));
  EXPECT_EQ(bytes_on_disks(), 0u);
  ASSERT_OK(faults().StartAll());
  watch().Resume();
  ASSERT_OK(client().Delete("/f", false));
  CheckEverything();
}

CAIRN_SCENARIOS(Power, 2);

}  // namespace
}  // namespace cairn::fault
