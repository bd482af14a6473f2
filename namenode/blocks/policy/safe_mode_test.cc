// Conditions and texts of safe mode.
#include "namenode/blocks/policy/safe_mode.h"

#include <gtest/gtest.h>

namespace cairn::namenode {
namespace {

SafeMode::Options Options() { return {.host_name = "nn.example"}; }

SafeModeInputs Blocks(int64_t safe, int64_t total, int live = 0) {
  return {.loading = false,
          .safe_blocks = safe,
          .total_blocks = total,
          .live_datanodes = live,
          .future_bytes = 0};
}

TEST(SafeMode, AnEmptyFileSystemLeavesAtOnceButNotWhileLoading) {
  SafeMode mode(Options());
  mode.Update({.loading = true}, 0);
  EXPECT_TRUE(mode.on());
  mode.Update(Blocks(0, 0), 0);
  EXPECT_FALSE(mode.on());
  EXPECT_EQ(mode.Tip(Blocks(0, 0), 0), "Safe mode is OFF.");
}

TEST(SafeMode, WaitsForTheThresholdAndThenForTheExtension) {
  SafeMode mode(Options());
  mode.Update(Blocks(998, 1000), 0);
  EXPECT_EQ(mode.Tip(Blocks(998, 1000), 0),
            "The reported blocks 998 needs additional 1 blocks to reach the threshold 0.9990 of "
            "total blocks 1000.\nThe minimum number of live datanodes is not required. Safe mode "
            "will be turned off automatically once the thresholds have been reached. "
            "NamenodeHostName:nn.example");
  mode.Update(Blocks(999, 1000), 1'000);
  EXPECT_EQ(mode.Tip(Blocks(999, 1000), 3'000),
            "The reported blocks 999 has reached the threshold 0.9990 of total blocks 1000. The "
            "minimum number of live datanodes is not required. In safe mode extension. Safe mode "
            "will be turned off automatically in 28 seconds. NamenodeHostName:nn.example");
  mode.Update(Blocks(999, 1000), 30'999);
  EXPECT_TRUE(mode.on());
  mode.Update(Blocks(999, 1000), 31'000);
  EXPECT_FALSE(mode.on());
}

TEST(SafeMode, TheExtensionBeginsAnewWhenTheThresholdIsLost) {
  SafeMode mode(Options());
  mode.Update(Blocks(10, 10), 0);
  mode.Update(Blocks(5, 10), 20'000);
  mode.Update(Blocks(10, 10), 25'000);
  mode.Update(Blocks(10, 10), 54'999);
  EXPECT_TRUE(mode.on());
  mode.Update(Blocks(10, 10), 55'000);
  EXPECT_FALSE(mode.on());
}

TEST(SafeMode, TheThresholdIsTruncatedToWholeBlocks) {
  SafeMode mode({.threshold = 0.999, .extension_ms = 0});
  mode.Update(Blocks(0, 1), 0);
  EXPECT_FALSE(mode.on()) << "0.999 of one block is none";
}

TEST(SafeMode, MayWaitForDatanodes) {
  SafeMode mode({.extension_ms = 0, .min_datanodes = 3, .host_name = "h"});
  mode.Update(Blocks(0, 0, 2), 0);
  EXPECT_TRUE(mode.on());
  EXPECT_EQ(mode.Tip(Blocks(0, 0, 2), 0),
            "The reported blocks 0 has reached the threshold 0.9990 of total blocks 0. The number "
            "of live datanodes 2 needs an additional 1 live datanodes to reach the minimum number "
            "3.\nSafe mode will be turned off automatically once the thresholds have been reached. "
            "NamenodeHostName:h");
  mode.Update(Blocks(0, 0, 3), 0);
  EXPECT_FALSE(mode.on());
}

TEST(SafeMode, EnteredByHandItStaysUntilLeftByHand) {
  SafeMode mode(Options());
  mode.Update(Blocks(0, 0), 0);
  mode.Enter(/*for_lack_of_space=*/false);
  mode.Update(Blocks(10, 10), 1'000'000);
  EXPECT_TRUE(mode.on());
  EXPECT_FALSE(mode.startup());
  EXPECT_EQ(mode.Tip(Blocks(0, 0), 0),
            "It was turned on manually. Use \"hdfs dfsadmin -safemode leave\" to turn safe mode "
            "off. NamenodeHostName:nn.example");
  EXPECT_TRUE(mode.Leave(false, Blocks(0, 0)).ok());
  EXPECT_FALSE(mode.on());
}

TEST(SafeMode, LackOfSpaceEndsWithTheLackAndDoesNotEndTheOthers) {
  SafeMode mode(Options());
  mode.Update(Blocks(0, 0), 0);
  mode.Enter(true);
  mode.Enter(false);
  mode.SpaceReturned();
  EXPECT_TRUE(mode.on());
  EXPECT_TRUE(mode.Leave(false, Blocks(0, 0)).ok());
  mode.Enter(true);
  EXPECT_NE(mode.Tip(Blocks(0, 0), 0).find("Resources are low on NN."), std::string::npos);
  mode.SpaceReturned();
  EXPECT_FALSE(mode.on());
}

TEST(SafeMode, CannotBeLeftWhileBlocksAreBeingLoaded) {
  SafeMode mode(Options());
  EXPECT_FALSE(mode.Leave(true, {.loading = true}).ok());
  EXPECT_TRUE(mode.on());
}

TEST(SafeMode, FutureReplicasNeedForce) {
  SafeMode mode(Options());
  SafeModeInputs inputs = Blocks(10, 10);
  inputs.future_bytes = 77;
  mode.Update(inputs, 0);
  mode.Update(inputs, 100'000);
  EXPECT_TRUE(mode.on());
  EXPECT_NE(mode.Tip(inputs, 0).find("will cause loss of 77 byte(s)"), std::string::npos);
  EXPECT_FALSE(mode.Leave(false, inputs).ok());
  EXPECT_TRUE(mode.Leave(true, inputs).ok());
  EXPECT_FALSE(mode.on());
}

}  // namespace
}  // namespace cairn::namenode
