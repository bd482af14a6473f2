// Writes the journal: one batch, one write and one sync in every name directory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/file_system.h"
#include "common/threads.h"
#include "common/types/ids.h"
#include "namenode/meta/journal_format.h"

namespace cairn::namenode {

// Where writing goes on.
struct JournalPosition {
  int32_t namespace_id = 0;
  int64_t epoch = 0;           // of the new writer, above all before it
  Txid last_txid = 0;          // of what is in every directory
  uint32_t last_crc = 0;       // of the last batch before the new segment
  std::vector<Txid> segments;  // first txids of the closed segments that are kept
};

// A name directory that is not written, and why.
struct FailedDirectory {
  std::string dir;
  absl::Status why;
};

// The mirrored journal of one epoch. A directory that fails is dropped and remembered until it is
// readmitted; the writer goes on while one is left. What was dropped is marked as behind
// (BehindPath) before anything it does not have is acknowledged, or as soon as it can be written
// again.
//
// Append, Mark, Roll, Readmit and their return values belong to one thread (the committer); the
// other calls are thread-safe.
class Journal {
 public:
  // Begins a segment in every directory and records the epoch there. Only fails when no directory
  // is left. `left_out`, none of `dirs`, counts as dropped from the beginning. `fs` must outlive
  // the journal. A segment is extended by `reserve_bytes` of zeros whenever its end is reached: a
  // sync of bytes that are there already takes a fraction of one that also makes a new size
  // durable.
  static absl::StatusOr<std::unique_ptr<Journal>> Start(
      FileSystem& fs, std::vector<std::string> dirs, int64_t segment_bytes,
      JournalPosition position, const std::vector<FailedDirectory>& left_out = {},
      int64_t reserve_bytes = 0);
  // Cuts off what is reserved.
  ~Journal();

  // Writes and syncs the transactions [first, last]. `record` is kBatchHeaderBytes of room, filled
  // in here, then the payload. When it returns OK at least one directory has them durably; an error
  // means that none may have, and the journal must not be used again.
  absl::Status Append(Txid first, Txid last, std::string& record);
  // Writes and syncs a marker, which makes any later damage of the last batch distinguishable from
  // a torn tail. Does nothing when the last record is a marker or there is none.
  absl::Status Mark();
  // Closes the segment and begins a new one; one without a transaction stays.
  absl::Status Roll();

  // Whether the newest segment still exists in `dir`; kDataLoss naming it when it does not.
  absl::Status CheckSegment(const std::string& dir) const;
  // Removes the segments all of whose transactions are <= `txid`, never the newest.
  void DeleteThrough(Txid txid);
  // Stops writing to `dir`, because of an error met elsewhere.
  void Drop(const std::string& dir, const absl::Status& why);
  // Makes sure that `dir`, which is dropped, is marked as behind, before its content changes. An
  // error when no directory is healthy: it may be the one that has everything.
  absl::Status KeepMarked(const std::string& dir);
  // Copies the closed segments that `dir` lacks from a healthy directory. Not while segments are
  // deleted.
  absl::Status CopyClosedSegments(const std::string& dir) const;
  // Writes to a dropped directory again, which has the closed segments but for the last few. The
  // newest segment has no transaction yet: Roll comes first. After an error it stays dropped.
  absl::Status Readmit(const std::string& dir);
  // Marks the dropped directories that could not be marked before. Does nothing when none is
  // healthy: then none is behind.
  void MarkDropped();
  bool IsHealthy(const std::string& dir) const;
  // The first healthy one that is not `except`; empty when there is none.
  std::string HealthyDirectory(const std::string& except) const;
  // "<dir>: <first error>" for each dropped directory.
  std::vector<std::string> FailedDirectories() const;

 private:
  struct Dir;
  struct Dropped {
    std::string dir;
    std::string why;
    bool marked = false;  // as behind
  };
  Journal(FileSystem& fs, std::vector<std::string> dirs, int64_t segment_bytes,
          int64_t reserve_bytes, JournalPosition position);

  absl::Status BeginSegment();
  absl::Status BeginSegmentIn(Dir& dir, const std::string& header, Txid first_txid);
  // Has zeros follow the first `used` bytes of the segment, if these reach the end of the file.
  absl::Status Reserve(Dir& dir, int64_t used) const;
  absl::Status WriteRecord(BatchHeader& header, std::string& record);
  // Runs `work` for every healthy directory, in parallel, and drops those for which it fails. An
  // error when none is left.
  absl::Status OnEachDir(const std::function<absl::Status(Dir&)>& work);
  absl::Status MarkBehind(const Dropped& dropped) const;
  void SetMarked(const std::string& dir, bool marked);

  FileSystem& fs_;
  const int64_t segment_bytes_;
  const int64_t reserve_bytes_;
  const int32_t namespace_id_;
  const int64_t epoch_;
  // The committer's.
  Txid last_txid_;
  uint32_t last_crc_;
  Txid newest_ = 0;            // first txid of the newest segment
  int64_t written_bytes_ = 0;  // in the newest segment
  bool marked_ = true;
  std::vector<std::unique_ptr<Dir>> dirs_;
  std::unique_ptr<Executor> mirrors_;  // for all directories but the first; null with one

  Mutex marking_;  // held while marks are written: no other calls wait for it

  mutable Mutex mu_;
  std::vector<Dropped> dropped_ GUARDED_BY(mu_);
  std::vector<Txid> segments_ GUARDED_BY(mu_);  // first txids, ascending
};

}  // namespace cairn::namenode
