// getReplicaVisibleLength over Hadoop RPC.
#include "client/read/visible_length.h"

#include "common/random.h"
#include "common/status_macros.h"
#include "common/users/current_user.h"
#include "ipc/client.h"
#include "proto/hadoop/ClientDatanodeProtocol.pb.h"
#include "wire/transfer/convert.h"

namespace cairn::client {

namespace {

constexpr ipc::MethodId kMethod{"org.apache.hadoop.hdfs.protocol.ClientDatanodeProtocol",
                                "getReplicaVisibleLength"};

}  // namespace

absl::StatusOr<int64_t> AskVisibleLength(const DatanodeId& node, const ExtendedBlock& block,
                                         bool use_hostname, int64_t timeout_ms) {
  if (node.ipc_port == 0) {
    return absl::UnavailableError(
        fmt::format("DataNode {} ({}) serves no RPC", node.XferAddress(), node.uuid));
  }
  const HostPort address{use_hostname ? node.host_name : node.ip_addr, node.ipc_port};
  ASSIGN_OR_RETURN(std::string user, CurrentUserName());
  hadoop::hdfs::GetReplicaVisibleLengthRequestProto request;
  wire::ToProto(block, *request.mutable_block());
  Random random;
  ipc::Client client({.user = std::move(user)}, random);
  ASSIGN_OR_RETURN(const auto reply,
                   client.Call<hadoop::hdfs::GetReplicaVisibleLengthResponseProto>(
                       address, kMethod, request, timeout_ms));
  return wire::NonNegative(reply.length(), "the visible length");
}

}  // namespace cairn::client
