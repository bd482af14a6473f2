// Files whose writers or nodes died: lease and block recovery end them with everything that was
// acknowledged, and never with two writers' bytes.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "common/coding.h"
#include "common/server/subprocess.h"
#include "tests/fault/runner/scenario.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;
using cairn::testing::PatternBytes;
using cairn::testing::WaitFor;

class Recovery : public Scenario {
 protected:
  // Begins a file and leaves it as a dead writer does, with `flushed` bytes promised.
  void Abandon(const std::string& path, uint64_t seed, int64_t flushed, bool sync) {
    ASSERT_OK_AND_ASSIGN(const auto writer, faults().NewClient());
    {
      ASSERT_OK_AND_ASSIGN(const auto out,
                           writer->Create(path, {.replication = 3, .block_size = kBlock}));
      ASSERT_OK(out->Write(PatternBytes(seed, 0, static_cast<size_t>(flushed))));
      ASSERT_OK(sync ? out->Hsync() : out->Hflush());
      ASSERT_OK(out->Write("never acknowledged"));
    }
    history().Add("writer", fmt::format("{}: {} bytes promised, then dead", path, flushed));
  }
  // Ends it by lease recovery: at least `promised` bytes of the pattern are there.
  void RecoverAndCheck(const std::string& path, uint64_t seed, int64_t promised) {
    ASSERT_OK(RecoverLease(client(), path));
    ASSERT_OK_AND_ASSIGN(const auto in, client().Open(path));
    ASSERT_GE(in->Length(), promised) << path;
    ASSERT_OK_AND_ASSIGN(const std::string bytes, in->ReadAt(0, static_cast<size_t>(promised)));
    ASSERT_TRUE(bytes == PatternBytes(seed, 0, static_cast<size_t>(promised))) << path;
    history().Add("runner", fmt::format("{}: {} bytes after recovery", path, in->Length()));
    ASSERT_OK(client().Delete(path, false));
  }
};

TEST_P(Recovery, AClientKilledAfterHflushLeavesWhatWasFlushed) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 3}));
  for (int round = 0; round < (LongRun() ? 20 : 3); ++round) {
    const std::string path = fmt::format("/f{}", round);
    const std::string output = fmt::format("{}/writer{}.log", directory(), round);
    const uint64_t seed = random()() >> 1;
    ASSERT_OK_AND_ASSIGN(
        const auto writer,
        Subprocess::Start({.argv = {CAIRN_FAULT_WRITER, faults().client_options().namenode_address,
                                    path, std::to_string(seed)},
                           .output_file = output,
                           .die_with_parent = true}));
    const auto flushed = [&] {
      std::ifstream file(output);
      int64_t last = 0;
      for (std::string word; file >> word;) {
        if (word == "flushed") file >> last;
      }
      return last;
    };
    const int64_t enough = Between(1, 2'000'000);
    EXPECT_OK(WaitFor("the writer", 60, [&] { return flushed() >= enough; }));
    writer->Signal(SIGKILL);
    (void)writer->Wait(10'000);
    ASSERT_NO_FATAL_FAILURE(RecoverAndCheck(path, seed, flushed()));
  }
  CheckEverything();
}

TEST_P(Recovery, OverlappingRecoveriesOfOneBlockEndWithOneContent) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4}));
  for (int round = 0; round < (LongRun() ? 20 : 2); ++round) {
    const std::string path = fmt::format("/f{}", round);
    const uint64_t seed = random()();
    const int64_t flushed = Between(1, 3 * kBlock);
    ASSERT_NO_FATAL_FAILURE(Abandon(path, seed, flushed, false));
    // What DataNodes ask each other and tell the NameNode arrives late, and differently so.
    for (int i = 0; i < 4; ++i) {
      faults().rpc_link(i).Shape("", Flow::kToDaemon, {.delay_ms = Between(0, 1500)});
      faults().rpc_link(i).Shape("", Flow::kFromDaemon, {.delay_ms = Between(0, 1500)});
      faults().namenode_link().Shape(faults().address(i), Flow::kToDaemon,
                                     {.delay_ms = Between(0, 300)});
    }
    std::vector<std::thread> callers;
    for (int i = 0; i < 3; ++i) {
      callers.emplace_back([&, pause = Between(50, 900)] {
        const auto caller = faults().NewClient();
        for (int call = 0; call < 8; ++call) {
          const absl::StatusOr<bool> closed = (*caller)->RecoverLease(path);
          if (closed.ok() && *closed) return;
          std::this_thread::sleep_for(std::chrono::milliseconds(pause));
        }
      });
    }
    const int victim = static_cast<int>(Between(0, 3));
    if (Between(0, 1) == 0) {
      Sleep(Between(0, 2000));
      EXPECT_OK(faults().Kill(victim));
    }
    for (std::thread& caller : callers) caller.join();
    faults().Heal();
    ASSERT_OK(faults().StartAll());
    ASSERT_NO_FATAL_FAILURE(RecoverAndCheck(path, seed, flushed));
  }
  CheckEverything();
}

// Two clients take one file from each other: each record that was acknowledged is there once and
// whole, in the order of its writer.
TEST_P(Recovery, WritersWhoTakeALeaseFromEachOtherNeverMix) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 3}));
  const std::string path = "/log";
  ASSERT_OK_AND_ASSIGN(const auto created, client().Create(path, {.block_size = kBlock}));
  ASSERT_OK(created->Close());
  constexpr int kWriters = 2;
  std::vector<std::vector<int64_t>> acknowledged(kWriters);
  std::atomic<bool> stop = false;
  std::vector<std::thread> writers;
  for (int id = 0; id < kWriters; ++id) {
    writers.emplace_back([&, id, seed = random()()] {
      std::mt19937_64 dice(seed);
      auto own = faults().NewClient();
      ASSERT_OK(own);
      for (int64_t number = 0; !stop;) {
        auto out = (*own)->Append(path);
        if (!out.ok()) {
          history().Add(fmt::format("writer-{}", id), out.status().ToString());
          (void)(*own)->RecoverLease(path);
          std::this_thread::sleep_for(std::chrono::milliseconds(20 + dice() % 200));
          continue;
        }
        while (!stop && dice() % 20 != 0) {
          std::string record;
          PutBigEndian<int64_t>(record, id);
          PutBigEndian<int64_t>(record, ++number);
          if (!(*out)->Write(record).ok() || !(*out)->Hflush().ok()) break;
          acknowledged[id].push_back(number);
          std::this_thread::sleep_for(std::chrono::milliseconds(dice() % 30));
        }
        const absl::Status closed = (*out)->Close();
        history().Add(fmt::format("writer-{}", id),
                      fmt::format("{} records, close {}", number, closed.ToString()));
      }
    });
  }
  Sleep(LongRun() ? 60'000 : 8'000);
  stop = true;
  for (std::thread& writer : writers) writer.join();
  ASSERT_OK(RecoverLease(client(), path));
  ASSERT_OK_AND_ASSIGN(const auto in, client().Open(path));
  ASSERT_OK_AND_ASSIGN(const std::string bytes, in->ReadAll());
  std::vector<std::vector<int64_t>> found(kWriters);
  ASSERT_EQ(bytes.size() % 16, 0u);
  for (size_t at = 0; at < bytes.size(); at += 16) {
    const auto id = GetBigEndian<int64_t>(bytes.data() + at);
    ASSERT_LT(static_cast<uint64_t>(id), static_cast<uint64_t>(kWriters)) << "at " << at;
    const auto number = GetBigEndian<int64_t>(bytes.data() + at + 8);
    // Each number is used once, so that a record can neither be repeated nor overtaken.
    ASSERT_TRUE(found[id].empty() || found[id].back() < number)
        << "writer " << id << ": " << number << " after " << found[id].back();
    found[id].push_back(number);
  }
  int64_t records = 0;
  for (int id = 0; id < kWriters; ++id) {
    records += static_cast<int64_t>(acknowledged[id].size());
    EXPECT_TRUE(std::includes(found[id].begin(), found[id].end(), acknowledged[id].begin(),
                              acknowledged[id].end()))
        << "acknowledged records of writer " << id << " are missing";
  }
  EXPECT_GT(records, 20);
  Report(fmt::format("records={}", records));
  ASSERT_OK(client().Delete(path, false));
  CheckEverything();
}

TEST_P(Recovery, LinksStopInOneOrderAndReopenInAnother) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4}));
  Workload workload(faults(), history(), random()(),
                    {.write_errors_allowed = true, .read_errors_allowed = true});
  workload.Start();
  for (int round = 0; round < (LongRun() ? 10 : 2); ++round) {
    std::vector<int> order = {kNamenode, 0, 1, 2, 3};
    for (const bool stop : {true, false}) {
      std::shuffle(order.begin(), order.end(), random());
      for (const int daemon : order) {
        FaultProxy& link =
            daemon == kNamenode ? faults().namenode_link() : faults().data_link(daemon);
        history().Add("runner", fmt::format("{} the link to {}", stop ? "stops" : "reopens",
                                            DaemonName(daemon)));
        stop ? link.Stop("") : link.Reopen("");
        Sleep(Between(0, 400));
      }
    }
    Sleep(Between(500, 2000));
  }
  CheckEverything(&workload);
}

TEST_P(Recovery, AllDatanodesRestartAtOnceUnderLoad) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 3}));
  Workload workload(faults(), history(), random()(),
                    {.write_errors_allowed = true, .read_errors_allowed = true});
  workload.Start();
  for (int round = 0; round < (LongRun() ? 8 : 2); ++round) {
    Sleep(Between(300, 2000));
    for (int i = 0; i < 3; ++i) ASSERT_OK(faults().Kill(i));
    ASSERT_OK(faults().StartAll());
  }
  CheckEverything(&workload);
}

TEST_P(Recovery, APowerCutLeavesWhatHsyncPromised) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 3, .power_cuts = true}));
  for (int round = 0; round < (LongRun() ? 40 : 3); ++round) {
    const std::string path = fmt::format("/f{}", round);
    const uint64_t seed = random()();
    // Within one block: earlier ones are promised to nobody here.
    const int64_t synced = Between(1, kBlock - 1000);
    ASSERT_NO_FATAL_FAILURE(Abandon(path, seed, synced, true));
    ASSERT_OK(faults().KillAll());
    ASSERT_OK(
        faults().CutPower(Between(0, 2) == 0 ? Unsynced::kLost : Unsynced::kMixed, random()()));
    ASSERT_OK(faults().StartAll());
    ASSERT_NO_FATAL_FAILURE(RecoverAndCheck(path, seed, synced));
  }
  CheckEverything(nullptr, true);
}

TEST_P(Recovery, PowerCutsUnderLoadLeaveWhatWasSynced) {
  ASSERT_NO_FATAL_FAILURE(StartCluster(
      {.datanodes = 3, .power_cuts = true, .settings = {{"dfs.datanode.synconclose", "true"}}}));
  Workload workload(faults(), history(), random()(),
                    {.write_errors_allowed = true, .read_errors_allowed = true});
  workload.Start();
  const int cuts = LongRun() ? 100 : 3;
  for (int i = 0; i < cuts && !HasFailure(); ++i) {
    Sleep(Between(100, 2500));
    ASSERT_OK(faults().KillAll());
    ASSERT_OK(faults().CutPower(Unsynced::kMixed, random()()));
    ASSERT_OK(faults().StartAll());
  }
  Report(fmt::format("cuts={}", cuts));
  CheckEverything(&workload, /*after_power_cut=*/true);
}

// Everything at once, as it comes.
TEST_P(Recovery, AnyFaultsUnderLoad) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4}));
  Workload workload(faults(), history(), random()(),
                    {.write_errors_allowed = true, .read_errors_allowed = true});
  workload.Start();
  for (int round = 0; round < (LongRun() ? 60 : 8) && !HasFailure(); ++round) {
    const int node = static_cast<int>(Between(0, 3));
    const Flow flow = Between(0, 1) == 0 ? Flow::kToDaemon : Flow::kFromDaemon;
    // Callers are this process or another DataNode.
    const int64_t caller = Between(0, 3);
    const std::string source = caller == node ? FaultCluster::client_address()
                                              : faults().address(static_cast<int>(caller));
    FaultProxy& link = faults().data_link(node);
    const int64_t kind = Between(0, 10);
    history().Add("runner", fmt::format("fault {} on {} from {} flow {}", kind, DaemonName(node),
                                        source, static_cast<int>(flow)));
    switch (kind) {
      case 0:
        link.Shape(source, flow, {.held = true});
        break;
      case 1:
        link.Shape(source, flow, {.delay_ms = Between(1, 500)});
        break;
      case 2:
        link.Shape(source, flow, {.bytes_per_second = Between(100'000, 2'000'000)});
        break;
      case 3:
        link.HalfClose(source, flow);
        break;
      case 4:
        link.Reset(source);
        break;
      case 5:
        link.Once(source, flow, Between(1, 500'000), [&link] { link.Reset(""); });
        break;
      case 6:
        link.FlipOnce(source, flow, Between(1, 500'000));
        break;
      case 7:
        link.Stop(source);
        break;
      case 8:
        faults().Signal(node, SIGSTOP);
        break;
      case 9:
        ASSERT_OK(faults().Kill(node));
        break;
      default:
        ASSERT_OK(faults().Kill(kNamenode));
    }
    Sleep(Between(0, 1500));
    faults().Heal();
    ASSERT_OK(faults().StartAll());
  }
  CheckEverything(&workload);
}

CAIRN_SCENARIOS(Recovery);

}  // namespace
}  // namespace cairn::fault
