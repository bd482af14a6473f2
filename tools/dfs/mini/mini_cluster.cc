// MiniCluster.
#include "tools/dfs/mini/mini_cluster.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "client/dfs_client.h"
#include "common/net/socket.h"
#include "common/status_macros.h"

namespace cairn::dfs {
namespace {

using std::chrono::steady_clock;

constexpr auto kReadyTimeout = std::chrono::seconds(60);
constexpr int64_t kLookAgainMs = 100;
constexpr int64_t kStopTimeoutMs = 10'000;
constexpr int64_t kFormatTimeoutMs = 60'000;
constexpr int64_t kProbeTimeoutMs = 2'000;
constexpr size_t kLogTailLines = 5;

// The last lines of a log.
std::string LogTail(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
    if (lines.size() > kLogTailLines) lines.erase(lines.begin());
  }
  return fmt::format("{}", fmt::join(lines, " | "));
}

bool IsEmpty(const std::string& directory) {
  std::error_code error;
  return !std::filesystem::exists(directory, error) || std::filesystem::is_empty(directory, error);
}

absl::StatusOr<bool> NamenodeServes(client::DfsClient& client) {
  RETURN_IF_ERROR(client.SetSafeMode(client::SafeModeAction::kGet).status());
  return true;
}

// Whether `datanodes` DataNodes are live and safe mode is off.
absl::StatusOr<bool> IsReady(client::DfsClient& client, int datanodes) {
  ASSIGN_OR_RETURN(const auto live, client.GetDatanodeReport(client::DatanodeReportType::kLive));
  if (static_cast<int>(live.size()) != datanodes) return false;
  ASSIGN_OR_RETURN(const bool safe_mode, client.SetSafeMode(client::SafeModeAction::kGet));
  return !safe_mode;
}

}  // namespace

MiniCluster::MiniCluster(MiniOptions options, std::string binaries)
    : options_(std::move(options)), binaries_(std::move(binaries)) {}

MiniCluster::~MiniCluster() {
  Stop();
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

absl::Status MiniCluster::Start(StopSignal& stop) {
  RETURN_IF_ERROR(CheckDirectory());
  RETURN_IF_ERROR(CheckPorts());
  std::error_code error;
  std::filesystem::create_directories(options_.directory + "/logs", error);
  if (error) {
    return absl::UnavailableError(
        fmt::format("Cannot make the folder {}: {}", options_.directory, error.message()));
  }
  RETURN_IF_ERROR(LockDirectory());
  if (IsEmpty(options_.name_directory())) RETURN_IF_ERROR(Format());
  RETURN_IF_ERROR(CheckPorts());  // formatting took its time
  RETURN_IF_ERROR(Launch("namenode", "namenode", options_.NamenodeArguments()));
  RETURN_IF_ERROR(WaitUntil(NamenodeServes, stop));
  for (int i = 1; i <= options_.datanodes; ++i) {
    RETURN_IF_ERROR(
        Launch(fmt::format("datanode{}", i), "datanode", options_.DatanodeArguments(i)));
  }
  const int datanodes = options_.datanodes;
  return WaitUntil([datanodes](client::DfsClient& client) { return IsReady(client, datanodes); },
                   stop);
}

absl::Status MiniCluster::CheckDirectory() const {
  const std::string& directory = options_.directory;
  std::error_code error;
  const bool used_before = std::filesystem::exists(directory + "/in_use.lock", error) &&
                           std::filesystem::is_directory(directory + "/logs", error);
  if (used_before || !std::filesystem::exists(directory, error)) return absl::OkStatus();
  const bool empty = std::filesystem::is_empty(directory, error);
  if (!error && empty && std::filesystem::is_directory(directory)) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "{} is neither empty nor the folder of a mini cluster; choose another one with --dir",
      directory));
}

absl::Status MiniCluster::CheckPorts() const {
  for (const int port : {options_.port, options_.grpc_port()}) {
    const auto listener = TcpListener::Listen({.host = "127.0.0.1", .port = port});
    if (listener.ok()) continue;
    return absl::UnavailableError(
        fmt::format("Port {} cannot be used, is another cluster running? Choose other ports with "
                    "--port ({})",
                    port, std::string(listener.status().message())));
  }
  return absl::OkStatus();
}

absl::Status MiniCluster::LockDirectory() {
  const std::string path = options_.directory + "/in_use.lock";
  lock_fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_fd_ < 0 || ::flock(lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    return absl::UnavailableError(fmt::format(
        "{} is in use by another mini cluster (or cannot be locked)", options_.directory));
  }
  return absl::OkStatus();
}

absl::Status MiniCluster::Format() {
  std::vector<std::string> argv = {binaries_ + "/namenode", "-format", "-nonInteractive"};
  for (std::string& argument : options_.NamenodeArguments()) argv.push_back(std::move(argument));
  ASSIGN_OR_RETURN(const auto format,
                   Subprocess::Start({.argv = std::move(argv),
                                      .environment = {{"HADOOP_CONF_DIR", ""}},
                                      .output_file = options_.log_file("namenode"),
                                      .die_with_parent = true,
                                      .own_process_group = true}));
  const auto exit_code = format->Wait(kFormatTimeoutMs);
  return exit_code == 0 ? absl::OkStatus() : Failure("namenode", exit_code.value_or(-1));
}

absl::Status MiniCluster::Launch(const std::string& name, const std::string& program,
                                 std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), fmt::format("{}/{}", binaries_, program));
  ASSIGN_OR_RETURN(auto process, Subprocess::Start({.argv = std::move(arguments),
                                                    .environment = {{"HADOOP_CONF_DIR", ""}},
                                                    .output_file = options_.log_file(name),
                                                    .die_with_parent = true,
                                                    .own_process_group = true}));
  daemons_.push_back({.name = name, .process = std::move(process)});
  return absl::OkStatus();
}

absl::Status MiniCluster::Failure(const std::string& daemon, int exit_code) const {
  return absl::UnavailableError(fmt::format("{} ended with exit code {}; end of {}: {}", daemon,
                                            exit_code, options_.log_file(daemon),
                                            LogTail(options_.log_file(daemon))));
}

absl::Status MiniCluster::CheckDaemons() {
  for (Daemon& daemon : daemons_) {
    const auto exit_code = daemon.process->Wait(0);
    if (exit_code) return Failure(daemon.name, *exit_code);
  }
  return absl::OkStatus();
}

absl::Status MiniCluster::WaitUntil(const Probe& done, StopSignal& stop) {
  client::ClientOptions client_options;
  client_options.namenode_address = options_.grpc_address();
  client_options.namenode_retries = 0;  // this loop is the retry
  client_options.rpc_timeout_ms = kProbeTimeoutMs;
  ASSIGN_OR_RETURN(const auto client, client::DfsClient::Connect(client_options));
  const auto deadline = steady_clock::now() + kReadyTimeout;
  absl::Status last;
  while (steady_clock::now() < deadline) {
    const auto answer = done(*client);
    // After the question: an answer only counts while all that could have given it still run.
    RETURN_IF_ERROR(CheckDaemons());
    if (answer.ok() && *answer) return absl::OkStatus();
    last = answer.status();
    if (stop.WaitFor(kLookAgainMs)) return absl::CancelledError("stopped while starting");
  }
  return absl::DeadlineExceededError(
      fmt::format("the cluster is not ready after {} s; logs are in {}/logs {}",
                  kReadyTimeout.count(), options_.directory, std::string(last.message())));
}

std::vector<std::string> MiniCluster::TakeEnded() {
  std::vector<std::string> ended;
  for (Daemon& daemon : daemons_) {
    if (daemon.ended) continue;
    if (const auto exit_code = daemon.process->Wait(0)) {
      daemon.ended = true;
      ended.push_back(fmt::format("{} (exit code {})", daemon.name, *exit_code));
    }
  }
  return ended;
}

bool MiniCluster::NamenodeRuns() {
  return !daemons_.empty() && !daemons_.front().process->Wait(0).has_value();
}

void MiniCluster::Stop() {
  const auto end = [](Daemon& daemon) {
    if (!daemon.process->Wait(kStopTimeoutMs)) {
      daemon.process->Signal(SIGKILL);
      (void)daemon.process->Wait(-1);
    }
  };
  for (size_t i = 1; i < daemons_.size(); ++i) daemons_[i].process->Signal(SIGTERM);
  for (size_t i = 1; i < daemons_.size(); ++i) end(daemons_[i]);
  if (!daemons_.empty()) {
    daemons_.front().process->Signal(SIGTERM);
    end(daemons_.front());
  }
  daemons_.clear();
}

}  // namespace cairn::dfs
