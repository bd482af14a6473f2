// All machines lose their power at once: what was synced is there afterwards, whatever part of the
// rest the disks happened to keep.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/cluster/storm.h"
#include "tests/fault/runner/scenario.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;
using cairn::testing::PatternBytes;
using cairn::testing::Storm;
using cairn::testing::WaitFor;

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
  ASSERT_OK(out->Write(PatternBytes(1, 0, kBlock)));
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

// Files that were being written when the power went.
class PowerOfWriters : public Scenario {};

TEST_P(PowerOfWriters, APowerCutLeavesWhatHsyncPromised) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 3, .power_cuts = true}));
  for (int round = 0; round < (LongRun() ? 40 : 3); ++round) {
    // What recovery has finalized is not synced: the next cut may take it.
    if (round > 0) {
      ASSERT_OK(client().Delete("/f", false));
      verifier().Forget("/f");
    }
    const uint64_t seed = random()();
    // Several blocks: the earlier ones are synced at their end.
    const int64_t synced = Between(1, 3 * kBlock - 1000);
    ASSERT_NO_FATAL_FAILURE(Abandon("/f", seed, synced, Promise::kSynced));
    ASSERT_NO_FATAL_FAILURE(
        CutPowerAndRestart(Between(0, 2) == 0 ? Unsynced::kLost : Unsynced::kMixed));
    ASSERT_NO_FATAL_FAILURE(RecoverAndCheck("/f", seed, synced));
  }
  CheckEverything();
}

TEST_P(PowerOfWriters, PowerCutsUnderLoadLeaveWhatWasSynced) {
  // Blocks are synced at their end because the DataNodes or because the clients ask for it.
  const bool by_clients = Between(0, 1) == 0;
  // Copies that the NameNode orders are synced only where DataNodes do it: a block may come out of
  // a cut with one good replica and damaged ones on the other nodes, and needs a free one then.
  FaultOptions options{.datanodes = 4, .power_cuts = true};
  if (!by_clients) options.settings = {{"dfs.datanode.synconclose", "true"}};
  ASSERT_NO_FATAL_FAILURE(StartCluster(options));
  Workload workload(
      faults(), history(), random()(),
      {.sync_blocks = by_clients, .write_errors_allowed = true, .read_errors_allowed = true});
  workload.Start();
  const int cuts = LongRun() ? 100 : 3;
  for (int i = 0; i < cuts && !HasFailure(); ++i) {
    Sleep(Between(100, 2500));
    ASSERT_NO_FATAL_FAILURE(CutPowerAndRestart(Unsynced::kMixed, &workload));
  }
  EXPECT_OK(WaitFor("something to promise", 90, [&] {
    const WorkloadTotals totals = workload.totals();
    return totals.files_closed > 3 && totals.syncs > 0 && totals.flushes > 0;
  }));
  Report(fmt::format("cuts={}", cuts));
  CheckEverything(&workload);
}

// Who asks for no SYNC_BLOCK is promised the block that was current, and nothing of those before.
TEST_P(PowerOfWriters, ACutLeavesTheBlockThatWasCurrentAtHsync) {
  ASSERT_NO_FATAL_FAILURE(
      StartCluster({.datanodes = 3,
                    .power_cuts = true,
                    .settings = {{"dfs.namenode.safemode.threshold-pct", "0"}}}));
  int lost = 0;
  for (int round = 0; round < (LongRun() ? 40 : 2); ++round) {
    const uint64_t seed = random()();
    const int64_t current = Between(1, 2) * kBlock;  // where it begins
    const int64_t synced = current + Between(1, kBlock - 1000);
    ASSERT_NO_FATAL_FAILURE(Abandon("/f", seed, synced, Promise::kLastBlockSynced));
    ASSERT_NO_FATAL_FAILURE(CutPowerAndRestart(round == 0 ? Unsynced::kLost : Unsynced::kMixed));
    ASSERT_OK(RecoverLease(client(), "/f"));
    ASSERT_OK_AND_ASSIGN(const auto in, client().Open("/f"));
    ASSERT_GE(in->Length(), synced);
    const auto promised = static_cast<size_t>(in->Length() - current);
    ASSERT_OK_AND_ASSIGN(const std::string bytes, in->ReadAt(current, promised));
    ASSERT_TRUE(bytes == PatternBytes(seed, current, promised)) << "wrong bytes at " << current;
    for (int64_t at = 0; at < current; at += kBlock) {
      const auto earlier = in->ReadAt(at, kBlock);
      if (earlier.ok()) {
        ASSERT_TRUE(*earlier == PatternBytes(seed, at, kBlock)) << "wrong bytes at " << at;
      } else {
        ++lost;
      }
    }
    ASSERT_OK(client().Delete("/f", false));
  }
  EXPECT_GT(lost, 0) << "nothing was lost that nobody synced: the cuts have no teeth";
  CheckEverything();
}

CAIRN_SCENARIOS(Power, 2);
CAIRN_SCENARIOS(PowerOfWriters, 1);

}  // namespace
}  // namespace cairn::fault
