// All machines lose their power at once: what was synced is there afterwards, whatever part of the
// rest the disks happened to keep.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <vector>

#include "common/status_macros.h"
#include "tests/cluster/storm.h"
#include "tests/fault/runner/client_process.h"
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
class PowerOfWriters : public Scenario {
 protected:
  // Ends the file by lease recovery. Of the bytes from `begin` on all are there and right, up to
  // `end` at least (or else as many as there are); those before are right or cannot be read.
  // Returns how many blocks before cannot.
  int CheckFrom(const std::string& path, uint64_t seed, int64_t begin, int64_t end) {
    int lost = 0;
    client::ClientOptions options = faults().client_options();
    options.read_retry_window_ms = 100;  // what is lost does not come back
    const absl::Status status = [&]() -> absl::Status {
      RETURN_IF_ERROR(RecoverLease(client(), path));
      ASSIGN_OR_RETURN(const auto reader, client::DfsClient::Connect(options));
      ASSIGN_OR_RETURN(const auto in, reader->Open(path));
      if (in->Length() < end)
        return absl::DataLossError(fmt::format("{} bytes of {}", in->Length(), end));
      for (int64_t at = 0; at < begin; at += kBlock) {
        const size_t n = std::min(kBlock, begin - at);
        const auto earlier = in->ReadAt(at, n);
        if (!earlier.ok()) ++lost;
        if (earlier.ok() && *earlier != PatternBytes(seed, at, n))
          return absl::DataLossError(fmt::format("wrong bytes at {}", at));
      }
      ASSIGN_OR_RETURN(const std::string bytes, in->ReadAt(begin, end - begin));
      if (bytes == PatternBytes(seed, begin, end - begin)) return absl::OkStatus();
      return absl::DataLossError(fmt::format("wrong bytes at {}", begin));
    }();
    EXPECT_OK(status) << path << ", of which [" << begin << ", " << end << ") was promised";
    return lost;
  }
  // What nobody has promised survives more often than not: some of it must be lost now and then.
  void ExpectTeeth(int lost) {
    EXPECT_GT(lost, 0) << "nothing was lost that nobody synced: the cuts have no teeth";
  }
  // Where names are synced and blocks are not, those stay missing.
  static FaultOptions UnsyncedBlocks() {
    return {.datanodes = 3,
            .power_cuts = true,
            .settings = {{"dfs.namenode.safemode.threshold-pct", "0"}}};
  }
};

TEST_P(PowerOfWriters, APowerCutLeavesWhatHsyncPromised) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 3, .power_cuts = true}));
  for (int round = 0; round < (LongRun() ? 40 : 3); ++round) {
    // A copy that is not done when the power goes would leave blocks that need a
    // free node to be copied to.
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
  ASSERT_NO_FATAL_FAILURE(StartCluster(UnsyncedBlocks()));
  int lost = 0;
  for (int round = 0; round < (LongRun() ? 40 : 2) && !HasFailure(); ++round) {
    const uint64_t seed = random()();
    const int64_t current = Between(1, 2) * kBlock;  // where it begins
    const int64_t synced = current + Between(1, kBlock - 1000);
    ASSERT_NO_FATAL_FAILURE(Abandon("/f", seed, synced, Promise::kLastBlockSynced));
    ASSERT_NO_FATAL_FAILURE(CutPowerAndRestart(round == 0 ? Unsynced::kLost : Unsynced::kMixed));
    lost += CheckFrom("/f", seed, current, synced);
    ASSERT_OK(client().Delete("/f", false));
  }
  ExpectTeeth(lost);
  CheckEverything();
}

// It was about no block: the one before had ended, and the next one had not begun.
TEST_P(PowerOfWriters, AnHsyncAtTheVeryEndOfABlockIsAboutThatBlock) {
  ASSERT_NO_FATAL_FAILURE(StartCluster(UnsyncedBlocks()));
  int lost = 0;
  for (int round = 0; round < (LongRun() ? 40 : 2) && !HasFailure(); ++round) {
    const uint64_t seed = random()();
    const int64_t current = Between(1, 2) * kBlock;
    const int64_t synced = current + kBlock;
    if (round % 2 == 0) {
      ASSERT_NO_FATAL_FAILURE(Abandon("/f", seed, synced, Promise::kLastBlockSynced));
    } else {  // nothing comes behind it, and the length is not told
      ASSERT_OK_AND_ASSIGN(const auto writer, faults().NewClient());
      ASSERT_OK_AND_ASSIGN(const auto out,
                           writer->Create("/f", {.replication = 3, .block_size = kBlock}));
      ASSERT_OK(out->Write(PatternBytes(seed, 0, synced)));
      ASSERT_OK(out->Hsync());
    }
    ASSERT_NO_FATAL_FAILURE(CutPowerAndRestart(round < 2 ? Unsynced::kLost : Unsynced::kMixed));
    lost += CheckFrom("/f", seed, current, synced);
    ASSERT_OK(client().Delete("/f", false));
  }
  ExpectTeeth(lost);
  CheckEverything();
}

// That the file went on and was closed, without SYNC_BLOCK, takes nothing of it back.
TEST_P(PowerOfWriters, WhatWasHsyncedStaysThoughTheFileIsClosed) {
  ASSERT_NO_FATAL_FAILURE(StartCluster(UnsyncedBlocks()));
  int lost = 0;
  for (int round = 0; round < (LongRun() ? 40 : 2) && !HasFailure(); ++round) {
    const uint64_t seed = random()();
    const int64_t current = Between(1, 2) * kBlock;
    const int64_t synced = current + Between(1, kBlock - 1000);
    const int64_t length =
        synced + (round % 2 == 0 ? Between(1, 900) : Between(kBlock, 2 * kBlock));
    ASSERT_OK_AND_ASSIGN(const auto out,
                         client().Create("/f", {.replication = 3, .block_size = kBlock}));
    ASSERT_OK(out->Write(PatternBytes(seed, 0, synced)));
    ASSERT_OK(out->Hsync());
    ASSERT_OK(out->Write(PatternBytes(seed, synced, length - synced)));
    ASSERT_OK(out->Close());
    ASSERT_NO_FATAL_FAILURE(CutPowerAndRestart(round < 2 ? Unsynced::kLost : Unsynced::kMixed));
    lost += CheckFrom("/f", seed, current, synced);
    ASSERT_OK(client().Delete("/f", false));
  }
  ExpectTeeth(lost);
  CheckEverything();
}

// Nodes that take the place of others (getAdditionalDatanode, TRANSFER_BLOCK) have on their disks
// what was hsynced before they came.
TEST_P(PowerOfWriters, HsyncedBytesAreOnTheDisksOfNodesThatJoinedThePipelineLater) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 6, .power_cuts = true}));
  for (int round = 0; round < (LongRun() ? 15 : 1) && !HasFailure(); ++round) {
    const uint64_t seed = random()();
    // Half of the time it ends with a chunk, as what is written on does: then the set-ups of the
    // following pipelines, which sync what they cut, cut nothing.
    const int64_t synced = Between(2, 6000) * 512 - (round % 2 == 0 ? 0 : Between(1, 511));
    int64_t written = synced;
    ASSERT_OK_AND_ASSIGN(auto writer, faults().NewClient());
    ASSERT_OK_AND_ASSIGN(auto out,
                         writer->Create("/f", {.replication = 3, .block_size = 4 * kBlock}));
    ASSERT_OK(out->Write(PatternBytes(seed, 0, synced)));
    ASSERT_OK(out->Hsync());
    ASSERT_OK(WaitFor("the pipeline", 10, [&] { return faults().Pipeline().size() == 3; }));
    std::vector<int> first = faults().Pipeline();
    std::shuffle(first.begin(), first.end(), random());
    for (const int victim : first) {
      ASSERT_OK(faults().Kill(victim));
      ASSERT_OK(out->Write(PatternBytes(seed, written, 512)));
      ASSERT_OK(out->Hflush());
      written += 512;
      ASSERT_OK(WaitFor("the replacement", 30, [&] { return faults().Pipeline().size() == 3; }));
    }
    for (const int node : faults().Pipeline())
      EXPECT_EQ(std::count(first.begin(), first.end(), node), 0) << DaemonName(node);
    out.reset();
    writer.reset();
    ASSERT_NO_FATAL_FAILURE(
        CutPowerAndRestart(Between(0, 2) == 0 ? Unsynced::kMixed : Unsynced::kLost));
    ASSERT_NO_FATAL_FAILURE(RecoverAndCheck("/f", seed, synced));
    ASSERT_OK(client().Delete("/f", false));
    verifier().Forget("/f");
  }
  CheckEverything();
}

// No process survives: clients in processes of their own die with the daemons.
TEST_P(PowerOfWriters, ACutOfAllProcessesLeavesWhatDeadClientsHadSynced) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4, .power_cuts = true}));
  constexpr int kClients = 3;
  const int cuts = LongRun() ? 40 : 2;
  int64_t created = 0, with_bytes = 0, bytes = 0;
  for (int round = 0; round < cuts && !HasFailure(); ++round) {
    const auto path = [&](int i) { return fmt::format("/f{}-{}", round, i); };
    const uint64_t seed = random()() >> 1;
    std::vector<std::unique_ptr<ClientProcess>> clients;
    for (int i = 0; i < kClients; ++i) {
      ASSERT_OK_AND_ASSIGN(
          clients.emplace_back(),
          ClientProcess::Start(faults(), ClientWork::kSync, path(i), seed + i,
                               fmt::format("{}/client{}-{}.log", directory(), round, i)));
    }
    Sleep(Between(0, 2500));
    watch().Suspend();
    for (const auto& process : clients) process->Kill();
    ASSERT_NO_FATAL_FAILURE(CutPowerAndRestart(Unsynced::kMixed));
    for (int i = 0; i < kClients; ++i) {
      const ClientProcess& dead = *clients[i];
      if (dead.created()) {
        EXPECT_EQ(CheckFrom(path(i), seed + i, 0, dead.synced()), 0);
        ++created;
        with_bytes += dead.synced() > 0 ? 1 : 0;
        bytes += dead.synced();
      }
      ASSERT_OK(client().Delete(path(i), false));
    }
  }
  EXPECT_GT(with_bytes, 0);
  Report(fmt::format("cuts={} files={} with_synced_bytes={} synced_bytes={}", cuts, created,
                     with_bytes, bytes));
  CheckEverything();
}

CAIRN_SCENARIOS(Power, 1);
CAIRN_SCENARIOS(PowerOfWriters, 1);

}  // namespace
}  // namespace cairn::fault
