// The daemons of a mini cluster as child processes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/server/stop_signal.h"
#include "common/server/subprocess.h"
#include "tools/dfs/mini/mini_options.h"

namespace cairn::client {
class DfsClient;
}

namespace cairn::dfs {

// One NameNode and its DataNodes. Runs on the thread that made it.
class MiniCluster {
 public:
  // `binaries` is the folder of the namenode and datanode programs.
  MiniCluster(MiniOptions options, std::string binaries);
  // Stops what still runs.
  ~MiniCluster();

  // Formats an empty folder, starts everything and returns when all DataNodes are live and safe
  // mode is off. Refuses, changing nothing, a folder with other things in it and ports that are in
  // use. DataNodes start only once this cluster's own NameNode serves: they would register with
  // whichever one answers at its address. An error quotes the end of the log of a daemon that
  // failed; kCancelled when `stop` came.
  absl::Status Start(StopSignal& stop);
  // The daemons that have ended since the last call, as "namenode" or "datanode2 (exit code 1)".
  std::vector<std::string> TakeEnded();
  bool NamenodeRuns();
  // SIGTERM to the DataNodes, then to the NameNode; SIGKILL to those that do not end in time.
  void Stop();

 private:
  struct Daemon {
    std::string name;
    std::unique_ptr<Subprocess> process;
    bool ended = false;
  };

  // What a step of starting asks the NameNode: true when the step is done.
  using Probe = std::function<absl::StatusOr<bool>(client::DfsClient&)>;

  absl::Status CheckDirectory() const;
  absl::Status CheckPorts() const;
  absl::Status LockDirectory();
  absl::Status Format();
  absl::Status Launch(const std::string& name, const std::string& program,
                      std::vector<std::string> arguments);
  absl::Status WaitUntil(const Probe& done, StopSignal& stop);
  // The Failure of the first daemon that has ended.
  absl::Status CheckDaemons();
  absl::Status Failure(const std::string& daemon, int exit_code) const;

  const MiniOptions options_;
  const std::string binaries_;
  int lock_fd_ = -1;
  std::vector<Daemon> daemons_;  // the NameNode first
};

}  // namespace cairn::dfs
