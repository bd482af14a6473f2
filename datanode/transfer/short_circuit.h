// Operations of local clients that read replicas' files themselves: REQUEST_SHORT_CIRCUIT_FDS,
// RELEASE_SHORT_CIRCUIT_FDS and REQUEST_SHORT_CIRCUIT_SHM.
#pragma once

#include "datanode/transfer/operation.h"

namespace cairn::datanode {

// Passes block file and meta file of a readable replica to the client. What is bad about it goes
// into the reply; the connection stays.
AfterOperation RequestFds(OperationContext& context, const wire::RequestFdsOp& op);
// The client no longer uses a slot.
AfterOperation ReleaseFds(OperationContext& context, const wire::ReleaseFdsOp& op);
// Makes a segment and passes it. On success the connection is the segment's: kGiveToSegment, with
// its id in context.segment.
AfterOperation RequestShm(OperationContext& context, const wire::RequestShmOp& op);

}  // namespace cairn::datanode
