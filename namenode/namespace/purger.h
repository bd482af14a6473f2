// Reclaims deleted subtrees in the background: their leases, then their blocks and rows, in small
// ordinary transactions that a crash may interrupt anywhere.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/types/ids.h"
#include "namenode/namespace/namespace_options.h"
#include "namenode/namespace/op_runner.h"
#include "namenode/namespace/tree_walker.h"

namespace cairn::namenode {

// Runs on one thread at a time. Nothing under an unlinked root changes any more, so that RocksDB's
// view of it, once it shows the unlinking, is exact.
class Purger {
 public:
  // All must outlive this.
  Purger(const NamespaceDeps& deps, const NamespaceOptions& options, OpRunner& runner)
      : deps_(deps), options_(options), runner_(runner) {}

  // Makes at most one transaction and waits until it is durable. False when there is nothing to do
  // now: no deleted subtree is left, or blocks are being loaded, or safe mode is on.
  absl::StatusOr<bool> Step();
  // Steps until there is nothing to do or Stop is called; logs an error and gives up until the next
  // call.
  void Drain();
  // Makes Drain end after its current step. Thread-safe.
  void Stop() { stopping_ = true; }

 private:
  // The subtree at work.
  struct Job {
    PurgeRow row;
    bool blocks_phase = false;  // leases are done
    std::unique_ptr<TreeCursor> cursor;
    std::vector<BlockId> blocks;   // of the file at work, still to be removed
    std::optional<Inode> file;     // its row, removed after them
    bool file_below_root = false;  // it is a child of the root
    std::string last_finished;     // root's child up to which everything is reclaimed
    bool done = false;
  };

  absl::StatusOr<bool> NextJob();
  void BeginPhase(bool blocks_phase);
  absl::Status LeaseStep();
  absl::Status BlockStep();
  // Takes the next inode of the walk into `batch`; false at the end.
  absl::StatusOr<bool> Gather(std::vector<Inode>& batch);
  void AwaitDurable(Txid txid);

  const NamespaceDeps& deps_;
  const NamespaceOptions& options_;
  OpRunner& runner_;
  std::unique_ptr<Job> job_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace cairn::namenode
