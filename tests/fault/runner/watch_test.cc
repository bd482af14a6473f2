// What the rules of replicas say of observations.
#include "tests/fault/runner/watch.h"

#include <gtest/gtest.h>

#include "tests/cluster/status_matchers.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;

// A replica with one chunk for each letter, and `missing` bytes cut off its data.
SeenReplica Seen(int64_t block, int64_t stamp, bool finalized, const std::string& letters,
                 int64_t missing = 0) {
  SeenReplica seen{.block = block, .stamp = stamp, .finalized = finalized};
  seen.meta = std::string(7, 'h');
  for (const char letter : letters) seen.meta += std::string(4, letter);
  seen.bytes = static_cast<int64_t>(letters.size()) * 512 - missing;
  return seen;
}

TEST(ReplicaRules, AReplicaMayGrowUnderOneStamp) {
  ReplicaRules rules;
  EXPECT_OK(rules.Observe("a", Seen(1, 10, false, "")));
  EXPECT_OK(rules.Observe("a", Seen(1, 10, false, "xy")));
  EXPECT_OK(rules.Observe("b", Seen(1, 10, false, "xz")));  // y was of a part of the chunk
  EXPECT_OK(rules.Observe("a", Seen(1, 10, true, "xzu")));
  EXPECT_OK(rules.Observe("a", Seen(2, 12, true, "other")));
  EXPECT_OK(rules.Observe("b", Seen(1, 11, true, "newer")));
}

TEST(ReplicaRules, AReplicaMayBeCutBeforeItGetsItsNewStamp) {
  ReplicaRules rules;
  EXPECT_OK(rules.Observe("a", Seen(1, 10, false, "wxyz")));
  EXPECT_OK(rules.Observe("a", Seen(1, 10, false, "wuyz", 2 * 512)));
  EXPECT_TRUE(absl::IsDataLoss(rules.Observe("a", Seen(1, 10, false, "wuyz", 512))));
}

TEST(ReplicaRules, TwoContentsOfOneStampAreTwoWriters) {
  ReplicaRules rules;
  EXPECT_OK(rules.Observe("a", Seen(1, 10, false, "xyz")));
  EXPECT_TRUE(absl::IsDataLoss(rules.Observe("b", Seen(1, 10, false, "xu-"))));
}

TEST(ReplicaRules, TheStampOfABlockNeverFallsOnADisk) {
  ReplicaRules rules;
  EXPECT_OK(rules.Observe("a", Seen(1, 11, true, "x")));
  EXPECT_OK(rules.Observe("b", Seen(1, 10, true, "x")));
  EXPECT_TRUE(absl::IsDataLoss(rules.Observe("a", Seen(1, 10, true, "x"))));
  rules.Forget();
  EXPECT_OK(rules.Observe("b", Seen(1, 9, true, "y")));
}

TEST(ReplicaRules, NoStampIsOfTwoBlocks) {
  ReplicaRules rules;
  EXPECT_OK(rules.Observe("a", Seen(1, 11, true, "x")));
  EXPECT_OK(rules.Observe("b", Seen(1, 11, true, "x")));
  EXPECT_TRUE(absl::IsDataLoss(rules.Observe("b", Seen(2, 11, true, "x"))));
}

TEST(ReplicaRules, WhatAPowerCutMayHaveTornIsNotCompared) {
  ReplicaRules rules;
  rules.Distrust("a", Seen(1, 10, true, "zzz"));
  EXPECT_OK(rules.Observe("a", Seen(1, 10, true, "zzz")));
  EXPECT_OK(rules.Observe("b", Seen(1, 10, true, "xyz")));
  EXPECT_OK(rules.Observe("a", Seen(1, 11, true, "uvw")));
  EXPECT_TRUE(absl::IsDataLoss(rules.Observe("b", Seen(1, 11, true, "xyz"))));
}

TEST(ReplicaRules, UnfinishedReplicasMayDifferWhereTheNetworkFlipsBits) {
  ReplicaRules rules;
  rules.ExpectFlips();
  EXPECT_OK(rules.Observe("a", Seen(1, 10, false, "xyz")));
  EXPECT_OK(rules.Observe("b", Seen(1, 10, false, "uuu")));
  EXPECT_OK(rules.Observe("c", Seen(1, 10, true, "xyz")));
  EXPECT_TRUE(absl::IsDataLoss(rules.Observe("d", Seen(1, 10, true, "vyz"))));
}

// Blocks 1 (complete, one chunk, stamp 10), 2 (being written) and no other.
DeletionRules::Blocks BlocksOf() {
  using namenode::BlockState;
  return {{1, {.id = 1, .generation_stamp = 10, .length = 512, .state = BlockState::kComplete}},
          {2, {.id = 2, .generation_stamp = 11, .state = BlockState::kUnderConstruction}}};
}

class Deletions : public ::testing::Test {
 protected:
  using Disks = std::vector<std::pair<std::string, SeenReplica>>;
  // Looks until what is missing is gone.
  absl::Status LookAndJudge(const Disks& disks) {
    for (int i = 0; i < 3; ++i) rules_.Look(disks);
    return rules_.Judge(BlocksOf());
  }
  DeletionRules rules_;
};

TEST_F(Deletions, AReplicaMayGoWhileAnotherGoodOneIsThere) {
  EXPECT_OK(LookAndJudge({{"a", Seen(1, 10, true, "x")}, {"b", Seen(1, 10, true, "x")}}));
  EXPECT_OK(LookAndJudge({{"b", Seen(1, 10, true, "x")}}));
  EXPECT_EQ(rules_.judged(), 1);
  EXPECT_TRUE(absl::IsDataLoss(LookAndJudge({})));
}

TEST_F(Deletions, TheLastTwoMayNotGoAtOnce) {
  EXPECT_OK(LookAndJudge({{"a", Seen(1, 10, true, "x")}, {"b", Seen(1, 10, true, "x")}}));
  EXPECT_TRUE(absl::IsDataLoss(LookAndJudge({})));
}

TEST_F(Deletions, StaleAndUnfinishedReplicasAreNotGood) {
  EXPECT_OK(LookAndJudge({{"a", Seen(1, 10, true, "x")},
                          {"b", Seen(1, 9, true, "x")},
                          {"c", Seen(1, 10, false, "x")},
                          {"d", Seen(1, 10, true, "x", 1)}}));
  EXPECT_TRUE(absl::IsDataLoss(LookAndJudge({{"b", Seen(1, 9, true, "x")},
                                             {"c", Seen(1, 10, false, "x")},
                                             {"d", Seen(1, 10, true, "x", 1)}})));
  EXPECT_OK(LookAndJudge({})) << "of no use, all of them";
}

TEST_F(Deletions, BlocksThatAreDeletedOrWrittenMayGo) {
  EXPECT_OK(LookAndJudge({{"a", Seen(2, 11, true, "x")}, {"a", Seen(3, 12, true, "x")}}));
  EXPECT_OK(LookAndJudge({}));
  EXPECT_EQ(rules_.judged(), 0);
}

TEST_F(Deletions, WhatIsMissingForAMomentIsOnItsWay) {
  EXPECT_OK(LookAndJudge({{"a", Seen(1, 10, true, "x")}}));
  rules_.Look({});
  rules_.Look({});
  EXPECT_FALSE(rules_.due());
  rules_.Look({{"a", Seen(1, 10, true, "x")}});
  rules_.Look({});
  rules_.Look({});
  EXPECT_FALSE(rules_.due());
  rules_.Look({});
  EXPECT_TRUE(rules_.due());
  rules_.Forget();
  EXPECT_FALSE(rules_.due());
}

}  // namespace
}  // namespace cairn::fault
