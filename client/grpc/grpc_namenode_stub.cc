// Plain structs to cairn.v1 requests, replies back.
#include "client/grpc/grpc_namenode_stub.h"

#include <fmt/format.h>

#include <utility>

#include "client/grpc/grpc_channel.h"
#include "common/status_macros.h"
#include "common/types/errors.h"
#include "proto/cairn/v1/admin.grpc.pb.h"
#include "proto/cairn/v1/client.grpc.pb.h"
#include "wire/cairn/convert.h"
#include "wire/cairn/utf8.h"

namespace cairn::client {
namespace {

using ClientService = v1::ClientService::Stub;
using AdminService = v1::AdminService::Stub;
using wire::FromProto;
using wire::ToProto;

// Protocol Buffers carry text as UTF-8 only; HDFS refuses such names, too.
absl::Status CheckText(const std::string& path) {
  if (wire::IsUtf8(path)) return absl::OkStatus();
  return MakeError(ErrorKind::kInvalidPath,
                   fmt::format("Invalid path name {} is not UTF-8", wire::ToValidUtf8(path, 1024)));
}

template <typename Request>
absl::StatusOr<Request> FileRequest(const OpenFileRef& file) {
  RETURN_IF_ERROR(CheckText(file.path));
  Request request;
  request.set_path(file.path);
  request.set_file_id(file.file_id);
  request.set_client_name(file.client_name);
  return request;
}

template <typename Request>
absl::StatusOr<Request> PathRequest(const std::string& path) {
  RETURN_IF_ERROR(CheckText(path));
  Request request;
  request.set_path(path);
  return request;
}

v1::SafeModeAction ToProtoAction(SafeModeAction action) {
  switch (action) {
    case SafeModeAction::kLeave:
      return v1::SAFE_MODE_ACTION_LEAVE;
    case SafeModeAction::kEnter:
      return v1::SAFE_MODE_ACTION_ENTER;
    case SafeModeAction::kGet:
      return v1::SAFE_MODE_ACTION_GET;
    case SafeModeAction::kForceExit:
      return v1::SAFE_MODE_ACTION_FORCE_EXIT;
  }
  return v1::SAFE_MODE_ACTION_GET;
}

class GrpcNamenodeStub : public NamenodeStub {
 public:
  GrpcNamenodeStub(const std::string& address, const std::string& user,
                   const std::string& client_id)
      : channel_(address, user, client_id),
        client_(v1::ClientService::NewStub(channel_.namenode().channel())),
        admin_(v1::AdminService::NewStub(channel_.namenode().channel())) {}

  std::string address() const override { return channel_.namenode().address(); }

  // --- Files being written.
  absl::StatusOr<FileStatus> Create(const CallContext& call, const CreateCall& from) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::CreateRequest>(from.path));
    request.set_permission(from.mode);
    request.set_client_name(from.client_name);
    request.set_flags(from.flags);
    request.set_create_parent(from.create_parent);
    request.set_replication(from.replication);
    request.set_block_size(from.block_size);
    v1::CreateResponse response;
    RETURN_IF_ERROR(Call(&ClientService::Create, call, request, response));
    return FromProto(response.status());
  }

  absl::StatusOr<AppendReply> Append(const CallContext& call, const std::string& path,
                                     const std::string& client_name, bool new_block) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::AppendRequest>(path));
    request.set_client_name(client_name);
    request.set_new_block(new_block);
    v1::AppendResponse response;
    RETURN_IF_ERROR(Call(&ClientService::Append, call, request, response));
    AppendReply reply;
    if (response.has_block()) reply.block = FromProto(response.block());
    reply.status = FromProto(response.status());
    if (response.has_last_block()) reply.last_block = FromProto(response.last_block());
    return reply;
  }

  absl::StatusOr<bool> Truncate(const CallContext& call, const std::string& path,
                                int64_t new_length, const std::string& client_name) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::TruncateRequest>(path));
    request.set_new_length(new_length);
    request.set_client_name(client_name);
    v1::TruncateResponse response;
    RETURN_IF_ERROR(Call(&ClientService::Truncate, call, request, response));
    return response.done();
  }

  absl::Status Concat(const CallContext& call, const std::string& target,
                      const std::vector<std::string>& sources) override {
    RETURN_IF_ERROR(CheckText(target));
    v1::ConcatRequest request;
    request.set_target(target);
    for (const std::string& source : sources) {
      RETURN_IF_ERROR(CheckText(source));
      request.add_sources(source);
    }
    v1::ConcatResponse response;
    return Call(&ClientService::Concat, call, request, response);
  }

  absl::StatusOr<LocatedBlock> AddBlock(const CallContext& call,
                                        const AddBlockCall& from) override {
    ASSIGN_OR_RETURN(auto request,
                     FileRequest<v1::AddBlockRequest>({from.path, from.client_name, from.file_id}));
    if (from.previous) ToProto(*from.previous, *request.mutable_previous());
    for (const DatanodeId& node : from.excluded) ToProto(node, *request.add_excluded());
    v1::AddBlockResponse response;
    RETURN_IF_ERROR(Call(&ClientService::AddBlock, call, request, response));
    return FromProto(response.block());
  }

  absl::Status AbandonBlock(const CallContext& call, const OpenFileRef& file,
                            const ExtendedBlock& block) override {
    ASSIGN_OR_RETURN(auto request, FileRequest<v1::AbandonBlockRequest>(file));
    ToProto(block, *request.mutable_block());
    v1::AbandonBlockResponse response;
    return Call(&ClientService::AbandonBlock, call, request, response);
  }

  absl::StatusOr<LocatedBlock> GetAdditionalDatanode(const CallContext& call,
                                                     const AdditionalDatanodeCall& from) override {
    ASSIGN_OR_RETURN(auto request, FileRequest<v1::GetAdditionalDatanodeRequest>(
                                       {from.path, from.client_name, from.file_id}));
    ToProto(from.block, *request.mutable_block());
    for (const ReplicaLocation& node : from.existing) ToProto(node, *request.add_existing());
    for (const DatanodeId& node : from.excluded) ToProto(node, *request.add_excluded());
    request.set_count(from.count);
    v1::GetAdditionalDatanodeResponse response;
    RETURN_IF_ERROR(Call(&ClientService::GetAdditionalDatanode, call, request, response));
    return FromProto(response.block());
  }

  absl::StatusOr<LocatedBlock> UpdateBlockForPipeline(const CallContext& call,
                                                      const ExtendedBlock& block,
                                                      const std::string& client_name) override {
    v1::UpdateBlockForPipelineRequest request;
    ToProto(block, *request.mutable_block());
    request.set_client_name(client_name);
    v1::UpdateBlockForPipelineResponse response;
    RETURN_IF_ERROR(Call(&ClientService::UpdateBlockForPipeline, call, request, response));
    return FromProto(response.block());
  }

  absl::Status UpdatePipeline(const CallContext& call, const UpdatePipelineCall& from) override {
    v1::UpdatePipelineRequest request;
    request.set_client_name(from.client_name);
    ToProto(from.old_block, *request.mutable_old_block());
    ToProto(from.new_block, *request.mutable_new_block());
    for (const ReplicaLocation& node : from.nodes) ToProto(node, *request.add_locations());
    v1::UpdatePipelineResponse response;
    return Call(&ClientService::UpdatePipeline, call, request, response);
  }

  absl::StatusOr<bool> Complete(const CallContext& call, const OpenFileRef& file,
                                const std::optional<ExtendedBlock>& last) override {
    ASSIGN_OR_RETURN(auto request, FileRequest<v1::CompleteRequest>(file));
    if (last) ToProto(*last, *request.mutable_last());
    v1::CompleteResponse response;
    RETURN_IF_ERROR(Call(&ClientService::Complete, call, request, response));
    return response.closed();
  }

  absl::Status Fsync(const CallContext& call, const OpenFileRef& file,
                     int64_t last_block_length) override {
    ASSIGN_OR_RETURN(auto request, FileRequest<v1::FsyncRequest>(file));
    request.set_last_block_length(last_block_length);
    v1::FsyncResponse response;
    return Call(&ClientService::Fsync, call, request, response);
  }

  absl::Status RenewLease(const CallContext& call, const std::string& client_name) override {
    v1::RenewLeaseRequest request;
    request.set_client_name(client_name);
    v1::RenewLeaseResponse response;
    return Call(&ClientService::RenewLease, call, request, response);
  }

  absl::StatusOr<bool> RecoverLease(const CallContext& call, const std::string& path,
                                    const std::string& client_name) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::RecoverLeaseRequest>(path));
    request.set_client_name(client_name);
    v1::RecoverLeaseResponse response;
    RETURN_IF_ERROR(Call(&ClientService::RecoverLease, call, request, response));
    return response.closed();
  }

  absl::StatusOr<bool> IsFileClosed(const CallContext& call, const std::string& path) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::IsFileClosedRequest>(path));
    v1::IsFileClosedResponse response;
    RETURN_IF_ERROR(Call(&ClientService::IsFileClosed, call, request, response));
    return response.closed();
  }

  // --- Reading.
  absl::StatusOr<std::optional<FileStatus>> GetFileInfo(const CallContext& call,
                                                        const std::string& path) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::GetFileInfoRequest>(path));
    v1::GetFileInfoResponse response;
    RETURN_IF_ERROR(Call(&ClientService::GetFileInfo, call, request, response));
    if (!response.has_status()) return std::optional<FileStatus>();
    return std::optional<FileStatus>(FromProto(response.status()));
  }

  absl::StatusOr<std::optional<DirectoryListing>> GetListing(const CallContext& call,
                                                             const std::string& path,
                                                             const std::string& start_after,
                                                             bool need_location) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::GetListingRequest>(path));
    RETURN_IF_ERROR(CheckText(start_after));
    request.set_start_after(start_after);
    request.set_with_locations(need_location);
    v1::GetListingResponse response;
    RETURN_IF_ERROR(Call(&ClientService::GetListing, call, request, response));
    if (!response.exists()) return std::optional<DirectoryListing>();
    DirectoryListing listing;
    listing.remaining = response.remaining();
    for (const v1::FileStatus& entry : response.entries()) {
      listing.entries.push_back(FromProto(entry));
    }
    return std::optional<DirectoryListing>(std::move(listing));
  }

  absl::StatusOr<LocatedBlocks> GetBlockLocations(const CallContext& call, const std::string& path,
                                                  int64_t offset, int64_t length) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::GetBlockLocationsRequest>(path));
    request.set_offset(offset);
    request.set_length(length);
    v1::GetBlockLocationsResponse response;
    RETURN_IF_ERROR(Call(&ClientService::GetBlockLocations, call, request, response));
    return FromProto(response.blocks());
  }

  absl::Status ReportBadBlocks(const CallContext& call,
                               const std::vector<LocatedBlock>& blocks) override {
    v1::ReportBadBlocksRequest request;
    for (const LocatedBlock& block : blocks) ToProto(block, *request.add_blocks());
    v1::ReportBadBlocksResponse response;
    return Call(&ClientService::ReportBadBlocks, call, request, response);
  }

  absl::StatusOr<ContentSummary> GetContentSummary(const CallContext& call,
                                                   const std::string& path) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::GetContentSummaryRequest>(path));
    v1::GetContentSummaryResponse response;
    RETURN_IF_ERROR(Call(&ClientService::GetContentSummary, call, request, response));
    return FromProto(response);
  }

  absl::Status CheckAccess(const CallContext& call, const std::string& path, int access) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::CheckAccessRequest>(path));
    request.set_access(static_cast<uint32_t>(access));
    v1::CheckAccessResponse response;
    return Call(&ClientService::CheckAccess, call, request, response);
  }

  absl::StatusOr<FsStats> GetFsStats(const CallContext& call) override {
    v1::GetStatsResponse response;
    RETURN_IF_ERROR(Call(&ClientService::GetStats, call, v1::GetStatsRequest(), response));
    return FromProto(response);
  }

  absl::StatusOr<ServerDefaults> GetServerDefaults(const CallContext& call) override {
    v1::GetServerDefaultsResponse response;
    RETURN_IF_ERROR(
        Call(&ClientService::GetServerDefaults, call, v1::GetServerDefaultsRequest(), response));
    return FromProto(response);
  }

  // --- Changing the tree.
  absl::StatusOr<bool> Mkdirs(const CallContext& call, const std::string& path, uint16_t mode,
                              bool create_parent) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::MkdirsRequest>(path));
    request.set_permission(mode);
    request.set_create_parent(create_parent);
    v1::MkdirsResponse response;
    RETURN_IF_ERROR(Call(&ClientService::Mkdirs, call, request, response));
    return response.created();
  }

  absl::StatusOr<bool> Rename(const CallContext& call, const std::string& from,
                              const std::string& to) override {
    RETURN_IF_ERROR(CheckText(from));
    RETURN_IF_ERROR(CheckText(to));
    v1::RenameRequest request;
    request.set_source(from);
    request.set_destination(to);
    v1::RenameResponse response;
    RETURN_IF_ERROR(Call(&ClientService::Rename, call, request, response));
    return response.renamed();
  }

  absl::Status Rename2(const CallContext& call, const std::string& from, const std::string& to,
                       bool overwrite, bool to_trash) override {
    RETURN_IF_ERROR(CheckText(from));
    RETURN_IF_ERROR(CheckText(to));
    v1::Rename2Request request;
    request.set_source(from);
    request.set_destination(to);
    request.set_overwrite(overwrite);
    request.set_to_trash(to_trash);
    v1::Rename2Response response;
    return Call(&ClientService::Rename2, call, request, response);
  }

  absl::StatusOr<bool> Delete(const CallContext& call, const std::string& path,
                              bool recursive) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::DeleteRequest>(path));
    request.set_recursive(recursive);
    v1::DeleteResponse response;
    RETURN_IF_ERROR(Call(&ClientService::Delete, call, request, response));
    return response.deleted();
  }

  absl::Status SetPermission(const CallContext& call, const std::string& path,
                             uint16_t mode) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::SetPermissionRequest>(path));
    request.set_permission(mode);
    v1::SetPermissionResponse response;
    return Call(&ClientService::SetPermission, call, request, response);
  }

  absl::Status SetOwner(const CallContext& call, const std::string& path,
                        const std::optional<std::string>& owner,
                        const std::optional<std::string>& group) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::SetOwnerRequest>(path));
    if (owner) request.set_owner(*owner);
    if (group) request.set_group(*group);
    v1::SetOwnerResponse response;
    return Call(&ClientService::SetOwner, call, request, response);
  }

  absl::Status SetTimes(const CallContext& call, const std::string& path, int64_t mtime_ms,
                        int64_t atime_ms) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::SetTimesRequest>(path));
    request.set_mtime_ms(mtime_ms);
    request.set_atime_ms(atime_ms);
    v1::SetTimesResponse response;
    return Call(&ClientService::SetTimes, call, request, response);
  }

  absl::StatusOr<bool> SetReplication(const CallContext& call, const std::string& path,
                                      int32_t replication) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::SetReplicationRequest>(path));
    request.set_replication(replication);
    v1::SetReplicationResponse response;
    RETURN_IF_ERROR(Call(&ClientService::SetReplication, call, request, response));
    return response.changed();
  }

  // --- Administration.
  absl::StatusOr<std::vector<DatanodeInfo>> GetDatanodeReport(const CallContext& call,
                                                              DatanodeReportType type) override {
    v1::GetDatanodeReportRequest request;
    request.set_type(static_cast<v1::DatanodeReportType>(type));
    v1::GetDatanodeReportResponse response;
    RETURN_IF_ERROR(CallAdmin(&AdminService::GetDatanodeReport, call, request, response));
    std::vector<DatanodeInfo> nodes;
    for (const v1::DatanodeInfo& node : response.datanodes()) nodes.push_back(FromProto(node));
    return nodes;
  }

  absl::StatusOr<bool> SetSafeMode(const CallContext& call, SafeModeAction action) override {
    v1::SetSafeModeRequest request;
    request.set_action(ToProtoAction(action));
    v1::SetSafeModeResponse response;
    RETURN_IF_ERROR(CallAdmin(&AdminService::SetSafeMode, call, request, response));
    return response.on();
  }

  absl::Status SaveNamespace(const CallContext& call) override {
    v1::SaveNamespaceResponse response;
    return CallAdmin(&AdminService::SaveNamespace, call, v1::SaveNamespaceRequest(), response);
  }

  absl::StatusOr<Txid> RollEdits(const CallContext& call) override {
    v1::RollEditsResponse response;
    RETURN_IF_ERROR(CallAdmin(&AdminService::RollEdits, call, v1::RollEditsRequest(), response));
    return response.first_txid();
  }

  absl::Status MetaSave(const CallContext& call, const std::string& filename) override {
    v1::MetaSaveRequest request;
    request.set_filename(filename);
    v1::MetaSaveResponse response;
    return CallAdmin(&AdminService::MetaSave, call, request, response);
  }

  absl::Status SetBalancerBandwidth(const CallContext& call, int64_t bytes_per_second) override {
    v1::SetBalancerBandwidthRequest request;
    request.set_bytes_per_second(bytes_per_second);
    v1::SetBalancerBandwidthResponse response;
    return CallAdmin(&AdminService::SetBalancerBandwidth, call, request, response);
  }

  absl::Status RefreshNodes(const CallContext& call) override {
    v1::RefreshNodesResponse response;
    return CallAdmin(&AdminService::RefreshNodes, call, v1::RefreshNodesRequest(), response);
  }

  absl::StatusOr<OpenFilesPage> ListOpenFiles(const CallContext& call, const std::string& path,
                                              InodeId after) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::ListOpenFilesRequest>(path));
    request.set_after(after);
    v1::ListOpenFilesResponse response;
    RETURN_IF_ERROR(CallAdmin(&AdminService::ListOpenFiles, call, request, response));
    OpenFilesPage page;
    for (const v1::OpenFile& file : response.files()) page.files.push_back(FromProto(file));
    page.has_more = response.has_more();
    return page;
  }

  absl::StatusOr<CorruptFilesPage> ListCorruptFiles(const CallContext& call,
                                                    const std::string& path,
                                                    BlockId after) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::ListCorruptFilesRequest>(path));
    request.set_after(after);
    v1::ListCorruptFilesResponse response;
    RETURN_IF_ERROR(CallAdmin(&AdminService::ListCorruptFiles, call, request, response));
    return CorruptFilesPage{{response.paths().begin(), response.paths().end()}, response.last()};
  }

  absl::Status Fsck(const CallContext& call, const FsckRequest& from,
                    const std::function<void(std::string_view)>& sink) override {
    ASSIGN_OR_RETURN(auto request, PathRequest<v1::FsckRequest>(from.path));
    request.set_files(from.files);
    request.set_blocks(from.blocks);
    request.set_locations(from.locations);
    request.set_racks(from.racks);
    request.set_open_for_write(from.open_for_write);
    request.set_replica_details(from.replica_details);
    request.set_upgrade_domains(from.upgrade_domains);
    request.set_maintenance(from.maintenance);
    request.set_storage_policies(from.storage_policies);
    request.set_show_progress(from.show_progress);
    request.set_move(from.move);
    request.set_remove(from.remove);
    request.set_replicate(from.replicate);
    request.set_list_corrupt_file_blocks(from.list_corrupt_file_blocks);
    request.set_start_block_after(from.start_block_after);
    if (from.block_ids) request.set_block_ids(*from.block_ids);
    grpc::ClientContext context;
    // A big subtree takes as long as it takes; output shows that it goes on.
    CallContext unbounded = call;
    unbounded.timeout_ms = 0;
    channel_.Prepare(unbounded, context);
    const auto reader = admin_->Fsck(&context, request);
    v1::FsckResponse piece;
    while (reader->Read(&piece)) sink(piece.text());
    return channel_.namenode().ToStatus(reader->Finish());
  }

 private:
  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (ClientService::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                    const CallContext& call, const Request& request, Response& response) {
    return channel_.Invoke(*client_, method, call, request, response);
  }
  template <typename Request, typename Response>
  absl::Status CallAdmin(grpc::Status (AdminService::*method)(grpc::ClientContext*, const Request&,
                                                              Response*),
                         const CallContext& call, const Request& request, Response& response) {
    return channel_.Invoke(*admin_, method, call, request, response);
  }

  const GrpcChannel channel_;
  const std::unique_ptr<v1::ClientService::Stub> client_;
  const std::unique_ptr<v1::AdminService::Stub> admin_;
};

}  // namespace

std::unique_ptr<NamenodeStub> MakeGrpcNamenodeStub(const std::string& address,
                                                   const std::string& user,
                                                   const std::string& client_id) {
  return std::make_unique<GrpcNamenodeStub>(address, user, client_id);
}

}  // namespace cairn::client
