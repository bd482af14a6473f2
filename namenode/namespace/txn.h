// One operation's view of the namespace: reads through the cache, writes kept aside until the
// operation succeeds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/types/block.h"
#include "common/types/ids.h"
#include "namenode/meta/rows.h"

namespace cairn::namenode {

using InodePtr = std::shared_ptr<const Inode>;  // shared: the cache may drop or replace a row while
                                                // an operation still reads it

// Children of a directory in the NameNode's order; valid until the operation's next write or its
// end.
struct ChildPage {
  std::vector<const Inode*> children;
  int64_t remaining = 0;  // after the page; exact where the whole directory is cached, otherwise at
                          // least 1 if there are more
};

// Runs under the namespace lock; never touches the disk. A read that needs a row the cache does not
// hold returns a status for which IsMiss() is true: the operation returns it unchanged, the runner
// loads the row without the lock and runs the operation again from the start. So an operation must
// have no effect but through its Txn. Reads see the Txn's own writes.
class Txn {
 public:
  virtual ~Txn() = default;
  static bool IsMiss(const absl::Status& status);

  // -- reads; a null pointer means: there is no such inode
  virtual absl::StatusOr<InodePtr> Child(InodeId directory, std::string_view name) = 0;
  // By id, whether linked to the root or not: callers walk up with Ancestors.
  virtual absl::StatusOr<InodePtr> ById(InodeId id) = 0;
  // The chain root … inode, both included; empty when a link is gone (deleted, waiting to be
  // purged).
  virtual absl::StatusOr<std::vector<InodePtr>> Ancestors(const Inode& inode) = 0;
  // Up to `limit` children with names after `start_after` (empty: from the beginning).
  virtual absl::StatusOr<ChildPage> List(const Inode& directory, std::string_view start_after,
                                         int limit) = 0;
  virtual absl::StatusOr<std::optional<BlockRow>> BlockById(BlockId id) = 0;

  // A hint, best given when Child(from, names[0]) missed: the load also fetches names[1] below
  // names[0] and so on, so that a whole path costs one load. Adds to earlier hints (a rename may
  // name both its paths). Does nothing to the operation's result.
  virtual void Prefetch(InodeId from, absl::Span<const std::string_view> names) = 0;

  // -- writes
  virtual void Put(Inode inode) = 0;  // a new row, or a new version of the row at (parent_id, name)
  virtual void Remove(const Inode& inode) = 0;  // the row and its index entry; child_count of the
                                                // parent is the operation's to change
  virtual void Move(const Inode& from, Inode to) = 0;  // same id, other parent or name
  virtual void PutBlock(BlockRow row) = 0;
  virtual void RemoveBlock(BlockId id) = 0;
  // The pipeline of a block under construction, told to the block manager when the operation
  // commits. Not persisted, so that alone it does not make a transaction.
  virtual void SetExpectedLocations(BlockId id, std::vector<ReplicaLocation> locations) = 0;
  // What a recovery made of a block's replicas, told to the block manager together with the block's
  // row: exactly these places have `block`, finalized.
  virtual void ReplicasRecovered(const Block& block, std::vector<ReplicaLocation> places) = 0;
  virtual void AddLease(const std::string& holder, InodeId inode) = 0;
  virtual void RemoveLease(const std::string& holder, InodeId inode) = 0;
  // The one way by which files and directories go: hands an inode that was unlinked with Remove
  // to reclaiming. The leases of a subtree end and its blocks go in the background; a file's lease,
  // and its blocks when they are few, go with this transaction.
  virtual void AddPurge(const Inode& root) = 0;

  // -- fresh ids; never handed out twice, even when the operation fails afterwards
  virtual InodeId NewInodeId() = 0;
  virtual BlockId NewBlockId() = 0;
  virtual GenerationStamp NewGenerationStamp() = 0;
  // The last one handed out.
  virtual GenerationStamp highest_generation_stamp() const = 0;

  // Wall time of the operation, the same for all it writes.
  virtual int64_t now_ms() const = 0;
};

}  // namespace cairn::namenode
