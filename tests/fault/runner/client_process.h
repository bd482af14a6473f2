// A client in a process of its own, that can be killed and has a clock of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/server/subprocess.h"
#include "tests/fault/runner/fault_cluster.h"

namespace cairn::fault {

// What the client does with its file, until it is killed.
enum class ClientWork {
  kFlush,  // hflush after each 20,000 bytes
  kSync,   // pieces of any length, each hflushed or hsynced, in a file with SYNC_BLOCK
};

// Writes one file, of blocks of 1 MiB with the pattern of a seed. Killed at the end.
// Thread-compatible.
class ClientProcess {
 public:
  // `log` takes what it says and outlives it.
  static absl::StatusOr<std::unique_ptr<ClientProcess>> Start(
      const FaultCluster& cluster, ClientWork work, const std::string& path, uint64_t seed,
      const std::string& log,
      const std::vector<std::pair<std::string, std::string>>& environment = {});

  // Whether the creation of the file was acknowledged, and the bytes that were by hflush or hsync,
  // and by hsync.
  bool created() const;
  int64_t flushed() const;
  int64_t synced() const;
  bool Runs();
  void Kill();

 private:
  ClientProcess(std::unique_ptr<Subprocess> process, std::string log);
  // The last number said behind `word`; -1 when there is none.
  int64_t LastOf(const std::string& word) const;

  const std::unique_ptr<Subprocess> process_;
  const std::string log_;
};

}  // namespace cairn::fault
