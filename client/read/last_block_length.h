// How much of a block that is being written may be read.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "client/base/client_context.h"
#include "common/types/block.h"

namespace cairn::client {

// The visible length of the unfinished `block` of the file `path`, from the first of its DataNodes
// that tells it. 0 when one of them has no replica: the pipeline is only being set up. What the
// NameNode knows where none of them serves Hadoop RPC. kIo "Cannot obtain block length for …" when
// none could be asked. One round; calls DataNodes.
absl::StatusOr<int64_t> LastBlockLength(const ClientContext& context, const std::string& path,
                                        const LocatedBlock& block);

}  // namespace cairn::client
