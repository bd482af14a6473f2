// Every domain error, one constructor each. An error is an absl::Status whose message is HDFS's
// exact first line (what clients and scripts match) and whose payload is an ErrorKind; front ends
// map the kind, never the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/types/ids.h"

namespace cairn {

// One value per exception class of HDFS that a caller may see. Numbers travel in
// cairn.v1.ErrorDetail: append only, never reuse.
enum class ErrorKind : uint32_t {
  kIo = 1,                       // java.io.IOException
  kFileNotFound = 2,             // java.io.FileNotFoundException
  kFileAlreadyExists = 3,        // FileAlreadyExistsException
  kParentNotDirectory = 4,       // ParentNotDirectoryException
  kPathIsNotDirectory = 5,       // PathIsNotDirectoryException
  kPathIsNotEmptyDirectory = 6,  // PathIsNotEmptyDirectoryException
  kInvalidPath = 7,              // InvalidPathException
  kAccessControl = 8,            // AccessControlException
  kAlreadyBeingCreated = 9,      // AlreadyBeingCreatedException
  kRecoveryInProgress = 10,      // RecoveryInProgressException
  kLeaseExpired = 11,            // LeaseExpiredException
  kNotReplicatedYet = 12,        // NotReplicatedYetException
  kSafeMode = 13,                // SafeModeException
  kPathComponentTooLong = 14,    // FSLimitException$PathComponentTooLongException
  kMaxDirectoryItems = 15,       // FSLimitException$MaxDirectoryItemsExceededException
  kHadoopIllegalArgument = 16,   // HadoopIllegalArgumentException
  kIllegalArgument = 17,         // java.lang.IllegalArgumentException
  kRetriable = 18,               // RetriableException
  kUnsupportedOperation = 19,    // UnsupportedOperationException
  kUnresolvedPath = 20,          // UnresolvedPathException (a symlink was met)
  kUnregisteredNode = 21,        // UnregisteredNodeException
  kDisallowedDatanode = 22,      // DisallowedDatanodeException
  kIncorrectVersion = 23,        // IncorrectVersionException
  kAssertion = 24,               // java.lang.AssertionError (a relative path)
  kReplicaNotFound = 25,         // ReplicaNotFoundException
  kReplicaAlreadyExists = 26,    // ReplicaAlreadyExistsException
  kChecksum = 27,                // ChecksumException
  kDiskOutOfSpace = 28,          // DiskChecker$DiskOutOfSpaceException
};

// An error of `kind` with `first_line` as its message.
absl::Status MakeError(ErrorKind kind, std::string_view first_line);
// The kind of an error made here; empty for any other status.
std::optional<ErrorKind> KindOf(const absl::Status& status);
inline bool Is(const absl::Status& status, ErrorKind kind) { return KindOf(status) == kind; }

namespace errors {

absl::Status Io(std::string_view line);

// FileNotFoundException. `path` is the absolute path the caller named.
absl::Status FileDoesNotExist(std::string_view path);    // File does not exist: /p
absl::Status PathIsNotAFile(std::string_view path);      // Path is not a file: /d
absl::Status ParentDoesNotExist(std::string_view path);  // Parent directory doesn't exist: /p
absl::Status CannotOverwriteNonExistent(std::string_view path);  // Can't overwrite non-existent /p
absl::Status NoFileOrDirectory(
    std::string_view path);  // Directory/File does not exist /p (setPermission, setOwner)
absl::Status NothingToSetTimesOn(
    std::string_view path);                        // File/Directory /p does not exist. (setTimes)
absl::Status PathNotFound(std::string_view path);  // Path not found: /p (checkAccess)
absl::Status InvalidInodePath(std::string_view path);  // Invalid inode path: …
absl::Status NoFileForInodePath(
    std::string_view path);  // File for given inode path does not exist: …
absl::Status NoSuchOpenFile(
    std::string_view path, InodeId id,
    std::string_view lease_text);  // File does not exist: /p (inode N) <lease>
absl::Status RenameSourceNotFound(std::string_view path);
absl::Status RenameParentNotFound(std::string_view path);

// FileAlreadyExistsException.
absl::Status FileExists(std::string_view path,
                        std::string_view client_address);  // /p for client IP already exists
absl::Status ExistsAsDirectory(std::string_view path);     // /d already exists as a directory
absl::Status PathIsNotADirectory(std::string_view path);   // Path is not a directory: /f (mkdirs)
absl::Status RenameDestinationExists(std::string_view path);
absl::Status RenameSamePath(std::string_view path);

// ParentNotDirectoryException.
absl::Status ParentIsNotADirectory(std::string_view path);  // /f (is not a directory)
absl::Status ParentPathIsNotADirectory(
    std::string_view path);  // Parent path is not a directory: /f

absl::Status DirectoryNotEmpty(std::string_view path);  // PathIsNotEmptyDirectoryException
absl::Status InvalidFileName(
    std::string_view path);  // Invalid path name Invalid file name: /a:b (mkdirs, renames)
absl::Status InvalidCreatePath(std::string_view path);  // Invalid path name /a:b (create)
absl::Status RenameReserved();  // Invalid path name Cannot rename to or from /.reserved
absl::Status ReservedName(std::string_view name);  // HIA: ".snapshot" is a reserved name.
absl::Status ReservedRootName(
    std::string_view name);  // HIA: File name ".reserved" is reserved and cannot be created. …
absl::Status RelativePath(
    std::string_view path);  // AssertionError: Absolute path required, but got 'x'
absl::Status PathTooLong(std::string_view operation);  // IOE: mkdirs: Pathname too long.  Limit
                                                       // 8000 characters, 1000 levels.

// AccessControlException. `inode_text` is owner:group:drwxr-xr-x as in HDFS's messages.
absl::Status PermissionDenied(std::string_view user, std::string_view access, std::string_view path,
                              std::string_view inode_text);
absl::Status StickyDenied(std::string_view user, std::string_view path, std::string_view inode_text,
                          std::string_view parent_path, std::string_view parent_text);
absl::Status NotOwner(std::string_view user, std::string_view path);
absl::Status SuperuserRequired(std::string_view user, std::string_view operation);
absl::Status OnlySuperuserChangesOwner(std::string_view user);
absl::Status NotInGroup(std::string_view user, std::string_view group);
absl::Status IsNotADirectory(
    std::string_view path);  // /f (is not a directory), when traversed by a read

// Leases. `operation` is CREATE_FILE, APPEND_FILE, TRUNCATE_FILE or RECOVER_LEASE; `why` the reason
// after "because".
absl::Status AlreadyBeingCreated(std::string_view operation, std::string_view path,
                                 std::string_view holder, std::string_view client_address,
                                 std::string_view why);
absl::Status LeaseRecoveryInProgress(std::string_view operation, std::string_view path,
                                     std::string_view holder, std::string_view client_address);
absl::Status NotOpenForWriting(std::string_view path, InodeId id, std::string_view lease_text);
absl::Status NotLeaseOwner(std::string_view client, std::string_view owner, std::string_view path,
                           InodeId id, std::string_view lease_text);

absl::Status NotReplicatedYet(std::string_view path);
// `verb_and_path` as in "create directory /d"; `tip` is the text after the first line.
absl::Status SafeMode(std::string_view verb_and_path, std::string_view tip);
absl::Status ComponentTooLong(std::string_view name, std::string_view directory, int64_t limit,
                              int64_t length);
absl::Status TooManyDirectoryItems(std::string_view directory, int64_t limit, int64_t items);
absl::Status NegativeArgument(std::string_view what,
                              std::string_view path);  // Negative offset is not supported. File: /p
absl::Status Retriable(std::string_view line);
absl::Status UnresolvedPath(std::string_view path);

// Blocks.
absl::Status NotEnoughTargets(std::string_view path, int chosen, int minimum, int live_datanodes,
                              int excluded, std::string_view detail);
absl::Status BlockSizeTooSmall(int64_t asked, int64_t minimum);
absl::Status ReplicationTooHigh(int asked, int maximum, std::string_view path);
absl::Status ReplicationTooLow(int asked, int minimum, std::string_view path);
absl::Status UnexpectedBlockPool(std::string_view got, std::string_view expected);

// Renames (IOE).
absl::Status RenameSourceIsRoot();
absl::Status RenameDestinationIsRoot();
absl::Status RenameUnderItself(std::string_view source, std::string_view destination);
absl::Status RenameKindsDiffer(std::string_view source, std::string_view destination);
absl::Status RenameDestinationNotEmpty(std::string_view path);

// DataNode registration.
absl::Status UnregisteredNode(std::string_view line);
absl::Status DisallowedDatanode(std::string_view line);
// IncorrectVersionException: a DataNode of another cluster, block pool or layout.
absl::Status IncorrectVersion(std::string_view line);

// Replicas on a DataNode. `line` is the whole message.
absl::Status ReplicaNotFound(std::string_view line);
absl::Status ReplicaExists(std::string_view line);
absl::Status Checksum(std::string_view line);
absl::Status DiskOutOfSpace(std::string_view line);
absl::Status ReplicaRecoveryInProgress(std::string_view line);  // RecoveryInProgressException

}  // namespace errors
}  // namespace cairn
