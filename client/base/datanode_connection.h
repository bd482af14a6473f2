// One connection to a DataNode's data port: sends operations and packets, receives replies.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/client_options.h"
#include "common/net/socket.h"
#include "common/types/block.h"
#include "wire/transfer/ack.h"
#include "wire/transfer/framing.h"
#include "wire/transfer/op.h"
#include "wire/transfer/packet.h"
#include "wire/transfer/response.h"

namespace cairn::client {

// Blocking. One thread may send while another receives; Shutdown may come from any thread. Every
// error names the DataNode; after one the connection is useless.
class DatanodeConnection {
 public:
  // Connects to the node's IP, or to its host name with options.use_datanode_hostname.
  // `pipeline_nodes` (at least 1) lengthens the time-outs.
  static absl::StatusOr<std::unique_ptr<DatanodeConnection>> Connect(const DatanodeId& node,
                                                                     const ClientOptions& options,
                                                                     int pipeline_nodes);

  const DatanodeId& node() const { return node_; }

  absl::Status SendOp(const wire::Op& op);
  // A packet in one system call.
  absl::Status SendPacket(const wire::PacketHeader& header, std::string_view checksums,
                          std::string_view data);
  absl::Status SendReadStatus(wire::OpStatus status);

  absl::StatusOr<wire::OpResponse> ReceiveResponse();
  absl::StatusOr<wire::PipelineAck> ReceiveAck();
  // Valid until the next call.
  absl::StatusOr<wire::PacketView> ReceivePacket();

  // True when the idle peer still listens: no end of stream and no stray bytes are waiting.
  bool IsIdleAndOpen();
  // Ends waiting and later calls of every thread.
  void Shutdown() { socket_->Shutdown(); }
  // Time-outs for an operation over `pipeline_nodes` nodes; not while another thread uses this.
  void SetTimeouts(const ClientOptions& options, int pipeline_nodes);
  void SetReadTimeout(int64_t ms) { socket_->SetReadTimeout(ms); }

 private:
  DatanodeConnection(const DatanodeId& node, std::unique_ptr<TcpSocket> socket);
  // The bytes of one complete message that `size_of` measures, at the front of the buffer;
  // consumed when the next message is received.
  template <typename SizeOf>
  absl::StatusOr<std::string_view> ReceiveMessage(const SizeOf& size_of);
  // `status` with the node's address in front.
  absl::Status Name(const absl::Status& status) const;

  const DatanodeId node_;
  const std::unique_ptr<TcpSocket> socket_;
  wire::ReceiveBuffer received_;
  size_t consume_next_ = 0;
  std::string send_buffer_;
};

// "DatanodeInfoWithStorage[127.0.0.1:9866,DS-…,DISK]", the form of HDFS's messages.
std::string DescribeNode(const ReplicaLocation& location);
// "[a, b]" of the above.
std::string DescribeNodes(const std::vector<ReplicaLocation>& locations);

}  // namespace cairn::client
