// Messages of the domain errors. Sources of the texts: the exception table of Hadoop 3.4's clients
// and servers.
#include "common/types/errors.h"

#include <fmt/format.h>
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "common/types/limits.h"

namespace cairn {
namespace {

constexpr char kKindUrl[] = "cairn.v1.ErrorKind";

absl::StatusCode CodeFor(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kFileNotFound:
    case ErrorKind::kReplicaNotFound:
      return absl::StatusCode::kNotFound;
    case ErrorKind::kReplicaAlreadyExists:
    case ErrorKind::kFileAlreadyExists:
      return absl::StatusCode::kAlreadyExists;
    case ErrorKind::kAccessControl:
    case ErrorKind::kDisallowedDatanode:
      return absl::StatusCode::kPermissionDenied;
    case ErrorKind::kInvalidPath:
    case ErrorKind::kPathComponentTooLong:
    case ErrorKind::kMaxDirectoryItems:
    case ErrorKind::kHadoopIllegalArgument:
    case ErrorKind::kIllegalArgument:
    case ErrorKind::kAssertion:
      return absl::StatusCode::kInvalidArgument;
    case ErrorKind::kRetriable:
      return absl::StatusCode::kUnavailable;
    case ErrorKind::kChecksum:
      return absl::StatusCode::kDataLoss;
    case ErrorKind::kDiskOutOfSpace:
      return absl::StatusCode::kResourceExhausted;
    case ErrorKind::kUnsupportedOperation:
      return absl::StatusCode::kUnimplemented;
    default:
      return absl::StatusCode::kFailedPrecondition;
  }
}

absl::Status NotFound(std::string_view line) { return MakeError(ErrorKind::kFileNotFound, line); }
absl::Status Exists(std::string_view line) {
  return MakeError(ErrorKind::kFileAlreadyExists, line);
}
absl::Status Denied(std::string_view line) { return MakeError(ErrorKind::kAccessControl, line); }

}  // namespace

absl::Status MakeError(ErrorKind kind, std::string_view first_line) {
  absl::Status status(CodeFor(kind), absl::string_view(first_line.data(), first_line.size()));
  status.SetPayload(kKindUrl, absl::Cord(fmt::format("{}", static_cast<uint32_t>(kind))));
  return status;
}

std::optional<ErrorKind> KindOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kKindUrl);
  uint32_t number = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &number)) return std::nullopt;
  return static_cast<ErrorKind>(number);
}

namespace errors {

using std::string_view;

absl::Status Io(string_view line) { return MakeError(ErrorKind::kIo, line); }

absl::Status FileDoesNotExist(string_view path) {
  return NotFound(fmt::format("File does not exist: {}", path));
}

absl::Status PathIsNotAFile(string_view path) {
  return NotFound(fmt::format("Path is not a file: {}", path));
}

absl::Status ParentDoesNotExist(string_view path) {
  return NotFound(fmt::format("Parent directory doesn't exist: {}", path));
}

absl::Status CannotOverwriteNonExistent(string_view path) {
  return NotFound(fmt::format("Can't overwrite non-existent {}", path));
}

absl::Status NoFileOrDirectory(string_view path) {
  return NotFound(fmt::format("Directory/File does not exist {}", path));
}

absl::Status NothingToSetTimesOn(string_view path) {
  return NotFound(fmt::format("File/Directory {} does not exist.", path));
}

absl::Status PathNotFound(string_view path) {
  return NotFound(fmt::format("Path not found: {}", path));
}

absl::Status InvalidInodePath(string_view path) {
  return NotFound(fmt::format("Invalid inode path: {}", path));
}

absl::Status NoFileForInodePath(string_view path) {
  return NotFound(fmt::format("File for given inode path does not exist: {}", path));
}

absl::Status NoSuchOpenFile(string_view path, InodeId id, string_view lease_text) {
  return NotFound(fmt::format("File does not exist: {} (inode {}) {}", path, id, lease_text));
}

absl::Status RenameSourceNotFound(string_view path) {
  return NotFound(fmt::format("rename source {} is not found.", path));
}

absl::Status RenameParentNotFound(string_view path) {
  return NotFound(fmt::format("rename destination parent {} not found.", path));
}

absl::Status FileExists(string_view path, string_view client_address) {
  return Exists(fmt::format("{} for client {} already exists", path, client_address));
}

absl::Status ExistsAsDirectory(string_view path) {
  return Exists(fmt::format("{} already exists as a directory", path));
}

absl::Status PathIsNotADirectory(string_view path) {
  return Exists(fmt::format("Path is not a directory: {}", path));
}

absl::Status RenameDestinationExists(string_view path) {
  return Exists(fmt::format("rename destination {} already exists", path));
}

absl::Status RenameSamePath(string_view path) {
  return Exists(fmt::format("The source {} and destination {} are the same", path, path));
}

absl::Status ParentIsNotADirectory(string_view path) {
  return MakeError(ErrorKind::kParentNotDirectory, fmt::format("{} (is not a directory)", path));
}

absl::Status ParentPathIsNotADirectory(string_view path) {
  return MakeError(ErrorKind::kParentNotDirectory,
                   fmt::format("Parent path is not a directory: {}", path));
}

absl::Status DirectoryNotEmpty(string_view path) {
  return MakeError(ErrorKind::kPathIsNotEmptyDirectory,
                   fmt::format("`{} is non empty': Directory is not empty", path));
}

absl::Status InvalidFileName(string_view path) {
  return MakeError(ErrorKind::kInvalidPath,
                   fmt::format("Invalid path name Invalid file name: {}", path));
}

absl::Status InvalidCreatePath(string_view path) {
  return MakeError(ErrorKind::kInvalidPath, fmt::format("Invalid path name {}", path));
}

absl::Status RenameReserved() {
  return MakeError(ErrorKind::kInvalidPath,
                   "Invalid path name Cannot rename to or from /.reserved");
}

absl::Status ReservedName(string_view name) {
  return MakeError(ErrorKind::kHadoopIllegalArgument,
                   fmt::format("\"{}\" is a reserved name.", name));
}

absl::Status ReservedRootName(string_view name) {
  return MakeError(ErrorKind::kHadoopIllegalArgument,
                   fmt::format("File name \"{}\" is reserved and cannot be created. If this is "
                               "during upgrade change the name of the existing file or directory "
                               "to another name before upgrading to the new release.",
                               name));
}

absl::Status RelativePath(string_view path) {
  return MakeError(ErrorKind::kAssertion,
                   fmt::format("Absolute path required, but got '{}'", path));
}

absl::Status PathTooLong(string_view operation) {
  return Io(fmt::format("{}: Pathname too long.  Limit {} characters, {} levels.", operation,
                        limits::kMaxPathLength, limits::kMaxPathDepth));
}

absl::Status PermissionDenied(string_view user, string_view access, string_view path,
                              string_view inode_text) {
  return Denied(fmt::format("Permission denied: user={}, access={}, inode=\"{}\":{}", user, access,
                            path, inode_text));
}

absl::Status StickyDenied(string_view user, string_view path, string_view inode_text,
                          string_view parent_path, string_view parent_text) {
  return Denied(
      fmt::format("Permission denied by sticky bit: user={}, path=\"{}\":{}, parent=\"{}\":{}",
                  user, path, inode_text, parent_path, parent_text));
}

absl::Status NotOwner(string_view user, string_view path) {
  return Denied(fmt::format("Permission denied. user={} is not the owner of inode={}", user, path));
}

absl::Status SuperuserRequired(string_view user, string_view operation) {
  return Denied(
      fmt::format("Access denied for user {}. Superuser privilege is required for operation {}",
                  user, operation));
}

absl::Status OnlySuperuserChangesOwner(string_view user) {
  return Denied(
      fmt::format("User {} is not a super user (non-super user cannot change owner).", user));
}

absl::Status NotInGroup(string_view user, string_view group) {
  return Denied(fmt::format("User {} does not belong to {}", user, group));
}

absl::Status IsNotADirectory(string_view path) {
  return Denied(fmt::format("{} (is not a directory)", path));
}

absl::Status AlreadyBeingCreated(string_view operation, string_view path, string_view holder,
                                 string_view client_address, string_view why) {
  return MakeError(ErrorKind::kAlreadyBeingCreated,
                   fmt::format("Failed to {} {} for {} on {} because {}", operation, path, holder,
                               client_address, why));
}

absl::Status LeaseRecoveryInProgress(string_view operation, string_view path, string_view holder,
                                     string_view client_address) {
  return MakeError(
      ErrorKind::kRecoveryInProgress,
      fmt::format(
          "Failed to {} {} for {} on {} because lease recovery is in progress. Try again later.",
          operation, path, holder, client_address));
}

absl::Status NotOpenForWriting(string_view path, InodeId id, string_view lease_text) {
  return MakeError(
      ErrorKind::kLeaseExpired,
      fmt::format("File is not open for writing: {} (inode {}) {}", path, id, lease_text));
}

absl::Status NotLeaseOwner(string_view client, string_view owner, string_view path, InodeId id,
                           string_view lease_text) {
  return MakeError(ErrorKind::kLeaseExpired,
                   fmt::format("Client (={}) is not the lease owner (={}: {} (inode {}) {}", client,
                               owner, path, id, lease_text));
}

absl::Status NotReplicatedYet(string_view path) {
  return MakeError(ErrorKind::kNotReplicatedYet, fmt::format("Not replicated yet: {}", path));
}

absl::Status SafeMode(string_view verb_and_path, string_view tip) {
  return MakeError(ErrorKind::kSafeMode,
                   fmt::format("Cannot {}. Name node is in safe mode.\n{}", verb_and_path, tip));
}

absl::Status ComponentTooLong(string_view name, string_view directory, int64_t limit,
                              int64_t length) {
  return MakeError(ErrorKind::kPathComponentTooLong,
                   fmt::format("The maximum path component name limit of {} in directory {} is "
                               "exceeded: limit={} length={}",
                               name, directory, limit, length));
}

absl::Status TooManyDirectoryItems(string_view directory, int64_t limit, int64_t items) {
  return MakeError(ErrorKind::kMaxDirectoryItems,
                   fmt::format("The directory item limit of {} is exceeded: limit={} items={}",
                               directory, limit, items));
}

absl::Status NegativeArgument(string_view what, string_view path) {
  return MakeError(ErrorKind::kIllegalArgument,
                   fmt::format("Negative {} is not supported. File: {}", what, path));
}

absl::Status Retriable(string_view line) { return MakeError(ErrorKind::kRetriable, line); }

absl::Status UnresolvedPath(string_view path) {
  return MakeError(ErrorKind::kUnresolvedPath, path);
}

absl::Status NotEnoughTargets(string_view path, int chosen, int minimum, int live_datanodes,
                              int excluded, string_view detail) {
  return Io(
      fmt::format("File {} could only be written to {} of the {} minReplication nodes. There are "
                  "{} datanode(s) running and {} node(s) are excluded in this operation.{}",
                  path, chosen, minimum, live_datanodes,
                  excluded == 0 ? "no" : fmt::format("{}", excluded), detail));
}

absl::Status BlockSizeTooSmall(int64_t asked, int64_t minimum) {
  return Io(
      fmt::format("Specified block size {} is less than configured minimum value "
                  "dfs.namenode.fs-limits.min-block-size={}",
                  asked, minimum));
}

absl::Status ReplicationTooHigh(int asked, int maximum, string_view path) {
  return Io(fmt::format("Requested replication factor of {} exceeds maximum of {} for {}", asked,
                        maximum, path));
}

absl::Status ReplicationTooLow(int asked, int minimum, string_view path) {
  return Io(fmt::format(
      "Requested replication factor of {} is less than the required minimum of {} for {}", asked,
      minimum, path));
}

absl::Status UnexpectedBlockPool(string_view got, string_view expected) {
  return Io(fmt::format("Unexpected BlockPoolId {} - expected {}", got, expected));
}

absl::Status RenameSourceIsRoot() { return Io("rename source cannot be the root"); }

absl::Status RenameDestinationIsRoot() { return Io("rename destination cannot be the root"); }

absl::Status RenameUnderItself(string_view source, string_view destination) {
  return Io(fmt::format("Rename destination {} is a directory or file under source {}", destination,
                        source));
}

absl::Status RenameKindsDiffer(string_view source, string_view destination) {
  return Io(
      fmt::format("Source {} and destination {} must both be directories", source, destination));
}

absl::Status RenameDestinationNotEmpty(string_view path) {
  return Io(fmt::format("rename destination directory is not empty: {}", path));
}

absl::Status UnregisteredNode(string_view line) {
  return MakeError(ErrorKind::kUnregisteredNode, line);
}

absl::Status IncorrectVersion(string_view line) {
  return MakeError(ErrorKind::kIncorrectVersion, line);
}

absl::Status DisallowedDatanode(string_view line) {
  return MakeError(ErrorKind::kDisallowedDatanode, line);
}

absl::Status ReplicaNotFound(std::string_view line) {
  return MakeError(ErrorKind::kReplicaNotFound, line);
}
absl::Status ReplicaExists(std::string_view line) {
  return MakeError(ErrorKind::kReplicaAlreadyExists, line);
}
absl::Status Checksum(std::string_view line) { return MakeError(ErrorKind::kChecksum, line); }
absl::Status DiskOutOfSpace(std::string_view line) {
  return MakeError(ErrorKind::kDiskOutOfSpace, line);
}
absl::Status ReplicaRecoveryInProgress(std::string_view line) {
  return MakeError(ErrorKind::kRecoveryInProgress, line);
}

}  // namespace errors
}  // namespace cairn
