// fsck: judges files one by one and writes HDFS's text about them (Hadoop 3.4: NamenodeFsck).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "common/types/file_status.h"

namespace cairn::namenode {

// What to print; the names are those of HDFS's options.
struct FsckOptions {
  bool files = false;
  bool blocks = false;
  bool locations = false;
  bool racks = false;
  bool open_for_write = false;
  bool list_corrupt_file_blocks = false;  // only that list, no check
};

// What the check is about and what it is compared with.
struct FsckSubject {
  std::string path;
  std::string user;
  std::string address;  // IP of the caller
  int64_t started_wall_ms = 0;
  int datanodes = 0;            // live ones
  int racks = 0;                // of the live ones
  int default_replication = 3;  // dfs.replication
  int min_replication = 1;      // dfs.namenode.replication.min
  int64_t queued_for_replication = 0;
};

enum class FsckOutcome { kHealthy, kCorrupt, kNotFound, kFailed };

// Takes the entries of a tree, parents first, and hands text to `sink` piece by piece.
// Thread-compatible.
class FsckReport {
 public:
  using Sink = std::function<void(std::string)>;
  FsckReport(FsckOptions options, FsckSubject subject, Sink sink);

  // One directory, file or symlink; files with FileStatus::locations of all their blocks.
  void Add(const std::string& path, const FileStatus& status);
  // Writes the totals and the last line, which decides the exit status of HDFS's client. `walk` is
  // how the walk ended, `ended_wall_ms` and `elapsed_ms` when and after how long.
  FsckOutcome Finish(const absl::Status& walk, int64_t ended_wall_ms, int64_t elapsed_ms);

 private:
  // What the blocks of one file came to.
  struct FileResult {
    int64_t missing = 0;
    int64_t missing_bytes = 0;
    int64_t corrupt = 0;
    int64_t corrupt_bytes = 0;
    int64_t under_replicated = 0;
    int64_t misplaced = 0;
    std::string report;  // one line per block, for -blocks
  };

  void AddFile(const std::string& path, const FileStatus& status);
  void AddBlock(const std::string& path, const FileStatus& status, const LocatedBlock& block,
                size_t number, FileResult& result);
  void CountReplicas(const std::string& path, const FileStatus& status, const LocatedBlock& block,
                     int live, FileResult& result);
  void PrintFileResult(const std::string& path, const FileResult& result);
  void ListCorrupt(const std::string& path, const FileStatus& status);
  std::string PlacesOf(const LocatedBlock& block) const;
  std::string Totals() const;
  std::string DamageTotals() const;
  std::string Percent(int64_t part, int64_t whole) const;

  const FsckOptions options_;
  const FsckSubject subject_;
  const Sink sink_;

  int64_t directories_ = 0;
  int64_t symlinks_ = 0;
  int64_t files_ = 0;
  int64_t bytes_ = 0;
  int64_t blocks_ = 0;
  int64_t open_files_ = 0;
  int64_t open_bytes_ = 0;
  int64_t open_blocks_ = 0;
  int64_t replicas_ = 0;  // live
  int64_t expected_replicas_ = 0;
  int64_t missing_replicas_ = 0;
  int64_t min_replicated_ = 0;
  int64_t under_min_replicated_ = 0;
  int64_t over_replicated_ = 0;
  int64_t under_replicated_ = 0;
  int64_t misplaced_ = 0;
  int64_t missing_blocks_ = 0;
  int64_t missing_bytes_ = 0;
  int64_t corrupt_blocks_ = 0;
  int64_t corrupt_bytes_ = 0;
  int64_t corrupt_files_ = 0;
};

// A wall time as Java's Date.toString in UTC, "Sun Nov 22 16:38:04 UTC 2026".
std::string JavaDate(int64_t wall_ms);

}  // namespace cairn::namenode
