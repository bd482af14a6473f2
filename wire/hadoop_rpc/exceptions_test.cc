// Tests of the table of exception classes.
#include "wire/hadoop_rpc/exceptions.h"

#include <gtest/gtest.h>

#include <set>

#include "common/types/errors.h"

namespace cairn::wire {
namespace {

TEST(Exceptions, EveryKindComesBackAsItWent) {
  std::set<std::string> classes;
  for (uint32_t kind = 1; kind <= static_cast<uint32_t>(ErrorKind::kDiskOutOfSpace); ++kind) {
    const auto status = MakeError(static_cast<ErrorKind>(kind), "first line\nsecond line");
    const RpcError error = ToRpcError(status);
    EXPECT_EQ(error.code, RpcErrorCode::kApplication);
    EXPECT_TRUE(classes.insert(error.exception_class).second) << error.exception_class;
    EXPECT_EQ(FromRpcError(error), status);
  }
}

TEST(Exceptions, HadoopsNames) {
  EXPECT_EQ(ToRpcError(errors::FileDoesNotExist("/p")),
            (RpcError{.code = RpcErrorCode::kApplication,
                      .exception_class = "java.io.FileNotFoundException",
                      .message = "File does not exist: /p"}));
  EXPECT_EQ(ToRpcError(errors::ReplicaRecoveryInProgress("busy")).exception_class,
            "org.apache.hadoop.hdfs.protocol.RecoveryInProgressException");
}

TEST(Exceptions, AJavaExceptionKeepsItsClass) {
  const absl::Status status = JavaException("org.apache.hadoop.fs.InvalidRequestException", "no");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(ToRpcError(status),
            (RpcError{.code = RpcErrorCode::kApplication,
                      .exception_class = "org.apache.hadoop.fs.InvalidRequestException",
                      .message = "no"}));
}

TEST(Exceptions, ErrorsWithoutKindGetTheNearestClass) {
  EXPECT_EQ(ToRpcError(absl::UnavailableError("no disk")).exception_class, "java.io.IOException");
  EXPECT_EQ(ToRpcError(absl::UnimplementedError("no")).exception_class,
            "java.lang.UnsupportedOperationException");
}

TEST(Exceptions, TheStackTraceOfAJavaServerIsCutOff) {
  const absl::Status status = FromRpcError(
      {.code = RpcErrorCode::kApplication,
       .exception_class = "org.apache.hadoop.hdfs.server.datanode.ReplicaNotFoundException",
       .message = "Cannot get replica\n\tat a.b.C.d(C.java:1)\n\tat a.b.C.e(C.java:2)\n"});
  EXPECT_TRUE(Is(status, ErrorKind::kReplicaNotFound));
  EXPECT_EQ(status.message(), "Cannot get replica");
  EXPECT_EQ(FromRpcError({.code = RpcErrorCode::kApplication,
                          .exception_class = "java.io.IOException",
                          .message = "\tat a.b.C.d(C.java:1)\n"})
                .message(),
            "");
}

TEST(Exceptions, AnUnknownClassIsNamed) {
  const absl::Status status = FromRpcError({.code = RpcErrorCode::kApplication,
                                            .exception_class = "java.lang.NullPointerException",
                                            .message = "oops\n\tat x"});
  EXPECT_TRUE(Is(status, ErrorKind::kIo));
  EXPECT_EQ(status.message(), "java.lang.NullPointerException: oops");
}

}  // namespace
}  // namespace cairn::wire
