// Calls of those who write and read files.
#include <fmt/format.h>

#include "namenode/frontend/audit_log.h"
#include "namenode/hadoop/handlers/handlers.h"
#include "wire/hdfs/convert.h"
#include "wire/hdfs/replies.h"

namespace cairn::namenode::hadoop_handlers {
namespace {

std::vector<DatanodeId> IdsOf(
    const google::protobuf::RepeatedPtrField<pb::DatanodeInfoProto>& nodes) {
  std::vector<DatanodeId> ids;
  ids.reserve(static_cast<size_t>(nodes.size()));
  for (const pb::DatanodeInfoProto& node : nodes) ids.push_back(wire::FromProto(node.id()));
  return ids;
}

// Stores a located block in a response that has one.
template <typename Response>
Done<LocatedBlock> FillBlock(Response& response, DoneVoid done) {
  return FillThen<LocatedBlock>(std::move(done), [&response](const LocatedBlock& block) {
    wire::ToProto(block, *response.mutable_block());
  });
}

}  // namespace

void Create(Call& call, const pb::CreateRequestProto& request, SerializedResponse& response,
            DoneVoid done) {
  call.audit = {.command = "create", .source = request.src()};
  const bool replicate = (request.createflag() & kCreateFlagShouldReplicate) != 0;
  absl::Status policy = CheckEcPolicyOfNewFile(request.ecpolicyname(), replicate);
  if (!policy.ok()) return done(std::move(policy));
  call.core.names.Create(
      call.caller,
      CreateRequest{
          .path = request.src(),
          .mode = static_cast<uint16_t>(request.masked().perm() & 01777),
          .client_name = request.clientname(),
          .flags = request.createflag(),
          .create_parent = request.createparent(),
          .replication = static_cast<int32_t>(static_cast<int16_t>(request.replication())),
          .block_size = static_cast<int64_t>(request.blocksize()),
          .storage_policy = request.storagepolicy()},
      FillThen<FileStatus>(std::move(done), [&call, &response](const FileStatus& status) {
        response.bytes = wire::EncodeStatusResponse(status, response.room);
        call.audit.permission = PermissionText(status);
      }));
}

void Append(Call& call, const pb::AppendRequestProto& request, pb::AppendResponseProto& response,
            DoneVoid done) {
  call.audit = {.command = "append", .source = request.src()};
  const bool new_block = (request.flag() & kCreateFlagNewBlock) != 0;
  call.core.names.Append(
      call.caller,
      AppendRequest{
          .path = request.src(), .client_name = request.clientname(), .new_block = new_block},
      FillThen<AppendResult>(std::move(done), [new_block, &response](const AppendResult& result) {
        wire::ToProto(result.status, *response.mutable_stat());
        if (result.block) {
          wire::ToProto(*result.block, *response.mutable_block());
        } else if (new_block && result.last_block) {
          // What the client names as the block before the one it is about to add.
          wire::ToProto(LocatedBlock{.block = *result.last_block, .offset = -1},
                        *response.mutable_block());
        }
      }));
}

void Truncate(Call& call, const pb::TruncateRequestProto& request,
              pb::TruncateResponseProto& response, DoneVoid done) {
  call.audit = {.command = "truncate", .source = request.src()};
  call.core.names.Truncate(
      call.caller,
      TruncateRequest{.path = request.src(),
                      .new_length = static_cast<int64_t>(request.newlength()),
                      .client_name = request.clientname()},
      FillThen<bool>(std::move(done), [&response](bool cut) { response.set_result(cut); }));
}

void Concat(Call& call, const pb::ConcatRequestProto& request,
            pb::ConcatResponseProto& /*response*/, DoneVoid done) {
  call.audit = {.command = "concat",
                .source = fmt::format("[{}]", fmt::join(request.srcs(), ", ")),
                .destination = request.trg()};
  call.core.names.Concat(call.caller,
                         ConcatRequest{.target = request.trg(),
                                       .sources = {request.srcs().begin(), request.srcs().end()}},
                         std::move(done));
}

void AddBlock(Call& call, const pb::AddBlockRequestProto& request,
              pb::AddBlockResponseProto& response, DoneVoid done) {
  AddBlockRequest core_request;
  core_request.path = request.src();
  core_request.client_name = request.clientname();
  if (request.has_previous()) core_request.previous = wire::FromProto(request.previous());
  core_request.excluded = IdsOf(request.excludenodes());
  core_request.file_id = static_cast<InodeId>(request.fileid());
  core_request.favored_nodes = {request.favorednodes().begin(), request.favorednodes().end()};
  for (const int flag : request.flags()) core_request.flags |= static_cast<uint32_t>(flag);
  call.core.names.AddBlock(call.caller, std::move(core_request),
                           FillBlock(response, std::move(done)));
}

void AbandonBlock(Call& call, const pb::AbandonBlockRequestProto& request,
                  pb::AbandonBlockResponseProto& /*response*/, DoneVoid done) {
  call.core.names.AbandonBlock(
      call.caller,
      AbandonBlockRequest{.block = wire::FromProto(request.b()),
                          .path = request.src(),
                          .client_name = request.holder(),
                          .file_id = static_cast<InodeId>(request.fileid())},
      std::move(done));
}

void Complete(Call& call, const pb::CompleteRequestProto& request,
              pb::CompleteResponseProto& response, DoneVoid done) {
  CompleteRequest core_request;
  core_request.path = request.src();
  core_request.client_name = request.clientname();
  if (request.has_last()) core_request.last = wire::FromProto(request.last());
  core_request.file_id = static_cast<InodeId>(request.fileid());
  call.core.names.Complete(
      call.caller, std::move(core_request),
      FillThen<bool>(std::move(done), [&response](bool closed) { response.set_result(closed); }));
}

void Fsync(Call& call, const pb::FsyncRequestProto& request, pb::FsyncResponseProto& /*response*/,
           DoneVoid done) {
  call.core.names.Fsync(call.caller,
                        FsyncRequest{.path = request.src(),
                                     .client_name = request.client(),
                                     .file_id = static_cast<InodeId>(request.fileid()),
                                     .last_block_length = request.lastblocklength()},
                        std::move(done));
}

void RenewLease(Call& call, const pb::RenewLeaseRequestProto& request,
                pb::RenewLeaseResponseProto& /*response*/, DoneVoid done) {
  if (request.namespaces_size() > 0) {
    return done(errors::Io(fmt::format("namespaces([{}]) should be null or empty",
                                       fmt::join(request.namespaces(), ", "))));
  }
  call.core.names.RenewLease(call.caller, request.clientname(), std::move(done));
}

void RecoverLease(Call& call, const pb::RecoverLeaseRequestProto& request,
                  pb::RecoverLeaseResponseProto& response, DoneVoid done) {
  call.audit = {.command = "recoverLease", .source = request.src()};
  call.core.names.RecoverLease(
      call.caller, request.src(), request.clientname(),
      FillThen<bool>(std::move(done), [&response](bool closed) { response.set_result(closed); }));
}

void IsFileClosed(Call& call, const pb::IsFileClosedRequestProto& request,
                  pb::IsFileClosedResponseProto& response, DoneVoid done) {
  call.audit = {.command = "isFileClosed", .source = request.src()};
  call.core.names.IsFileClosed(
      call.caller, request.src(),
      FillThen<bool>(std::move(done), [&response](bool closed) { response.set_result(closed); }));
}

void GetBlockLocations(Call& call, const pb::GetBlockLocationsRequestProto& request,
                       SerializedResponse& response, DoneVoid done) {
  call.audit = {.command = "open", .source = request.src()};
  call.core.names.GetBlockLocations(
      call.caller, request.src(), static_cast<int64_t>(request.offset()),
      static_cast<int64_t>(request.length()),
      FillThen<LocatedBlocks>(std::move(done), [&response](const LocatedBlocks& blocks) {
        response.bytes = wire::EncodeBlockLocations(blocks, response.room);
      }));
}

void GetAdditionalDatanode(Call& call, const pb::GetAdditionalDatanodeRequestProto& request,
                           pb::GetAdditionalDatanodeResponseProto& response, DoneVoid done) {
  AdditionalDatanodeRequest core_request;
  core_request.path = request.src();
  core_request.block = wire::FromProto(request.blk());
  for (int i = 0; i < request.existings_size(); ++i) {
    ReplicaLocation place;
    place.datanode.id = wire::FromProto(request.existings(i).id());
    place.datanode.network_location = request.existings(i).location();
    if (i < request.existingstorageuuids_size()) place.storage_id = request.existingstorageuuids(i);
    core_request.existing.push_back(std::move(place));
  }
  core_request.excluded = IdsOf(request.excludes());
  core_request.count = static_cast<int32_t>(request.numadditionalnodes());
  core_request.client_name = request.clientname();
  core_request.file_id = static_cast<InodeId>(request.fileid());
  call.core.names.GetAdditionalDatanode(call.caller, std::move(core_request),
                                        FillBlock(response, std::move(done)));
}

void UpdateBlockForPipeline(Call& call, const pb::UpdateBlockForPipelineRequestProto& request,
                            pb::UpdateBlockForPipelineResponseProto& response, DoneVoid done) {
  call.core.names.UpdateBlockForPipeline(call.caller, wire::FromProto(request.block()),
                                         request.clientname(),
                                         FillBlock(response, std::move(done)));
}

void UpdatePipeline(Call& call, const pb::UpdatePipelineRequestProto& request,
                    pb::UpdatePipelineResponseProto& /*response*/, DoneVoid done) {
  UpdatePipelineRequest core_request;
  core_request.client_name = request.clientname();
  core_request.old_block = wire::FromProto(request.oldblock());
  core_request.new_block = wire::FromProto(request.newblock());
  for (const pb::DatanodeIDProto& node : request.newnodes()) {
    core_request.new_nodes.push_back(wire::FromProto(node));
  }
  core_request.storage_ids = {request.storageids().begin(), request.storageids().end()};
  call.core.names.UpdatePipeline(call.caller, std::move(core_request), std::move(done));
}

void ReportBadBlocks(Call& call, const pb::ReportBadBlocksRequestProto& request,
                     pb::ReportBadBlocksResponseProto& /*response*/, DoneVoid done) {
  std::vector<LocatedBlock> blocks;
  blocks.reserve(static_cast<size_t>(request.blocks_size()));
  for (const pb::LocatedBlockProto& block : request.blocks()) {
    blocks.push_back(wire::FromProto(block));
  }
  call.core.names.ReportBadBlocks(call.caller, std::move(blocks), std::move(done));
}

}  // namespace cairn::namenode::hadoop_handlers
