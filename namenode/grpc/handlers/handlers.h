// All unary handlers, by family (one source file each). Semantics and messages: the .proto files.
#pragma once

#include "namenode/grpc/unary_body.h"
#include "proto/cairn/internal/v1/datanode.pb.h"
#include "proto/cairn/v1/admin.pb.h"
#include "proto/cairn/v1/client.pb.h"

namespace cairn::namenode::grpc_handlers {

namespace dn = ::cairn::internal::v1;

// tree.cc
void Mkdirs(Call&, const v1::MkdirsRequest&, v1::MkdirsResponse&, DoneVoid);
void Rename(Call&, const v1::RenameRequest&, v1::RenameResponse&, DoneVoid);
void Rename2(Call&, const v1::Rename2Request&, v1::Rename2Response&, DoneVoid);
void Delete(Call&, const v1::DeleteRequest&, v1::DeleteResponse&, DoneVoid);
void GetListing(Call&, const v1::GetListingRequest&, v1::GetListingResponse&, DoneVoid);
void GetContentSummary(Call&, const v1::GetContentSummaryRequest&, v1::GetContentSummaryResponse&,
                       DoneVoid);

// files.cc
void Create(Call&, const v1::CreateRequest&, v1::CreateResponse&, DoneVoid);
void Append(Call&, const v1::AppendRequest&, v1::AppendResponse&, DoneVoid);
void Truncate(Call&, const v1::TruncateRequest&, v1::TruncateResponse&, DoneVoid);
void Concat(Call&, const v1::ConcatRequest&, v1::ConcatResponse&, DoneVoid);
void AddBlock(Call&, const v1::AddBlockRequest&, v1::AddBlockResponse&, DoneVoid);
void AbandonBlock(Call&, const v1::AbandonBlockRequest&, v1::AbandonBlockResponse&, DoneVoid);
void Complete(Call&, const v1::CompleteRequest&, v1::CompleteResponse&, DoneVoid);
void Fsync(Call&, const v1::FsyncRequest&, v1::FsyncResponse&, DoneVoid);
void GetBlockLocations(Call&, const v1::GetBlockLocationsRequest&, v1::GetBlockLocationsResponse&,
                       DoneVoid);
void GetAdditionalDatanode(Call&, const v1::GetAdditionalDatanodeRequest&,
                           v1::GetAdditionalDatanodeResponse&, DoneVoid);
void UpdateBlockForPipeline(Call&, const v1::UpdateBlockForPipelineRequest&,
                            v1::UpdateBlockForPipelineResponse&, DoneVoid);
void UpdatePipeline(Call&, const v1::UpdatePipelineRequest&, v1::UpdatePipelineResponse&, DoneVoid);
void ReportBadBlocks(Call&, const v1::ReportBadBlocksRequest&, v1::ReportBadBlocksResponse&,
                     DoneVoid);

// leases.cc
void RenewLease(Call&, const v1::RenewLeaseRequest&, v1::RenewLeaseResponse&, DoneVoid);
void RecoverLease(Call&, const v1::RecoverLeaseRequest&, v1::RecoverLeaseResponse&, DoneVoid);
void IsFileClosed(Call&, const v1::IsFileClosedRequest&, v1::IsFileClosedResponse&, DoneVoid);

// attributes.cc
void GetFileInfo(Call&, const v1::GetFileInfoRequest&, v1::GetFileInfoResponse&, DoneVoid);
void SetPermission(Call&, const v1::SetPermissionRequest&, v1::SetPermissionResponse&, DoneVoid);
void SetOwner(Call&, const v1::SetOwnerRequest&, v1::SetOwnerResponse&, DoneVoid);
void SetTimes(Call&, const v1::SetTimesRequest&, v1::SetTimesResponse&, DoneVoid);
void SetReplication(Call&, const v1::SetReplicationRequest&, v1::SetReplicationResponse&, DoneVoid);
void CheckAccess(Call&, const v1::CheckAccessRequest&, v1::CheckAccessResponse&, DoneVoid);

// cluster.cc
void GetServerDefaults(Call&, const v1::GetServerDefaultsRequest&, v1::GetServerDefaultsResponse&,
                       DoneVoid);
void GetStats(Call&, const v1::GetStatsRequest&, v1::GetStatsResponse&, DoneVoid);
void GetServerTime(Call&, const v1::GetServerTimeRequest&, v1::GetServerTimeResponse&, DoneVoid);

// admin.cc
void GetDatanodeReport(Call&, const v1::GetDatanodeReportRequest&, v1::GetDatanodeReportResponse&,
                       DoneVoid);
void SetSafeMode(Call&, const v1::SetSafeModeRequest&, v1::SetSafeModeResponse&, DoneVoid);
void SaveNamespace(Call&, const v1::SaveNamespaceRequest&, v1::SaveNamespaceResponse&, DoneVoid);
void RollEdits(Call&, const v1::RollEditsRequest&, v1::RollEditsResponse&, DoneVoid);
void MetaSave(Call&, const v1::MetaSaveRequest&, v1::MetaSaveResponse&, DoneVoid);
void SetBalancerBandwidth(Call&, const v1::SetBalancerBandwidthRequest&,
                          v1::SetBalancerBandwidthResponse&, DoneVoid);
void RefreshNodes(Call&, const v1::RefreshNodesRequest&, v1::RefreshNodesResponse&, DoneVoid);
void ListOpenFiles(Call&, const v1::ListOpenFilesRequest&, v1::ListOpenFilesResponse&, DoneVoid);
void ListCorruptFiles(Call&, const v1::ListCorruptFilesRequest&, v1::ListCorruptFilesResponse&,
                      DoneVoid);
void GetMetadata(Call&, const v1::GetMetadataRequest&, v1::GetMetadataResponse&, DoneVoid);

// datanode.cc
void Handshake(Call&, const dn::HandshakeRequest&, dn::HandshakeResponse&, DoneVoid);
void Register(Call&, const dn::RegisterRequest&, dn::RegisterResponse&, DoneVoid);
void Heartbeat(Call&, const dn::HeartbeatRequest&, dn::HeartbeatResponse&, DoneVoid);
void ReportChanges(Call&, const dn::ReportChangesRequest&, dn::ReportChangesResponse&, DoneVoid);
void ReportBadReplicas(Call&, const dn::ReportBadBlocksRequest&, dn::ReportBadBlocksResponse&,
                       DoneVoid);
void CommitBlockSynchronization(Call&, const dn::CommitBlockSynchronizationRequest&,
                                dn::CommitBlockSynchronizationResponse&, DoneVoid);
void ErrorReport(Call&, const dn::ErrorReportRequest&, dn::ErrorReportResponse&, DoneVoid);
// Whether `sender` may speak: its current registration, and this block pool. kUnregisteredNode
// else.
absl::Status CheckSender(const Call& call, const dn::Sender& sender);

}  // namespace cairn::namenode::grpc_handlers
