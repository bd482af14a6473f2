// Operations on files and their blocks, one file each. Semantics and messages are HDFS 3.4's
// (FSDirWriteFileOp, FSNamesystem).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/types/file_status.h"
#include "namenode/blocks/block_manager.h"
#include "namenode/namespace/op_context.h"
#include "namenode/namespace/requests.h"

namespace cairn::namenode::ops {

// A new, empty file under construction by request.client_name; with OVERWRITE an existing file is
// removed first.
absl::StatusOr<FileStatus> Create(OpContext& ctx, const CreateRequest& request);

// Opens a closed file for writing at its end. The last block, if it has room, is under construction
// again with its stamp and replicas unchanged.
absl::StatusOr<AppendResult> Append(OpContext& ctx, const AppendRequest& request);
// Shortens a closed file. True: it has the new length. False: its last block is under recovery to
// the shorter length, the file is open until that is done.
absl::StatusOr<bool> Truncate(OpContext& ctx, const TruncateRequest& request);
// Moves the blocks of closed files to the end of another of the same directory; the files are gone
// afterwards, the target keeps its replication.
absl::Status Concat(OpContext& ctx, const ConcatRequest& request);

// Checks everything and changes nothing. NotReplicatedYet while the penultimate block lacks
// replicas.
absl::StatusOr<PlacementPlan> PlanAddBlock(OpContext& ctx, const AddBlockRequest& request);
// The second half, after targets were chosen without the lock: checks again, commits `previous` and
// appends the block with `targets` as its expected locations.
absl::StatusOr<LocatedBlock> AddBlock(OpContext& ctx, const AddBlockRequest& request,
                                      const std::vector<ReplicaLocation>& targets);

// Removes the file's last block if it is this one; any other block is ignored.
absl::Status AbandonBlock(OpContext& ctx, const AbandonBlockRequest& request);
// Commits the last block and closes the file; false while replicas are missing (the commit stays).
absl::StatusOr<bool> Complete(OpContext& ctx, const CompleteRequest& request);
// Persists the length of the block being written.
absl::Status Fsync(OpContext& ctx, const FsyncRequest& request);

// The blocks of a file that overlap a range.
struct BlockLocationsResult {
  LocatedBlocks blocks;
  InodeId file = 0;
  bool access_time_is_old = false;  // TouchAccessTime should follow
};
absl::StatusOr<BlockLocationsResult> GetBlockLocations(OpContext& ctx, std::string_view path,
                                                       int64_t offset, int64_t length);
// All blocks of a file, for listings and statuses with locations.
absl::StatusOr<LocatedBlocks> LocateWholeFile(OpContext& ctx, const Inode& file);

// Where further replicas of a block being written may go.
absl::StatusOr<PlacementPlan> PlanAdditionalDatanode(OpContext& ctx,
                                                     const AdditionalDatanodeRequest& request);
// A new generation stamp for a pipeline to be rebuilt; nothing but the stamp is reserved. The
// answer has no locations and offset -1.
absl::StatusOr<LocatedBlock> UpdateBlockForPipeline(OpContext& ctx, const ExtendedBlock& block,
                                                    const std::string& client_name);
// The rebuilt pipeline: the block takes its new stamp, length and expected locations.
absl::Status UpdatePipeline(OpContext& ctx, const UpdatePipelineRequest& request);

}  // namespace cairn::namenode::ops
