// Merges full reports and increments of DataNodes into the block map.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "namenode/blocks/block_manager.h"
#include "namenode/blocks/model/cluster_state.h"
#include "namenode/blocks/replica_ledger.h"

namespace cairn::namenode {

// A chunk is merged in steps, so that the caller can give its lock to others in between. What
// changes meanwhile is safe: every step looks at the map anew, and an increment numbered after the
// report is never undone by it. Thread-compatible.
class ReportProcessor {
 public:
  // Where the merge of a chunk stands.
  struct Cursor {
    size_t next_replica = 0;
    BlockId next_id = 0;  // ids below have been dealt with
    bool done = false;
  };

  // Both must outlive this.
  ReportProcessor(ClusterState& state, ReplicaLedger& ledger) : state_(state), ledger_(ledger) {}

  // kIo naming the fault when the chunk is not sorted or leaves its range.
  static absl::Status Check(const ReportChunk& chunk);

  // Begins a chunk. Empty when it is out of date and must be ignored: then the node is asked for a
  // fresh report.
  std::optional<Cursor> Begin(StorageIndex storage, const ReportChunk& chunk);
  // Handles up to `limit` replicas.
  void Step(StorageIndex storage, const ReportChunk& chunk, Cursor& cursor, int limit);
  // Ends a chunk whose cursor is done. After the last one of a whole report the storage is no
  // longer stale; returns true if it was until now.
  bool End(StorageIndex storage, const ReportChunk& chunk, int64_t wall_ms);

  // Takes in one increment; out-of-date ones are ignored.
  void Change(StorageIndex storage, const ReplicaChange& change);

 private:
  bool HoldsBetween(StorageIndex storage, BlockId after, BlockId before) const;

  ClusterState& state_;
  ReplicaLedger& ledger_;
};

}  // namespace cairn::namenode
