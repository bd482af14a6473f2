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
  EXPECT_OK(rules.Observe("a", Seen(2, 10, true, "other")));
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

}  // namespace
}  // namespace cairn::fault
