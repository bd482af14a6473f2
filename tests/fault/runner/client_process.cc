// Starts fault_writer and reads what it says.
#include "tests/fault/runner/client_process.h"

#include <signal.h>

#include <algorithm>
#include <fstream>

#include "common/status_macros.h"

namespace cairn::fault {

ClientProcess::ClientProcess(std::unique_ptr<Subprocess> process, std::string log)
    : process_(std::move(process)), log_(std::move(log)) {}

absl::StatusOr<std::unique_ptr<ClientProcess>> ClientProcess::Start(
    const FaultCluster& cluster, ClientWork work, const std::string& path, uint64_t seed,
    const std::string& log, const std::vector<std::pair<std::string, std::string>>& environment) {
  ASSIGN_OR_RETURN(
      auto process,
      Subprocess::Start(
          {.argv = {CAIRN_FAULT_WRITER, cluster.client_options().namenode_address, path,
                    std::to_string(seed), work == ClientWork::kFlush ? "flush" : "sync"},
           .environment = environment,
           .output_file = log,
           .die_with_parent = true}));
  return std::unique_ptr<ClientProcess>(new ClientProcess(std::move(process), log));
}

int64_t ClientProcess::LastOf(const std::string& word) const {
  std::ifstream file(log_);
  int64_t last = -1;
  for (std::string line; std::getline(file, line);) {
    // The last line may be cut off where the process was killed.
    if (line.starts_with(word + " ") && line.ends_with('.'))
      last = std::stoll(line.substr(word.size() + 1));
  }
  return last;
}

bool ClientProcess::created() const { return LastOf("created") >= 0; }
int64_t ClientProcess::flushed() const {
  return std::max({int64_t{0}, LastOf("flushed"), LastOf("synced")});
}
int64_t ClientProcess::synced() const { return std::max<int64_t>(0, LastOf("synced")); }

bool ClientProcess::Runs() { return !process_->Wait(0); }

void ClientProcess::Kill() {
  process_->Signal(SIGKILL);
  (void)process_->Wait(10'000);
}

}  // namespace cairn::fault
