// A whole cluster for tests: one NameNode and some DataNodes that can be stopped, killed and
// started again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/dfs_client.h"

namespace cairn::testing {

// Stands for the NameNode where a daemon is meant; DataNodes count from 0.
inline constexpr int kNamenode = -1;

// How one daemon is started, beyond what all have in common.
struct DaemonSetup {
  std::vector<std::pair<std::string, std::string>> settings;  // they win over the cluster's
  std::vector<std::pair<std::string, std::string>> environment;
};

// What a test asks of its cluster.
struct ClusterOptions {
  int datanodes = 3;
  int name_directories = 1;  // mirrors of the NameNode's metadata
  int volumes_per_datanode = 1;
  // Size of each volume in bytes: then it is a tmpfs that only the DataNode sees, and its files are
  // gone when it ends. 0: an ordinary directory.
  int64_t volume_bytes = 0;
  std::vector<std::string> racks;  // of DataNode i: racks[i % size]; empty: all in one
  std::vector<std::pair<std::string, std::string>>
      settings;  // for both daemons; they win over the defaults below
  // Where the cluster lives; it stays afterwards. Empty: a temporary directory.
  std::string directory;
  // Asked at each start of a daemon of a forked cluster; empty: nothing special.
  std::function<DaemonSetup(int daemon)> setup;
};

// Settings that make a cluster react within a second or two instead of minutes; blocks may be as
// small as 1 KiB.
std::vector<std::pair<std::string, std::string>> FastSettings();

// Thread-compatible. Every call is bounded in time and names what it waited for. The data lives in
// a temporary directory that ends with the object.
class Cluster {
 public:
  virtual ~Cluster() = default;

  // `arguments` are the NameNode's own, as "-importCheckpoint".
  virtual absl::Status StartNamenode(const std::vector<std::string>& arguments = {}) = 0;
  virtual absl::Status StartDatanode(int index) = 0;
  // Ends a daemon the gentle way: all it promised to finish is finished.
  virtual absl::Status StopNamenode() = 0;
  virtual absl::Status StopDatanode(int index) = 0;
  // SIGKILL, or what comes nearest to it within a process.
  virtual absl::Status KillNamenode() = 0;
  virtual absl::Status KillDatanode(int index) = 0;
  virtual bool NamenodeRuns() = 0;

  // host:port of the NameNode's gRPC services.
  virtual std::string namenode_address() const = 0;
  virtual std::string name_directory(int index) const = 0;
  virtual std::string volume(int datanode, int index) const = 0;
  // CPU time of the daemons so far, user and system together, in milliseconds.
  virtual int64_t NamenodeCpuMs() const = 0;
  virtual int64_t DatanodesCpuMs() const = 0;
  // Resident memory of the largest daemon.
  virtual int64_t MaxResidentMegabytes() const = 0;
  virtual int datanode_count() const = 0;
  virtual int volumes_per_datanode() const = 0;
  // Where the daemons of a forked cluster write; for messages of failing tests.
  virtual std::string logs() const = 0;

  // A client of this cluster as `user` (empty: the superuser, this process's user), with short
  // time-outs.
  absl::StatusOr<std::unique_ptr<client::DfsClient>> NewClient(const std::string& user = "");
  client::ClientOptions client_options() const;
  // Waits for CheckReady.
  absl::Status WaitReady(int live, int timeout_s = 60);
  absl::Status StartAll();
};

// OK when exactly `live` DataNodes are live and safe mode is off; else what is missing, or the
// error of the question.
absl::Status CheckReady(client::DfsClient& client, int live);

// A cluster of separate processes, from the binaries of this build.
class ProcessCluster : public Cluster {
 public:
  // False: never started, ended by one of the calls above, or by itself.
  virtual bool Runs(int daemon) = 0;
  // SIGSTOP and the like, to a running daemon.
  virtual void Signal(int daemon, int signal) = 0;
  // Daemons that ended without being told to, each with its exit code.
  virtual std::vector<std::string> Deaths() = 0;
};
absl::StatusOr<std::unique_ptr<ProcessCluster>> NewForkedCluster(const ClusterOptions& options);

// A cluster of objects in the test's own process, with its data on disk as a forked one's. To kill
// a daemon is to stop it; a daemon that fails ends the test. kInvalidArgument for options that only
// processes can have (volume_bytes, setup).
absl::StatusOr<std::unique_ptr<Cluster>> NewInProcessCluster(const ClusterOptions& options);

// Both, as a parameter of a suite that must hold for either.
enum class ClusterKind { kInProcess, kForked };
absl::StatusOr<std::unique_ptr<Cluster>> NewCluster(ClusterKind kind,
                                                    const ClusterOptions& options);
std::string ToString(ClusterKind kind);
// The kinds that this build can run: a sanitizer's sees only its own process.
std::vector<ClusterKind> ClusterKinds();

// A port of 127.0.0.1 below those that the system gives to connections, so that it is still free
// when a daemon comes back to it. No test is given it again while this process lives.
absl::StatusOr<int> FreePort();

// Polls `condition` until it is true; kDeadlineExceeded naming `what` after `timeout_s`.
absl::Status WaitFor(const std::string& what, int timeout_s,
                     const std::function<bool()>& condition);

}  // namespace cairn::testing
