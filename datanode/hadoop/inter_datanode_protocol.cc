// InterDatanodeProtocol: what the primary of a block recovery asks. Anybody may, as in HDFS.
#include "common/status_macros.h"
#include "common/types/errors.h"
#include "datanode/hadoop/services.h"
#include "proto/hadoop/InterDatanodeProtocol.pb.h"
#include "wire/transfer/convert.h"

namespace cairn::datanode {
namespace {

namespace pb = ::hadoop::hdfs;

absl::Status InitReplicaRecovery(const IpcServices& services, const ipc::Call& call,
                                 const pb::InitReplicaRecoveryRequestProto& request,
                                 pb::InitReplicaRecoveryResponseProto& response) {
  const ExtendedBlock block = wire::FromProto(request.block().block().b());
  RETURN_IF_ERROR(CheckPool(services, block));
  ASSIGN_OR_RETURN(const GenerationStamp recovery_id,
                   wire::NonNegative(request.block().newgenstamp(), "newGenStamp"));
  ASSIGN_OR_RETURN(const auto found, services.store.InitReplicaRecovery(block.block, recovery_id));
  response.set_replicafound(found.has_value());
  if (!found) return absl::OkStatus();
  response.set_state(static_cast<pb::ReplicaStateProto>(found->original_state));
  if (found->may_have_lost_bytes) response.set_mayhavelostbytes(true);
  pb::BlockProto& replica = *response.mutable_block();
  replica.set_blockid(static_cast<uint64_t>(found->block.id));
  replica.set_genstamp(static_cast<uint64_t>(found->block.generation_stamp));
  replica.set_numbytes(static_cast<uint64_t>(found->block.num_bytes));
  return absl::OkStatus();
}

absl::Status UpdateReplicaUnderRecovery(const IpcServices& services, const ipc::Call& call,
                                        const pb::UpdateReplicaUnderRecoveryRequestProto& request,
                                        pb::UpdateReplicaUnderRecoveryResponseProto& response) {
  const ExtendedBlock block = wire::FromProto(request.block());
  RETURN_IF_ERROR(CheckPool(services, block));
  if (request.newblockid() != 0 && request.newblockid() != request.block().blockid()) {
    return MakeError(ErrorKind::kUnsupportedOperation,
                     fmt::format("{} cannot be copied to blk_{}: copy on truncate is not supported",
                                 block.block.ToString(), request.newblockid()));
  }
  ASSIGN_OR_RETURN(const GenerationStamp recovery_id,
                   wire::NonNegative(request.recoveryid(), "recoveryId"));
  ASSIGN_OR_RETURN(const int64_t new_length, wire::NonNegative(request.newlength(), "newLength"));
  ASSIGN_OR_RETURN(const std::string storage_id,
                   services.store.UpdateReplicaUnderRecovery(block.block, recovery_id, new_length));
  response.set_storageuuid(storage_id);
  return absl::OkStatus();
}

}  // namespace

ipc::Protocol InterDatanodeProtocol(const IpcServices& services) {
  return {.name = "org.apache.hadoop.hdfs.server.protocol.InterDatanodeProtocol",
          .version = 1,
          .methods = {
              Row<pb::InitReplicaRecoveryRequestProto, pb::InitReplicaRecoveryResponseProto>(
                  services, "initReplicaRecovery", InitReplicaRecovery),
              Row<pb::UpdateReplicaUnderRecoveryRequestProto,
                  pb::UpdateReplicaUnderRecoveryResponseProto>(
                  services, "updateReplicaUnderRecovery", UpdateReplicaUnderRecovery),
          }};
}

}  // namespace cairn::datanode
