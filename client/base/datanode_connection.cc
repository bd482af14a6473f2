// Framing of DataTransferProtocol over one socket.
#include "client/base/datanode_connection.h"

#include <fmt/format.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/status_macros.h"
#include "common/types/storage_type_name.h"

namespace cairn::client {
namespace {

iovec Part(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

// How much is asked of the socket at once beyond the message being received: a whole packet.
constexpr size_t kReceiveBytes = 68 << 10;

}  // namespace

DatanodeConnection::DatanodeConnection(const DatanodeId& node, std::unique_ptr<TcpSocket> socket)
    : node_(node), socket_(std::move(socket)), received_(kReceiveBytes) {}

absl::StatusOr<std::unique_ptr<DatanodeConnection>> DatanodeConnection::Connect(
    const DatanodeId& node, const ClientOptions& options, int pipeline_nodes) {
  const HostPort peer{options.use_datanode_hostname ? node.host_name : node.ip_addr,
                      node.xfer_port};
  auto socket = TcpSocket::Connect(
      peer, options.socket_timeout_ms + options.timeout_per_node_ms * (pipeline_nodes - 1));
  if (!socket.ok()) {
    return absl::Status(
        socket.status().code(),
        fmt::format("DataNode {}: {}", node.XferAddress(), std::string(socket.status().message())));
  }
  if (options.read_ahead_bytes > 0) {
    RETURN_IF_ERROR((*socket)->SetBufferSizes(options.read_ahead_bytes, 0));
  }
  auto connection =
      std::unique_ptr<DatanodeConnection>(new DatanodeConnection(node, *std::move(socket)));
  connection->SetTimeouts(options, pipeline_nodes);
  return connection;
}

void DatanodeConnection::SetTimeouts(const ClientOptions& options, int pipeline_nodes) {
  const int64_t extra_ms = options.timeout_per_node_ms * pipeline_nodes;
  socket_->SetReadTimeout(options.socket_timeout_ms + extra_ms);
  socket_->SetWriteTimeout(options.socket_write_timeout_ms + extra_ms);
}

absl::Status DatanodeConnection::Name(const absl::Status& status) const {
  return absl::Status(status.code(), fmt::format("DataNode {}: {}", node_.XferAddress(),
                                                 std::string(status.message())));
}

absl::Status DatanodeConnection::SendOp(const wire::Op& op) {
  const absl::Status sent = socket_->WriteFull(wire::EncodeOp(op));
  return sent.ok() ? sent : Name(sent);
}

absl::Status DatanodeConnection::SendPacket(const wire::PacketHeader& header,
                                            std::string_view checksums, std::string_view data) {
  send_buffer_.clear();
  wire::EncodePacketHeader(header, checksums.size(), send_buffer_);
  const std::array<iovec, 3> parts = {Part(send_buffer_), Part(checksums), Part(data)};
  const absl::Status sent = socket_->WriteV(parts);
  return sent.ok() ? sent : Name(sent);
}

absl::Status DatanodeConnection::SendReadStatus(wire::OpStatus status) {
  const absl::Status sent = socket_->WriteFull(wire::EncodeReadStatus(status));
  return sent.ok() ? sent : Name(sent);
}

template <typename SizeOf>
absl::StatusOr<std::string_view> DatanodeConnection::ReceiveMessage(const SizeOf& size_of) {
  received_.Consume(std::exchange(consume_next_, 0));
  while (true) {
    const absl::StatusOr<size_t> size = size_of(received_.view());
    if (!size.ok()) return Name(size.status());
    if (*size != 0 && received_.view().size() >= *size) {
      consume_next_ = *size;
      return received_.view().substr(0, *size);
    }
    char* const to = received_.Prepare(std::max(*size, received_.view().size() + 1));
    const absl::StatusOr<size_t> n = socket_->ReadSome(to, received_.writable());
    if (!n.ok()) return Name(n.status());
    received_.Commit(*n);
  }
}

absl::StatusOr<wire::OpResponse> DatanodeConnection::ReceiveResponse() {
  ASSIGN_OR_RETURN(const std::string_view message, ReceiveMessage(wire::ResponseSize));
  auto response = wire::DecodeResponse(message);
  if (!response.ok()) return Name(response.status());
  return response;
}

absl::StatusOr<wire::PipelineAck> DatanodeConnection::ReceiveAck() {
  ASSIGN_OR_RETURN(const std::string_view message, ReceiveMessage(wire::AckSize));
  auto ack = wire::DecodeAck(message);
  if (!ack.ok()) return Name(ack.status());
  return ack;
}

absl::StatusOr<wire::PacketView> DatanodeConnection::ReceivePacket() {
  ASSIGN_OR_RETURN(const std::string_view message, ReceiveMessage(wire::PacketSize));
  auto packet = wire::DecodePacket(message);
  if (!packet.ok()) return Name(packet.status());
  return packet;
}

bool DatanodeConnection::IsIdleAndOpen() {
  if (received_.view().size() != consume_next_) return false;
  const absl::StatusOr<bool> readable = socket_->WaitReadable(0);
  return readable.ok() && !*readable;
}

std::string DescribeNode(const ReplicaLocation& location) {
  return fmt::format("DatanodeInfoWithStorage[{},{},{}]", location.datanode.id.XferAddress(),
                     location.storage_id, StorageTypeName(location.storage_type));
}

std::string DescribeNodes(const std::vector<ReplicaLocation>& locations) {
  std::string text = "[";
  for (const ReplicaLocation& location : locations) {
    if (text.size() > 1) text += ", ";
    text += DescribeNode(location);
  }
  return text + "]";
}

}  // namespace cairn::client
