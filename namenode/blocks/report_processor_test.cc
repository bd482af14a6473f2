// Chunks and increments against what is stored.
#include "namenode/blocks/report_processor.h"

#include <limits>
#include <set>

#include <gtest/gtest.h>

#include "common/random.h"
#include "common/testing/manual_clock.h"

namespace cairn::namenode {
namespace {

constexpr BlockId kMin = std::numeric_limits<BlockId>::min();
constexpr BlockId kMax = std::numeric_limits<BlockId>::max();

class ReportProcessorTest : public testing::Test {
 protected:
  ReportProcessorTest() : state_({}), ledger_(options_, clock_, state_), reports_(state_, ledger_) {
    state_.loading = false;
    DatanodeRegistration registration;
    registration.id.uuid = "u";
    registration.storages = {StorageUsage{.storage_id = "DS-1"}};
    state_.nodes.Register(registration, "/r", 0, 0);
    storage_ = state_.nodes.node(0).storages[0];
  }

  void AddBlocks(BlockId from, BlockId to) {
    for (BlockId id = from; id <= to; ++id) {
      ledger_.PutBlock({id, 20'000, 1, 10, 3, BlockState::kComplete});
    }
  }

  static ReportChunk Chunk(int64_t sequence, std::vector<BlockId> ids, BlockId first = kMin,
                           BlockId last = kMax) {
    ReportChunk chunk{"DS-1", sequence, first, last, last == kMax, {}};
    for (const BlockId id : ids) chunk.replicas.push_back({{id, 1, 10}, ReplicaState::kFinalized});
    return chunk;
  }

  // False if the chunk was ignored.
  bool Report(const ReportChunk& chunk, int limit = 3) {
    EXPECT_TRUE(ReportProcessor::Check(chunk).ok());
    auto cursor = reports_.Begin(storage_, chunk);
    if (!cursor) return false;
    while (!cursor->done) reports_.Step(storage_, chunk, *cursor, limit);
    reports_.End(storage_, chunk, 0);
    return true;
  }

  void Change(int64_t sequence, BlockId id, ReplicaChangeKind kind) {
    reports_.Change(storage_, {sequence, {id, 1, 10}, kind, ""});
  }

  std::set<BlockId> Stored() {
    const auto& stored = state_.blocks.Stored(storage_);
    return {stored.begin(), stored.end()};
  }
  bool reported() { return state_.nodes.storage(storage_).reported; }
  bool wanted() { return state_.nodes.node(0).report_wanted; }

  BlockManagerOptions options_;
  ManualClock clock_;
  ClusterState state_;
  ReplicaLedger ledger_;
  ReportProcessor reports_;
  StorageIndex storage_ = 0;
};

using Ids = std::set<BlockId>;

TEST_F(ReportProcessorTest, AWholeReportAddsRemovesAndClearsTheStaleMark) {
  AddBlocks(1, 10);
  EXPECT_FALSE(reported());
  EXPECT_TRUE(Report(Chunk(1, {1, 2, 3, 4, 5, 6, 7})));
  EXPECT_EQ(Stored(), (Ids{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_TRUE(reported());
  EXPECT_TRUE(Report(Chunk(2, {2, 9, 10})));
  EXPECT_EQ(Stored(), (Ids{2, 9, 10}));
  EXPECT_TRUE(Report(Chunk(3, {})));
  EXPECT_EQ(Stored(), Ids{});
}

TEST_F(ReportProcessorTest, OnlyTheLastOfGaplessChunksClearsTheStaleMark) {
  AddBlocks(1, 10);
  EXPECT_TRUE(Report(Chunk(1, {1, 2}, kMin, 5)));
  EXPECT_FALSE(reported());
  EXPECT_TRUE(Report(Chunk(1, {7}, 6, kMax)));
  EXPECT_TRUE(reported());
  EXPECT_EQ(Stored(), (Ids{1, 2, 7}));
}

TEST_F(ReportProcessorTest, ALostChunkRemovesNothingAndLeavesTheStorageStale) {
  AddBlocks(1, 10);
  for (BlockId id = 1; id <= 9; ++id) Change(id, id, ReplicaChangeKind::kReceived);
  EXPECT_TRUE(Report(Chunk(20, {1}, kMin, 3)));
  EXPECT_TRUE(Report(Chunk(20, {8}, 7, kMax)));  // [4, 6] never came
  EXPECT_EQ(Stored(), (Ids{1, 4, 5, 6, 8}));
  EXPECT_FALSE(reported());
  EXPECT_TRUE(wanted());
}

TEST_F(ReportProcessorTest, AReportNeverUndoesWhatChangedAfterItsNumber) {
  AddBlocks(1, 10);
  EXPECT_TRUE(Report(Chunk(1, {1, 2})));
  Change(3, 5, ReplicaChangeKind::kReceived);
  Change(4, 1, ReplicaChangeKind::kDeleted);
  EXPECT_TRUE(Report(Chunk(2, {1, 2})));  // its snapshot is older than both
  EXPECT_EQ(Stored(), (Ids{2, 5}));
}

TEST_F(ReportProcessorTest, ChangesBetweenTwoStepsOfAChunkStand) {
  AddBlocks(1, 10);
  EXPECT_TRUE(Report(Chunk(1, {1, 2, 3, 4, 5, 6})));
  const ReportChunk chunk = Chunk(2, {1, 2, 3, 4, 5, 6});
  auto cursor = reports_.Begin(storage_, chunk);
  reports_.Step(storage_, chunk, *cursor, 2);
  Change(3, 1, ReplicaChangeKind::kDeleted);
  Change(4, 5, ReplicaChangeKind::kDeleted);
  Change(5, 9, ReplicaChangeKind::kReceived);
  while (!cursor->done) reports_.Step(storage_, chunk, *cursor, 2);
  EXPECT_EQ(Stored(), (Ids{2, 3, 4, 6, 9}));
}

TEST_F(ReportProcessorTest, AnOldReportIsIgnoredAndAFreshOneAskedFor) {
  AddBlocks(1, 10);
  EXPECT_TRUE(Report(Chunk(5, {1, 2})));
  EXPECT_FALSE(Report(Chunk(4, {3})));
  EXPECT_EQ(Stored(), (Ids{1, 2}));
  Change(3, 7, ReplicaChangeKind::kReceived);
  EXPECT_EQ(Stored(), (Ids{1, 2})) << "the report knew better";
}

TEST_F(ReportProcessorTest, UnsortedAndStrayReplicasAreRefused) {
  EXPECT_FALSE(ReportProcessor::Check(Chunk(1, {2, 1})).ok());
  EXPECT_FALSE(ReportProcessor::Check(Chunk(1, {1, 1})).ok());
  EXPECT_FALSE(ReportProcessor::Check(Chunk(1, {1, 9}, 0, 8)).ok());
  EXPECT_FALSE(ReportProcessor::Check(Chunk(1, {1, 9}, 2, 9)).ok());
  EXPECT_TRUE(ReportProcessor::Check(Chunk(1, {kMin, kMax})).ok());
}

TEST_F(ReportProcessorTest, TheHighestIdEndsAChunk) {
  AddBlocks(1, 1);
  ledger_.PutBlock({kMax, 20'000, 1, 10, 3, BlockState::kComplete});
  EXPECT_TRUE(Report(Chunk(1, {1, kMax})));
  EXPECT_EQ(Stored(), (Ids{1, kMax}));
  EXPECT_TRUE(Report(Chunk(2, {})));
  EXPECT_EQ(Stored(), Ids{});
}

TEST_F(ReportProcessorTest, UnknownBlocksAreQueuedForDeletion) {
  AddBlocks(1, 2);
  EXPECT_TRUE(Report(Chunk(1, {1, 2, 3, 4})));
  EXPECT_EQ(Stored(), (Ids{1, 2}));
  EXPECT_EQ(state_.invalidations.size(), 2u);
}

TEST_F(ReportProcessorTest, RandomReportsInRandomChunksEqualTheDisk) {
  const uint64_t seed = Random().Next64();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  AddBlocks(1, 300);
  int64_t sequence = 0;
  for (int round = 0; round < 50; ++round) {
    Ids disk;
    for (BlockId id = 1; id <= 300; ++id) {
      if (random.Uniform(2) == 0) disk.insert(id);
    }
    ++sequence;
    BlockId first = kMin;
    while (true) {
      const BlockId last = first == kMin ? static_cast<BlockId>(random.Uniform(50))
                                         : first + static_cast<BlockId>(random.Uniform(100));
      const bool end = last >= 300;
      std::vector<BlockId> ids(disk.lower_bound(first), disk.upper_bound(end ? kMax : last));
      EXPECT_TRUE(Report(Chunk(sequence, ids, first, end ? kMax : last),
                         static_cast<int>(1 + random.Uniform(40))));
      if (end) break;
      first = last + 1;
    }
    EXPECT_EQ(Stored(), disk);
  }
}

}  // namespace
}  // namespace cairn::namenode
