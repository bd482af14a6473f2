// The fixture of all scenarios.
#include "tests/fault/runner/scenario.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "tests/fault/runner/checkers.h"
#include "tests/fault/runner/journal_view.h"

namespace cairn::fault {
namespace {

namespace fs = std::filesystem;
using cairn::testing::PatternBytes;

// A scenario that takes longer than this hangs.
constexpr unsigned kLimitSeconds = 240;
constexpr unsigned kLongLimitSeconds = 3600;
constexpr int64_t kMaxResidentMegabytes = 256;
constexpr size_t kUnacknowledgedBytes = 20;  // what a dead writer wrote last

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// What to say of the run that is going on should it fail or hang; for the signal handler.
std::string& Repeat() {
  static std::string text;
  return text;
}

// The time limit has passed: says how to repeat the run and leaves its folder.
void OnAlarm(int /*signal*/) {
  constexpr std::string_view kWhy = "[fault] the scenario hangs: its time limit has passed\n";
  (void)!::write(STDERR_FILENO, kWhy.data(), kWhy.size());
  (void)!::write(STDERR_FILENO, Repeat().data(), Repeat().size());
  ::_exit(3);
}

}  // namespace

std::vector<uint64_t> Seeds(uint64_t count) {
  const std::string text = Variable("CAIRN_FAULT_SEEDS");
  const uint64_t first = text.empty() ? 1 : std::stoull(text);
  const size_t dash = text.find('-');
  uint64_t last = text.empty() ? count : first;
  if (dash != std::string::npos) last = std::stoull(text.substr(dash + 1));
  std::vector<uint64_t> seeds;
  for (uint64_t seed = first; seed <= last; ++seed) seeds.push_back(seed);
  return seeds;
}

bool LongRun() { return Variable("CAIRN_FAULT_LONG") == "1"; }

Scenario::Scenario() : seed_(GetParam()), random_(GetParam()) {}

void Scenario::Sleep(int64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

int64_t Scenario::Between(int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random_() % static_cast<uint64_t>(high - low + 1));
}

void Scenario::SetUp() {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name = fmt::format("cairn-fault-{}.{}", info->test_suite_name(), info->name());
  std::replace(name.begin(), name.end(), '/', '-');
  const std::string base = Variable("TMPDIR");
  directory_ = fmt::format("{}/{}-XXXXXX", base.empty() ? "/tmp" : base, name);
  if (::mkdtemp(directory_.data()) == nullptr)
    throw std::runtime_error("cannot create " + directory_);
  history_ = std::make_unique<History>(directory_ + "/history.txt");
  history_->Add("runner", fmt::format("seed {}", seed_));
  Repeat() = fmt::format(
      "[fault] failed with seed {}; logs, history and disks are in {}\n"
      "[fault] again: CAIRN_FAULT_SEEDS={} {}{} --gtest_filter='{}.{}'\n",
      seed_, directory_, seed_, LongRun() ? "CAIRN_FAULT_LONG=1 " : "",
      fs::read_symlink("/proc/self/exe").string(), info->test_suite_name(), info->name());
  std::signal(SIGALRM, OnAlarm);
  ::alarm(LongRun() ? kLongLimitSeconds : kLimitSeconds);
}

void Scenario::TearDown() {
  ::alarm(0);
  verifier_.reset();
  client_.reset();
  watch_.reset();
  cluster_.reset();
  if (!HasFailure()) {
    fs::remove_all(directory_);
    return;
  }
  fmt::print(stderr, "{}", Repeat());
}

void Scenario::StartCluster(const FaultOptions& options) {
  ASSERT_OK_AND_ASSIGN(cluster_, FaultCluster::Create(options, directory_, seed_, *history_));
  ASSERT_OK(cluster_->StartAll());
  const int started = options.started < 0 ? options.datanodes : options.started;
  for (int daemon = kNamenode; daemon < started; ++daemon)
    ASSERT_EQ(cluster_->orders(daemon).loaded(), 1) << "the shim is not in " << DaemonName(daemon);
  watch_ = std::make_unique<Watch>(*cluster_, *history_);
  ASSERT_OK_AND_ASSIGN(client_, cluster_->NewClient());
  verifier_ = std::make_unique<cairn::testing::Verifier>(cluster_->cluster());
}

void Scenario::CheckDaemons() {
  const std::vector<std::string> deaths = cluster_->Deaths();
  for (const std::string& death : deaths) {
    EXPECT_TRUE(deaths_allowed_ && death.find("crashed") == std::string::npos) << death;
  }
  EXPECT_OK(FatalLines(cluster_->cluster().logs(), deaths_allowed_));
  EXPECT_OK(watch_->outcome());
  EXPECT_LT(watch_->max_resident_megabytes(), kMaxResidentMegabytes);
}

void Scenario::Abandon(const std::string& path, uint64_t seed, int64_t promised, Promise promise) {
  ASSERT_OK_AND_ASSIGN(const auto writer, faults().NewClient());
  ASSERT_OK_AND_ASSIGN(const auto out,
                       writer->Create(path, {.replication = 3,
                                             .block_size = kBlock,
                                             .sync_block = promise == Promise::kSynced}));
  ASSERT_OK(out->Write(PatternBytes(seed, 0, static_cast<size_t>(promised))));
  ASSERT_OK(promise == Promise::kFlushed
                ? out->Hflush()
                : out->Hsync({.update_length = promise == Promise::kLastBlockSynced}));
  ASSERT_OK(out->Write(PatternBytes(seed, promised, kUnacknowledgedBytes)));
  history().Add("writer", fmt::format("{}: {} bytes promised, then dead", path, promised));
}

void Scenario::RecoverAndCheck(const std::string& path, uint64_t seed, int64_t promised) {
  ASSERT_OK(RecoverLease(client(), path));
  ASSERT_OK_AND_ASSIGN(const auto in, client().Open(path));
  ASSERT_OK_AND_ASSIGN(const std::string bytes, in->ReadAll());
  history().Add("runner", fmt::format("{}: {} bytes after recovery", path, bytes.size()));
  ASSERT_GE(static_cast<int64_t>(bytes.size()), promised) << path;
  ASSERT_TRUE(bytes == PatternBytes(seed, 0, bytes.size())) << path << ": wrong bytes";
  verifier().Expect(path, seed, static_cast<int64_t>(bytes.size()), 3);
}

void Scenario::AwaitFiles(const Workload& workload, int64_t more) {
  const int64_t before = workload.totals().files_closed;
  EXPECT_OK(cairn::testing::WaitFor("files of the workload", 90, [&] {
    return workload.totals().files_closed >= before + more;
  }));
}

void Scenario::CutPowerAndRestart(Unsynced fate, Workload* workload) {
  watch().Suspend();
  ASSERT_OK(faults().KillAll());
  if (workload != nullptr) workload->LosePower();
  ASSERT_OK(faults().CutPower(fate, random()()));
  ASSERT_OK(faults().StartAll());
  watch().Resume();
}

void Scenario::CheckEverything(Workload* workload) {
  history().Add("runner", "heals and checks");
  cluster_->Heal();
  CheckDaemons();
  ASSERT_OK(cluster_->StartAll());
  if (workload != nullptr) {
    ASSERT_OK(workload->Stop());
    ASSERT_OK(workload->Check(client(), verifier()));
    Report(workload->totals().ToString());
  }
  ASSERT_OK(verifier().CheckAll(client()));
  EXPECT_OK(ReplicasAgree(*cluster_));
  EXPECT_OK(RecoveryIdsRise(*cluster_));
  CheckDaemons();
  ASSERT_OK(cluster_->Kill(kNamenode));
  StampRules stamps;
  EXPECT_OK(CheckStamps(cluster_->Disks(kNamenode), stamps));
  Report(
      fmt::format("files_checked={} replicas_seen={} deletions={} stamps={} blocks_with_several={} "
                  "resident_mb={}",
                  verifier().files(), watch().observed(), watch().deletions(), stamps.given_out(),
                  stamps.blocks_with_several(), watch().max_resident_megabytes()));
}

void Scenario::Report(const std::string& numbers) {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string line = fmt::format("{}.{} {}", info->test_suite_name(), info->name(), numbers);
  history().Add("report", numbers);
  const std::string file = Variable("CAIRN_FAULT_REPORT");
  if (!file.empty()) std::ofstream(file, std::ios::app) << line << "\n";
}

}  // namespace cairn::fault
