// Every row of the table of reported replicas.
#include "namenode/blocks/policy/replica_rules.h"

#include <gtest/gtest.h>

namespace cairn::namenode {
namespace {

using enum ReplicaVerdict;
using enum ReplicaState;

constexpr GenerationStamp kStamp = 1005;
constexpr int64_t kLength = 100;
constexpr GenerationStamp kHighest = 2000;

ReplicaVerdict Judge(std::optional<BlockState> block, ReplicaState state, GenerationStamp stamp,
                     int64_t length = kLength, bool loading = false) {
  const BlockRow row{1, 2, kStamp, kLength, 3, block.value_or(BlockState::kComplete)};
  return JudgeReplica(block ? &row : nullptr, {{1, stamp, length}, state}, loading, kHighest);
}

TEST(ReplicaRules, UnfinishedBlocksTakeWhatIsNotOlder) {
  for (const BlockState block : {BlockState::kUnderConstruction, BlockState::kUnderRecovery}) {
    for (const ReplicaState state : {kFinalized, kBeingWritten, kWaitingToBeRecovered}) {
      EXPECT_EQ(Judge(block, state, kStamp, 7), kOpen);
      EXPECT_EQ(Judge(block, state, kStamp + 1, 7), kOpen) << "a recovery is ahead of us";
      EXPECT_EQ(Judge(block, state, kStamp - 1, 7), kCorrupt);
    }
  }
}

TEST(ReplicaRules, FinishedBlocksWantExactlyTheirStampAndLength) {
  for (const BlockState block : {BlockState::kCommitted, BlockState::kComplete}) {
    EXPECT_EQ(Judge(block, kFinalized, kStamp), kGood);
    EXPECT_EQ(Judge(block, kFinalized, kStamp - 1), kCorrupt);
    EXPECT_EQ(Judge(block, kFinalized, kStamp + 1), kCorrupt);
    EXPECT_EQ(Judge(block, kFinalized, kStamp, kLength - 1), kCorrupt);
    EXPECT_EQ(Judge(block, kFinalized, kStamp, kLength + 1), kCorrupt);
    EXPECT_EQ(Judge(block, kBeingWritten, kStamp - 1), kCorrupt);
    EXPECT_EQ(Judge(block, kWaitingToBeRecovered, kStamp - 1), kCorrupt);
  }
  EXPECT_EQ(Judge(BlockState::kComplete, kBeingWritten, kStamp), kIgnore);
  EXPECT_EQ(Judge(BlockState::kComplete, kWaitingToBeRecovered, kStamp), kCorrupt);
}

TEST(ReplicaRules, ACommittedBlockMayHaveToBeRecoveredFromWhatWasNotFinalized) {
  EXPECT_EQ(Judge(BlockState::kCommitted, kBeingWritten, kStamp), kOpen);
  EXPECT_EQ(Judge(BlockState::kCommitted, kWaitingToBeRecovered, kStamp), kOpen);
}

TEST(ReplicaRules, RecoveringAndTemporaryReplicasSayNothing) {
  for (const ReplicaState state : {kUnderRecovery, kTemporary}) {
    EXPECT_EQ(Judge(BlockState::kComplete, state, kStamp), kIgnore);
    EXPECT_EQ(Judge(BlockState::kUnderConstruction, state, kStamp - 1), kIgnore);
    EXPECT_EQ(Judge(std::nullopt, state, kStamp), kIgnore);
  }
}

TEST(ReplicaRules, UnknownBlocksAreDeletedUnlessFromTheFutureOrWhileLoading) {
  EXPECT_EQ(Judge(std::nullopt, kFinalized, kHighest), kInvalidate);
  EXPECT_EQ(Judge(std::nullopt, kBeingWritten, kHighest), kInvalidate);
  EXPECT_EQ(Judge(std::nullopt, kFinalized, kHighest + 1), kFuture);
  EXPECT_EQ(Judge(std::nullopt, kFinalized, kHighest, kLength, /*loading=*/true), kUnknown);
}

}  // namespace
}  // namespace cairn::namenode
