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

TEST(RetryCacheTest, RestoredEntriesLiveAsLongAsNewOnesWhateverTheWallClockSays) {
  ManualClock clock;
  RetryCache cache(clock, 1000, 100);
  constexpr int64_t kTenYearsMs = int64_t{10} * 365 * 24 * 3'600'000;
  cache.Restore(3, {std::string(16, 'a'), 1, "x", clock.WallMs() - kTenYearsMs});
  cache.Restore(4, {std::string(16, 'a'), 2, "y", clock.WallMs() + kTenYearsMs});
  clock.Advance(999);
  EXPECT_THAT(cache.TakeExpired(10), ElementsAre());
  EXPECT_EQ(cache.Look(Call('a', 1)).reply, "x");
  EXPECT_EQ(cache.Look(Call('a', 2)).reply, "y");
  clock.Advance(1);
  EXPECT_THAT(cache.TakeExpired(10), ElementsAre(3, 4));
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

TEST(ReplyCodecTest, AnAppendsReplyKeepsItsBlockAndPlaces) {
  AppendResult result;
  result.status.file_id = 17000;
  auto decoded = ReplyCodec<AppendResult>::Decode(ReplyCodec<AppendResult>::Encode(result));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->status.file_id, 17000);
  EXPECT_FALSE(decoded->block || decoded->last_block);

  result.last_block = {"BP-1", {7, 1001, 42}};
  result.block = LocatedBlock{*result.last_block, 100, false, {}};
  ReplicaLocation place;
  place.datanode.id = {"u", "10.0.0.1", "dn1", 9866, 9867, 9864};
  place.datanode.network_location = "/r";
  place.storage_id = "DS-1";
  place.storage_type = StorageType::kSsd;
  result.block->locations = {place, place};
  const std::string bytes = ReplyCodec<AppendResult>::Encode(result);
  decoded = ReplyCodec<AppendResult>::Decode(bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->last_block, result.last_block);
  EXPECT_EQ(decoded->block->block, result.block->block);
  EXPECT_EQ(decoded->block->offset, 100);
  ASSERT_EQ(decoded->block->locations.size(), 2u);
  const ReplicaLocation& back = decoded->block->locations[1];
  EXPECT_EQ(back.datanode.id.XferAddress(), "10.0.0.1:9866");
  EXPECT_EQ(back.datanode.id.ipc_port, 9867);
  EXPECT_EQ(back.datanode.network_location + back.storage_id, "/rDS-1");
  EXPECT_EQ(back.storage_type, StorageType::kSsd);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ReplyCodec<AppendResult>::Decode(bytes.substr(0, size)).ok()) << size;
  }
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
