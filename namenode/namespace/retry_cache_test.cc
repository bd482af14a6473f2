// Remembered calls, their encoded replies, and leases.
#include "namenode/namespace/retry_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/manual_clock.h"
#include "namenode/namespace/lease_manager.h"
#include "namenode/namespace/reply_codec.h"

namespace cairn::namenode {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

CallId Call(char client, int64_t id) { return {std::string(16, client), id}; }

TEST(RetryCacheTest, AFinishedCallIsReplayedUntilItExpires) {
  ManualClock clock;
  RetryCache cache(clock, 1000, 100);
  EXPECT_EQ(cache.Look(Call('a', 1)).state, RetryCache::State::kUnknown);
  cache.Start(Call('a', 1));
  EXPECT_EQ(cache.Look(Call('a', 1)).state, RetryCache::State::kRunning);
  cache.Finish(Call('a', 1), 7, true, "reply");
  const auto seen = cache.Look(Call('a', 1));
  EXPECT_EQ(seen.state, RetryCache::State::kFinished);
  EXPECT_EQ(seen.txid, 7);
  EXPECT_EQ(seen.reply, "reply");
  EXPECT_EQ(cache.Look(Call('b', 1)).state, RetryCache::State::kUnknown);
  clock.Advance(999);
  EXPECT_THAT(cache.TakeExpired(10), IsEmpty());
  clock.SetWallMs(1);  // a jump of the wall clock expires nothing
  EXPECT_THAT(cache.TakeExpired(10), IsEmpty());
  clock.Advance(1);
  EXPECT_THAT(cache.TakeExpired(10), ElementsAre(7));
  EXPECT_EQ(cache.Look(Call('a', 1)).state, RetryCache::State::kUnknown);
}

TEST(RetryCacheTest, FailuresAreNotKept) {
  ManualClock clock;
  RetryCache cache(clock, 1000, 100);
  cache.Start(Call('a', 1));
  cache.Fail(Call('a', 1));
  EXPECT_EQ(cache.Look(Call('a', 1)).state, RetryCache::State::kUnknown);
  EXPECT_EQ(cache.size(), 0u);
}

TEST(RetryCacheTest, TheOldestGoFirstWhenThereAreTooMany) {
  ManualClock clock;
  RetryCache cache(clock, 1000, 3);
  for (int i = 1; i <= 5; ++i) cache.Finish(Call('a', i), i, i != 2, "r");
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_EQ(cache.Look(Call('a', 2)).state, RetryCache::State::kUnknown);
  EXPECT_EQ(cache.Look(Call('a', 3)).state, RetryCache::State::kFinished);
  EXPECT_THAT(cache.TakeExpired(10), ElementsAre(1));  // 2 has no row
}

TEST(RetryCacheTest, ARestoredCallHasOnlyTheRestOfItsTime) {
  ManualClock clock;
  RetryCache cache(clock, 1000, 100);
  cache.Restore(3, {std::string(16, 'a'), 1, "x", 0}, 900);
  cache.Restore(4, {std::string(16, 'a'), 2, "y", 0}, -50);
  clock.Advance(100);
  EXPECT_THAT(cache.TakeExpired(10), ElementsAre(3));
  EXPECT_EQ(cache.Look(Call('a', 2)).reply, "y");
  clock.Advance(900);
  EXPECT_THAT(cache.TakeExpired(10), ElementsAre(4));
}

TEST(ReplyCodecTest, RepliesComeBackAsTheyWere) {
  EXPECT_TRUE(*ReplyCodec<bool>::Decode(ReplyCodec<bool>::Encode(true)));
  EXPECT_FALSE(*ReplyCodec<bool>::Decode(ReplyCodec<bool>::Encode(false)));
  EXPECT_TRUE(ReplyCodec<Nothing>::Decode(ReplyCodec<Nothing>::Encode({})).ok());
  FileStatus status;
  status.path = "p";
  status.permission = 01644;
  status.owner = "o";
  status.group = "g";
  status.mtime_ms = -1;
  status.replication = 3;
  status.block_size = 1 << 27;
  status.file_id = 16999;
  status.storage_policy = 7;
  const auto back = ReplyCodec<FileStatus>::Decode(ReplyCodec<FileStatus>::Encode(status));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->permission, 01644);
  EXPECT_EQ(back->owner, "o");
  EXPECT_EQ(back->group, "g");
  EXPECT_EQ(back->mtime_ms, -1);
  EXPECT_EQ(back->replication, 3);
  EXPECT_EQ(back->block_size, 1 << 27);
  EXPECT_EQ(back->file_id, 16999);
  EXPECT_EQ(back->storage_policy, 7);
}

TEST(ReplyCodecTest, DamageIsAnError) {
  const std::string good = ReplyCodec<FileStatus>::Encode({});
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(ReplyCodec<FileStatus>::Decode(good.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(ReplyCodec<bool>::Decode(good).ok());
  EXPECT_FALSE(ReplyCodec<Nothing>::Decode("").ok());
}

TEST(LeaseManagerTest, LimitsCountFromTheLastRenewal) {
  ManualClock clock;
  LeaseManager leases(clock, 60000, 1200000);
  EXPECT_TRUE(leases.SoftLimitExpired("h"));
  leases.Add("h", 5);
  leases.Add("g", 6);
  EXPECT_FALSE(leases.SoftLimitExpired("h"));
  clock.Advance(60001);
  EXPECT_TRUE(leases.SoftLimitExpired("h"));
  leases.Renew("h");
  EXPECT_FALSE(leases.SoftLimitExpired("h"));
  clock.Advance(1200000 - 60000);
  const auto expired = leases.Expired(10);
  ASSERT_EQ(expired.size(), 1u);
  EXPECT_EQ(expired[0].holder, "g");
  EXPECT_THAT(expired[0].inodes, ElementsAre(6));
}

TEST(LeaseManagerTest, AFileHasOneHolder) {
  ManualClock clock;
  LeaseManager leases(clock, 60000, 1200000);
  leases.Add("h", 5);
  leases.Add("h", 4);
  leases.Add("g", 5);
  EXPECT_EQ(leases.HolderOf(5), "g");
  EXPECT_THAT(leases.FilesOf("h"), ElementsAre(4));
  leases.Remove("h", 5);
  EXPECT_EQ(leases.HolderOf(5), "g");
  leases.Remove("h", 4);
  EXPECT_EQ(leases.size(), 1u);
  EXPECT_EQ(leases.HolderOf(4), "");
}

}  // namespace
}  // namespace cairn::namenode
