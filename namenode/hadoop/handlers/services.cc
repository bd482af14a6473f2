// The protocols beside ClientProtocol: what the balancer, `hdfs groups` and `hdfs dfsadmin` ask.
#include "common/types/errors.h"
#include "namenode/hadoop/handlers/handlers.h"

namespace cairn::namenode::hadoop_handlers {
namespace {

// Layout version of Hadoop 3.4's NameNode, which its tools compare with their own.
constexpr uint32_t kLayoutVersion = static_cast<uint32_t>(-67);
constexpr char kHadoopVersion[] = "3.4.3";

absl::Status CheckSuperuser(const Call& call, const char* operation) {
  return call.caller.superuser ? absl::OkStatus()
                               : errors::SuperuserRequired(call.caller.user, operation);
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
  auto& storage = *info.mutable_storageinfo();
  storage.set_layoutversion(kLayoutVersion);
  storage.set_namespceid(static_cast<uint32_t>(cluster.namespace_id));
  storage.set_clusterid(cluster.cluster_id);
  storage.set_ctime(static_cast<uint64_t>(cluster.creation_ms));
  done(absl::OkStatus());
}

void GetBlockKeys(Call& call, const nn::GetBlockKeysRequestProto& /*request*/,
                  nn::GetBlockKeysResponseProto& /*response*/, DoneVoid done) {
  done(CheckSuperuser(call, "getBlockKeys"));  // empty: block tokens are not used
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

void GetGroupsForUser(GroupResolver& groups, Call& /*call*/,
                      const cm::GetGroupsForUserRequestProto& request,
                      cm::GetGroupsForUserResponseProto& response, DoneVoid done) {
  const auto known = groups.GroupsOf(request.user());
  for (const std::string& group : *known) response.add_groups(group);
  done(absl::OkStatus());
}

void RefreshUserToGroupsMappings(GroupResolver& groups, Call& call,
                                 const cm::RefreshUserToGroupsMappingsRequestProto& /*request*/,
                                 cm::RefreshUserToGroupsMappingsResponseProto& /*response*/,
                                 DoneVoid done) {
  call.audit = {.command = "refreshUserToGroupsMappings"};
  groups.Refresh();
  done(absl::OkStatus());
}

}  // namespace cairn::namenode::hadoop_handlers
