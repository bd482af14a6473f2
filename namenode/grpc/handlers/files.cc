// Calls of those who write and read files.
#include "namenode/frontend/audit_log.h"
#include "namenode/grpc/handlers/handlers.h"
#include "wire/cairn/convert.h"

namespace cairn::namenode::grpc_handlers {
namespace {

template <typename Message>
std::vector<DatanodeId> ExcludedOf(const Message& request) {
  std::vector<DatanodeId> excluded;
  for (const v1::DatanodeId& id : request.excluded()) excluded.push_back(wire::FromProto(id));
  return excluded;
}

// Stores a located block in a response that has one.
template <typename Response>
Done<LocatedBlock> FillBlock(Response& response, DoneVoid done) {
  return FillThen<LocatedBlock>(std::move(done), [&response](const LocatedBlock& block) {
    wire::ToProto(block, *response.mutable_block());
  });
}

}  // namespace

void Create(Call& call, const v1::CreateRequest& request, v1::CreateResponse& response,
            DoneVoid done) {
  call.audit = {.command = "create", .source = request.path()};
  const ServerDefaults defaults = call.core.names.GetServerDefaults();
  call.core.names.Create(
      call.caller,
      CreateRequest{
          .path = request.path(),
          .mode = static_cast<uint16_t>(request.permission() & 01777),
          .client_name = request.client_name(),
          .flags = request.flags(),
          .create_parent = request.create_parent(),
          .replication = request.replication() == 0 ? defaults.replication : request.replication(),
          .block_size = request.block_size() == 0 ? defaults.block_size : request.block_size(),
          .storage_policy = request.storage_policy()},
      FillThen<FileStatus>(std::move(done), [&call, &response](const FileStatus& status) {
        wire::ToProto(status, *response.mutable_status());
        call.audit.permission = PermissionText(status);
      }));
}

void Append(Call& call, const v1::AppendRequest& request, v1::AppendResponse& response,
            DoneVoid done) {
  call.audit = {.command = "append", .source = request.path()};
  call.core.names.Append(
      call.caller,
      AppendRequest{.path = request.path(),
                    .client_name = request.client_name(),
                    .new_block = request.new_block()},
      FillThen<AppendResult>(std::move(done), [&response](const AppendResult& result) {
        if (result.block) wire::ToProto(*result.block, *response.mutable_block());
        wire::ToProto(result.status, *response.mutable_status());
        if (result.last_block) wire::ToProto(*result.last_block, *response.mutable_last_block());
      }));
}

void Truncate(Call& call, const v1::TruncateRequest& request, v1::TruncateResponse& response,
              DoneVoid done) {
  call.audit = {.command = "truncate", .source = request.path()};
  call.core.names.Truncate(
      call.caller,
      TruncateRequest{.path = request.path(),
                      .new_length = request.new_length(),
                      .client_name = request.client_name()},
      FillThen<bool>(std::move(done), [&response](bool cut) { response.set_done(cut); }));
}

void Concat(Call& call, const v1::ConcatRequest& request, v1::ConcatResponse& /*response*/,
            DoneVoid done) {
  call.audit = {.command = "concat",
                .source = fmt::format("[{}]", fmt::join(request.sources(), ", ")),
                .destination = request.target()};
  call.core.names.Concat(
      call.caller,
      ConcatRequest{.target = request.target(),
                    .sources = {request.sources().begin(), request.sources().end()}},
      std::move(done));
}

void AddBlock(Call& call, const v1::AddBlockRequest& request, v1::AddBlockResponse& response,
              DoneVoid done) {
  AddBlockRequest core_request;
  core_request.path = request.path();
  core_request.client_name = request.client_name();
  if (request.has_previous()) core_request.previous = wire::FromProto(request.previous());
  core_request.excluded = ExcludedOf(request);
  core_request.file_id = request.file_id();
  core_request.favored_nodes = {request.favored_nodes().begin(), request.favored_nodes().end()};
  core_request.flags = request.flags();
  call.core.names.AddBlock(call.caller, std::move(core_request),
                           FillBlock(response, std::move(done)));
}

void AbandonBlock(Call& call, const v1::AbandonBlockRequest& request,
                  v1::AbandonBlockResponse& /*response*/, DoneVoid done) {
  call.core.names.AbandonBlock(call.caller,
                               AbandonBlockRequest{.block = wire::FromProto(request.block()),
                                                   .path = request.path(),
                                                   .client_name = request.client_name(),
                                                   .file_id = request.file_id()},
                               std::move(done));
}

void Complete(Call& call, const v1::CompleteRequest& request, v1::CompleteResponse& response,
              DoneVoid done) {
  CompleteRequest core_request;
  core_request.path = request.path();
  core_request.client_name = request.client_name();
  if (request.has_last()) core_request.last = wire::FromProto(request.last());
  core_request.file_id = request.file_id();
  call.core.names.Complete(
      call.caller, std::move(core_request),
      FillThen<bool>(std::move(done), [&response](bool closed) { response.set_closed(closed); }));
}

void Fsync(Call& call, const v1::FsyncRequest& request, v1::FsyncResponse& /*response*/,
           DoneVoid done) {
  call.core.names.Fsync(call.caller,
                        FsyncRequest{.path = request.path(),
                                     .client_name = request.client_name(),
                                     .file_id = request.file_id(),
                                     .last_block_length = request.last_block_length()},
                        std::move(done));
}

void GetBlockLocations(Call& call, const v1::GetBlockLocationsRequest& request,
                       v1::GetBlockLocationsResponse& response, DoneVoid done) {
  call.audit = {.command = "open", .source = request.path()};
  call.core.names.GetBlockLocations(
      call.caller, request.path(), request.offset(), request.length(),
      FillThen<LocatedBlocks>(std::move(done), [&response](const LocatedBlocks& blocks) {
        wire::ToProto(blocks, *response.mutable_blocks());
      }));
}

void GetAdditionalDatanode(Call& call, const v1::GetAdditionalDatanodeRequest& request,
                           v1::GetAdditionalDatanodeResponse& response, DoneVoid done) {
  AdditionalDatanodeRequest core_request;
  core_request.path = request.path();
  core_request.block = wire::FromProto(request.block());
  for (const v1::ReplicaLocation& place : request.existing()) {
    core_request.existing.push_back(wire::FromProto(place));
  }
  core_request.excluded = ExcludedOf(request);
  core_request.count = request.count();
  core_request.client_name = request.client_name();
  core_request.file_id = request.file_id();
  call.core.names.GetAdditionalDatanode(call.caller, std::move(core_request),
                                        FillBlock(response, std::move(done)));
}

void UpdateBlockForPipeline(Call& call, const v1::UpdateBlockForPipelineRequest& request,
                            v1::UpdateBlockForPipelineResponse& response, DoneVoid done) {
  call.core.names.UpdateBlockForPipeline(call.caller, wire::FromProto(request.block()),
                                         request.client_name(),
                                         FillBlock(response, std::move(done)));
}

void UpdatePipeline(Call& call, const v1::UpdatePipelineRequest& request,
                    v1::UpdatePipelineResponse& /*response*/, DoneVoid done) {
  UpdatePipelineRequest core_request;
  core_request.client_name = request.client_name();
  core_request.old_block = wire::FromProto(request.old_block());
  core_request.new_block = wire::FromProto(request.new_block());
  for (const v1::ReplicaLocation& place : request.locations()) {
    core_request.new_nodes.push_back(wire::FromProto(place.datanode().id()));
    core_request.storage_ids.push_back(place.storage_id());
  }
  call.core.names.UpdatePipeline(call.caller, std::move(core_request), std::move(done));
}

void ReportBadBlocks(Call& call, const v1::ReportBadBlocksRequest& request,
                     v1::ReportBadBlocksResponse& /*response*/, DoneVoid done) {
  std::vector<LocatedBlock> blocks;
  blocks.reserve(request.blocks_size());
  for (const v1::LocatedBlock& block : request.blocks()) blocks.push_back(wire::FromProto(block));
  call.core.names.ReportBadBlocks(call.caller, std::move(blocks), std::move(done));
}

}  // namespace cairn::namenode::grpc_handlers
