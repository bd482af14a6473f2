// Operations on leases: who may write a file, and how a dead writer's claim ends.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "namenode/namespace/op_context.h"
#include "namenode/namespace/requests.h"
#include "namenode/namespace/resolver.h"

namespace cairn::namenode::ops {

// Makes sure that nobody is writing the existing file at `path`, and gives it as it is then. The
// lease of a writer past the soft limit is ended, which may close the file. Refuses with
// AlreadyBeingCreated or, once its recovery has begun, RecoveryInProgress. `operation` as in
// errors::AlreadyBeingCreated, `holder` the client that asks.
absl::StatusOr<InodePtr> EnsureClosed(OpContext& ctx, const ResolvedPath& path,
                                      const std::string& operation, const std::string& holder);

// Ends the claim of a writer: closes the file (true) where its blocks allow that, otherwise begins
// or leaves running the recovery of the last block (false). A last block that no DataNode ever had
// is removed. `new_holder` gets the lease of a file that stays open; empty: it stays where it is.
// AlreadyBeingCreated while an earlier block waits for its minimum of replicas.
absl::StatusOr<bool> ReleaseLease(OpContext& ctx, const std::string& path, const InodePtr& file,
                                  const std::string& new_holder);

// Sets the block, which is the last of its file, under recovery with a new recovery id.
void BeginRecovery(OpContext& ctx, BlockRow block);

// Takes the lease from its holder; true when the file is closed now.
absl::StatusOr<bool> RecoverLease(OpContext& ctx, const std::string& path,
                                  const std::string& client_name);
absl::StatusOr<bool> IsFileClosed(OpContext& ctx, const std::string& path);
// Ends a lease past the hard limit, and drives the recovery of a last block on whose lease is not;
// true when the file is closed (or gone) now.
absl::StatusOr<bool> ExpireLease(OpContext& ctx, InodeId file);

// The end of a block recovery (HDFS's commitBlockSynchronization): the block takes its new stamp
// and length, or is removed, and the file is closed. Repeating it is harmless.
absl::Status CommitBlockSynchronization(OpContext& ctx, const BlockSyncRequest& request);

}  // namespace cairn::namenode::ops
