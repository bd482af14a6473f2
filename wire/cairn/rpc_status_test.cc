// Errors keep their text and kind over the wire.
#include "wire/cairn/rpc_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/types/errors.h"
#include "wire/cairn/utf8.h"

namespace cairn::wire {
namespace {

absl::Status RoundTrip(const absl::Status& status) {
  const RpcStatusParts parts = ToRpcStatus(status);
  return FromRpcStatus(parts.code, parts.message, parts.details);
}

TEST(RpcStatus, EveryKindSurvivesTheTrip) {
  for (uint32_t kind = 1; kind <= static_cast<uint32_t>(ErrorKind::kAssertion); ++kind) {
    const absl::Status sent = MakeError(static_cast<ErrorKind>(kind), "first line\nsecond");
    const absl::Status got = RoundTrip(sent);
    EXPECT_EQ(got, sent);
    EXPECT_EQ(KindOf(got), static_cast<ErrorKind>(kind));
  }
}

TEST(RpcStatus, ErrorsWithoutKindKeepCodeAndText) {
  const absl::Status sent = absl::InvalidArgumentError("no user");
  EXPECT_EQ(RoundTrip(sent), sent);
  EXPECT_TRUE(ToRpcStatus(sent).details.empty());
  EXPECT_TRUE(RoundTrip(absl::OkStatus()).ok());
}

TEST(RpcStatus, DamagedDetailsLoseOnlyTheKind) {
  const absl::Status got = FromRpcStatus(5, "gone", "\xff\xff\xff garbage");
  EXPECT_EQ(got.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(KindOf(got), std::nullopt);
  EXPECT_EQ(FromRpcStatus(77, "odd", "").code(), absl::StatusCode::kUnknown);
}

TEST(RpcStatus, LongAndUnprintableTextsFitIntoHeaders) {
  const absl::Status sent = errors::FileDoesNotExist("/" + std::string(8000, 'x') + "\xff");
  const RpcStatusParts parts = ToRpcStatus(sent);
  EXPECT_LE(parts.message.size(), kMaxErrorTextBytes);
  EXPECT_LE(parts.details.size(), kMaxErrorTextBytes + 100);
  EXPECT_TRUE(IsUtf8(parts.message));
  EXPECT_TRUE(Is(RoundTrip(sent), ErrorKind::kFileNotFound));
}

}  // namespace
}  // namespace cairn::wire
