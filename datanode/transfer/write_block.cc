// WRITE_BLOCK. Source of the stages and of the order of replies: DataTransferProtocol of
// Hadoop 3.4.
#include "datanode/transfer/write_block.h"

#include <spdlog/spdlog.h>

#include <cstdlib>
#include <thread>

#include "common/types/errors.h"
#include "datanode/transfer/ack_responder.h"
#include "datanode/transfer/packet_receiver.h"
#include "wire/transfer/response.h"

namespace cairn::datanode {

namespace {

using wire::OpStatus;
using wire::WriteStage;

// Congestion as HDFS's DataNode tells it, and slowness: no NameNode here calls a DataNode slow, so
// it is what an ordinary one of HDFS says.
uint32_t LoadFlags(const TransferOptions& options) {
  uint32_t flags = options.report_slowness ? wire::kAckNotSlow : 0;
  if (options.report_congestion) {
    double load = 0;
    const bool known = ::getloadavg(&load, 1) == 1;
    const double limit = options.congestion_ratio * std::thread::hardware_concurrency();
    flags |= known && load > limit ? wire::kAckEcnCongested : wire::kAckEcnSupported;
  }
  return flags;
}

// Has the responder announce a restart of this DataNode, for a scope.
class Farewell {
 public:
  Farewell(SocketGroup& sockets, AckResponder& responder) : sockets_(sockets) {
    sockets_.SetFarewell(
        [&responder](int64_t timeout_ms) { responder.AnnounceRestart(timeout_ms); });
  }
  ~Farewell() { sockets_.SetFarewell(nullptr); }

 private:
  SocketGroup& sockets_;
};

class WriteOperation {
 public:
  WriteOperation(OperationContext& context, const wire::WriteBlockOp& op)
      : context_(context),
        services_(context.services),
        op_(op),
        from_client_(!op.client_name.empty()),
        transfer_(op.stage == WriteStage::kTransferRbw ||
                  op.stage == WriteStage::kTransferFinalized) {}

  absl::Status Run() {
    RETURN_IF_ERROR(Check());
    RETURN_IF_ERROR(OpenReplica());
    RETURN_IF_ERROR(SetUpMirror());
    const bool replies = from_client_ && !transfer_;
    if (replies) {
      RETURN_IF_ERROR(context_.connection.Write(wire::EncodeResponse(setup_reply_)));
      if (setup_reply_.status != OpStatus::kSuccess) {
        return absl::UnavailableError(
            fmt::format("the pipeline below failed at {}", *setup_reply_.first_bad_link));
      }
    }
    if (writer_ == nullptr) return absl::OkStatus();  // PIPELINE_CLOSE_RECOVERY
    context_.connection.ResizeBuffer(kPacketBufferBytes);
    return replies ? ReceiveFromClient() : ReceiveCopy();
  }

 private:
  absl::Status Check() {
    RETURN_IF_ERROR(CheckPool(services_, op_.block));
    if (op_.stage == WriteStage::kDataStreaming || op_.stage == WriteStage::kClose) {
      return errors::Io(fmt::format("{} is not a stage to set a pipeline up in",
                                    wire::WriteStageName(op_.stage)));
    }
    if (transfer_ && (!from_client_ || !op_.targets.empty())) {
      return errors::Io(fmt::format("{} does not support a pipeline or an empty client name",
                                    wire::WriteStageName(op_.stage)));
    }
    return absl::OkStatus();
  }

  WriteRequest MakeRequest() const {
    WriteRequest request;
    request.block = op_.block.block;
    request.latest_generation_stamp = op_.latest_generation_stamp;
    request.min_bytes_received = op_.min_bytes_received;
    request.max_bytes_received = op_.max_bytes_received;
    request.storage_type = op_.storage_type;
    request.storage_id = op_.storage_id;
    request.checksum = op_.requested_checksum;
    request.is_transfer = transfer_;
    // The group outlives the operation as long as the store keeps this.
    request.stop_writer = [sockets = context_.sockets] { sockets->ShutdownAll(); };
    return request;
  }

  absl::Status OpenReplica() {
    BlockStore& store = services_.store;
    const WriteRequest request = MakeRequest();
    if (from_client_ && !transfer_) context_.sockets->SetWriter();
    if (op_.stage == WriteStage::kCloseRecovery && from_client_) {
      return store.RecoverClose(request).status();
    }
    if (!from_client_ || transfer_) return Take(store.CreateTemporary(request));
    switch (op_.stage) {
      case WriteStage::kSetupCreate:
        return Take(store.CreateRbw(request));
      case WriteStage::kSetupAppend:
        return Take(store.Append(request));
      case WriteStage::kSetupAppendRecovery:
        return Take(store.RecoverAppend(request));
      case WriteStage::kSetupStreamingRecovery:
        return Take(store.RecoverRbw(request));
      default:
        return absl::InternalError("a stage without a replica action");
    }
  }

  absl::Status Take(absl::StatusOr<std::unique_ptr<ReplicaWriter>> writer) {
    if (!writer.ok()) return writer.status();
    writer_ = *std::move(writer);
    return absl::OkStatus();
  }

  // Connects to the next node and forwards the operation. A failure goes into setup_reply_ and, for
  // copies between DataNodes, leaves out the mirror.
  absl::Status SetUpMirror() {
    setup_reply_ = {.status = OpStatus::kSuccess, .first_bad_link = ""};
    if (op_.targets.empty()) return absl::OkStatus();
    const absl::Status status = ConnectMirror();
    if (status.ok()) return absl::OkStatus();
    const std::string next = op_.targets[0].id.XferAddress();
    spdlog::warn("{}: cannot set up mirror {}: {}", op_.block.ToString(), next, status.ToString());
    mirror_member_.reset();
    mirror_.reset();
    setup_reply_ = {.status = OpStatus::kError, .first_bad_link = next};
    return absl::OkStatus();
  }

  absl::Status ConnectMirror() {
    ASSIGN_OR_RETURN(mirror_, ConnectToDatanode(services_, op_.targets[0].id, op_.targets.size(),
                                                kOperationBufferBytes));
    mirror_member_.emplace(*context_.sockets, mirror_->socket());
    RETURN_IF_ERROR(mirror_->Write(wire::EncodeOp(ForNextNode(op_))));
    if (!from_client_) return absl::OkStatus();
    ASSIGN_OR_RETURN(const auto message, mirror_->Read(&wire::ResponseSize));
    ASSIGN_OR_RETURN(const wire::OpResponse reply, wire::DecodeResponse(message));
    setup_reply_.status = reply.status;
    setup_reply_.first_bad_link = reply.first_bad_link.value_or("");
    return absl::OkStatus();
  }

  AckPlan MakeAckPlan() const {
    const TransferOptions& options = services_.options;
    AckPlan plan{.nodes_below = op_.targets.size(),
                 .mirror_timeout_ms = PeerReadTimeout(options, op_.targets.size()),
                 .sync_on_close = options.sync_on_close};
    if (options.report_congestion || options.report_slowness) {
      plan.own_flags = [&options] { return LoadFlags(options); };
    }
    return plan;
  }

  absl::Status ReceiveFromClient() {
    AckResponder responder(context_.connection, mirror_.get(), MakeAckPlan(), *writer_,
                           services_.clock);
    RETURN_IF_ERROR(responder.Start(services_.threads));
    const Farewell farewell(*context_.sockets, responder);
    const ReceivePlan plan{.mirror = mirror_.get(), .responder = &responder};
    RETURN_IF_ERROR(ReceivePackets(context_.connection, *writer_, plan));
    return responder.Finish(0);
  }

  // Copies between DataNodes: no acknowledgements, but TRANSFER_* end with one reply. A copy is
  // synced whether or not its source was: it may take the place of one that a writer had synced.
  absl::Status ReceiveCopy() {
    const ReceivePlan plan{.mirror = mirror_.get(), .always_verify = true};
    RETURN_IF_ERROR(ReceivePackets(context_.connection, *writer_, plan));
    if (op_.stage == WriteStage::kTransferRbw) {
      RETURN_IF_ERROR(writer_->ConvertToRbw());
    } else {
      RETURN_IF_ERROR(writer_->Finalize(/*sync=*/true, "").status());
    }
    if (!transfer_) return absl::OkStatus();
    return context_.connection.Write(wire::EncodeResponse({.status = OpStatus::kSuccess}));
  }

  OperationContext& context_;
  TransferServices& services_;
  const wire::WriteBlockOp& op_;
  const bool from_client_;
  const bool transfer_;
  wire::OpResponse setup_reply_;
  std::unique_ptr<FrameSocket> mirror_;
  std::optional<SocketGroupMember> mirror_member_;  // ends before mirror_
  std::unique_ptr<ReplicaWriter> writer_;
};

}  // namespace

wire::WriteBlockOp ForNextNode(const wire::WriteBlockOp& op) {
  wire::WriteBlockOp next = op;
  const auto take_first = [](auto& list) {
    if (!list.empty()) list.erase(list.begin());
  };
  if (!op.target_storage_types.empty()) next.storage_type = op.target_storage_types[0];
  next.storage_id = op.target_storage_ids.empty() ? "" : op.target_storage_ids[0];
  next.pinning = !op.target_pinnings.empty() && op.target_pinnings[0];
  next.allow_lazy_persist = false;
  take_first(next.targets);
  take_first(next.target_storage_types);
  take_first(next.target_storage_ids);
  take_first(next.target_pinnings);
  return next;
}

AfterOperation WriteBlock(OperationContext& context, const wire::WriteBlockOp& op) {
  const std::string block = op.block.ToString();
  spdlog::info("receiving {} from {} stage {}, {} further nodes", block, context.connection.peer(),
               wire::WriteStageName(op.stage), op.targets.size());
  const absl::Status status = WriteOperation(context, op).Run();
  if (status.ok()) {
    spdlog::info("received {} from {}", block, context.connection.peer());
  } else {
    spdlog::warn("receiving {} from {} failed: {}", block, context.connection.peer(),
                 status.ToString());
  }
  return AfterOperation::kClose;
}

}  // namespace cairn::datanode
