// All handlers of the Hadoop protocols, by family (one source file each). Semantics and messages
// are those of Hadoop 3.4's NameNode.
#pragma once

#include <string>
#include <string_view>

#include "common/users/group_resolver.h"
#include "namenode/frontend/call.h"
#include "namenode/frontend/fill_then.h"
#include "namenode/namespace/namespace.h"
#include "proto/hadoop/HAServiceProtocol.pb.h"
#include "proto/hadoop/client_admin.pb.h"
#include "proto/hadoop/client_features.pb.h"
#include "proto/hadoop/client_files.pb.h"
#include "proto/hadoop/client_tree.pb.h"
#include "proto/hadoop/delegation_token.pb.h"
#include "proto/hadoop/erasurecoding.pb.h"
#include "proto/hadoop/refresh.pb.h"

namespace cairn::namenode::hadoop_handlers {

namespace pb = ::hadoop::hdfs;
namespace cm = ::hadoop::common;

// The response of a handler that writes it without a message.
struct SerializedResponse {
  std::string room;  // has `bytes`
  std::string_view bytes;
};

// Declares a handler of the method's own request and response.
#define CAIRN_HADOOP_HANDLER(Name) \
  void Name(Call&, const pb::Name##RequestProto&, pb::Name##ResponseProto&, DoneVoid)

// files.cc
void Create(Call&, const pb::CreateRequestProto&, SerializedResponse&, DoneVoid);
CAIRN_HADOOP_HANDLER(Append);
CAIRN_HADOOP_HANDLER(Truncate);
CAIRN_HADOOP_HANDLER(Concat);
CAIRN_HADOOP_HANDLER(AddBlock);
CAIRN_HADOOP_HANDLER(AbandonBlock);
CAIRN_HADOOP_HANDLER(Complete);
CAIRN_HADOOP_HANDLER(Fsync);
CAIRN_HADOOP_HANDLER(RenewLease);
CAIRN_HADOOP_HANDLER(RecoverLease);
CAIRN_HADOOP_HANDLER(IsFileClosed);
void GetBlockLocations(Call&, const pb::GetBlockLocationsRequestProto&, SerializedResponse&,
                       DoneVoid);
CAIRN_HADOOP_HANDLER(GetAdditionalDatanode);
CAIRN_HADOOP_HANDLER(UpdateBlockForPipeline);
CAIRN_HADOOP_HANDLER(UpdatePipeline);
CAIRN_HADOOP_HANDLER(ReportBadBlocks);

// tree.cc
CAIRN_HADOOP_HANDLER(Mkdirs);
CAIRN_HADOOP_HANDLER(Delete);
CAIRN_HADOOP_HANDLER(Rename);
CAIRN_HADOOP_HANDLER(Rename2);
void GetListing(Call&, const pb::GetListingRequestProto&, SerializedResponse&, DoneVoid);
// The same of a path that ends in /.snapshot.
void ListSnapshots(Call&, const pb::GetListingRequestProto&, SerializedResponse&, DoneVoid&);
CAIRN_HADOOP_HANDLER(GetContentSummary);
CAIRN_HADOOP_HANDLER(GetQuotaUsage);
CAIRN_HADOOP_HANDLER(GetEnclosingRoot);
CAIRN_HADOOP_HANDLER(GetLinkTarget);

// attributes.cc
void GetFileInfo(Call&, const pb::GetFileInfoRequestProto&, SerializedResponse&, DoneVoid);
CAIRN_HADOOP_HANDLER(GetFileLinkInfo);
CAIRN_HADOOP_HANDLER(GetLocatedFileInfo);
CAIRN_HADOOP_HANDLER(GetPreferredBlockSize);
CAIRN_HADOOP_HANDLER(SetPermission);
CAIRN_HADOOP_HANDLER(SetOwner);
CAIRN_HADOOP_HANDLER(SetTimes);
CAIRN_HADOOP_HANDLER(SetReplication);
CAIRN_HADOOP_HANDLER(CheckAccess);

// cluster.cc
CAIRN_HADOOP_HANDLER(GetServerDefaults);
void GetFsStats(Call&, const pb::GetFsStatusRequestProto&, pb::GetFsStatsResponseProto&, DoneVoid);
CAIRN_HADOOP_HANDLER(GetFsReplicatedBlockStats);
CAIRN_HADOOP_HANDLER(GetFsECBlockGroupStats);
CAIRN_HADOOP_HANDLER(GetDatanodeReport);
CAIRN_HADOOP_HANDLER(GetDatanodeStorageReport);
CAIRN_HADOOP_HANDLER(GetSlowDatanodeReport);
CAIRN_HADOOP_HANDLER(GetDataEncryptionKey);
CAIRN_HADOOP_HANDLER(Msync);
void GetDelegationToken(Call&, const cm::GetDelegationTokenRequestProto&,
                        cm::GetDelegationTokenResponseProto&, DoneVoid);

// admin.cc
CAIRN_HADOOP_HANDLER(SetSafeMode);
CAIRN_HADOOP_HANDLER(SaveNamespace);
CAIRN_HADOOP_HANDLER(RollEdits);
CAIRN_HADOOP_HANDLER(RestoreFailedStorage);
CAIRN_HADOOP_HANDLER(RefreshNodes);
CAIRN_HADOOP_HANDLER(MetaSave);
CAIRN_HADOOP_HANDLER(SetBalancerBandwidth);
CAIRN_HADOOP_HANDLER(FinalizeUpgrade);
CAIRN_HADOOP_HANDLER(UpgradeStatus);
CAIRN_HADOOP_HANDLER(RollingUpgrade);
CAIRN_HADOOP_HANDLER(GetCurrentEditLogTxid);

// lists.cc
CAIRN_HADOOP_HANDLER(GetBatchedListing);
CAIRN_HADOOP_HANDLER(ListOpenFiles);
CAIRN_HADOOP_HANDLER(ListCorruptFileBlocks);

// policies.cc
CAIRN_HADOOP_HANDLER(GetStoragePolicies);
CAIRN_HADOOP_HANDLER(GetStoragePolicy);

// erasure_coding.cc
CAIRN_HADOOP_HANDLER(GetErasureCodingPolicies);
CAIRN_HADOOP_HANDLER(GetErasureCodingPolicy);
CAIRN_HADOOP_HANDLER(GetErasureCodingCodecs);
CAIRN_HADOOP_HANDLER(GetECTopologyResultForPolicies);
CAIRN_HADOOP_HANDLER(SetErasureCodingPolicy);
CAIRN_HADOOP_HANDLER(UnsetErasureCodingPolicy);
CAIRN_HADOOP_HANDLER(AddErasureCodingPolicies);
CAIRN_HADOOP_HANDLER(RemoveErasureCodingPolicy);
CAIRN_HADOOP_HANDLER(EnableErasureCodingPolicy);
CAIRN_HADOOP_HANDLER(DisableErasureCodingPolicy);
// Whether a file may be created with this policy ("": none asked for); `replicate` is
// SHOULD_REPLICATE, which excludes one.
absl::Status CheckEcPolicyOfNewFile(const std::string& name, bool replicate);

// What calls reply that always fail: nothing.
using NoReply = pb::AllowSnapshotResponseProto;

// snapshots.cc
CAIRN_HADOOP_HANDLER(AllowSnapshot);
CAIRN_HADOOP_HANDLER(DisallowSnapshot);
CAIRN_HADOOP_HANDLER(CreateSnapshot);
CAIRN_HADOOP_HANDLER(RenameSnapshot);
CAIRN_HADOOP_HANDLER(DeleteSnapshot);
CAIRN_HADOOP_HANDLER(GetSnapshotListing);
void GetSnapshotDiffReport(Call&, const pb::GetSnapshotDiffReportRequestProto&, NoReply&, DoneVoid);
void GetSnapshotDiffReportListing(Call&, const pb::GetSnapshotDiffReportListingRequestProto&,
                                  NoReply&, DoneVoid);

// absent_features.cc
CAIRN_HADOOP_HANDLER(SetQuota);
CAIRN_HADOOP_HANDLER(CreateEncryptionZone);
CAIRN_HADOOP_HANDLER(ReencryptEncryptionZone);
CAIRN_HADOOP_HANDLER(GetEZForPath);
CAIRN_HADOOP_HANDLER(ListEncryptionZones);
CAIRN_HADOOP_HANDLER(ListReencryptionStatus);
void AddCacheDirective(Call&, const pb::AddCacheDirectiveRequestProto&, NoReply&, DoneVoid);
CAIRN_HADOOP_HANDLER(ModifyCacheDirective);
CAIRN_HADOOP_HANDLER(RemoveCacheDirective);
CAIRN_HADOOP_HANDLER(AddCachePool);
CAIRN_HADOOP_HANDLER(ModifyCachePool);
CAIRN_HADOOP_HANDLER(RemoveCachePool);
void GetEditsFromTxid(Call&, const pb::GetEditsFromTxidRequestProto&, NoReply&, DoneVoid);

// services.cc
void GetGroupsForUser(GroupResolver&, Call&, const cm::GetGroupsForUserRequestProto&,
                      cm::GetGroupsForUserResponseProto&, DoneVoid);
void RefreshUserToGroupsMappings(GroupResolver&, Call&,
                                 const cm::RefreshUserToGroupsMappingsRequestProto&,
                                 cm::RefreshUserToGroupsMappingsResponseProto&, DoneVoid);

void RefreshSuperUserGroupsConfiguration(Call&,
                                         const cm::RefreshSuperUserGroupsConfigurationRequestProto&,
                                         cm::RefreshSuperUserGroupsConfigurationResponseProto&,
                                         DoneVoid);
void RefreshCallQueue(Call&, const cm::RefreshCallQueueRequestProto&,
                      cm::RefreshCallQueueResponseProto&, DoneVoid);
void MonitorHealth(Call&, const cm::MonitorHealthRequestProto&, cm::MonitorHealthResponseProto&,
                   DoneVoid);
void GenericRefresh(Call&, const cm::GenericRefreshRequestProto&,
                    cm::GenericRefreshResponseCollectionProto&, DoneVoid);

#undef CAIRN_HADOOP_HANDLER

}  // namespace cairn::namenode::hadoop_handlers
