// The table. A row is a call that is carried out (On), or one of a feature that does not exist
// here, answered as an HDFS answers that has it switched off (Off).
#include "namenode/hadoop/method_table.h"

#include <functional>
#include <utility>

#include "namenode/hadoop/handlers/cached_reads.h"
#include "namenode/hadoop/handlers/handlers.h"
#include "namenode/hadoop/handlers/namenode_protocol.h"
#include "namenode/hadoop/handlers/reconfiguration.h"
#include "wire/hadoop_rpc/rpc_error.h"

namespace cairn::namenode {
namespace {

namespace h = hadoop_handlers;

// Makes the handler of a row, given the front end and the row's number.
using MakeHandler = std::function<ipc::Handler(HadoopFrontEnd&, size_t)>;

struct Row {
  std::string name;
  MakeHandler make;
  CachedRead* from_cache = nullptr;  // tried first
};

struct ProtocolRows {
  std::string name;
  std::vector<Row> rows;
};

template <typename Request, typename Response>
Row On(const char* name, void (*handler)(Call&, const Request&, Response&, DoneVoid)) {
  return {name, [handler](HadoopFrontEnd& front, size_t method) -> ipc::Handler {
            return [&front, method, handler](std::unique_ptr<ipc::Call> call) {
              TypedHadoopCall<Request, Response, decltype(handler)>::Start(front, method, handler,
                                                                           std::move(call));
            };
          }};
}

// The same, answered from what is cached where that is possible.
template <typename Request, typename Response>
Row On(const char* name, void (*handler)(Call&, const Request&, Response&, DoneVoid),
       CachedRead* from_cache) {
  Row row = On(name, handler);
  row.from_cache = from_cache;
  return row;
}

// The same for a handler that needs the server's users and groups; it may ask the host for them.
template <typename Request, typename Response>
Row On(const char* name,
       void (*handler)(GroupResolver&, Call&, const Request&, Response&, DoneVoid)) {
  return {name, [handler](HadoopFrontEnd& front, size_t method) -> ipc::Handler {
            const auto bound = [handler, &groups = front.groups](Call& call, const Request& request,
                                                                 Response& response,
                                                                 DoneVoid done) {
              handler(groups, call, request, response, std::move(done));
            };
            return ipc::OnExecutor(front.blocking,
                                   [&front, method, bound](std::unique_ptr<ipc::Call> call) {
                                     TypedHadoopCall<Request, Response, decltype(bound)>::Start(
                                         front, method, bound, std::move(call));
                                   });
          }};
}

// The same for a handler of changes of properties.
template <typename Request, typename Response>
Row On(const char* name,
       void (*handler)(Reconfiguration&, Call&, const Request&, Response&, DoneVoid)) {
  return {name, [handler](HadoopFrontEnd& front, size_t method) -> ipc::Handler {
            const auto bound = [handler, &target = front.reconfiguration](
                                   Call& call, const Request& request, Response& response,
                                   DoneVoid done) {
              handler(target, call, request, response, std::move(done));
            };
            return [&front, method, bound](std::unique_ptr<ipc::Call> call) {
              TypedHadoopCall<Request, Response, decltype(bound)>::Start(front, method, bound,
                                                                         std::move(call));
            };
          }};
}

// A call that is always answered with the same message, given serialized: lists that are empty.
Row Always(const char* name, std::string_view reply) {
  return {name, [reply](HadoopFrontEnd& front, size_t method) -> ipc::Handler {
            return [&front, method, reply](std::unique_ptr<ipc::Call> call) {
              front.metrics.Record(method, true, 0);
              call->ReplyBytes(reply);
            };
          }};
}

// What a switched-off feature answers.
struct Refusal {
  const char* exception_class;
  const char* message;
};

Row Off(const char* name, const Refusal& refusal) {
  return {name, [&refusal](HadoopFrontEnd& front, size_t method) -> ipc::Handler {
            return [&front, &refusal, method](std::unique_ptr<ipc::Call> call) {
              front.metrics.Record(method, false, 0);
              call->Fail(wire::RpcError{.exception_class = refusal.exception_class,
                                        .message = refusal.message});
            };
          }};
}

constexpr char kIoException[] = "java.io.IOException";

// A message without fields, and one of a list whose second field says that it has no more.
constexpr std::string_view kEmpty;
constexpr std::string_view kEmptyList("\x10\x00", 2);

constexpr Refusal kNoHa = {"org.apache.hadoop.ha.ServiceFailedException",
                           "HA for namenode is not enabled"};
constexpr Refusal kNoServiceAuthorization = {
    "org.apache.hadoop.security.authorize.AuthorizationException",
    "Service Level Authorization not enabled!"};
constexpr Refusal kNoAcls = {"org.apache.hadoop.hdfs.protocol.AclException",
                             "The ACL operation has been rejected.  Support for ACLs has been "
                             "disabled by setting dfs.namenode.acls.enabled to false."};
constexpr Refusal kNoXattrs = {kIoException,
                               "The XAttr operation has been rejected.  Support for XAttrs has "
                               "been disabled by setting dfs.namenode.xattrs.enabled to false."};
constexpr Refusal kNoSetPolicy = {
    kIoException, "Failed to set storage policy since dfs.storage.policy.enabled is set to false."};
constexpr Refusal kNoUnsetPolicy = {
    kIoException,
    "Failed to unset storage policy since dfs.storage.policy.enabled is set to false."};
constexpr Refusal kNoSatisfyPolicy = {
    kIoException,
    "Failed to satisfy storage policy since dfs.storage.policy.enabled is set to false."};
constexpr Refusal kNoSymlinks = {"java.lang.UnsupportedOperationException",
                                 "Symlinks not supported"};
constexpr Refusal kNoTokens = {kIoException,
                               "Delegation Token can be renewed only with kerberos or web "
                               "authentication"};

// ClientProtocol: files, names and attributes.
std::vector<Row> FileCalls() {
  return {
      // Files.
      On("create", &h::Create),
      On("append", &h::Append),
      On("truncate", &h::Truncate),
      On("concat", &h::Concat),
      On("addBlock", &h::AddBlock),
      On("abandonBlock", &h::AbandonBlock),
      On("complete", &h::Complete),
      On("fsync", &h::Fsync),
      On("renewLease", &h::RenewLease),
      On("recoverLease", &h::RecoverLease),
      On("isFileClosed", &h::IsFileClosed),
      On("getBlockLocations", &h::GetBlockLocations, &h::GetBlockLocationsFromCache),
      On("getAdditionalDatanode", &h::GetAdditionalDatanode),
      On("updateBlockForPipeline", &h::UpdateBlockForPipeline),
      On("updatePipeline", &h::UpdatePipeline),
      On("reportBadBlocks", &h::ReportBadBlocks),
      // Names and attributes.
      On("mkdirs", &h::Mkdirs),
      On("delete", &h::Delete),
      On("rename", &h::Rename),
      On("rename2", &h::Rename2),
      On("getListing", &h::GetListing, &h::GetListingFromCache),
      On("getBatchedListing", &h::GetBatchedListing),
      On("getContentSummary", &h::GetContentSummary),
      On("getQuotaUsage", &h::GetQuotaUsage),
      On("getEnclosingRoot", &h::GetEnclosingRoot),
      On("getLinkTarget", &h::GetLinkTarget),
      On("getFileInfo", &h::GetFileInfo, &h::GetFileInfoFromCache),
      On("getFileLinkInfo", &h::GetFileLinkInfo),
      On("getLocatedFileInfo", &h::GetLocatedFileInfo),
      On("getPreferredBlockSize", &h::GetPreferredBlockSize),
      On("setPermission", &h::SetPermission),
      On("setOwner", &h::SetOwner),
      On("setTimes", &h::SetTimes),
      On("setReplication", &h::SetReplication),
      On("checkAccess", &h::CheckAccess),
  };
}

// ClientProtocol: the cluster as a whole.
std::vector<Row> ClusterCalls() {
  return {
      On("getServerDefaults", &h::GetServerDefaults),
      On("getFsStats", &h::GetFsStats),
      On("getFsReplicatedBlockStats", &h::GetFsReplicatedBlockStats),
      On("getFsECBlockGroupStats", &h::GetFsECBlockGroupStats),
      On("getDatanodeReport", &h::GetDatanodeReport),
      On("getDatanodeStorageReport", &h::GetDatanodeStorageReport),
      On("getSlowDatanodeReport", &h::GetSlowDatanodeReport),
      On("getDataEncryptionKey", &h::GetDataEncryptionKey),
      On("listOpenFiles", &h::ListOpenFiles),
      On("listCorruptFileBlocks", &h::ListCorruptFileBlocks),
      On("msync", &h::Msync),
      On("getDelegationToken", &h::GetDelegationToken),
      On("setSafeMode", &h::SetSafeMode),
      On("saveNamespace", &h::SaveNamespace),
      On("rollEdits", &h::RollEdits),
      On("restoreFailedStorage", &h::RestoreFailedStorage),
      On("refreshNodes", &h::RefreshNodes),
      On("metaSave", &h::MetaSave),
      On("setBalancerBandwidth", &h::SetBalancerBandwidth),
      On("finalizeUpgrade", &h::FinalizeUpgrade),
      On("upgradeStatus", &h::UpgradeStatus),
      On("rollingUpgrade", &h::RollingUpgrade),
      On("getCurrentEditLogTxid", &h::GetCurrentEditLogTxid),
      On("getStoragePolicies", &h::GetStoragePolicies),
      On("getStoragePolicy", &h::GetStoragePolicy),
      On("getErasureCodingPolicies", &h::GetErasureCodingPolicies),
      On("getErasureCodingPolicy", &h::GetErasureCodingPolicy),
      On("getErasureCodingCodecs", &h::GetErasureCodingCodecs),
      On("getECTopologyResultForPolicies", &h::GetECTopologyResultForPolicies),
  };
}

// ClientProtocol: features that do not exist here.
std::vector<Row> SwitchedOffCalls() {
  return {
      Off("modifyAclEntries", kNoAcls),
      Off("removeAclEntries", kNoAcls),
      Off("removeDefaultAcl", kNoAcls),
      Off("removeAcl", kNoAcls),
      Off("setAcl", kNoAcls),
      Off("getAclStatus", kNoAcls),
      Off("setXAttr", kNoXattrs),
      Off("getXAttrs", kNoXattrs),
      Off("listXAttrs", kNoXattrs),
      Off("removeXAttr", kNoXattrs),
      Off("setStoragePolicy", kNoSetPolicy),
      Off("unsetStoragePolicy", kNoUnsetPolicy),
      Off("satisfyStoragePolicy", kNoSatisfyPolicy),
      Off("createSymlink", kNoSymlinks),
      On("setQuota", &h::SetQuota),
      Off("getHAServiceState", kNoHa),
      Always("getSnapshottableDirListing", kEmpty),
      Always("listCacheDirectives", kEmptyList),
      Always("listCachePools", kEmptyList),
      On("getSnapshotListing", &h::GetSnapshotListing),
      On("allowSnapshot", &h::AllowSnapshot),
      On("disallowSnapshot", &h::DisallowSnapshot),
      On("createSnapshot", &h::CreateSnapshot),
      On("renameSnapshot", &h::RenameSnapshot),
      On("deleteSnapshot", &h::DeleteSnapshot),
      On("getSnapshotDiffReport", &h::GetSnapshotDiffReport),
      On("getSnapshotDiffReportListing", &h::GetSnapshotDiffReportListing),
      On("setErasureCodingPolicy", &h::SetErasureCodingPolicy),
      On("unsetErasureCodingPolicy", &h::UnsetErasureCodingPolicy),
      On("addErasureCodingPolicies", &h::AddErasureCodingPolicies),
      On("removeErasureCodingPolicy", &h::RemoveErasureCodingPolicy),
      On("enableErasureCodingPolicy", &h::EnableErasureCodingPolicy),
      On("disableErasureCodingPolicy", &h::DisableErasureCodingPolicy),
      On("getEZForPath", &h::GetEZForPath),
      On("listEncryptionZones", &h::ListEncryptionZones),
      On("listReencryptionStatus", &h::ListReencryptionStatus),
      On("createEncryptionZone", &h::CreateEncryptionZone),
      On("reencryptEncryptionZone", &h::ReencryptEncryptionZone),
      On("addCacheDirective", &h::AddCacheDirective),
      On("modifyCacheDirective", &h::ModifyCacheDirective),
      On("removeCacheDirective", &h::RemoveCacheDirective),
      On("addCachePool", &h::AddCachePool),
      On("modifyCachePool", &h::ModifyCachePool),
      On("removeCachePool", &h::RemoveCachePool),
      On("getEditsFromTxid", &h::GetEditsFromTxid),
      Off("renewDelegationToken", kNoTokens),
      Off("cancelDelegationToken", kNoTokens),
  };
}

ProtocolRows ClientProtocol() {
  ProtocolRows protocol{"org.apache.hadoop.hdfs.protocol.ClientProtocol", FileCalls()};
  for (std::vector<Row> more : {ClusterCalls(), SwitchedOffCalls()}) {
    protocol.rows.insert(protocol.rows.end(), more.begin(), more.end());
  }
  return protocol;
}

ProtocolRows NamenodeProtocol() {
  return {"org.apache.hadoop.hdfs.server.protocol.NamenodeProtocol",
          {
              On("versionRequest", &h::VersionRequest),
              On("getBlocks", &h::GetBlocks),
              On("getBlockKeys", &h::GetBlockKeys),
              On("getTransactionId", &h::GetTransactionId),
              On("getMostRecentCheckpointTxId", &h::GetMostRecentCheckpointTxId),
              On("rollEditLog", &h::RollEditLog),
              On("getEditLogManifest", &h::GetEditLogManifest),
              On("errorReport", &h::NamenodeErrorReport),
              On("registerSubordinateNamenode", &h::RegisterSubordinateNamenode),
              On("startCheckpoint", &h::StartCheckpoint),
              On("endCheckpoint", &h::EndCheckpoint),
              On("isUpgradeFinalized", &h::IsUpgradeFinalized),
              On("isRollingUpgrade", &h::IsRollingUpgrade),
              On("getNextSPSPath", &h::GetNextSPSPath),
          }};
}

ProtocolRows HaServiceProtocol() {
  return {"org.apache.hadoop.ha.HAServiceProtocol",
          {
              Off("getServiceStatus", kNoHa),
              On("monitorHealth", &h::MonitorHealth),
              Off("transitionToActive", kNoHa),
              Off("transitionToStandby", kNoHa),
              Off("transitionToObserver", kNoHa),
          }};
}

std::vector<ProtocolRows> AllProtocols() {
  return {
      ClientProtocol(),
      NamenodeProtocol(),
      HaServiceProtocol(),
      {"org.apache.hadoop.hdfs.protocol.ReconfigurationProtocol",
       {On("listReconfigurableProperties", &h::ListReconfigurableProperties),
        On("getReconfigurationStatus", &h::GetReconfigurationStatus),
        On("startReconfiguration", &h::StartReconfiguration)}},
      {"org.apache.hadoop.tools.GetUserMappingsProtocol",
       {On("getGroupsForUser", &h::GetGroupsForUser)}},
      {"org.apache.hadoop.security.RefreshUserMappingsProtocol",
       {On("refreshUserToGroupsMappings", &h::RefreshUserToGroupsMappings),
        On("refreshSuperUserGroupsConfiguration", &h::RefreshSuperUserGroupsConfiguration)}},
      {"org.apache.hadoop.security.authorize.RefreshAuthorizationPolicyProtocol",
       {Off("refreshServiceAcl", kNoServiceAuthorization)}},
      {"org.apache.hadoop.ipc.RefreshCallQueueProtocol",
       {On("refreshCallQueue", &h::RefreshCallQueue)}},
      {"org.apache.hadoop.ipc.GenericRefreshProtocol", {On("refresh", &h::GenericRefresh)}},
  };
}

}  // namespace

std::vector<std::string> HadoopMethodNames() {
  std::vector<std::string> names;
  for (const ProtocolRows& protocol : AllProtocols()) {
    for (const Row& row : protocol.rows) names.push_back(protocol.name + "." + row.name);
  }
  return names;
}

std::vector<ipc::Protocol> HadoopProtocols(HadoopFrontEnd& front) {
  std::vector<ipc::Protocol> protocols;
  size_t method = 0;
  for (ProtocolRows& rows : AllProtocols()) {
    ipc::Protocol protocol{.name = rows.name};
    for (Row& row : rows.rows) {
      protocol.methods.push_back({.name = row.name, .handler = row.make(front, method)});
      if (row.from_cache != nullptr) {
        protocol.methods.back().quick = [&front, method,
                                         read = row.from_cache](const ipc::CallView& call) {
          return AnswerFromCache(front, method, read, call);
        };
      }
      ++method;
    }
    protocols.push_back(std::move(protocol));
  }
  return protocols;
}

}  // namespace cairn::namenode
