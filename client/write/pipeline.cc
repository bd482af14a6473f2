// WRITE_BLOCK and TRANSFER_BLOCK as the client sends them.
#include "client/write/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/status_macros.h"

namespace cairn::client {
namespace {

wire::WriteBlockOp MakeOp(const WriteTarget& target, const SetupRequest& request,
                          const Pipeline& pipeline) {
  wire::WriteBlockOp op;
  op.block = pipeline.block;
  op.block.block.num_bytes = target.block_size;  // a space estimate
  op.client_name = target.file.client_name;
  op.stage = request.stage;
  op.pipeline_size = static_cast<int32_t>(pipeline.nodes.size());
  op.min_bytes_received = request.min_bytes_received;
  op.max_bytes_received = request.max_bytes_received;
  op.latest_generation_stamp = request.latest_generation_stamp;
  op.requested_checksum = target.checksum;
  op.storage_type = pipeline.nodes[0].storage_type;
  op.storage_id = pipeline.nodes[0].storage_id;
  for (size_t i = 1; i < pipeline.nodes.size(); ++i) {
    op.targets.push_back(pipeline.nodes[i].datanode);
    op.target_storage_types.push_back(pipeline.nodes[i].storage_type);
    op.target_storage_ids.push_back(pipeline.nodes[i].storage_id);
    op.target_pinnings.push_back(false);
  }
  return op;
}

size_t IndexOf(const std::string& xfer_address, const std::vector<ReplicaLocation>& nodes) {
  for (size_t i = 0; i < nodes.size(); ++i) {
    const DatanodeId& id = nodes[i].datanode.id;
    if (id.XferAddress() == xfer_address ||
        fmt::format("{}:{}", id.host_name, id.xfer_port) == xfer_address) {
      return i;
    }
  }
  return 0;
}

}  // namespace

absl::Status SetUpPipeline(ClientContext& context, const WriteTarget& target,
                           const SetupRequest& request, Pipeline& pipeline, BadNode& bad_node) {
  bad_node = BadNode{};
  pipeline.connection.reset();
  ASSIGN_OR_RETURN(auto connection,
                   DatanodeConnection::Connect(pipeline.nodes[0].datanode.id, context.options(),
                                               static_cast<int>(pipeline.nodes.size())));
  RETURN_IF_ERROR(connection->SendOp(MakeOp(target, request, pipeline)));
  ASSIGN_OR_RETURN(const wire::OpResponse response, connection->ReceiveResponse());
  if (response.status != wire::OpStatus::kSuccess) {
    const std::string link = response.first_bad_link.value_or("");
    bad_node = {.index = IndexOf(link, pipeline.nodes),
                .restarting = response.status == wire::OpStatus::kOobRestart};
    return absl::UnavailableError(fmt::format(
        "{} {} on DataNode {}: {} {}; first bad link {}", wire::WriteStageName(request.stage),
        pipeline.block.ToString(), pipeline.nodes[0].datanode.id.XferAddress(),
        wire::OpStatusName(response.status), response.message, link.empty() ? "itself" : link));
  }
  pipeline.connection = std::move(connection);
  return absl::OkStatus();
}

absl::Status TransferReplica(ClientContext& context, const WriteTarget& target,
                             const ExtendedBlock& block, const ReplicaLocation& source,
                             const ReplicaLocation& destination) {
  // One time-out more per 200 packets of data, as in HDFS: the reply comes after the copy.
  const int64_t packets = block.block.num_bytes / context.options().packet_size;
  const int steps = static_cast<int>(std::min<int64_t>(2 + packets / 200, 1000));
  ASSIGN_OR_RETURN(auto connection,
                   DatanodeConnection::Connect(source.datanode.id, context.options(), 2));
  connection->SetReadTimeout(context.options().socket_timeout_ms * steps);
  wire::TransferBlockOp op;
  op.block = block;
  op.client_name = target.file.client_name;
  op.targets = {destination.datanode};
  op.target_storage_types = {destination.storage_type};
  op.target_storage_ids = {destination.storage_id};
  RETURN_IF_ERROR(connection->SendOp(op));
  ASSIGN_OR_RETURN(const wire::OpResponse response, connection->ReceiveResponse());
  if (response.status == wire::OpStatus::kSuccess) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("transfer of {} from DataNode {} to {}: {} {}",
                                            block.ToString(), source.datanode.id.XferAddress(),
                                            destination.datanode.id.XferAddress(),
                                            wire::OpStatusName(response.status), response.message));
}

}  // namespace cairn::client
