// Which failures are retried, how often, and after which pauses.
#include "client/base/retry_policy.h"

#include <gtest/gtest.h>

#include "common/types/errors.h"

namespace cairn::client {
namespace {

TEST(RetryPolicy, DomainErrorsAreFinal) {
  Random random(1);
  const RetryPolicy policy(10, 1000);
  EXPECT_FALSE(policy.NextPauseMs(errors::FileDoesNotExist("/x"), 0, true, random));
  EXPECT_FALSE(policy.NextPauseMs(absl::InvalidArgumentError("x"), 0, true, random));
}

TEST(RetryPolicy, UnreachableAndRetriableAreRetriedSoOftenOnly) {
  Random random(1);
  const RetryPolicy policy(3, 1000);
  for (const absl::Status& status :
       {absl::UnavailableError("refused"), absl::DeadlineExceededError("late"),
        absl::CancelledError("server shutdown"), errors::Retriable("NameNode still not started")}) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      EXPECT_TRUE(policy.NextPauseMs(status, attempt, false, random)) << status;
    }
    EXPECT_FALSE(policy.NextPauseMs(status, 3, false, random)) << status;
  }
}

TEST(RetryPolicy, SafeModeIsWaitedForOnlyWhereAsked) {
  Random random(1);
  const RetryPolicy policy(3, 1000);
  const absl::Status safe_mode = errors::SafeMode("create file/f", "tip");
  EXPECT_FALSE(policy.NextPauseMs(safe_mode, 0, false, random));
  EXPECT_TRUE(policy.NextPauseMs(safe_mode, 0, true, random));
}

TEST(RetryPolicy, PausesAreJitteredWithinHalfTheInterval) {
  Random random(42);
  const RetryPolicy policy(1, 1000);
  int64_t least = INT64_MAX;
  int64_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    const int64_t pause = *policy.NextPauseMs(absl::UnavailableError(""), 0, false, random);
    least = std::min(least, pause);
    most = std::max(most, pause);
  }
  EXPECT_GE(least, 500);
  EXPECT_LT(least, 600);
  EXPECT_LT(most, 1500);
  EXPECT_GT(most, 1400);
}

TEST(BoundedPolling, StartsShortAndWaitsAsLongAsHdfsInAll) {
  BoundedPolling polling(400, 60000, 5);
  EXPECT_EQ(*polling.NextPauseMs(), 10);
  EXPECT_EQ(*polling.NextPauseMs(), 20);
  int64_t total = 30;
  while (const auto pause = polling.NextPauseMs()) total += *pause;
  EXPECT_EQ(total, 400 + 800 + 1600 + 3200 + 6400);
}

TEST(BoundedPolling, NoRetriesIsNoPause) {
  EXPECT_FALSE(BoundedPolling(400, 60000, 0).NextPauseMs());
}

}  // namespace
}  // namespace cairn::client
