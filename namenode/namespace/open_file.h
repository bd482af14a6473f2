// Files being written: finding them by lease, and moving their blocks through UNDER_CONSTRUCTION →
// COMMITTED → COMPLETE.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/block.h"
#include "namenode/namespace/op_context.h"
#include "namenode/namespace/resolver.h"

namespace cairn::namenode {

// Resolves a file by id where given (then the path only names it in messages), else by path with
// traversal checked.
absl::StatusOr<ResolvedPath> ResolveFile(OpContext& ctx, std::string_view path, InodeId file_id);

// The file at `resolved` is under construction by `client_name`: HDFS's checkLease, its errors and
// texts.
absl::StatusOr<InodePtr> CheckLease(const OpContext& ctx, const ResolvedPath& resolved,
                                    std::string_view path, InodeId file_id,
                                    std::string_view client_name);

// "[Lease.  Holder: C, pending creates: n]" or "Holder C does not have any open files."
std::string LeaseText(const LeaseManager& leases, std::string_view holder);

// The row of one of the file's blocks; kDataLoss when the file names a block that has none.
absl::StatusOr<BlockRow> RowOf(OpContext& ctx, const Inode& file, BlockId id);

// The block is of this cluster's pool.
absl::Status CheckPool(const OpContext& ctx, const std::optional<ExtendedBlock>& block);

// Whether the blocks but the last (`all`: the last too) have their minimum of replicas. Only the
// penultimate one can lack them while a file is written.
absl::StatusOr<bool> HasProgressed(OpContext& ctx, const Inode& file, bool all);
// Whether the blocks but the last keep a file open no longer whose writer is gone: they have
// progressed, or no DataNode of a committed one's pipeline has it, and waiting would be in vain.
absl::StatusOr<bool> EarlierSettled(OpContext& ctx, const Inode& file);

// Takes the writer's word for the last block: length and generation stamp. Does nothing without
// blocks, without `committed`, or when it is committed already. Updates `file` (not yet put) and
// the block's row.
absl::Status CommitLastBlock(OpContext& ctx, Inode& file,
                             const std::optional<ExtendedBlock>& committed);

// Puts the row of a block that is being written, with `locations` as its pipeline from now on.
void PutWithPipeline(OpContext& ctx, BlockRow row, std::vector<ReplicaLocation> locations);

// Puts the row as that of a complete block: nothing of its writing or recovery is kept.
void PutComplete(OpContext& ctx, BlockRow row);

// Closes the file: every block COMPLETE, lease gone, mtime now.
absl::Status CloseFile(OpContext& ctx, Inode file);

// The same without its last block, of which no DataNode has a byte. Bytes of it that were known are
// told to the log: they are lost.
absl::Status CloseWithoutLastBlock(OpContext& ctx, Inode file);

}  // namespace cairn::namenode
