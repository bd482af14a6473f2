// Clients at work while faults happen: they write, flush, sync, close, append to, truncate and read
// files and change the namespace, and remember what was acknowledged.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "client/dfs_client.h"
#include "common/threads.h"
#include "tests/cluster/storm.h"
#include "tests/cluster/verifier.h"
#include "tests/fault/runner/fault_cluster.h"
#include "tests/fault/runner/history.h"

namespace cairn::fault {

// One file and what its writer was promised. Its bytes are always a beginning of the seed's
// pattern. Lengths in bytes.
struct WrittenFile {
  uint64_t seed = 0;    // of PatternBytes
  int64_t written = 0;  // there may be so many
  int64_t flushed = 0;  // acknowledged by hflush, hsync or close
  int64_t synced = 0;  // acknowledged by hsync or, of blocks that are synced at their end, by close
  bool created = false;  // acknowledged; otherwise it may be there or not
  bool closed = false;
  int closings = 0;  // who has read to the end of a closed file does not see what is appended later
  int replication = 0;
  int cuts = 0;  // truncations and power cuts: what was seen before may be gone
};

// How the clients work.
struct WorkloadOptions {
  int writers = 2;
  int readers = 1;
  int64_t max_file_bytes = 3 << 20;
  int replication = 3;
  bool sync_blocks = false;  // SYNC_BLOCK: every block is synced at its end
  // Whether a writer may meet an error, as when nobody is left to write to; else it is a violation.
  bool write_errors_allowed = false;
  bool read_errors_allowed = false;
  int64_t pause_ms = 20;     // between two files of a writer and two reads of a reader
  bool best_effort = false;  // ClientOptions::replace_datanode_best_effort
};

// What was done, for reports.
struct WorkloadTotals {
  int64_t files_closed = 0;
  int64_t appends = 0;
  int64_t truncations = 0;
  int64_t flushes = 0;
  int64_t syncs = 0;
  int64_t write_errors = 0;
  int64_t reads = 0;
  int64_t reads_of_open_files = 0;  // of `reads`
  int64_t read_errors = 0;
  int64_t namespace_changes = 0;  // known after Stop

  std::string ToString() const;
};

// Beside the writers and readers one client changes empty files and directories below "/names0"
// as its NamespaceModel expects. Thread-compatible. The cluster must outlive it.
class Workload {
 public:
  Workload(FaultCluster& cluster, History& history, uint64_t seed, const WorkloadOptions& options);
  ~Workload();

  void Start();
  // Ends all threads, each after its current file or read. The first violation: wrong bytes, a
  // contradiction to the namespace model, or an error that was not allowed.
  absl::Status Stop();
  // While the daemons are dead: from now on only what was synced is promised of files that are not
  // closed.
  void LosePower();

  // After Stop, with the cluster whole again: the namespace is the model's and every acknowledged
  // byte reads back. Files whose writer failed are ended by lease recovery first. Hands all files
  // to `verifier`.
  absl::Status Check(client::DfsClient& client, cairn::testing::Verifier& verifier);
  WorkloadTotals totals() const;

 private:
  void Write(int writer, uint64_t seed);
  // One new file, or one more change of an old one.
  absl::Status WriteFile(client::DfsClient& client, const std::string& path,
                         std::mt19937_64& random);
  absl::Status AppendToFile(client::DfsClient& client, const std::string& path,
                            std::mt19937_64& random);
  absl::Status TruncateFile(client::DfsClient& client, const std::string& path,
                            std::mt19937_64& random);
  absl::Status WriteUntil(client::OutputStream& out, const std::string& path, int64_t length,
                          std::mt19937_64& random);
  void Read(uint64_t seed);
  absl::Status ReadFile(client::DfsClient& client, const std::string& path, const WrittenFile& file,
                        std::mt19937_64& random);
  absl::Status Follow(client::InputStream& in, const std::string& path, const WrittenFile& file,
                      int64_t from);
  absl::Status CheckUnclosed(client::DfsClient& client, const std::string& path,
                             WrittenFile& file) const;
  // What a power cut left beyond the promise may be unreadable, but not wrong; then the file goes.
  absl::Status CheckTorn(client::DfsClient& client, const std::string& path,
                         const WrittenFile& file) const;

  WrittenFile FileNow(const std::string& path) const;
  void Update(const std::string& path, const std::function<void(WrittenFile&)>& change);
  // Some closed file of this directory, or "".
  std::string SomeFile(const std::string& directory, std::mt19937_64& random) const;
  void Count(int64_t WorkloadTotals::*total);
  void Violation(const absl::Status& status);
  void Pause();
  bool stopping() const;

  FaultCluster& cluster_;
  History& history_;
  const uint64_t seed_;
  const WorkloadOptions options_;
  std::vector<std::thread> threads_;
  std::unique_ptr<cairn::testing::Storm> storm_;
  mutable Mutex mu_;
  CondVar stopped_;
  bool stop_ GUARDED_BY(mu_) = false;
  bool power_lost_ GUARDED_BY(mu_) = false;
  std::map<std::string, WrittenFile> files_ GUARDED_BY(mu_);
  WorkloadTotals totals_ GUARDED_BY(mu_);
  absl::Status violation_ GUARDED_BY(mu_);
};

// Waits until RecoverLease has closed the file.
absl::Status RecoverLease(client::DfsClient& client, const std::string& path, int timeout_s = 60);

}  // namespace cairn::fault
