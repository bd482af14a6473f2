// Replies and passed files. Source of the sequences: Hadoop 3.4's DataXceiver.
#include "datanode/transfer/short_circuit.h"

#include <spdlog/spdlog.h>

#include <array>

#include "common/net/unix_socket.h"
#include "datanode/shortcircuit/short_circuit_registry.h"
#include "wire/transfer/response.h"

namespace cairn::datanode {
namespace {

// How the files are to be read: as they lie on the disk.
constexpr uint32_t kFilesVersion = 1;
// The byte that travels with the files: whether the client is to confirm them
// (ShortCircuitFdResponse).
constexpr char kDoNotConfirm = 0;
constexpr char kConfirm = 1;

absl::Status CheckLocal(const OperationContext& context) {
  if (context.connection.socket().is_local()) return absl::OkStatus();
  return absl::UnimplementedError("files are passed over a UNIX domain socket only");
}

absl::StatusOr<std::unique_ptr<ReplicaReader>> Open(OperationContext& context,
                                                    const wire::RequestFdsOp& op) {
  RETURN_IF_ERROR(CheckLocal(context));
  RETURN_IF_ERROR(CheckPool(context.services, op.block));
  if (op.max_version < kFilesVersion) {
    return absl::UnimplementedError(
        fmt::format("Your client is too old to read this block!  Its format version is {}, but the "
                    "highest format version you can read is {}",
                    kFilesVersion, op.max_version));
  }
  return context.services.store.OpenReader(op.block.block, 0);
}

// Sends the files and waits for the client's word that it has them.
absl::Status Pass(OperationContext& context, const wire::RequestFdsOp& op,
                  const ReplicaReader& reader) {
  FrameSocket& connection = context.connection;
  RETURN_IF_ERROR(connection.Write(wire::EncodeResponse({.short_circuit_version = kFilesVersion})));
  const std::array<int, 2> files = {reader.data_fd(), reader.meta_fd()};
  const bool confirm = op.supports_receipt_verification;
  RETURN_IF_ERROR(SendFiles(connection.socket(), confirm ? kConfirm : kDoNotConfirm, files,
                            context.services.options.write_timeout_ms));
  if (confirm) RETURN_IF_ERROR(connection.ReadBytes(1).status());
  return absl::OkStatus();
}

void ReplyFailure(OperationContext& context, const absl::Status& status) {
  wire::OpResponse response{.status = wire::OpStatus::kError,
                            .message = std::string(status.message())};
  if (absl::IsUnimplemented(status)) {
    response.status = wire::OpStatus::kErrorUnsupported;
    if (context.connection.socket().is_local()) response.short_circuit_version = kFilesVersion;
  }
  context.connection.Write(wire::EncodeResponse(response)).IgnoreError();
}

}  // namespace

AfterOperation RequestFds(OperationContext& context, const wire::RequestFdsOp& op) {
  ShortCircuitRegistry& registry = context.services.short_circuit;
  // Before the replica is opened: a change after that is then told.
  const absl::Status slot =
      op.slot ? registry.Register(*op.slot, op.block.block.id) : absl::OkStatus();
  const bool registered = op.slot && slot.ok();
  const auto reader = [&]() -> absl::StatusOr<std::unique_ptr<ReplicaReader>> {
    RETURN_IF_ERROR(slot);
    return Open(context, op);
  }();
  const bool failed = !reader.ok() || !Pass(context, op, **reader).ok();
  if (failed && registered) registry.Unregister(*op.slot).IgnoreError();
  if (!reader.ok()) {
    spdlog::info("REQUEST_SHORT_CIRCUIT_FDS {} refused: {}", op.block.ToString(),
                 reader.status().ToString());
    ReplyFailure(context, reader.status());
    return AfterOperation::kKeepConnection;
  }
  return failed ? AfterOperation::kClose : AfterOperation::kKeepConnection;
}

AfterOperation ReleaseFds(OperationContext& context, const wire::ReleaseFdsOp& op) {
  const absl::Status status = context.services.short_circuit.Unregister(op.slot);
  const wire::ShmResponse response{
      .status = status.ok() ? wire::OpStatus::kSuccess : wire::OpStatus::kErrorInvalid,
      .error = std::string(status.message()),
      .id = std::nullopt};
  const bool sent = context.connection.Write(wire::EncodeShmResponse(response)).ok();
  return sent ? AfterOperation::kKeepConnection : AfterOperation::kClose;
}

AfterOperation RequestShm(OperationContext& context, const wire::RequestShmOp& op) {
  FrameSocket& connection = context.connection;
  const auto refuse = [&](wire::OpStatus status, std::string error) {
    const bool sent =
        connection.Write(wire::EncodeShmResponse({status, std::move(error), std::nullopt})).ok();
    return sent ? AfterOperation::kKeepConnection : AfterOperation::kClose;
  };
  if (!connection.socket().is_local()) {
    return refuse(wire::OpStatus::kErrorInvalid,
                  fmt::format("Bad request from {}: must request a shared memory segment over a "
                              "UNIX domain socket.",
                              connection.peer()));
  }
  const auto made = context.services.short_circuit.Make(op.client_name);
  if (!made.ok()) return refuse(wire::OpStatus::kError, std::string(made.status().message()));
  absl::Status given = connection.Write(wire::EncodeShmResponse({.error = "", .id = made->id}));
  if (given.ok()) {
    given = SendFiles(connection.socket(), 0, {&made->fd, 1},
                      context.services.options.write_timeout_ms);
  }
  if (!given.ok()) {
    context.services.short_circuit.Drop(made->id);
    return AfterOperation::kClose;
  }
  context.segment = made->id;
  return AfterOperation::kGiveToSegment;
}

}  // namespace cairn::datanode
