// How much of a block that is being written may be read.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "common/types/block.h"

namespace cairn::client {

// Asks `node` (ClientDatanodeProtocol.getReplicaVisibleLength) how many bytes of its replica of
// `block` readers may see; the replica's stamp must not be below the block's. One attempt, over a
// connection of its own, that takes at most `timeout_ms`. Errors: the DataNode's with their
// ErrorKind (kReplicaNotFound, …); kUnavailable or kDeadlineExceeded when it does not answer.
absl::StatusOr<int64_t> AskVisibleLength(const DatanodeId& node, const ExtendedBlock& block,
                                         bool use_hostname, int64_t timeout_ms);

}  // namespace cairn::client
