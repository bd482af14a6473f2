// What every kind of cluster does the same way.
#include "tests/cluster/cluster.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "common/net/socket.h"
#include "common/status_macros.h"
#include "common/threads.h"

namespace cairn::testing {

std::vector<std::pair<std::string, std::string>> FastSettings() {
  return {{"dfs.heartbeat.interval", "1"},
          {"dfs.namenode.heartbeat.recheck-interval", "500"},
          {"dfs.namenode.stale.datanode.interval", "3000"},
          {"dfs.namenode.redundancy.interval.seconds", "1"},
          {"dfs.namenode.reconstruction.pending.timeout-sec", "5"},
          {"dfs.namenode.safemode.extension", "0"},
          {"dfs.namenode.fs-limits.min-block-size", "1024"},
          {"dfs.namenode.replication.work.multiplier.per.iteration", "10"}};
}

client::ClientOptions Cluster::client_options() const {
  client::ClientOptions options;
  options.namenode_address = namenode_address();
  options.rpc_timeout_ms = 10000;
  options.namenode_retries = 60;
  options.namenode_retry_interval_ms = 250;
  options.socket_timeout_ms = 5000;
  options.socket_write_timeout_ms = 10000;
  options.locate_following_block_delay_ms = 100;
  options.locate_following_block_retries = 8;
  options.read_retry_window_ms = 300;
  options.last_block_length_interval_ms = 300;
  return options;
}

absl::StatusOr<std::unique_ptr<client::DfsClient>> Cluster::NewClient(const std::string& user) {
  client::ClientOptions options = client_options();
  options.user = user;
  return client::DfsClient::Connect(options);
}

absl::Status CheckReady(client::DfsClient& client, int live) {
  ASSIGN_OR_RETURN(const FsStats stats, client.GetFsStats());
  ASSIGN_OR_RETURN(const bool safe_mode, client.SetSafeMode(client::SafeModeAction::kGet));
  if (stats.live_datanodes == live && !safe_mode) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{} of {} DataNodes live, safe mode {}",
                                            stats.live_datanodes, live, safe_mode ? "on" : "off"));
}

absl::Status Cluster::WaitReady(int live, int timeout_s) {
  ASSIGN_OR_RETURN(const std::unique_ptr<client::DfsClient> client, NewClient());
  absl::Status last;
  const absl::Status waited = WaitFor("DataNodes to register", timeout_s, [&] {
    last = CheckReady(*client, live);
    return last.ok();
  });
  if (waited.ok()) return waited;
  return absl::DeadlineExceededError(
      fmt::format("not ready after {} s: {}; logs in {}", timeout_s, last.ToString(), logs()));
}

absl::Status Cluster::StartAll() {
  RETURN_IF_ERROR(StartNamenode());
  for (int i = 0; i < datanode_count(); ++i) RETURN_IF_ERROR(StartDatanode(i));
  return WaitReady(datanode_count());
}

absl::StatusOr<std::unique_ptr<Cluster>> NewCluster(ClusterKind kind,
                                                    const ClusterOptions& options) {
  if (kind == ClusterKind::kForked) return NewForkedCluster(options);
  return NewInProcessCluster(options);
}

std::string ToString(ClusterKind kind) {
  return kind == ClusterKind::kForked ? "Forked" : "InProcess";
}

std::vector<ClusterKind> ClusterKinds() {
#ifdef CAIRN_SANITIZED
  return {ClusterKind::kInProcess};
#else
  return {ClusterKind::kInProcess, ClusterKind::kForked};
#endif
}

absl::StatusOr<int> FreePort() {
  constexpr int kFirst = 10'000;
  constexpr int kLast = 32'000;  // the system's own begin at 32768
  // A port that was handed out stays taken, for this process and for others, by a listener at an
  // address that nobody else uses.
  constexpr char kMarkAddress[] = "127.255.255.1";
  static Mutex mu;
  static auto& marks = *new std::vector<std::unique_ptr<TcpListener>>;
  std::random_device random;
  MutexLock lock(mu);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const int port = kFirst + static_cast<int>(random() % (kLast - kFirst));
    if (!TcpListener::Listen(HostPort{"127.0.0.1", port}).ok()) continue;
    auto mark = TcpListener::Listen(HostPort{kMarkAddress, port});
    if (!mark.ok()) continue;
    marks.push_back(*std::move(mark));
    return port;
  }
  return absl::UnavailableError("no port is free");
}

absl::Status WaitFor(const std::string& what, int timeout_s,
                     const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(timeout_s);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return absl::DeadlineExceededError(fmt::format("waited {} s for {}", timeout_s, what));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return absl::OkStatus();
}

}  // namespace cairn::testing
