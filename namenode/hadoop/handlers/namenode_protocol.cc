// NamenodeProtocol. Semantics and messages are those of Hadoop 3.4's NameNode.
#include "namenode/hadoop/handlers/namenode_protocol.h"

#include <fmt/format.h>

#include <limits>

#include "common/types/errors.h"
#include "namenode/frontend/fill_then.h"

namespace cairn::namenode::hadoop_handlers {
namespace {

// Layout version of Hadoop 3.4's NameNode, which its tools compare with their own.
constexpr uint32_t kLayoutVersion = static_cast<uint32_t>(-67);
constexpr char kHadoopVersion[] = "3.4.3";
// That DataNodes may name the storages of their bad replicas.
constexpr uint64_t kCapabilities = 1;

absl::Status CheckSuperuser(const Call& call, const char* operation) {
  return call.caller.superuser ? absl::OkStatus()
                               : errors::SuperuserRequired(call.caller.user, operation);
}

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
  auto& storage = *info.mutable_storageinfo();
  storage.set_layoutversion(kLayoutVersion);
  storage.set_namespceid(static_cast<uint32_t>(cluster.namespace_id));
  storage.set_clusterid(cluster.cluster_id);
  storage.set_ctime(static_cast<uint64_t>(cluster.creation_ms));
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
  done(CheckSuperuser(call, "getBlockKeys"));
}

void GetTransactionId(Call& call, const nn::GetTransactionIdRequestProto& /*request*/,
                      nn::GetTransactionIdResponseProto& response, DoneVoid done) {
  response.set_txid(static_cast<uint64_t>(call.core.cluster.last_txid()));
  done(CheckSuperuser(call, "getTransactionID"));
}

void IsUpgradeFinalized(Call& call, const nn::IsUpgradeFinalizedRequestProto& /*request*/,
                        nn::IsUpgradeFinalizedResponseProto& response, DoneVoid done) {
  response.set_isupgradefinalized(true);
  done(CheckSuperuser(call, "isUpgradeFinalized"));
}

void IsRollingUpgrade(Call& call, const nn::IsRollingUpgradeRequestProto& /*request*/,
                      nn::IsRollingUpgradeResponseProto& response, DoneVoid done) {
  response.set_isrollingupgrade(false);
  done(CheckSuperuser(call, "isRollingUpgrade"));
}

void GetNextSPSPath(Call& call, const nn::GetNextSPSPathRequestProto& /*request*/,
                    nn::GetNextSPSPathResponseProto& /*response*/, DoneVoid done) {
  absl::Status status = CheckSuperuser(call, "getNextSPSPath");
  if (status.ok()) {
    status = errors::Io(
        "SPS service mode is NONE, so external SPS service is not allowed to fetch the path Ids");
  }
  done(std::move(status));
}

}  // namespace cairn::namenode::hadoop_handlers
