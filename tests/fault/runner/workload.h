// Clients at work while faults happen: they write, flush, sync, close and read files, and remember
// what was acknowledged.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "client/dfs_client.h"
#include "common/threads.h"
#include "tests/cluster/verifier.h"
#include "tests/fault/runner/fault_cluster.h"
#include "tests/fault/runner/history.h"

namespace cairn::fault {

// One file and what its writer was promised. Lengths in bytes.
struct WrittenFile {
  uint64_t seed = 0;  // of PatternBytes
  int64_t written = 0;
  int64_t flushed = 0;  // acknowledged by hflush, hsync or close
  int64_t synced = 0;   // acknowledged by hsync or, where DataNodes sync on close, by close
  bool closed = false;
  int replication = 0;
};

// How the clients work.
struct WorkloadOptions {
  int writers = 2;
  int readers = 1;
  int64_t max_file_bytes = 3 << 20;
  int replication = 3;
  // Whether a writer may meet an error, as when nobody is left to write to; else it is a violation.
  bool write_errors_allowed = false;
  bool read_errors_allowed = false;
  int64_t pause_ms = 20;     // between two files of a writer and two reads of a reader
  bool best_effort = false;  // ClientOptions::replace_datanode_best_effort
};

// What was done, for reports.
struct WorkloadTotals {
  int64_t files_closed = 0;
  int64_t flushes = 0;
  int64_t syncs = 0;
  int64_t write_errors = 0;
  int64_t reads = 0;
  int64_t read_errors = 0;
};

// Thread-compatible. The cluster must outlive it.
class Workload {
 public:
  Workload(FaultCluster& cluster, History& history, uint64_t seed, const WorkloadOptions& options);
  ~Workload();

  void Start();
  // Ends all threads, each after its current file or read. The first violation: wrong bytes, or
  // an error that was not allowed.
  absl::Status Stop();

  // After Stop, with the cluster whole again: every acknowledged byte reads back. Files whose
  // writer failed are ended by lease recovery first; a power cut owes them `synced`, anything else
  // `flushed` bytes. Hands all files to `verifier`.
  absl::Status Check(client::DfsClient& client, bool after_power_cut,
                     cairn::testing::Verifier& verifier);
  WorkloadTotals totals() const;

 private:
  void Write(int writer, uint64_t seed);
  absl::Status WriteFile(client::DfsClient& client, const std::string& path,
                         std::mt19937_64& random);
  void Read(uint64_t seed);
  absl::Status ReadFile(client::DfsClient& client, const std::string& path, const WrittenFile& file,
                        std::mt19937_64& random);
  absl::Status CheckUnclosed(client::DfsClient& client, const std::string& path, int64_t promised,
                             WrittenFile& file) const;
  // What a power cut left beyond the promise may be unreadable, but not wrong; then the file goes.
  absl::Status CheckTorn(client::DfsClient& client, const std::string& path,
                         const WrittenFile& file) const;
  void Violation(const absl::Status& status);
  void Pause();

  FaultCluster& cluster_;
  History& history_;
  const uint64_t seed_;
  const WorkloadOptions options_;
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
  mutable Mutex mu_;
  CondVar stopped_;
  std::map<std::string, WrittenFile> files_ GUARDED_BY(mu_);
  WorkloadTotals totals_ GUARDED_BY(mu_);
  absl::Status violation_ GUARDED_BY(mu_);
};

// Waits until RecoverLease has closed the file.
absl::Status RecoverLease(client::DfsClient& client, const std::string& path, int timeout_s = 60);

}  // namespace cairn::fault
