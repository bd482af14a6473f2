// Helpers that operations share.
#include "datanode/transfer/operation.h"

#include "common/types/errors.h"
#include "wire/transfer/response.h"

namespace cairn::datanode {

absl::Status CheckPool(const TransferServices& services, const ExtendedBlock& block) {
  if (block.pool_id == services.store.pool_id()) return absl::OkStatus();
  return errors::UnexpectedBlockPool(block.pool_id, services.store.pool_id());
}

std::string AsException(const absl::Status& status) {
  const char* name = "java.io.IOException";
  if (Is(status, ErrorKind::kReplicaNotFound)) {
    name = "org.apache.hadoop.hdfs.server.datanode.ReplicaNotFoundException";
  } else if (Is(status, ErrorKind::kReplicaAlreadyExists)) {
    name = "org.apache.hadoop.hdfs.server.datanode.ReplicaAlreadyExistsException";
  } else if (Is(status, ErrorKind::kChecksum)) {
    name = "org.apache.hadoop.fs.ChecksumException";
  } else if (Is(status, ErrorKind::kDiskOutOfSpace)) {
    name = "org.apache.hadoop.util.DiskChecker$DiskOutOfSpaceException";
  }
  return fmt::format("{}: {}", name, std::string(status.message()));
}

void ReplyError(FrameSocket& connection, std::string message) {
  connection
      .Write(
          wire::EncodeResponse({.status = wire::OpStatus::kError, .message = std::move(message)}))
      .IgnoreError();
}

int64_t PeerReadTimeout(const TransferOptions& options, size_t nodes_behind) {
  if (options.socket_timeout_ms == 0) return 0;
  return options.socket_timeout_ms +
         options.timeout_per_node_ms * static_cast<int64_t>(nodes_behind);
}

absl::StatusOr<std::unique_ptr<FrameSocket>> ConnectToDatanode(const TransferServices& services,
                                                               const DatanodeId& node,
                                                               size_t nodes_behind,
                                                               size_t buffer_bytes) {
  const TransferOptions& options = services.options;
  const int64_t extra = options.timeout_per_node_ms * static_cast<int64_t>(nodes_behind);
  const std::string& host = options.connect_by_hostname ? node.host_name : node.ip_addr;
  ASSIGN_OR_RETURN(auto socket, TcpSocket::Connect({host, node.xfer_port},
                                                   PeerReadTimeout(options, nodes_behind)));
  socket->SetReadTimeout(PeerReadTimeout(options, nodes_behind));
  socket->SetWriteTimeout(options.write_timeout_ms + extra);
  return std::make_unique<FrameSocket>(std::move(socket), buffer_bytes);
}

}  // namespace cairn::datanode
