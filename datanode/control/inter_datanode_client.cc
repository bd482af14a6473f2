// Calls of a recovery's primary.
#include "datanode/control/inter_datanode_client.h"

#include <utility>

#include "common/status_macros.h"
#include "proto/hadoop/InterDatanodeProtocol.pb.h"
#include "wire/transfer/convert.h"

namespace cairn::datanode {

namespace {

namespace pb = ::hadoop::hdfs;

constexpr std::string_view kProtocol =
    "org.apache.hadoop.hdfs.server.protocol.InterDatanodeProtocol";
constexpr ipc::MethodId kInit{kProtocol, "initReplicaRecovery"};
constexpr ipc::MethodId kUpdate{kProtocol, "updateReplicaUnderRecovery"};

}  // namespace

InterDatanodeClient::InterDatanodeClient(InterDatanodeOptions options, Random& random)
    : options_(std::move(options)), client_({.user = options_.user}, random) {}

absl::StatusOr<HostPort> InterDatanodeClient::AddressOf(const DatanodeId& node) const {
  if (node.ipc_port == 0) {
    return absl::UnavailableError(
        fmt::format("DataNode {} ({}) serves no RPC", node.XferAddress(), node.uuid));
  }
  return HostPort{options_.connect_by_hostname ? node.host_name : node.ip_addr, node.ipc_port};
}

absl::StatusOr<std::optional<ReplicaRecoveryInfo>> InterDatanodeClient::InitReplicaRecovery(
    const DatanodeId& node, const ExtendedBlock& block, GenerationStamp recovery_id) {
  ASSIGN_OR_RETURN(const HostPort address, AddressOf(node));
  pb::InitReplicaRecoveryRequestProto request;
  pb::RecoveringBlockProto& recovering = *request.mutable_block();
  recovering.set_newgenstamp(static_cast<uint64_t>(recovery_id));
  pb::LocatedBlockProto& located = *recovering.mutable_block();
  wire::ToProto(block, *located.mutable_b());
  located.set_offset(0);
  located.set_corrupt(false);
  // Required, and empty where there are no block tokens.
  auto& token = *located.mutable_blocktoken();
  token.set_identifier("");
  token.set_password("");
  token.set_kind("");
  token.set_service("");
  ASSIGN_OR_RETURN(const auto reply, client_.Call<pb::InitReplicaRecoveryResponseProto>(
                                         address, kInit, request, options_.call_timeout_ms));
  if (!reply.replicafound()) return std::nullopt;
  if (!reply.has_block() || !reply.has_state()) {
    return absl::InternalError(
        fmt::format("{} found a replica and does not say which", address.ToString()));
  }
  return ReplicaRecoveryInfo{
      .block = {.id = static_cast<int64_t>(reply.block().blockid()),
                .generation_stamp = static_cast<int64_t>(reply.block().genstamp()),
                .num_bytes = static_cast<int64_t>(reply.block().numbytes())},
      .original_state = static_cast<ReplicaState>(reply.state()),
      .may_have_lost_bytes = reply.mayhavelostbytes()};
}

absl::StatusOr<std::string> InterDatanodeClient::UpdateReplicaUnderRecovery(
    const DatanodeId& node, const ExtendedBlock& old_block, GenerationStamp recovery_id,
    BlockId new_block_id, int64_t new_length) {
  ASSIGN_OR_RETURN(const HostPort address, AddressOf(node));
  pb::UpdateReplicaUnderRecoveryRequestProto request;
  wire::ToProto(old_block, *request.mutable_block());
  request.set_recoveryid(static_cast<uint64_t>(recovery_id));
  request.set_newlength(static_cast<uint64_t>(new_length));
  request.set_newblockid(static_cast<uint64_t>(new_block_id));
  ASSIGN_OR_RETURN(const auto reply, client_.Call<pb::UpdateReplicaUnderRecoveryResponseProto>(
                                         address, kUpdate, request, options_.call_timeout_ms));
  return reply.storageuuid();
}

}  // namespace cairn::datanode
