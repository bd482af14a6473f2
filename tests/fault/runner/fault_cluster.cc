// Puts proxies and shims around a forked cluster.
#include "tests/fault/runner/fault_cluster.h"

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "common/status_macros.h"

namespace cairn::fault {

using cairn::testing::ClusterOptions;
using cairn::testing::DaemonSetup;

std::string DaemonName(int daemon) {
  return daemon == kNamenode ? "namenode" : fmt::format("datanode-{}", daemon);
}

FaultCluster::FaultCluster(const FaultOptions& options, const std::string& directory,
                           History& history)
    : options_(options),
      directory_(directory),
      // Test programs that run side by side have networks of their own.
      network_(fmt::format("127.{}.{}.", 1 + ::getpid() / 250 % 250, 1 + ::getpid() % 250)),
      history_(history) {}

FaultCluster::~FaultCluster() { Heal(); }

absl::StatusOr<std::unique_ptr<FaultCluster>> FaultCluster::Create(const FaultOptions& options,
                                                                   const std::string& directory,
                                                                   uint64_t seed,
                                                                   History& history) {
  std::unique_ptr<FaultCluster> cluster(new FaultCluster(options, directory, history));
  RETURN_IF_ERROR(cluster->Init(seed));
  return cluster;
}

absl::Status FaultCluster::Init(uint64_t seed) {
  for (int daemon = kNamenode; daemon < options_.datanodes; ++daemon) {
    const std::string control = fmt::format("{}/{}.shim", directory_, DaemonName(daemon));
    ASSIGN_OR_RETURN(orders_.emplace_back(), ShimOrders::Create(control, seed + orders_.size()));
    if (options_.power_cuts) std::filesystem::create_directories(UndoDirectory(daemon));
  }
  ClusterOptions cluster{.datanodes = options_.datanodes,
                         .name_directories = options_.name_directories,
                         .volumes_per_datanode = options_.volumes_per_datanode,
                         .settings = {{"dfs.heartbeat.interval", "500ms"},
                                      {"dfs.client.socket-timeout", "3000"},
                                      {"dfs.datanode.socket.write.timeout", "5000"},
                                      {"dfs.namenode.stale.datanode.interval", "2000"}}};
  cluster.settings.insert(cluster.settings.end(), options_.settings.begin(),
                          options_.settings.end());
  cluster.directory = directory_;
  cluster.setup = [this](int daemon) { return SetupOf(daemon); };
  ASSIGN_OR_RETURN(cluster_, cairn::testing::NewForkedCluster(cluster));
  ASSIGN_OR_RETURN(const HostPort namenode, ParseHostPort(cluster_->namenode_address(), 0));
  ASSIGN_OR_RETURN(namenode_link_, FaultProxy::Start({network_ + "1", namenode.port}, namenode));
  for (int i = 0; i < options_.datanodes; ++i) {
    for (const bool data : {true, false}) {
      ASSIGN_OR_RETURN(const int port, cairn::testing::FreePort());
      (data ? data_ports_ : rpc_ports_).push_back(port);
      ASSIGN_OR_RETURN((data ? data_links_ : rpc_links_).emplace_back(),
                       FaultProxy::Start({address(i), port}, {"127.0.0.1", port}));
    }
  }
  return absl::OkStatus();
}

std::string FaultCluster::address(int index) const {
  return fmt::format("{}{}", network_, 10 + index);
}

int FaultCluster::DatanodeAt(const std::string& address) const {
  for (int i = 0; i < options_.datanodes; ++i) {
    if (this->address(i) == address) return i;
  }
  return -1;
}

std::string FaultCluster::UndoDirectory(int daemon) const {
  return fmt::format("{}/{}.undo", directory_, DaemonName(daemon));
}

std::vector<std::string> FaultCluster::Disks(int daemon) const {
  std::vector<std::string> disks;
  const int count = daemon == kNamenode ? options_.name_directories : options_.volumes_per_datanode;
  for (int i = 0; i < count; ++i)
    disks.push_back(daemon == kNamenode ? cluster_->name_directory(i)
                                        : cluster_->volume(daemon, i));
  return disks;
}

DaemonSetup FaultCluster::SetupOf(int daemon) const {
  DaemonSetup setup;
  setup.environment = orders_[daemon + 1]->Environment();
  if (daemon != kNamenode) {
    setup.environment.emplace_back(kShimSourceVariable, address(daemon));
    // "127.1" is 127.0.0.1, but no numeric address that would be registered as the DataNode's: the
    // NameNode takes the one it sees.
    setup.settings = {
        {"dfs.datanode.address", fmt::format("127.1:{}", data_ports_[daemon])},
        {"dfs.datanode.ipc.address", fmt::format("127.1:{}", rpc_ports_[daemon])},
        {"cairn.namenode.grpc-address", fmt::format("{}1:{}", network_, namenode_link_->port())}};
  }
  if (options_.power_cuts) {
    setup.environment.emplace_back(kShimWatchVariable,
                                   fmt::format("{}", fmt::join(Disks(daemon), ":")));
    setup.environment.emplace_back(kShimUndoVariable, UndoDirectory(daemon));
  }
  return setup;
}

client::ClientOptions FaultCluster::client_options() const {
  client::ClientOptions options = cluster_->client_options();
  options.namenode_address = fmt::format("{}1:{}", network_, namenode_link_->port());
  options.namenode_retries = 240;  // a minute: an attempt to connect alone may take 20 s
  options.socket_timeout_ms = 3000;
  options.socket_write_timeout_ms = 5000;
  options.block_size = 1 << 20;
  return options;
}

absl::StatusOr<std::unique_ptr<client::DfsClient>> FaultCluster::NewClient() const {
  return client::DfsClient::Connect(client_options());
}

absl::Status FaultCluster::Start(int daemon) {
  history_.Add("runner", "starts " + DaemonName(daemon));
  MutexLock lock(daemons_);
  return daemon == kNamenode ? cluster_->StartNamenode() : cluster_->StartDatanode(daemon);
}

absl::Status FaultCluster::Kill(int daemon) {
  history_.Add("runner", "kills " + DaemonName(daemon));
  MutexLock lock(daemons_);
  return daemon == kNamenode ? cluster_->KillNamenode() : cluster_->KillDatanode(daemon);
}

absl::Status FaultCluster::Stop(int daemon) {
  history_.Add("runner", "stops " + DaemonName(daemon));
  MutexLock lock(daemons_);
  return daemon == kNamenode ? cluster_->StopNamenode() : cluster_->StopDatanode(daemon);
}

int64_t FaultCluster::MaxResidentMegabytes() {
  MutexLock lock(daemons_);
  return cluster_->MaxResidentMegabytes();
}

bool FaultCluster::Runs(int daemon) {
  MutexLock lock(daemons_);
  return cluster_->Runs(daemon);
}

std::vector<std::string> FaultCluster::Deaths() {
  MutexLock lock(daemons_);
  return cluster_->Deaths();
}

absl::Status FaultCluster::StartAll() {
  if (!Runs(kNamenode)) {
    RETURN_IF_ERROR(Start(kNamenode));
    // A DataNode that meets no NameNode waits longer each time.
    ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(cluster_->namenode_address(), 0));
    RETURN_IF_ERROR(Await("the NameNode listened", 30, {kNamenode},
                          [&] { return TcpSocket::Connect(address, 1000).ok(); }));
  }
  std::map<int, int> reports;  // of those that are started: as many as they have logged before
  std::vector<int> running = {kNamenode};
  for (int i = 0; i < options_.datanodes; ++i) {
    if (options_.started >= 0 && i >= options_.started) continue;
    running.push_back(i);
    if (Runs(i)) continue;
    reports[i] = ReportsLogged(i);
    RETURN_IF_ERROR(Start(i));
  }
  for (const auto& [i, before] : reports) {
    RETURN_IF_ERROR(Await(DaemonName(i) + " reported", 60, running,
                          [this, i = i, n = before] { return ReportsLogged(i) > n; }));
  }
  const int live = std::exchange(options_.started, -1);  // later calls are about all
  return WaitReady(live < 0 ? options_.datanodes : live);
}

absl::Status FaultCluster::Await(const std::string& what, int timeout_s,
                                 const std::vector<int>& daemons,
                                 const std::function<bool()>& condition) {
  absl::Status ended;
  RETURN_IF_ERROR(cairn::testing::WaitFor("that " + what, timeout_s, [&] {
    if (condition()) return true;
    for (const int daemon : daemons) {
      if (Runs(daemon)) continue;
      ended = absl::AbortedError(fmt::format("{0} ended before {1}; its log is {2}/{0}.log",
                                             DaemonName(daemon), what, logs()));
    }
    return !ended.ok();
  }));
  return ended;
}

int FaultCluster::ReportsLogged(int index) const {
  std::ifstream log(fmt::format("{}/datanode-{}.log", cluster_->logs(), index));
  int count = 0;
  for (std::string line; std::getline(log, line);)
    count += line.find("reported all replicas") != std::string::npos ? 1 : 0;
  return count;
}

int64_t FaultCluster::LinksStruck() const {
  int64_t struck = namenode_link_->struck();
  for (const auto& links : {&data_links_, &rpc_links_}) {
    for (const auto& link : *links) struck += link->struck();
  }
  return struck;
}

absl::Status FaultCluster::WaitReady(int live) {
  std::vector<int> running;
  for (int daemon = kNamenode; daemon < options_.datanodes; ++daemon) {
    if (Runs(daemon)) running.push_back(daemon);
  }
  client::ClientOptions options = cluster_->client_options();
  options.namenode_retries = 0;  // so that one that has ended is noticed
  ASSIGN_OR_RETURN(const auto client, client::DfsClient::Connect(options));
  absl::Status last;
  const absl::Status waited = Await(fmt::format("{} DataNodes were live", live), 60, running, [&] {
    last = cairn::testing::CheckReady(*client, live);
    return last.ok();
  });
  if (!absl::IsDeadlineExceeded(waited)) return waited;
  return absl::DeadlineExceededError(fmt::format("{}: {}", waited.ToString(), last.ToString()));
}

absl::Status FaultCluster::KillAll() {
  // None sees the others gone for long.
  for (int daemon = kNamenode; daemon < options_.datanodes; ++daemon) Signal(daemon, SIGSTOP);
  for (int daemon = kNamenode; daemon < options_.datanodes; ++daemon) {
    if (Runs(daemon)) RETURN_IF_ERROR(Kill(daemon));
  }
  return absl::OkStatus();
}

absl::Status FaultCluster::CutPower(Unsynced fate, uint64_t seed) {
  history_.Add("runner",
               fmt::format("cuts the power, fate {} seed {}", static_cast<int>(fate), seed));
  for (int daemon = kNamenode; daemon < options_.datanodes; ++daemon) {
    RETURN_IF_ERROR(fault::CutPower(Disks(daemon), UndoDirectory(daemon), fate,
                                    seed * 31 + static_cast<uint64_t>(daemon + 1)));
    orders_[daemon + 1]->BootAnew();
  }
  return absl::OkStatus();
}

void FaultCluster::Signal(int daemon, int signal) {
  history_.Add("runner", fmt::format("sends signal {} to {}", signal, DaemonName(daemon)));
  MutexLock lock(daemons_);
  cluster_->Signal(daemon, signal);
}

void FaultCluster::Heal() {
  if (namenode_link_ != nullptr) namenode_link_->Heal();
  for (const auto& links : {&data_links_, &rpc_links_}) {
    for (const auto& link : *links) link->Heal();
  }
  for (const auto& orders : orders_) {
    orders->ClearRules();
    orders->SetClockOffsetMs(0);
  }
  if (cluster_ == nullptr) return;
  MutexLock lock(daemons_);
  for (int daemon = kNamenode; daemon < options_.datanodes; ++daemon)
    cluster_->Signal(daemon, SIGCONT);
}

std::vector<int> FaultCluster::Pipeline() const {
  std::vector<int> pipeline;
  std::string from = client_address();
  while (true) {
    int next = -1;
    for (int i = 0; i < options_.datanodes; ++i) {
      for (const std::string& source : data_links_[i]->Sources()) {
        if (source == from) next = i;
      }
    }
    if (next < 0 || std::find(pipeline.begin(), pipeline.end(), next) != pipeline.end())
      return pipeline;
    pipeline.push_back(next);
    from = address(next);
  }
}

}  // namespace cairn::fault
