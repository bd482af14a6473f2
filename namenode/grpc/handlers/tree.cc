// Calls that change or list the tree.
#include "namenode/grpc/handlers/handlers.h"
#include "wire/cairn/convert.h"

namespace cairn::namenode::grpc_handlers {

void Mkdirs(Call& call, const v1::MkdirsRequest& request, v1::MkdirsResponse& response,
            DoneVoid done) {
  call.audit = {.command = "mkdirs", .source = request.path()};
  call.core.names.Mkdirs(
      call.caller,
      MkdirsRequest{.path = request.path(),
                    .mode = static_cast<uint16_t>(request.permission() & 01777),
                    .create_parent = request.create_parent()},
      FillThen<bool>(std::move(done), [&response](bool made) { response.set_created(made); }));
}

void Rename(Call& call, const v1::RenameRequest& request, v1::RenameResponse& response,
            DoneVoid done) {
  call.audit = {
      .command = "rename", .source = request.source(), .destination = request.destination()};
  call.core.names.Rename(
      call.caller, RenameRequest{.source = request.source(), .destination = request.destination()},
      FillThen<bool>(std::move(done), [&call, &response](bool renamed) {
        response.set_renamed(renamed);
        if (!renamed) call.audit.command.clear();  // HDFS audits only what it did
      }));
}

void Rename2(Call& call, const v1::Rename2Request& request, v1::Rename2Response& /*response*/,
             DoneVoid done) {
  std::string options = request.overwrite() ? "OVERWRITE" : "";
  if (request.to_trash()) options += options.empty() ? "TO_TRASH" : ", TO_TRASH";
  call.audit = {.command = fmt::format("rename (options=[{}])", options.empty() ? "NONE" : options),
                .source = request.source(),
                .destination = request.destination()};
  call.core.names.Rename2(call.caller,
                          RenameRequest{.source = request.source(),
                                        .destination = request.destination(),
                                        .overwrite = request.overwrite(),
                                        .move_to_trash = request.to_trash()},
                          std::move(done));
}

void Delete(Call& call, const v1::DeleteRequest& request, v1::DeleteResponse& response,
            DoneVoid done) {
  call.audit = {.command = "delete", .source = request.path()};
  call.core.names.Delete(call.caller, request.path(), request.recursive(),
                         FillThen<bool>(std::move(done), [&call, &response](bool deleted) {
                           response.set_deleted(deleted);
                           call.audit.refused = !deleted;
                         }));
}

void GetListing(Call& call, const v1::GetListingRequest& request, v1::GetListingResponse& response,
                DoneVoid done) {
  call.audit = {.command = "listStatus", .source = request.path()};
  call.core.names.GetListing(
      call.caller,
      ListRequest{.path = request.path(),
                  .start_after = request.start_after(),
                  .need_location = request.with_locations()},
      FillThen<std::optional<DirectoryListing>>(
          std::move(done), [&response](std::optional<DirectoryListing> listing) {
            if (!listing) return;
            response.set_exists(true);
            response.set_remaining(listing->remaining);
            response.mutable_entries()->Reserve(static_cast<int>(listing->entries.size()));
            for (const FileStatus& entry : listing->entries) {
              wire::ToProto(entry, *response.add_entries());
            }
          }));
}

void GetContentSummary(Call& call, const v1::GetContentSummaryRequest& request,
                       v1::GetContentSummaryResponse& response, DoneVoid done) {
  call.audit = {.command = "contentSummary", .source = request.path()};
  call.core.names.GetContentSummary(
      call.caller, request.path(),
      FillThen<ContentSummary>(std::move(done), [&response](const ContentSummary& summary) {
        wire::ToProto(summary, response);
      }));
}

}  // namespace cairn::namenode::grpc_handlers
