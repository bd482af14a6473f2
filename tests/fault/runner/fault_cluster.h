// A forked cluster whose links all pass a fault proxy and whose daemons all run under the shim.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/dfs_client.h"
#include "tests/cluster/cluster.h"
#include "tests/fault/proxy/fault_proxy.h"
#include "tests/fault/runner/history.h"
#include "tests/fault/shim/power_cut.h"
#include "tests/fault/shim/shim_orders.h"

namespace cairn::fault {

using cairn::testing::kNamenode;

// What a scenario asks of its cluster.
struct FaultOptions {
  int datanodes = 3;
  int started = -1;  // so many of them by StartAll, the others by Start; -1: all
  int name_directories = 1;
  int volumes_per_datanode = 1;
  bool power_cuts = false;  // un-synced changes are written down, so that CutPower can be called
  std::vector<std::pair<std::string, std::string>> settings;  // of all daemons
};

// Thread-safe once created; Start and StartAll are for one thread.
//
// Every DataNode has an address of its own below 127/8, at which its proxy listens; the daemon
// itself listens at 127.0.0.1 with the same port, and connects from its own address. So a proxy
// tells its callers apart, and the NameNode learns the address with the proxy in front. Clients of
// this process come from 127.0.0.1.
class FaultCluster {
 public:
  // Everything lives below `directory`, which stays. Nothing is started yet.
  static absl::StatusOr<std::unique_ptr<FaultCluster>> Create(const FaultOptions& options,
                                                              const std::string& directory,
                                                              uint64_t seed, History& history);
  ~FaultCluster();

  // For what needs no daemon to start or end.
  cairn::testing::Cluster& cluster() { return *cluster_; }
  // The link to the NameNode, to DataNode `index`'s data port and to its RPC port.
  FaultProxy& namenode_link() { return *namenode_link_; }
  FaultProxy& data_link(int index) { return *data_links_[index]; }
  FaultProxy& rpc_link(int index) { return *rpc_links_[index]; }
  ShimOrders& orders(int daemon) { return *orders_[daemon + 1]; }
  // Where DataNode `index` connects from.
  std::string address(int index) const;
  // The address of clients in this process.
  static std::string client_address() { return "127.0.0.1"; }
  // The DataNode with this address; -1: none.
  int DatanodeAt(const std::string& address) const;

  // A client through the proxy, with time-outs of a few seconds.
  client::ClientOptions client_options() const;
  absl::StatusOr<std::unique_ptr<client::DfsClient>> NewClient() const;

  // A daemon ends with the thread that started it: start from the test's own.
  absl::Status Start(int daemon);
  absl::Status Kill(int daemon);
  bool Runs(int daemon);
  // Starts what does not run, the NameNode first, and waits until all have reported.
  absl::Status StartAll();
  // Waits until this many DataNodes are live (one that died is for some seconds) and safe mode is
  // off. kAborted at once, naming it, when a daemon that runs now ends by itself.
  absl::Status WaitReady(int live);
  // Kills all daemons, as many as run, as fast as one after the other goes.
  absl::Status KillAll();
  // After KillAll, of a cluster with power_cuts.
  absl::Status CutPower(Unsynced fate, uint64_t seed);
  // Sends SIGSTOP or SIGCONT.
  void Signal(int daemon, int signal);
  // Daemons that ended by themselves, with their exit codes.
  std::vector<std::string> Deaths();
  // Takes all faults of links and shims back and lets stopped daemons go on.
  void Heal();

  // Ends a daemon with SIGTERM; a DataNode tells its writers that it will be back.
  absl::Status Stop(int daemon);
  // How often anything was done to a link so far (FaultProxy::struck).
  int64_t LinksStruck() const;
  // How often DataNode `index` has told its NameNode about all its replicas.
  int ReportsLogged(int index) const;
  // Resident memory of the largest daemon.
  int64_t MaxResidentMegabytes();

  // The DataNodes of the one pipeline there is now, first to last; empty while it changes.
  std::vector<int> Pipeline() const;
  int datanodes() const { return options_.datanodes; }
  // The files that this daemon keeps: its name directories or volumes.
  std::vector<std::string> Disks(int daemon) const;
  // Where the daemons write "namenode.log", "datanode-0.log", …
  std::string logs() const { return cluster_->logs(); }

 private:
  FaultCluster(const FaultOptions& options, const std::string& directory, History& history);
  absl::Status Init(uint64_t seed);
  cairn::testing::DaemonSetup SetupOf(int daemon) const;
  std::string UndoDirectory(int daemon) const;
  // Waits for `condition`. kAborted at once when one of `daemons` has ended.
  absl::Status Await(const std::string& what, int timeout_s, const std::vector<int>& daemons,
                     const std::function<bool()>& condition);

  FaultOptions options_;
  const std::string directory_;
  const std::string network_;  // "127.x.y."
  History& history_;
  std::vector<int> data_ports_;
  std::vector<int> rpc_ports_;
  Mutex daemons_;  // while one starts or ends
  std::unique_ptr<cairn::testing::ProcessCluster> cluster_;
  std::vector<std::unique_ptr<ShimOrders>> orders_;  // the NameNode's first
  // Destroyed first: their actions may kill daemons.
  std::unique_ptr<FaultProxy> namenode_link_;
  std::vector<std::unique_ptr<FaultProxy>> data_links_;
  std::vector<std::unique_ptr<FaultProxy>> rpc_links_;
};

// For history lines and messages.
std::string DaemonName(int daemon);

}  // namespace cairn::fault
