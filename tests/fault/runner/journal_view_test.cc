// What the rules of generation stamps say of transactions.
#include "tests/fault/runner/journal_view.h"

#include <gtest/gtest.h>

#include "tests/cluster/status_matchers.h"

namespace cairn::fault {
namespace {

using cairn::testing::IsOk;
using namenode::BlockRow;

BlockRow Row(BlockId block, GenerationStamp stamp, GenerationStamp recovery = 0) {
  return {.id = block, .generation_stamp = stamp, .recovery_id = recovery};
}

TEST(StampRules, PipelinesAndRecoveriesGetStampsThatRise) {
  StampRules rules;
  EXPECT_OK(rules.Observe(1000, {}));
  EXPECT_OK(rules.Observe(1001, {Row(1, 1001)}));
  EXPECT_OK(rules.Observe(1002, {Row(2, 1002)}));
  EXPECT_OK(rules.Observe(1003, {}));  // for a pipeline of block 1
  EXPECT_OK(rules.Observe(1004, {}));  // and once more
  EXPECT_OK(rules.Observe(0, {Row(1, 1004)}));
  EXPECT_OK(rules.Observe(1005, {Row(1, 1004, 1005)}));
  EXPECT_OK(rules.Observe(0, {Row(1, 1005)}));
  EXPECT_EQ(rules.given_out(), 6);
  EXPECT_EQ(rules.blocks_with_several(), 1);
}

TEST(StampRules, NoStampIsGivenOutTwice) {
  StampRules rules;
  EXPECT_OK(rules.Observe(1001, {Row(1, 1001)}));
  EXPECT_TRUE(absl::IsDataLoss(rules.Observe(1001, {})));
  EXPECT_OK(rules.Observe(1003, {}));
  EXPECT_TRUE(absl::IsDataLoss(rules.Observe(1002, {})));
}

TEST(StampRules, NoStampIsOfTwoBlocks) {
  StampRules rules;
  EXPECT_OK(rules.Observe(1001, {Row(1, 1001)}));
  EXPECT_TRUE(absl::IsDataLoss(rules.Observe(0, {Row(2, 1001)})));
}

TEST(StampRules, ABlockGetsNoStampThatWasNotGivenOut) {
  StampRules rules;
  EXPECT_OK(rules.Observe(1001, {Row(1, 1001)}));
  EXPECT_TRUE(absl::IsDataLoss(rules.Observe(0, {Row(1, 1002)})));
}

TEST(StampRules, ABlockNeverGetsAnEarlierStamp) {
  StampRules rules;
  EXPECT_OK(rules.Observe(1001, {Row(1, 1001)}));
  EXPECT_OK(rules.Observe(1002, {}));  // for a pipeline that came too late
  EXPECT_OK(rules.Observe(1003, {Row(1, 1001, 1003)}));
  EXPECT_TRUE(absl::IsDataLoss(rules.Observe(0, {Row(1, 1002)})));
  EXPECT_OK(rules.Observe(0, {Row(1, 1003)}));
  EXPECT_TRUE(absl::IsDataLoss(rules.Observe(0, {Row(1, 1001)}))) << "back to one it had";
}

}  // namespace
}  // namespace cairn::fault
