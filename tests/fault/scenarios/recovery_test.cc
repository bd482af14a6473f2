// Files whose writers or nodes died: lease and block recovery end them with everything that was
// acknowledged, and never with two writers' bytes.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <thread>

#include "tests/fault/runner/checkers.h"
#include "tests/fault/runner/client_process.h"
#include "tests/fault/runner/damage.h"
#include "tests/fault/runner/scenario.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;
using cairn::testing::PatternBytes;
using cairn::testing::WaitFor;

class Recovery : public Scenario {
 protected:
  enum class Harm {
    kDataCut,
    kMetaCut,     // within its header
    kHeaderFlip,  // one bit of it
    kHeaderNull,  // it says "no checksums", and a byte of the data is another one
    kKinds,
  };
  // Harms the replica that DataNode `index` was writing when it died.
  void HarmReplica(int index, Harm harm) {
    namespace fs = std::filesystem;
    fs::path data, meta;  // of the newest block: others may be about to be deleted
    for (const auto& entry : fs::recursive_directory_iterator(faults().Disks(index)[0])) {
      const fs::path& file = entry.path();
      const std::string name = file.filename();
      if (file.parent_path().filename() != "rbw" || !name.starts_with("blk_")) continue;
      fs::path& newest = name.ends_with(".meta") ? meta : data;
      if (newest.empty() || newest.filename() < name) newest = file;
    }
    ASSERT_FALSE(data.empty() || meta.empty());
    const auto size = static_cast<int64_t>(fs::file_size(data));
    switch (harm) {
      case Harm::kDataCut:
        history().Add("runner", CutFile(data, Between(0, size - 1)));
        break;
      case Harm::kMetaCut:
        history().Add("runner", CutFile(meta, Between(0, 6)));
        break;
      case Harm::kHeaderFlip:
        history().Add("runner", FlipBit(meta, Between(0, 6), static_cast<int>(Between(0, 7))));
        break;
      default:
        history().Add("runner", SetChecksumType(meta, 0));
        history().Add("runner", FlipBit(data, Between(0, size - 1), 0));
    }
  }
};

TEST_P(Recovery, AClientKilledAfterHflushLeavesWhatWasFlushed) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 3}));
  for (int round = 0; round < (LongRun() ? 20 : 3); ++round) {
    const std::string path = fmt::format("/f{}", round);
    const uint64_t seed = random()() >> 1;
    ASSERT_OK_AND_ASSIGN(const auto writer,
                         ClientProcess::Start(faults(), ClientWork::kFlush, path, seed,
                                              fmt::format("{}/writer{}.log", directory(), round)));
    const int64_t enough = Between(1, 2'000'000);
    EXPECT_OK(WaitFor("the writer", 60, [&] { return writer->flushed() >= enough; }));
    writer->Kill();
    ASSERT_NO_FATAL_FAILURE(RecoverAndCheck(path, seed, writer->flushed()));
  }
  CheckEverything();
}

TEST_P(Recovery, OverlappingRecoveriesOfOneBlockEndWithOneContent) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 4}));
  for (int round = 0; round < (LongRun() ? 20 : 2); ++round) {
    const std::string path = fmt::format("/f{}", round);
    const uint64_t seed = random()();
    const int64_t flushed = Between(1, 3 * kBlock);
    ASSERT_NO_FATAL_FAILURE(Abandon(path, seed, flushed, Promise::kFlushed));
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

// Two primaries that live recover one block, because the first one's calls or its result are late:
// the second one's result counts, and of the first nothing stays.
class LatePrimary : public Recovery {
 protected:
  // The first order for a recovery after `id`.
  RecoveryOrdered AwaitOrder(int64_t id) {
    RecoveryOrdered next;
    EXPECT_OK(WaitFor("a primary", 90, [&] {
      for (const RecoveryOrdered& order : RecoveriesOrdered(faults())) {
        if (order.id > id && (next.id == 0 || order.id < next.id)) next = order;
      }
      return next.id != 0;
    }));
    return next;
  }
  // Whether a DataNode but `primary` has a finished replica with the recovery's stamp.
  bool PeersTook(const RecoveryOrdered& order) {
    const std::string meta = fmt::format("blk_{}_{}.meta", order.block, order.id);
    for (int i = 0; i < faults().datanodes(); ++i) {
      if (i == order.datanode) continue;
      std::error_code error;
      std::filesystem::recursive_directory_iterator entries(faults().Disks(i)[0], error);
      for (; !error && entries != std::filesystem::end(entries); entries.increment(error)) {
        if (entries->path().filename() == meta) return true;
      }
    }
    return false;
  }
  void HoldPeerCalls(const std::string& source, bool held) {
    for (int i = 0; i < faults().datanodes(); ++i)
      faults().rpc_link(i).Shape(source, Flow::kToDaemon, {.held = held});
  }

  void Run(const std::string& path, bool peers_hear_the_first) {
    const uint64_t seed = random()();
    const int64_t flushed = Between(1, kBlock - 1000);
    ASSERT_NO_FATAL_FAILURE(Abandon(path, seed, flushed, Promise::kFlushed));
    HoldPeerCalls("", true);
    const int64_t before = latest_;
    ASSERT_OK(client().RecoverLease(path));
    const RecoveryOrdered first = AwaitOrder(before);
    ASSERT_NE(first.id, 0);
    const std::string late = faults().address(first.datanode);
    history().Add("runner", fmt::format("{} is the first primary, with id {}",
                                        DaemonName(first.datanode), first.id));
    // The NameNode hears nothing of it any more, takes it for dead, and begins a second recovery.
    faults().namenode_link().Shape(late, Flow::kToDaemon, {.held = true});
    HoldPeerCalls(late, !peers_hear_the_first);
    HoldPeerCalls("", false);
    if (peers_hear_the_first) {
      ASSERT_OK(
          WaitFor("the first recovery to reach the peers", 30, [&] { return PeersTook(first); }));
    }
    const RecoveryOrdered second = AwaitOrder(first.id);
    ASSERT_NE(second.id, 0);
    EXPECT_EQ(second.block, first.block);
    EXPECT_NE(second.datanode, first.datanode);
    ASSERT_OK(WaitFor("the second recovery", 60,
                      [&] { return client().IsFileClosed(path).value_or(false); }));
    ASSERT_OK_AND_ASSIGN(const LocatedBlocks located, client().GetBlockLocations(path, 0, kBlock));
    const Block ended = located.blocks.at(0).block.block;
    EXPECT_GE(ended.generation_stamp, second.id);
    EXPECT_TRUE(faults().Runs(first.datanode));
    EXPECT_FALSE(RecoveryHasEnded(faults(), first)) << "the first primary was not late";
    faults().Heal();
    ASSERT_OK(WaitFor("the late primary", 90, [&] { return RecoveryHasEnded(faults(), first); }));
    ASSERT_OK(faults().WaitReady(faults().datanodes()));
    ASSERT_OK_AND_ASSIGN(const LocatedBlocks after, client().GetBlockLocations(path, 0, kBlock));
    EXPECT_EQ(after.blocks.at(0).block.block, ended) << "the late result was taken";
    ASSERT_GE(ended.num_bytes, flushed);
    verifier().Expect(path, seed, ended.num_bytes, 3);
    for (const RecoveryOrdered& order : RecoveriesOrdered(faults()))
      latest_ = std::max(latest_, order.id);
    ASSERT_OK(verifier().CheckAll(client()));
  }

 private:
  int64_t latest_ = 0;  // recovery id of the round before
};

TEST_P(LatePrimary, LeavesNothing) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 3}));
  for (int round = 0; round < (LongRun() ? 8 : 2); ++round) {
    SCOPED_TRACE(fmt::format("round {}", round));
    ASSERT_NO_FATAL_FAILURE(Run(fmt::format("/f{}", round), round % 2 == 0));
  }
  CheckEverything();
}

constexpr size_t kRecordBytes = 16;

// What determines the bytes of a writer's record.
uint64_t RecordSeed(int id, int64_t number) {
  return static_cast<uint64_t>(id) << 32 | static_cast<uint64_t>(number);
}

// Whose record this is, one that comes after those in `found`, to which it is added; by writer.
std::optional<int> TakeRecord(std::string_view record, const std::vector<int64_t>& tried,
                              std::vector<std::vector<int64_t>>& found) {
  for (size_t id = 0; id < found.size(); ++id) {
    for (int64_t number = found[id].back() + 1; number <= tried[id]; ++number) {
      const int writer = static_cast<int>(id);
      if (record != PatternBytes(RecordSeed(writer, number), 0, kRecordBytes)) continue;
      found[id].push_back(number);
      return writer;
    }
  }
  return std::nullopt;
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
  std::vector<int64_t> tried(kWriters);
  std::atomic<bool> stop = false;
  std::atomic<int64_t> records = 0;
  std::vector<std::thread> writers;
  for (int id = 0; id < kWriters; ++id) {
    writers.emplace_back([&, id, seed = random()()] {
      std::mt19937_64 dice(seed);
      auto own = faults().NewClient();
      ASSERT_OK(own);
      int failures = 0;
      for (int64_t number = 0; !stop;) {
        auto out = (*own)->Append(path);
        if (!out.ok()) {
          history().Add(fmt::format("writer-{}", id), out.status().ToString());
          (void)(*own)->RecoverLease(path);
          // Longer each time: the other one needs the lease for long enough to write something.
          failures = std::min(failures + 1, 6);
          std::this_thread::sleep_for(std::chrono::milliseconds((20 + dice() % 100) << failures));
          continue;
        }
        failures = 0;
        while (!stop && dice() % 20 != 0) {
          tried[id] = ++number;
          const std::string record = PatternBytes(RecordSeed(id, number), 0, kRecordBytes);
          if (!(*out)->Write(record).ok() || !(*out)->Hflush().ok()) break;
          acknowledged[id].push_back(number);
          ++records;
          std::this_thread::sleep_for(std::chrono::milliseconds(dice() % 30));
        }
        const absl::Status closed = (*out)->Close();
        history().Add(fmt::format("writer-{}", id),
                      fmt::format("{} records, close {}", number, closed.ToString()));
      }
    });
  }
  Sleep(LongRun() ? 60'000 : 8'000);
  EXPECT_OK(WaitFor("some records", 60, [&] { return records > 40; }));
  stop = true;
  for (std::thread& writer : writers) writer.join();
  ASSERT_OK(RecoverLease(client(), path));
  ASSERT_OK_AND_ASSIGN(const auto in, client().Open(path));
  ASSERT_OK_AND_ASSIGN(const std::string bytes, in->ReadAll());
  // Each number is used once, so that a record can neither be repeated nor overtaken.
  std::vector<std::vector<int64_t>> found(kWriters, {0});
  cairn::testing::Pieces pieces;
  ASSERT_EQ(bytes.size() % kRecordBytes, 0u);
  for (size_t at = 0; at < bytes.size(); at += kRecordBytes) {
    const auto id = TakeRecord(std::string_view(bytes).substr(at, kRecordBytes), tried, found);
    ASSERT_TRUE(id) << "at " << at << " there is no record that could come next";
    pieces.push_back({RecordSeed(*id, found[*id].back()), kRecordBytes});
  }
  for (int id = 0; id < kWriters; ++id) {
    EXPECT_TRUE(std::includes(found[id].begin(), found[id].end(), acknowledged[id].begin(),
                              acknowledged[id].end()))
        << "acknowledged records of writer " << id << " are missing";
  }
  Report(fmt::format("records={}", records.load()));
  verifier().Expect(path, pieces, 3);
  CheckEverything();
}

// All processes die and one disk loses bytes of its replica, or what tells their checksums: what
// was flushed is still on the others, and the harmed one is not believed.
TEST_P(Recovery, DamageToOneOfThreeReplicasCostsNothingThatWasFlushed) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({.datanodes = 3}));
  constexpr int kKinds = static_cast<int>(Harm::kKinds);
  for (int round = 0; round < (LongRun() ? 20 : kKinds); ++round) {
    const std::string path = fmt::format("/f{}", round);
    const uint64_t seed = random()();
    const int64_t flushed = Between(1000, kBlock - 1000);
    ASSERT_NO_FATAL_FAILURE(Abandon(path, seed, flushed, Promise::kFlushed));
    watch().Suspend();
    ASSERT_OK(faults().KillAll());
    ASSERT_NO_FATAL_FAILURE(
        HarmReplica(static_cast<int>(Between(0, 2)), static_cast<Harm>(round % kKinds)));
    ASSERT_OK(faults().StartAll());
    watch().Resume();
    ASSERT_NO_FATAL_FAILURE(RecoverAndCheck(path, seed, flushed));
  }
  CheckEverything();
}

CAIRN_SCENARIOS(Recovery, 1);
CAIRN_SCENARIOS(LatePrimary, 1);

}  // namespace
}  // namespace cairn::fault
