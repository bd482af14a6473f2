// What every scenario is made of: a seed, a cluster under faults, a history, and checkers that run
// at its end.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/cluster/status_matchers.h"
#include "tests/cluster/verifier.h"
#include "tests/fault/runner/fault_cluster.h"
#include "tests/fault/runner/history.h"
#include "tests/fault/runner/watch.h"
#include "tests/fault/runner/workload.h"

namespace cairn::fault {

// Seeds to run with: CAIRN_FAULT_SEEDS="7" or "7-20", by default 1 to `count`.
std::vector<uint64_t> Seeds(uint64_t count);
// Whether this is the long run (CAIRN_FAULT_LONG=1): scenarios that repeat something do it more
// often.
bool LongRun();

// A gtest fixture. Its parameter is the seed of everything that is random. On failure, and when the
// time limit ends a run that hangs, the run's folder (logs, history, disks) stays and is printed
// with the command that repeats the run.
class Scenario : public ::testing::TestWithParam<uint64_t> {
 protected:
  Scenario();
  void SetUp() override;
  void TearDown() override;

  // Starts all daemons.
  void StartCluster(const FaultOptions& options = {});
  FaultCluster& faults() { return *cluster_; }
  History& history() { return *history_; }
  client::DfsClient& client() { return *client_; }
  cairn::testing::Verifier& verifier() { return *verifier_; }
  Watch& watch() { return *watch_; }
  std::mt19937_64& random() { return random_; }
  // Uniform in [low, high].
  int64_t Between(int64_t low, int64_t high);
  // Lets the daemons and the workload go on for a while: how long a fault lasts, or comes after.
  static void Sleep(int64_t ms);
  const std::string& directory() const { return directory_; }

  // A death of a daemon by itself that the scenario means to cause.
  void AllowDeaths() { deaths_allowed_ = true; }
  // Begins a file of several blocks of kBlock bytes and leaves it as a dead writer does: `promised`
  // bytes as `promise` says, and a few more.
  enum class Promise {
    kFlushed,
    kSynced,           // every block, with SYNC_BLOCK
    kLastBlockSynced,  // the block that is current at the end, with UPDATE_LENGTH
  };
  void Abandon(const std::string& path, uint64_t seed, int64_t promised, Promise promise);
  // Ends it by lease recovery: at least `promised` bytes are there, and nothing but what was
  // written. From now on the verifier knows it.
  void RecoverAndCheck(const std::string& path, uint64_t seed, int64_t promised);
  // Waits until the workload has finished this many new files since the call.
  static void AwaitFiles(const Workload& workload, int64_t more);
  // Ends all daemons, takes from their disks what `fate` says, and starts them again. `workload`,
  // if any, learns what it has lost.
  void CutPowerAndRestart(Unsynced fate, Workload* workload = nullptr);
  // Heals, starts what does not run, waits until all is well and runs every checker: acknowledged
  // bytes (A) and wrong ones (D), the namespace (B), recovery ids, stamps and their contents (C),
  // replication, leaks and deletions (E), crashes, memory and fatal log lines (F). All files are
  // the workload's or known to the verifier; the workload may be stopped already. At its end the
  // NameNode is dead, for its journal to be read.
  void CheckEverything(Workload* workload = nullptr);
  // One line of numbers for reports.
  void Report(const std::string& numbers);

  static constexpr int64_t kBlock = 1 << 20;

 private:
  // F, and what was seen all the time of C and E.
  void CheckDaemons();

  const uint64_t seed_;
  std::mt19937_64 random_;
  std::string directory_;
  std::unique_ptr<History> history_;
  std::unique_ptr<FaultCluster> cluster_;
  std::unique_ptr<Watch> watch_;
  std::unique_ptr<client::DfsClient> client_;
  std::unique_ptr<cairn::testing::Verifier> verifier_;
  bool deaths_allowed_ = false;
};

}  // namespace cairn::fault

// Runs a fixture's scenarios with every seed; the short set takes `count` of them.
#define CAIRN_SCENARIOS(fixture, count)                                                      \
  INSTANTIATE_TEST_SUITE_P(Seed, fixture, ::testing::ValuesIn(::cairn::fault::Seeds(count)), \
                           ::testing::PrintToStringParamName())
