// NamenodeProtocol. Semantics and messages are those of Hadoop 3.4's NameNode.
#include "namenode/hadoop/handlers/namenode_protocol.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "common/status_macros.h"
#include "common/types/errors.h"
#include "namenode/frontend/fill_then.h"

namespace cairn::namenode::hadoop_handlers {
namespace {

// Layout version of Hadoop 3.4's NameNode, which its tools compare with their own.
constexpr uint32_t kLayoutVersion = static_cast<uint32_t>(-67);
constexpr char kHadoopVersion[] = "3.4.3";
// That DataNodes may name the storages of their bad replicas.
constexpr uint64_t kCapabilities = 1;

// A number of Java's signed type on its way through an unsigned field.
int64_t Signed(uint64_t number) { return static_cast<int64_t>(number); }

void Fill(const std::vector<BlockPlaces>& blocks, pb::BlocksWithLocationsProto& response) {
  for (const BlockPlaces& block : blocks) {
    pb::BlockWithLocationsProto& out = *response.add_blocks();
    out.mutable_block()->set_blockid(static_cast<uint64_t>(block.block.id));
    out.mutable_block()->set_genstamp(static_cast<uint64_t>(block.block.generation_stamp));
    out.mutable_block()->set_numbytes(static_cast<uint64_t>(block.block.num_bytes));
    for (const ReplicaPlace& place : block.places) {
      out.add_datanodeuuids(place.datanode_uuid);
      out.add_storageuuids(place.storage_id);
      out.add_storagetypes(static_cast<pb::StorageTypeProto>(place.storage_type));
    }
  }
}

void Fill(const ClusterFacts& cluster, pb::StorageInfoProto& storage) {
  storage.set_layoutversion(kLayoutVersion);
  storage.set_namespceid(static_cast<uint32_t>(cluster.namespace_id));
  storage.set_clusterid(cluster.cluster_id);
  storage.set_ctime(static_cast<uint64_t>(cluster.creation_ms));
}

const char* RoleName(const pb::NamenodeRegistrationProto& node) {
  switch (node.role()) {
    case pb::NamenodeRegistrationProto::NAMENODE:
      return "NameNode";
    case pb::NamenodeRegistrationProto::BACKUP:
      return "Backup Node";
    case pb::NamenodeRegistrationProto::CHECKPOINT:
      return "Checkpoint Node";
  }
  return "";
}

// Another NameNode is a superuser's process of this file system.
absl::Status CheckSubordinate(const Call& call, const pb::NamenodeRegistrationProto& node,
                              const char* operation) {
  RETURN_IF_ERROR(CheckSuperuser(call.caller, operation));
  const ClusterFacts& cluster = call.core.cluster;
  const pb::StorageInfoProto& theirs = node.storageinfo();
  if (theirs.layoutversion() == kLayoutVersion && theirs.clusterid() == cluster.cluster_id &&
      theirs.namespceid() == static_cast<uint32_t>(cluster.namespace_id) &&
      static_cast<int64_t>(theirs.ctime()) == cluster.creation_ms) {
    return absl::OkStatus();
  }
  return errors::UnregisteredNode(fmt::format(
      "Unregistered server: NamenodeRegistration({}, role={})", node.rpcaddress(), RoleName(node)));
}

// A checkpoint to be ended is one of this file system.
absl::Status CheckSignature(const ClusterFacts& cluster,
                            const pb::CheckpointSignatureProto& signature) {
  const pb::StorageInfoProto& theirs = signature.storageinfo();
  if (theirs.namespceid() == static_cast<uint32_t>(cluster.namespace_id) &&
      theirs.clusterid() == cluster.cluster_id &&
      static_cast<int64_t>(theirs.ctime()) == cluster.creation_ms &&
      signature.blockpoolid() == cluster.block_pool_id) {
    return absl::OkStatus();
  }
  return errors::Io("Inconsistent checkpoint fields.");
}

constexpr char kNoCheckpointNodes[] =
    "Checkpoints are made by the NameNode itself: no other node takes part.";

}  // namespace

void VersionRequest(Call& call, const pb::VersionRequestProto& /*request*/,
                    pb::VersionResponseProto& response, DoneVoid done) {
  const ClusterFacts& cluster = call.core.cluster;
  auto& info = *response.mutable_info();
  info.set_buildversion(cluster.software_version);
  info.set_unused(0);
  info.set_blockpoolid(cluster.block_pool_id);
  info.set_softwareversion(kHadoopVersion);
  info.set_capabilities(kCapabilities);
  info.set_state(pb::NNHAStatusHeartbeatProto::ACTIVE);
  Fill(cluster, *info.mutable_storageinfo());
  done(absl::OkStatus());
}

void GetBlocks(Call& call, const nn::GetBlocksRequestProto& request,
               nn::GetBlocksResponseProto& response, DoneVoid done) {
  GetBlocksRequest asked{.datanode_uuid = request.datanode().datanodeuuid(),
                         .datanode_name = fmt::format("{}:{}", request.datanode().ipaddr(),
                                                      request.datanode().xferport()),
                         .bytes = Signed(request.size()),
                         .min_block_bytes = Signed(request.minblocksize()),
                         .hot_interval_ms = Signed(request.timeinterval())};
  if (request.has_storagetype()) {
    asked.storage_type = static_cast<StorageType>(request.storagetype());
  }
  response.mutable_blocks();
  call.core.admin.GetBlocks(
      call.caller, std::move(asked),
      FillThen<std::vector<BlockPlaces>>(std::move(done),
                                         [&response](const std::vector<BlockPlaces>& blocks) {
                                           Fill(blocks, *response.mutable_blocks());
                                         }));
}

void GetBlockKeys(Call& call, const nn::GetBlockKeysRequestProto& /*request*/,
                  nn::GetBlockKeysResponseProto& response, DoneVoid done) {
  // Block tokens are not used; the balancer wants to be told so.
  pb::ExportedBlockKeysProto& keys = *response.mutable_keys();
  keys.set_isblocktokenenabled(false);
  keys.set_keyupdateinterval(0);
  keys.set_tokenlifetime(0);
  keys.mutable_currentkey()->set_keyid(0);
  keys.mutable_currentkey()->set_expirydate(0);
  keys.mutable_currentkey()->set_keybytes("");
  done(CheckSuperuser(call.caller, "getBlockKeys"));
}

void GetTransactionId(Call& call, const nn::GetTransactionIdRequestProto& /*request*/,
                      nn::GetTransactionIdResponseProto& response, DoneVoid done) {
  response.set_txid(static_cast<uint64_t>(call.core.cluster.last_txid()));
  done(CheckSuperuser(call.caller, "getTransactionID"));
}

void IsUpgradeFinalized(Call& call, const nn::IsUpgradeFinalizedRequestProto& /*request*/,
                        nn::IsUpgradeFinalizedResponseProto& response, DoneVoid done) {
  response.set_isupgradefinalized(true);
  done(CheckSuperuser(call.caller, "isUpgradeFinalized"));
}

void IsRollingUpgrade(Call& call, const nn::IsRollingUpgradeRequestProto& /*request*/,
                      nn::IsRollingUpgradeResponseProto& response, DoneVoid done) {
  response.set_isrollingupgrade(false);
  done(CheckSuperuser(call.caller, "isRollingUpgrade"));
}

void GetNextSPSPath(Call& call, const nn::GetNextSPSPathRequestProto& /*request*/,
                    nn::GetNextSPSPathResponseProto& /*response*/, DoneVoid done) {
  absl::Status status = CheckSuperuser(call.caller, "getNextSPSPath");
  if (status.ok()) {
    status = errors::Io(
        "SPS service mode is NONE, so external SPS service is not allowed to fetch the path Ids");
  }
  done(std::move(status));
}

void GetMostRecentCheckpointTxId(Call& call,
                                 const nn::GetMostRecentCheckpointTxIdRequestProto& /*request*/,
                                 nn::GetMostRecentCheckpointTxIdResponseProto& response,
                                 DoneVoid done) {
  call.core.admin.LastCheckpoint(call.caller,
                                 FillThen<Txid>(std::move(done), [&response](Txid txid) {
                                   response.set_txid(static_cast<uint64_t>(txid));
                                 }));
}

void RollEditLog(Call& call, const nn::RollEditLogRequestProto& /*request*/,
                 nn::RollEditLogResponseProto& response, DoneVoid done) {
  call.audit = {.command = "rollEditLog"};
  pb::CheckpointSignatureProto& signature = *response.mutable_signature();
  signature.set_blockpoolid(call.core.cluster.block_pool_id);
  signature.set_mostrecentcheckpointtxid(0);
  signature.set_cursegmenttxid(0);
  Fill(call.core.cluster, *signature.mutable_storageinfo());
  call.core.admin.RollEdits(call.caller, [&call, &signature, done = std::move(done)](
                                             absl::StatusOr<Txid> segment) mutable {
    if (!segment.ok()) return done(segment.status());
    signature.set_cursegmenttxid(static_cast<uint64_t>(*segment));
    call.core.admin.LastCheckpoint(
        call.caller, FillThen<Txid>(std::move(done), [&signature](Txid checkpoint) {
          signature.set_mostrecentcheckpointtxid(static_cast<uint64_t>(checkpoint));
        }));
  });
}

void GetEditLogManifest(Call& call, const nn::GetEditLogManifestRequestProto& /*request*/,
                        nn::GetEditLogManifestResponseProto& response, DoneVoid done) {
  response.mutable_manifest()->set_committedtxnid(
      0);  // Cairn's journal is not HDFS's: there is nothing to be fetched
  done(CheckSuperuser(call.caller, "getEditLogManifest"));
}

void NamenodeErrorReport(Call& call, const nn::ErrorReportRequestProto& request,
                         nn::ErrorReportResponseProto& /*response*/, DoneVoid done) {
  absl::Status status = CheckSubordinate(call, request.registration(), "errorReport");
  if (status.ok()) {
    spdlog::info("error report of the {} at {}: {}, {}", RoleName(request.registration()),
                 request.registration().rpcaddress(), request.errorcode(), request.msg());
  }
  done(std::move(status));
}

void RegisterSubordinateNamenode(Call& call, const nn::RegisterRequestProto& request,
                                 nn::RegisterResponseProto& /*response*/, DoneVoid done) {
  absl::Status status = CheckSuperuser(call.caller, "registerSubordinateNamenode");
  const auto ours = static_cast<uint32_t>(call.core.cluster.namespace_id);
  const uint32_t theirs = request.registration().storageinfo().namespceid();
  if (status.ok() && theirs != ours) {
    status = errors::Io(
        fmt::format("Incompatible namespaceIDs:  Namenode namespaceID = {}; {} node namespaceID = "
                    "{}",
                    ours, RoleName(request.registration()), theirs));
  }
  if (status.ok()) status = MakeError(ErrorKind::kUnsupportedOperation, kNoCheckpointNodes);
  done(std::move(status));
}

void StartCheckpoint(Call& call, const nn::StartCheckpointRequestProto& request,
                     nn::StartCheckpointResponseProto& /*response*/, DoneVoid done) {
  absl::Status status = CheckSubordinate(call, request.registration(), "startCheckpoint");
  if (status.ok()) status = MakeError(ErrorKind::kUnsupportedOperation, kNoCheckpointNodes);
  done(std::move(status));
}

void EndCheckpoint(Call& call, const nn::EndCheckpointRequestProto& request,
                   nn::EndCheckpointResponseProto& /*response*/, DoneVoid done) {
  absl::Status status = CheckSuperuser(call.caller, "endCheckpoint");
  if (status.ok()) status = CheckSignature(call.core.cluster, request.signature());
  if (status.ok()) status = MakeError(ErrorKind::kUnsupportedOperation, kNoCheckpointNodes);
  done(std::move(status));
}

}  // namespace cairn::namenode::hadoop_handlers
