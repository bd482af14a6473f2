// Calls that change or list the tree.
#include <fmt/format.h>

#include "common/types/errors.h"
#include "namenode/hadoop/handlers/checks.h"
#include "namenode/hadoop/handlers/handlers.h"
#include "namenode/namespace/permissions.h"
#include "wire/hdfs/convert.h"
#include "wire/hdfs/replies.h"

namespace cairn::namenode::hadoop_handlers {

void Mkdirs(Call& call, const pb::MkdirsRequestProto& request, pb::MkdirsResponseProto& response,
            DoneVoid done) {
  call.audit = {.command = "mkdirs", .source = request.src()};
  call.core.names.Mkdirs(
      call.caller,
      MkdirsRequest{.path = request.src(),
                    .mode = static_cast<uint16_t>(request.masked().perm() & 01777),
                    .create_parent = request.createparent()},
      FillThen<bool>(std::move(done), [&response](bool made) { response.set_result(made); }));
}

void Delete(Call& call, const pb::DeleteRequestProto& request, pb::DeleteResponseProto& response,
            DoneVoid done) {
  call.audit = {.command = "delete", .source = request.src()};
  call.core.names.Delete(call.caller, request.src(), request.recursive(),
                         FillThen<bool>(std::move(done), [&call, &response](bool deleted) {
                           response.set_result(deleted);
                           call.audit.refused = !deleted;
                         }));
}

void Rename(Call& call, const pb::RenameRequestProto& request, pb::RenameResponseProto& response,
            DoneVoid done) {
  call.audit = {.command = "rename", .source = request.src(), .destination = request.dst()};
  call.core.names.Rename(call.caller,
                         RenameRequest{.source = request.src(), .destination = request.dst()},
                         FillThen<bool>(std::move(done), [&call, &response](bool renamed) {
                           response.set_result(renamed);
                           if (!renamed)
                             call.audit.command.clear();  // HDFS audits only what it did
                         }));
}

void Rename2(Call& call, const pb::Rename2RequestProto& request,
             pb::Rename2ResponseProto& /*response*/, DoneVoid done) {
  std::string options = request.overwritedest() ? "OVERWRITE" : "";
  if (request.movetotrash()) options += options.empty() ? "TO_TRASH" : ", TO_TRASH";
  call.audit = {.command = fmt::format("rename (options=[{}])", options.empty() ? "NONE" : options),
                .source = request.src(),
                .destination = request.dst()};
  call.core.names.Rename2(call.caller,
                          RenameRequest{.source = request.src(),
                                        .destination = request.dst(),
                                        .overwrite = request.overwritedest(),
                                        .move_to_trash = request.movetotrash()},
                          std::move(done));
}

void GetListing(Call& call, const pb::GetListingRequestProto& request, SerializedResponse& response,
                DoneVoid done) {
  call.audit = {.command = "listStatus", .source = request.src()};
  if (request.src().ends_with("/.snapshot")) return ListSnapshots(call, request, response, done);
  call.core.names.GetListing(
      call.caller,
      ListRequest{.path = request.src(),
                  .start_after = request.startafter(),
                  .need_location = request.needlocation()},
      FillThen<std::optional<DirectoryListing>>(
          std::move(done), [&response](const std::optional<DirectoryListing>& listing) {
            if (listing) response.bytes = wire::EncodeListing(*listing, response.room);
          }));
}

void GetContentSummary(Call& call, const pb::GetContentSummaryRequestProto& request,
                       pb::GetContentSummaryResponseProto& response, DoneVoid done) {
  call.audit = {.command = "contentSummary", .source = request.path()};
  call.core.names.GetContentSummary(
      call.caller, request.path(),
      FillThen<ContentSummary>(std::move(done), [&response](const ContentSummary& sum) {
        wire::ToProto(sum, *response.mutable_summary());
      }));
}

void GetQuotaUsage(Call& call, const pb::GetQuotaUsageRequestProto& request,
                   pb::GetQuotaUsageResponseProto& response, DoneVoid done) {
  call.audit = {.command = "quotaUsage", .source = request.path()};
  call.core.names.GetContentSummary(
      call.caller, request.path(),
      [&request, &response,
       done = std::move(done)](const absl::StatusOr<ContentSummary>& sum) mutable {
        if (sum.status() == errors::FileDoesNotExist(request.path())) {
          return done(MakeError(ErrorKind::kFileNotFound,
                                "File/Directory does not exist: " + request.path()));
        }
        if (!sum.ok()) return done(sum.status());
        auto& usage = *response.mutable_usage();
        usage.set_fileanddirectorycount(
            static_cast<uint64_t>(sum->file_count + sum->directory_count));
        usage.set_quota(static_cast<uint64_t>(sum->quota));
        usage.set_spaceconsumed(static_cast<uint64_t>(sum->space_consumed));
        usage.set_spacequota(static_cast<uint64_t>(sum->space_quota));
        done(absl::OkStatus());
      });
}

void GetEnclosingRoot(Call& call, const pb::GetEnclosingRootRequestProto& request,
                      pb::GetEnclosingRootResponseProto& response, DoneVoid done) {
  call.audit = {.command = "getEnclosingRoot", .source = request.filename()};
  response.set_enclosingrootpath("/");  // no encryption zones
  LookUpAndJudge(
      call, {.path = request.filename(), .access = kRead},
      [](const std::optional<FileStatus>& /*found*/) { return absl::OkStatus(); }, std::move(done));
}

void GetLinkTarget(Call& call, const pb::GetLinkTargetRequestProto& request,
                   pb::GetLinkTargetResponseProto& response, DoneVoid done) {
  call.core.names.GetFileInfo(
      call.caller, request.path(), false,
      [&request, &response,
       done = std::move(done)](absl::StatusOr<std::optional<FileStatus>> status) mutable {
        if (!status.ok()) return done(status.status());
        if (!*status) return done(errors::FileDoesNotExist(request.path()));
        if ((*status)->type != FileType::kSymlink) {
          return done(errors::Io(fmt::format("Path {} is not a symbolic link", request.path())));
        }
        response.set_targetpath((*status)->symlink_target);
        done(absl::OkStatus());
      });
}

}  // namespace cairn::namenode::hadoop_handlers
