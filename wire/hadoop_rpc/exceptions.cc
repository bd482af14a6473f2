// Class names: Hadoop 3.4, and Java.
#include "wire/hadoop_rpc/exceptions.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "common/types/errors.h"

namespace cairn::wire {
namespace {

// Every kind once. Going back, the first row of a class counts.
constexpr std::array<std::pair<ErrorKind, std::string_view>, 28> kClasses = {{
    {ErrorKind::kIo, "java.io.IOException"},
    {ErrorKind::kFileNotFound, "java.io.FileNotFoundException"},
    {ErrorKind::kFileAlreadyExists, "org.apache.hadoop.fs.FileAlreadyExistsException"},
    {ErrorKind::kParentNotDirectory, "org.apache.hadoop.fs.ParentNotDirectoryException"},
    {ErrorKind::kPathIsNotDirectory, "org.apache.hadoop.fs.PathIsNotDirectoryException"},
    {ErrorKind::kPathIsNotEmptyDirectory, "org.apache.hadoop.fs.PathIsNotEmptyDirectoryException"},
    {ErrorKind::kInvalidPath, "org.apache.hadoop.fs.InvalidPathException"},
    {ErrorKind::kAccessControl, kAccessControlException},
    {ErrorKind::kAlreadyBeingCreated,
     "org.apache.hadoop.hdfs.protocol.AlreadyBeingCreatedException"},
    {ErrorKind::kRecoveryInProgress, "org.apache.hadoop.hdfs.protocol.RecoveryInProgressException"},
    {ErrorKind::kLeaseExpired, "org.apache.hadoop.hdfs.server.namenode.LeaseExpiredException"},
    {ErrorKind::kNotReplicatedYet,
     "org.apache.hadoop.hdfs.server.namenode.NotReplicatedYetException"},
    {ErrorKind::kSafeMode, "org.apache.hadoop.hdfs.server.namenode.SafeModeException"},
    {ErrorKind::kPathComponentTooLong,
     "org.apache.hadoop.hdfs.protocol.FSLimitException$PathComponentTooLongException"},
    {ErrorKind::kMaxDirectoryItems,
     "org.apache.hadoop.hdfs.protocol.FSLimitException$MaxDirectoryItemsExceededException"},
    {ErrorKind::kHadoopIllegalArgument, "org.apache.hadoop.HadoopIllegalArgumentException"},
    {ErrorKind::kIllegalArgument, "java.lang.IllegalArgumentException"},
    {ErrorKind::kRetriable, "org.apache.hadoop.ipc.RetriableException"},
    {ErrorKind::kUnsupportedOperation, "java.lang.UnsupportedOperationException"},
    {ErrorKind::kUnresolvedPath, "org.apache.hadoop.hdfs.protocol.UnresolvedPathException"},
    {ErrorKind::kUnregisteredNode, "org.apache.hadoop.hdfs.protocol.UnregisteredNodeException"},
    {ErrorKind::kDisallowedDatanode,
     "org.apache.hadoop.hdfs.server.protocol.DisallowedDatanodeException"},
    {ErrorKind::kIncorrectVersion,
     "org.apache.hadoop.hdfs.server.common.IncorrectVersionException"},
    {ErrorKind::kAssertion, "java.lang.AssertionError"},
    {ErrorKind::kReplicaNotFound,
     "org.apache.hadoop.hdfs.server.datanode.ReplicaNotFoundException"},
    {ErrorKind::kReplicaAlreadyExists,
     "org.apache.hadoop.hdfs.server.datanode.ReplicaAlreadyExistsException"},
    {ErrorKind::kChecksum, "org.apache.hadoop.fs.ChecksumException"},
    {ErrorKind::kDiskOutOfSpace, "org.apache.hadoop.util.DiskChecker$DiskOutOfSpaceException"},
}};

// Payload of a status that names its class itself.
constexpr char kClassUrl[] = "hadoop.exception";

constexpr std::string_view kStackFrame = "\n\tat ";

std::string_view ClassOf(ErrorKind kind) {
  for (const auto& [known, name] : kClasses) {
    if (known == kind) return name;
  }
  return kClasses.front().second;
}

// Errors of our own layers, which have no class of their own.
ErrorKind NearestKind(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return ErrorKind::kIllegalArgument;
    case absl::StatusCode::kUnimplemented:
      return ErrorKind::kUnsupportedOperation;
    case absl::StatusCode::kPermissionDenied:
      return ErrorKind::kAccessControl;
    default:
      return ErrorKind::kIo;
  }
}

}  // namespace

absl::Status JavaException(std::string_view exception_class, std::string_view message) {
  absl::Status status(absl::StatusCode::kFailedPrecondition,
                      absl::string_view(message.data(), message.size()));
  status.SetPayload(kClassUrl,
                    absl::Cord(absl::string_view(exception_class.data(), exception_class.size())));
  return status;
}

RpcError ToRpcError(const absl::Status& status) {
  if (const auto named = status.GetPayload(kClassUrl)) {
    return {.code = RpcErrorCode::kApplication,
            .exception_class = std::string(*named),
            .message = std::string(status.message())};
  }
  const ErrorKind kind = KindOf(status).value_or(NearestKind(status.code()));
  return {.code = RpcErrorCode::kApplication,
          .exception_class = std::string(ClassOf(kind)),
          .message = std::string(status.message())};
}

absl::Status FromRpcError(const RpcError& error) {
  std::string_view message = error.message;
  if (message.starts_with(kStackFrame.substr(1))) message = "";
  message = message.substr(0, message.find(kStackFrame));
  while (message.ends_with('\n') || message.ends_with('\r')) message.remove_suffix(1);
  for (const auto& [kind, name] : kClasses) {
    if (name == error.exception_class) return MakeError(kind, message);
  }
  return MakeError(ErrorKind::kIo, fmt::format("{}: {}", error.exception_class, message));
}

}  // namespace cairn::wire
