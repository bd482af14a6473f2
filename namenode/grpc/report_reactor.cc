// Checks and hands over the chunks of full block reports.
#include "namenode/grpc/report_reactor.h"

#include <limits>

#include <grpcpp/impl/codegen/proto_utils.h>
#include "common/status_macros.h"
#include "common/types/errors.h"
#include "common/types/limits.h"
#include "namenode/grpc/handlers/handlers.h"
#include "wire/cairn/convert.h"

namespace cairn::namenode {
namespace {

namespace dn = ::cairn::internal::v1;

constexpr BlockId kFirstId = std::numeric_limits<BlockId>::min();
constexpr BlockId kLastId = std::numeric_limits<BlockId>::max();

absl::Status Bad(const std::string& storage_id, std::string_view why) {
  return MakeError(ErrorKind::kIllegalArgument,
                   fmt::format("block report of storage {}: {}", storage_id, why));
}

}  // namespace

absl::StatusOr<ReportChunk> ReportChecker::Take(const dn::BlockReportChunk& message) {
  const std::string& id = message.storage_id();
  if (id.empty()) return Bad(id, "no storage id");
  const BlockId expected_first = open_ ? open_->last_id + 1 : kFirstId;
  if (open_ && (open_->storage_id != id || open_->sequence != message.sequence())) {
    return Bad(open_->storage_id, fmt::format("interrupted by one of {}", id));
  }
  if (message.first_id() != expected_first || message.last_id() < message.first_id()) {
    return Bad(id, fmt::format("chunk from {} to {} where {} is next", message.first_id(),
                               message.last_id(), expected_first));
  }
  if (static_cast<size_t>(message.replicas_size()) > limits::kBlockReportChunkReplicas) {
    return Bad(id, fmt::format("{} replicas in a chunk, limit {}", message.replicas_size(),
                               limits::kBlockReportChunkReplicas));
  }
  ReportChunk chunk;
  chunk.storage_id = id;
  chunk.sequence = static_cast<int64_t>(message.sequence());
  chunk.first_id = message.first_id();
  chunk.last_id = message.last_id();
  chunk.last_chunk = message.last_id() == kLastId;
  chunk.replicas.reserve(message.replicas_size());
  for (const dn::Replica& replica : message.replicas()) {
    const bool in_order = chunk.replicas.empty() ? replica.id() >= chunk.first_id
                                                 : replica.id() > chunk.replicas.back().block.id;
    if (!in_order || replica.id() > chunk.last_id) {
      return Bad(id, fmt::format("blk_{} is out of order or outside its chunk", replica.id()));
    }
    if (replica.length() < 0)
      return Bad(id, fmt::format("blk_{} has a negative length", replica.id()));
    ASSIGN_OR_RETURN(const ReplicaState state, wire::FromProto(replica.state()));
    chunk.replicas.push_back(
        {.block = {replica.id(), replica.generation_stamp(), replica.length()}, .state = state});
  }
  if (chunk.last_chunk) {
    open_.reset();
  } else {
    open_ = Progress{.storage_id = id, .sequence = message.sequence(), .last_id = chunk.last_id};
  }
  return chunk;
}

absl::Status ReportChecker::End() const {
  if (open_) return Bad(open_->storage_id, "ended before its last chunk");
  return absl::OkStatus();
}

ReportReactor::ReportReactor(FrontEnd& front, const MethodSpec& method, size_t method_index,
                             ::grpc::GenericCallbackServerContext& context)
    : ServedCall(front, method, method_index, context) {
  Read();
}

void ReportReactor::OnReadDone(bool ok) {
  handover_.Take();
  const bool queued = front_.PoolOf(method_).Add([this, ok] {
    if (ok) {
      TakeChunk();
    } else {
      End(checker_.End());
    }
  });
  if (!queued) Refuse(TooBusy());
}

absl::Status ReportReactor::TakeChunkOrError() {
  dn::BlockReportChunk message;
  if (!::grpc::SerializationTraits<dn::BlockReportChunk>::Deserialize(&request_, &message).ok()) {
    return absl::InvalidArgumentError("a chunk of a block report is malformed");
  }
  request_.Clear();
  call_.caller.address = PeerAddress(context_.peer());
  RETURN_IF_ERROR(grpc_handlers::CheckSender(call_, message.sender()));
  ASSIGN_OR_RETURN(const ReportChunk chunk, checker_.Take(message));
  return front_.core.blocks.ReportChunkReceived(message.sender().datanode_uuid(), chunk);
}

void ReportReactor::TakeChunk() {
  const absl::Status status = TakeChunkOrError();
  if (status.ok()) {
    Read();
  } else {
    End(status);
  }
}

void ReportReactor::End(absl::Status status) {
  dn::BlockReportResponse reply;
  reply.set_epoch(front_.core.cluster.epoch);
  bool own = false;
  if (status.ok() &&
      !::grpc::SerializationTraits<dn::BlockReportResponse>::Serialize(reply, &response_, &own)
           .ok()) {
    status = absl::InternalError("the reply cannot be encoded");
  }
  Measure(status.ok());
  if (status.ok()) {
    ReplyAndFinish(response_);
  } else {
    Fail(status);
  }
}

}  // namespace cairn::namenode
