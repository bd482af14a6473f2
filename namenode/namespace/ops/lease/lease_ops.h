// Operations on leases: who may write a file, and how a dead writer's claim ends.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "namenode/namespace/op_context.h"
#include "namenode/namespace/resolver.h"

namespace cairn::namenode::ops {

// Refuses when the file at `path` is being written, by anyone: AlreadyBeingCreated, or
// RecoveryInProgress when its lease is past the soft limit. `operation` as in
// errors::AlreadyBeingCreated, `holder` the client that asks.
absl::Status CheckNotBeingWritten(OpContext& ctx, const ResolvedPath& path,
                                  const std::string& operation, const std::string& holder);

// Takes the lease from its holder; true when the file is closed now.
absl::StatusOr<bool> RecoverLease(OpContext& ctx, const std::string& path,
                                  const std::string& client_name);
absl::StatusOr<bool> IsFileClosed(OpContext& ctx, const std::string& path);
// Ends a lease past the hard limit; true when the file is closed (or gone) now.
absl::StatusOr<bool> ExpireLease(OpContext& ctx, InodeId file);

}  // namespace cairn::namenode::ops
