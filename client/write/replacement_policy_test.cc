// HDFS's rule for replacing a lost DataNode.
#include "client/write/replacement_policy.h"

#include <gtest/gtest.h>

namespace cairn::client {
namespace {

using enum ReplaceDatanodePolicy;

TEST(ReplacementPolicy, DefaultReplacesFromHalfDown) {
  EXPECT_FALSE(ShouldReplaceDatanode(kDefault, 3, 2, false, false));
  EXPECT_TRUE(ShouldReplaceDatanode(kDefault, 3, 1, false, false));
  EXPECT_FALSE(ShouldReplaceDatanode(kDefault, 2, 1, false, false));
  EXPECT_TRUE(ShouldReplaceDatanode(kDefault, 4, 2, false, false));
}

TEST(ReplacementPolicy, DefaultReplacesEveryLossOfFlushedAndAppendedBlocks) {
  EXPECT_TRUE(ShouldReplaceDatanode(kDefault, 3, 2, true, false));
  EXPECT_TRUE(ShouldReplaceDatanode(kDefault, 3, 2, false, true));
  EXPECT_FALSE(ShouldReplaceDatanode(kDefault, 2, 1, true, true));
}

TEST(ReplacementPolicy, NeverAndAlwaysAreWhatTheySay) {
  EXPECT_FALSE(ShouldReplaceDatanode(kNever, 3, 1, true, true));
  EXPECT_TRUE(ShouldReplaceDatanode(kAlways, 2, 1, false, false));
  EXPECT_FALSE(ShouldReplaceDatanode(kAlways, 3, 3, false, false)) << "nothing is missing";
  EXPECT_FALSE(ShouldReplaceDatanode(kAlways, 3, 0, false, false)) << "nothing to copy from";
}

}  // namespace
}  // namespace cairn::client
