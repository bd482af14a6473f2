// What an operation gets to work with, and what it may answer besides a result.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "common/types/block.h"
#include "common/types/ids.h"
#include "namenode/blocks/block_manager.h"
#include "namenode/meta/rows.h"
#include "namenode/namespace/caller.h"
#include "namenode/namespace/lease_manager.h"
#include "namenode/namespace/namespace_options.h"
#include "namenode/namespace/txn.h"

namespace cairn::namenode {

// One run of one operation, under the namespace lock. An operation is a free function
// `absl::StatusOr<R> Op(OpContext&, const Request&)` (or absl::Status), whose only effects go
// through `txn`: it may be run several times before it succeeds.
struct OpContext {
  Txn& txn;
  const Caller& caller;
  const NamespaceOptions& options;
  const BlockManager& blocks;
  const LeaseManager& leases;
  const std::string& block_pool_id;
  int64_t creation_ms = 0;  // of the file system, wall clock
  // The subtree whose every entry has been checked (see NeedsSubtreeCheck) and which no other
  // mutation may touch meanwhile; 0: none.
  InodeId checked_subtree = 0;
  // Whether the operation may answer AwaitReplica: not when it has waited already.
  bool may_wait = false;
};

// Answered by an operation that must not go on before every entry below `root` was checked (delete
// and rename to trash by a non-superuser): the runner marks `root`, walks it without the lock and
// runs the operation again with `checked_subtree` = root, or fails it with the check's error.
absl::Status NeedsSubtreeCheck(InodeId root);
// The root of such an answer; empty for any other status.
std::optional<InodeId> SubtreeToCheck(const absl::Status& status);

// Answered by an operation whose call fails with `error`, but not without effect: what it wrote is
// committed, and the call is answered when that is durable.
absl::Status FailAfterCommit(absl::Status error);
// The error of such an answer; empty for any other status.
std::optional<absl::Status> ErrorAfterCommit(const absl::Status& status);

// Answered by an operation that cannot do all it should before a replica of `block` is reported:
// what it wrote is committed, and it runs again when one is, or after a moment (complete_wait_ms).
absl::Status AwaitReplica(BlockId block);
// The block of such an answer; empty for any other status.
std::optional<BlockId> ReplicaAwaited(const absl::Status& status);

// One inode met by a walk of a subtree, parents before children, children in the NameNode's order.
struct WalkEntry {
  const std::string& path;  // absolute
  const Inode& inode;
  const Inode* parent;  // null for the root of the walk
};
// Called on an I/O thread; an error ends the walk and fails the operation.
using SubtreeCheck = std::function<absl::Status(const WalkEntry&)>;

// First phase of operations that choose targets without the lock: either the answer already (a
// retried addBlock), or what to ask of the placement policy.
struct PlacementPlan {
  std::optional<LocatedBlock> answer;
  PlacementRequest request;
};

}  // namespace cairn::namenode
