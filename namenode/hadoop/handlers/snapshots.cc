// Snapshots: the answers of an HDFS in which no directory has been made snapshottable. The root is
// so from the start there, with a quota of none.
#include <fmt/format.h>

#include "common/types/errors.h"
#include "namenode/hadoop/handlers/checks.h"
#include "namenode/hadoop/handlers/handlers.h"
#include "wire/hadoop_rpc/exceptions.h"
#include "wire/hdfs/replies.h"

namespace cairn::namenode::hadoop_handlers {
namespace {

absl::Status SnapshotException(std::string_view message) {
  return wire::JavaException("org.apache.hadoop.hdfs.protocol.SnapshotException", message);
}

absl::Status NotSnapshottable(const std::string& path) {
  return SnapshotException(fmt::format("Directory is not a snapshottable directory: {}", path));
}

absl::Status CheckIsDirectory(const FileStatus& status, const std::string& path) {
  if (status.is_directory()) return absl::OkStatus();
  return MakeError(ErrorKind::kPathIsNotDirectory, fmt::format("`{}': Is not a directory", path));
}

// A directory that is asked for as such.
absl::Status CheckDirectory(const std::optional<FileStatus>& status, const std::string& path) {
  if (status) return CheckIsDirectory(*status, path);
  return MakeError(ErrorKind::kFileNotFound, "Directory does not exist: " + path);
}

// HDFS's DFSUtil.isValidNameForComponent.
bool IsValidName(std::string_view name) {
  return name != "." && name != ".." && name != ".snapshot" && name != ".reserved" &&
         name.find_first_of(":/") == std::string_view::npos;
}

bool IsRoot(std::string_view path) { return path.find_first_not_of('/') == std::string_view::npos; }

// allowSnapshot and disallowSnapshot: a superuser's, on a directory.
void OnDirectory(Call& call, const char* operation, std::string_view verb, const std::string& path,
                 const absl::Status& answer, DoneVoid done) {
  call.audit = {.command = operation, .source = path};
  absl::Status status = CheckSuperuser(call.caller, operation);
  if (status.ok()) status = NeedNoSafeMode(call, fmt::format("{} snapshot for {}", verb, path));
  if (!status.ok()) return done(std::move(status));
  LookUpAndJudge(
      call, {.path = path, .creation = true},
      [path, answer](const std::optional<FileStatus>& found) {
        absl::Status directory = CheckDirectory(found, path);
        return directory.ok() ? answer : directory;
      },
      std::move(done));
}

// Changes of the snapshots of `path`, which are its owner's. `name` is what is wrong with the
// snapshot's name, `of_root` the answer for the root.
void OnSnapshot(Call& call, const char* operation, std::string_view verb, const std::string& path,
                const absl::Status& name, const absl::Status& of_root, DoneVoid done) {
  call.audit = {.command = operation, .source = path};
  absl::Status status = NeedNoSafeMode(call, fmt::format("{} snapshot for {}", verb, path));
  if (!status.ok()) return done(std::move(status));
  LookUpAndJudge(
      call, {.path = path, .owner = true},
      [path, name, of_root](const std::optional<FileStatus>& found) {
        if (!found) return errors::NoFileOrDirectory(path);
        if (!name.ok()) return name;
        if (absl::Status kind = CheckIsDirectory(*found, path); !kind.ok()) return kind;
        return IsRoot(path) ? of_root : NotSnapshottable(path);
      },
      std::move(done));
}

void Compare(Call& call, const std::string& path, const std::string& from, const std::string& to,
             DoneVoid done) {
  call.audit = {.command = "computeSnapshotDiff", .source = path};
  const std::string& name = from.empty() ? to : from;
  LookUpAndJudge(
      call, {.path = path + "/.snapshot"},
      [path, name](const std::optional<FileStatus>& /*found*/) {
        if (!IsRoot(path)) {
          return SnapshotException(
              fmt::format("The path {} is neither snapshottable nor under a snapshot root!", path));
        }
        return SnapshotException(
            fmt::format("Cannot find the snapshot of directory / with name {}", name));
      },
      std::move(done));
}

}  // namespace

void ListSnapshots(Call& call, const pb::GetListingRequestProto& request,
                   SerializedResponse& response, DoneVoid& done) {
  const std::string path = request.src().substr(0, request.src().rfind('/'));
  if (IsRoot(path)) {
    response.bytes = wire::EncodeListing({}, response.room);
    return done(absl::OkStatus());
  }
  LookUpAndJudge(
      call, {.path = path},
      [path](const std::optional<FileStatus>& found) {
        absl::Status directory = CheckDirectory(found, path);
        return directory.ok() ? NotSnapshottable(path) : directory;
      },
      std::move(done));
}

void AllowSnapshot(Call& call, const pb::AllowSnapshotRequestProto& request,
                   pb::AllowSnapshotResponseProto& /*response*/, DoneVoid done) {
  OnDirectory(call, "allowSnapshot", "allow", request.snapshotroot(),
              MakeError(ErrorKind::kUnsupportedOperation, "Snapshots are not supported."),
              std::move(done));
}

void DisallowSnapshot(Call& call, const pb::DisallowSnapshotRequestProto& request,
                      pb::DisallowSnapshotResponseProto& /*response*/, DoneVoid done) {
  OnDirectory(call, "disallowSnapshot", "disallow", request.snapshotroot(), absl::OkStatus(),
              std::move(done));
}

void CreateSnapshot(Call& call, const pb::CreateSnapshotRequestProto& request,
                    pb::CreateSnapshotResponseProto& /*response*/, DoneVoid done) {
  const std::string& name = request.snapshotname();
  OnSnapshot(call, "createSnapshot", "create", request.snapshotroot(),
             IsValidName(name) ? absl::OkStatus()
                               : MakeError(ErrorKind::kInvalidPath,
                                           "Invalid path name Invalid snapshot name: " + name),
             SnapshotException("Failed to add snapshot: there are already 0 snapshot(s) and the "
                               "snapshot quota is 0"),
             std::move(done));
}

void RenameSnapshot(Call& call, const pb::RenameSnapshotRequestProto& request,
                    pb::RenameSnapshotResponseProto& /*response*/, DoneVoid done) {
  const bool slash = request.snapshotnewname().find('/') != std::string::npos;
  OnSnapshot(
      call, "renameSnapshot", "rename", request.snapshotroot(),
      slash ? MakeError(ErrorKind::kHadoopIllegalArgument, "Snapshot name cannot contain \"/\"")
            : absl::OkStatus(),
      SnapshotException(
          fmt::format("The snapshot {} does not exist for directory /", request.snapshotoldname())),
      std::move(done));
}

void DeleteSnapshot(Call& call, const pb::DeleteSnapshotRequestProto& request,
                    pb::DeleteSnapshotResponseProto& /*response*/, DoneVoid done) {
  OnSnapshot(call, "deleteSnapshot", "delete", request.snapshotroot(), absl::OkStatus(),
             SnapshotException(
                 fmt::format("Cannot delete snapshot {} from path /: the snapshot does not exist.",
                             request.snapshotname())),
             std::move(done));
}

void GetSnapshotListing(Call& call, const pb::GetSnapshotListingRequestProto& request,
                        pb::GetSnapshotListingResponseProto& response, DoneVoid done) {
  const std::string& path = request.snapshotroot();
  call.audit = {.command = "ListSnapshot", .source = path};
  LookUpAndJudge(
      call, {.path = path, .creation = true},
      [path, &response](const std::optional<FileStatus>& found) {
        if (absl::Status kind = CheckDirectory(found, path); !kind.ok()) return kind;
        if (!IsRoot(path)) return NotSnapshottable(path);
        response.mutable_snapshotlist();
        return absl::OkStatus();
      },
      std::move(done));
}

void GetSnapshotDiffReport(Call& call, const pb::GetSnapshotDiffReportRequestProto& request,
                           NoReply& /*response*/, DoneVoid done) {
  Compare(call, request.snapshotroot(), request.fromsnapshot(), request.tosnapshot(),
          std::move(done));
}

void GetSnapshotDiffReportListing(Call& call,
                                  const pb::GetSnapshotDiffReportListingRequestProto& request,
                                  NoReply& /*response*/, DoneVoid done) {
  Compare(call, request.snapshotroot(), request.fromsnapshot(), request.tosnapshot(),
          std::move(done));
}

}  // namespace cairn::namenode::hadoop_handlers
