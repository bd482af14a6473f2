// Remembered calls: duplicates of running and finished calls, across restarts, and their expiry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>

#include "namenode/namespace/testing/namespace_fixture.h"

namespace cairn::namenode {
namespace {

class ExactlyOnceTest : public ::testing::TestWithParam<CacheSize> {
 protected:
  static Caller Call(int64_t id) {
    return TestNamespace::Remembered(TestNamespace::Root(), 'c', id);
  }
  size_t RetryRows() { return fs_.disk().size(Table::kRetry); }

  TestNamespace fs_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Caches, ExactlyOnceTest,
                         ::testing::Values(CacheSize::kNone, CacheSize::k64Entries,
                                           CacheSize::kDefault),
                         CacheSizeName);

TEST_P(ExactlyOnceTest, ADuplicateOfAFinishedCallGetsTheSameAnswer) {
  ASSERT_TRUE(fs_.Mkdirs("/a").ok());
  EXPECT_TRUE(*fs_.Rename("/a", "/b", Call(1)));
  EXPECT_TRUE(*fs_.Rename("/a", "/b", Call(1)));   // run again, it would be false
  EXPECT_FALSE(*fs_.Rename("/a", "/b", Call(2)));  // another call
  EXPECT_TRUE(*fs_.Delete("/b", true, Call(3)));
  EXPECT_TRUE(*fs_.Delete("/b", true, Call(3)));
  EXPECT_FALSE(*fs_.Delete("/b", true, Call(4)));
}

TEST_P(ExactlyOnceTest, ADuplicateOfACreateGetsTheSameFile) {
  const auto first = fs_.Create("/f", "writer", Call(1));
  ASSERT_TRUE(first.ok());
  const auto again = fs_.Create("/f", "writer", Call(1));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->file_id, first->file_id);
  EXPECT_EQ(again->owner, first->owner);
  EXPECT_EQ(again->mtime_ms, first->mtime_ms);
  EXPECT_FALSE(fs_.Create("/f", "writer", Call(2)).ok());
}

TEST_P(ExactlyOnceTest, AnswersSurviveARestart) {
  ASSERT_TRUE(fs_.Mkdirs("/a").ok());
  EXPECT_TRUE(*fs_.Rename("/a", "/b", Call(1)));
  const auto file = fs_.Create("/f", "writer", Call(2));
  ASSERT_TRUE(file.ok());
  fs_.Restart();
  EXPECT_TRUE(*fs_.Rename("/a", "/b", Call(1)));
  const auto again = fs_.Create("/f", "writer", Call(2));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->file_id, file->file_id);
}

TEST_P(ExactlyOnceTest, AnAnswerThatWasNotDurableIsForgottenWithItsEffect) {
  ASSERT_TRUE(fs_.Mkdirs("/a").ok());
  fs_.memory().SetAuto(false, false);
  std::atomic<bool> answered = false;
  const Txid before = fs_.store().last_appended();
  fs_.ns().Rename(Call(1), {"/a", "/b", false, false},
                  [&](absl::StatusOr<bool>) { answered = true; });
  while (fs_.store().last_appended() == before) std::this_thread::yield();
  EXPECT_FALSE(answered);
  fs_.Restart();
  EXPECT_FALSE(answered);
  EXPECT_TRUE(*fs_.Rename("/a", "/b", Call(1)));
}

TEST_P(ExactlyOnceTest, FailuresAreRunAgain) {
  ASSERT_TRUE(fs_.Mkdirs("/x").ok());
  const auto refused = fs_.Create("/x", "writer", Call(2));
  EXPECT_FALSE(refused.ok());
  ASSERT_TRUE(*fs_.Delete("/x"));
  EXPECT_TRUE(fs_.Create("/x", "writer", Call(2)).ok());
}

TEST_P(ExactlyOnceTest, ADuplicateOfARunningCallWaitsForItsResult) {
  ASSERT_TRUE(fs_.Mkdirs("/a").ok());
  fs_.Restart();  // so that the call has to load
  std::promise<absl::StatusOr<bool>> duplicate;
  std::atomic<bool> duplicate_done = false;
  fs_.memory().SetReadHook([&] {
    fs_.memory().SetReadHook(nullptr);
    fs_.ns().Rename(Call(1), {"/a", "/b", false, false}, [&](absl::StatusOr<bool> result) {
      duplicate_done = true;
      duplicate.set_value(std::move(result));
    });
    EXPECT_FALSE(duplicate_done);
  });
  EXPECT_TRUE(*fs_.Rename("/a", "/b", Call(1)));
  const auto result = duplicate.get_future().get();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(*result);
}

TEST_P(ExactlyOnceTest, ADuplicateOfARunningCallThatFailsIsRun) {
  ASSERT_TRUE(fs_.Mkdirs("/x").ok());
  fs_.Restart();
  std::promise<absl::StatusOr<FileStatus>> duplicate;
  fs_.memory().SetReadHook([&] {
    fs_.memory().SetReadHook(nullptr);
    CreateRequest request;
    request.path = "/x";
    request.client_name = "writer";
    request.replication = 3;
    request.block_size = 1 << 20;
    fs_.ns().Create(Call(1), request, [&](absl::StatusOr<FileStatus> result) {
      duplicate.set_value(std::move(result));
    });
  });
  EXPECT_FALSE(fs_.Create("/x", "writer", Call(1)).ok());
  EXPECT_FALSE(duplicate.get_future().get().ok());
}

TEST_P(ExactlyOnceTest, RowsOfExpiredAnswersAreDeletedInBatches) {
  for (int i = 0; i < 600; ++i) {
    ASSERT_TRUE(fs_.Create(fmt::format("/f{}", i), "writer", Call(i)).ok());
  }
  EXPECT_EQ(RetryRows(), 600u);
  EXPECT_FALSE(fs_.ns().ExpireReplies());
  fs_.clock().Advance(fs_.options().retry_expiry_ms);
  int batches = 0;
  while (fs_.ns().ExpireReplies()) ++batches;
  EXPECT_EQ(batches, 3);
  EXPECT_EQ(RetryRows(), 0u);
  EXPECT_FALSE(fs_.Create("/f0", "writer", Call(0)).ok());
}

TEST_P(ExactlyOnceTest, AJumpOfTheWallClockExpiresNoAnswer) {
  constexpr int64_t kHourMs = 3'600'000;
  constexpr int64_t kTenYearsMs = int64_t{10} * 365 * 24 * kHourMs;
  ASSERT_TRUE(fs_.Create("/f", "writer", Call(1)).ok());
  for (const int64_t jump : {kHourMs, -kHourMs, kTenYearsMs, -kTenYearsMs}) {
    fs_.clock().SetWallMs(fs_.clock().WallMs() + jump);
    EXPECT_FALSE(fs_.ns().ExpireReplies());
    fs_.Restart();
    EXPECT_FALSE(fs_.ns().ExpireReplies());
    EXPECT_TRUE(fs_.Create("/f", "writer", Call(1)).ok());
  }
  fs_.clock().Advance(fs_.options().retry_expiry_ms);
  EXPECT_TRUE(fs_.ns().ExpireReplies());
  EXPECT_EQ(RetryRows(), 0u);
}

TEST_P(ExactlyOnceTest, AnAppendIsMadeOnceAlsoAcrossARestart) {
  ASSERT_TRUE(fs_.WriteFile("/f", 1, 100).ok());
  const auto append = [&](int64_t call) {
    return TestNamespace::Sync<AppendResult>([&](auto done) {
      fs_.ns().Append(Call(call), {"/f", "writer", false}, std::move(done));
    });
  };
  const auto first = append(1);
  ASSERT_TRUE(first.ok()) << first.status();
  fs_.Restart();
  const auto again = append(1);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->block->block, first->block->block);
  EXPECT_EQ(again->block->locations.size(), first->block->locations.size());
  EXPECT_EQ(again->last_block, first->last_block);
  EXPECT_EQ(again->status.file_id, first->status.file_id);
  EXPECT_TRUE(Is(append(2).status(), ErrorKind::kAlreadyBeingCreated));
}

TEST_P(ExactlyOnceTest, ATruncationIsMadeOnceAlsoAcrossARestart) {
  ASSERT_TRUE(fs_.WriteFile("/f", 2, 1 << 20).ok());
  const auto truncate = [&](int64_t call, int64_t length) {
    return TestNamespace::Sync<bool>([&](auto done) {
      fs_.ns().Truncate(Call(call), {"/f", length, "w"}, std::move(done));
    });
  };
  EXPECT_TRUE(*truncate(1, 1 << 20));
  EXPECT_FALSE(*truncate(2, 10));
  fs_.Restart();
  EXPECT_TRUE(*truncate(1, 1 << 20));  // run again, it would meet an open file
  EXPECT_FALSE(*truncate(2, 10));
  EXPECT_TRUE(Is(truncate(3, 20).status(), ErrorKind::kAlreadyBeingCreated));
}

// The refusal of a call may have an effect (here: the recovery of the last block), but it is not an
// answer to be remembered.
TEST_P(ExactlyOnceTest, ARefusalThatStartedARecoveryIsNotRemembered) {
  ASSERT_TRUE(fs_.Create("/f", "writer").ok());
  const auto block = fs_.AddBlock("/f", "writer");
  ASSERT_TRUE(block.ok());
  const BlockId id = block->block.block.id;
  fs_.blocks().SetReplicated(id, false);
  fs_.clock().Advance(fs_.options().lease_soft_limit_ms + 1);
  const auto append = [&] {
    return TestNamespace::Sync<AppendResult>([&](auto done) {
      fs_.ns().Append(Call(1), {"/f", "other", false}, std::move(done));
    });
  };
  EXPECT_TRUE(Is(append().status(), ErrorKind::kRecoveryInProgress));
  const BlockRow row = fs_.blocks().rows().at(id);
  EXPECT_EQ(row.state, BlockState::kUnderRecovery);
  EXPECT_EQ(RetryRows(), 0u);
  const absl::Status synced = TestNamespace::SyncVoid([&](auto done) {
    fs_.ns().CommitBlockSynchronization(
        {block->block, row.recovery_id, 5, false, {FakeBlockManager::Place(0)}}, std::move(done));
  });
  ASSERT_TRUE(synced.ok()) << synced;
  EXPECT_TRUE(append().ok());
  EXPECT_EQ(RetryRows(), 1u);
}

}  // namespace
}  // namespace cairn::namenode
