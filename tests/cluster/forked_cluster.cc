// A cluster of separate processes on loopback.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "common/server/subprocess.h"
#include "common/status_macros.h"
#include "tests/cluster/cluster.h"
#include "tests/cluster/layout.h"

namespace cairn::testing {
namespace {

constexpr int kStopTimeoutMs = 30000;

// From /proc/PID/stat: fields 14 and 15, in clock ticks; the name in field 2 may hold blanks.
int64_t CpuMs(const Subprocess& process) {
  std::ifstream file(fmt::format("/proc/{}/stat", process.pid()));
  std::string line;
  std::getline(file, line);
  std::istringstream fields(line.substr(std::min(line.size(), line.rfind(')') + 2)));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  int64_t user = 0, system = 0;
  fields >> user >> system;
  return (user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

// Exit codes above this name the signal that ended a process, as in shells.
constexpr int kSignalled = 128;

// From /proc/PID/statm: field 2, in pages.
int64_t ResidentMegabytes(const Subprocess& process) {
  std::ifstream file(fmt::format("/proc/{}/statm", process.pid()));
  int64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE) >> 20;
}

class ForkedCluster : public ProcessCluster {
 public:
  explicit ForkedCluster(ClusterOptions options)
      : layout_(std::move(options)), datanodes_(layout_.options().datanodes) {}

  absl::Status Init() {
    RETURN_IF_ERROR(layout_.Init());
    std::vector<std::string> argv = Argv("namenode");
    argv.insert(argv.end(), {"-format", "-nonInteractive"});
    SubprocessOptions format{.argv = argv, .output_file = logs() + "/format.log"};
    ASSIGN_OR_RETURN(const std::unique_ptr<Subprocess> process, Subprocess::Start(format));
    const std::optional<int> code = process->Wait(kStopTimeoutMs);
    if (code == 0) return absl::OkStatus();
    return absl::InternalError(fmt::format("namenode -format ended with {}; see {}/format.log",
                                           code.value_or(-1), logs()));
  }

  absl::Status StartNamenode(const std::vector<std::string>& arguments) override {
    const DaemonSetup setup = SetupOf(kNamenode);
    std::vector<std::string> argv = Argv("namenode");
    Add(setup.settings, argv);
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return Launch(kNamenode, {.argv = std::move(argv),
                              .environment = setup.environment,
                              .output_file = logs() + "/namenode.log",
                              .die_with_parent = true});
  }

  absl::Status StartDatanode(int index) override {
    std::vector<std::string> argv = Argv("datanode");
    if (layout_.options().volume_bytes > 0) argv = WithLimitedVolumes(index, std::move(argv));
    Add(layout_.DatanodeSettings(index), argv);
    const DaemonSetup setup = SetupOf(index);
    Add(setup.settings, argv);
    return Launch(index, {.argv = std::move(argv),
                          .environment = setup.environment,
                          .output_file = fmt::format("{}/datanode-{}.log", logs(), index),
                          .die_with_parent = true});
  }

  absl::Status StopNamenode() override { return End(kNamenode, SIGTERM); }
  absl::Status KillNamenode() override { return End(kNamenode, SIGKILL); }
  absl::Status StopDatanode(int index) override { return End(index, SIGTERM); }
  absl::Status KillDatanode(int index) override { return End(index, SIGKILL); }
  bool NamenodeRuns() override { return Runs(kNamenode); }
  bool Runs(int daemon) override {
    const auto& process = ProcessOf(daemon);
    return process != nullptr && !process->Wait(0);
  }
  void Signal(int daemon, int signal) override {
    if (Runs(daemon)) ProcessOf(daemon)->Signal(signal);
  }
  std::vector<std::string> Deaths() override {
    for (int daemon = kNamenode; daemon < datanode_count(); ++daemon) NoteDeath(daemon);
    return deaths_;
  }

  std::string namenode_address() const override { return layout_.namenode_address(); }
  std::string name_directory(int index) const override { return layout_.name_directory(index); }
  std::string volume(int datanode, int index) const override {
    return layout_.volume(datanode, index);
  }
  int64_t NamenodeCpuMs() const override { return CpuMs(*namenode_); }
  int64_t DatanodesCpuMs() const override {
    int64_t total = 0;
    for (const auto& datanode : datanodes_) total += CpuMs(*datanode);
    return total;
  }
  int64_t MaxResidentMegabytes() const override {
    int64_t largest = namenode_ != nullptr ? ResidentMegabytes(*namenode_) : 0;
    for (const auto& datanode : datanodes_) {
      if (datanode != nullptr) largest = std::max(largest, ResidentMegabytes(*datanode));
    }
    return largest;
  }
  int datanode_count() const override { return layout_.options().datanodes; }
  int volumes_per_datanode() const override { return layout_.options().volumes_per_datanode; }
  std::string logs() const override { return layout_.logs(); }

 private:
  // The command, run where each volume of the DataNode is a tmpfs of its own (a user and mount
  // namespace: needs no root).
  std::vector<std::string> WithLimitedVolumes(int index, std::vector<std::string> command) const {
    std::string script;
    for (int i = 0; i < layout_.options().volumes_per_datanode; ++i) {
      std::filesystem::create_directories(volume(index, i));
      script += fmt::format("mount -t tmpfs -o size={},mode=700 cairn {} && ",
                            layout_.options().volume_bytes, volume(index, i));
    }
    std::vector<std::string> argv = {"unshare", "--user", "--map-root-user",      "--mount",
                                     "sh",      "-c",     script + "exec \"$@\"", "sh"};
    argv.insert(argv.end(), command.begin(), command.end());
    return argv;
  }

  static void Add(const Settings& settings, std::vector<std::string>& argv) {
    for (const auto& [key, value] : settings) argv.insert(argv.end(), {"-D", key + "=" + value});
  }
  // Program and the settings both daemons share.
  std::vector<std::string> Argv(const std::string& program) const {
    std::vector<std::string> argv = {std::string(CAIRN_BIN_DIR) + "/" + program};
    Add(layout_.CommonSettings(), argv);
    return argv;
  }

  DaemonSetup SetupOf(int daemon) const {
    return layout_.options().setup ? layout_.options().setup(daemon) : DaemonSetup();
  }
  static std::string NameOf(int daemon) {
    return daemon == kNamenode ? "NameNode" : fmt::format("DataNode {}", daemon);
  }
  std::unique_ptr<Subprocess>& ProcessOf(int daemon) {
    return daemon == kNamenode ? namenode_ : datanodes_[daemon];
  }
  // Remembers that a daemon has ended by itself; its place is free then.
  void NoteDeath(int daemon) {
    std::unique_ptr<Subprocess>& process = ProcessOf(daemon);
    if (process == nullptr) return;
    const std::optional<int> code = process->Wait(0);
    if (!code) return;
    deaths_.push_back(*code > kSignalled
                          ? fmt::format("{} crashed: signal {}", NameOf(daemon), *code - kSignalled)
                          : fmt::format("{} ended with {}", NameOf(daemon), *code));
    process.reset();
  }

  absl::Status Launch(int daemon, const SubprocessOptions& options) {
    NoteDeath(daemon);
    ASSIGN_OR_RETURN(ProcessOf(daemon), Subprocess::Start(options));
    return absl::OkStatus();
  }

  absl::Status End(int daemon, int signal) {
    std::unique_ptr<Subprocess>& process = ProcessOf(daemon);
    if (process == nullptr) return absl::FailedPreconditionError(NameOf(daemon) + " does not run");
    NoteDeath(daemon);  // which the signal would hide
    if (process == nullptr && signal == SIGKILL) return absl::OkStatus();
    if (process == nullptr) return absl::InternalError(deaths_.back());
    process->Signal(signal);
    const std::optional<int> code = process->Wait(kStopTimeoutMs);
    process.reset();
    const bool clean = signal == SIGKILL ? code.has_value() : code == 0;
    if (clean) return absl::OkStatus();
    return absl::InternalError(fmt::format("{} answered signal {} with exit code {}",
                                           NameOf(daemon), signal, code.value_or(-1)));
  }

  ClusterLayout layout_;
  std::unique_ptr<Subprocess> namenode_;
  std::vector<std::unique_ptr<Subprocess>> datanodes_;
  std::vector<std::string> deaths_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ProcessCluster>> NewForkedCluster(const ClusterOptions& options) {
  auto cluster = std::make_unique<ForkedCluster>(options);
  RETURN_IF_ERROR(cluster->Init());
  return cluster;
}

}  // namespace cairn::testing
