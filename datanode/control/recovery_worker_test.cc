// Tests of block recovery: what is chosen from which answers, and what becomes of stores, of nodes
// that do not answer and of what the NameNode is told.
#include "datanode/control/recovery_worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>

#include "common/types/errors.h"
#include "datanode/transfer/testing/test_blocks.h"

namespace cairn::datanode {
namespace {

constexpr BlockId kId = 1073741825;
constexpr GenerationStamp kStamp = 1001;
constexpr GenerationStamp kRecoveryId = 1005;
constexpr ReplicaState kFinalized = ReplicaState::kFinalized;
constexpr ReplicaState kRbw = ReplicaState::kBeingWritten;
constexpr ReplicaState kRwr = ReplicaState::kWaitingToBeRecovered;

// ---- The choice.

class PlanRecoveryTest : public ::testing::Test {
 protected:
  void Found(ReplicaState state, int64_t bytes, GenerationStamp stamp = kStamp,
             bool may_have_lost_bytes = false) {
    ReplicaLocation location;
    location.datanode.id.uuid = fmt::format("dn{}", found_.size());
    order_.locations.push_back(location);
    found_.push_back({location, {Block{kId, stamp, bytes}, state, may_have_lost_bytes}});
  }
  // An RWR of a machine that was booted anew, or a damaged one.
  void FoundSuspect(int64_t bytes) { Found(kRwr, bytes, kStamp, true); }
  absl::StatusOr<RecoveryPlan> Plan(size_t unanswered = 0) {
    return PlanRecovery(order_, found_, unanswered);
  }
  // "length: participants", or "delete", or "error".
  std::string Outcome(size_t unanswered = 0) {
    const auto plan = Plan(unanswered);
    if (!plan.ok()) return "error";
    if (plan->delete_block) return "delete";
    std::string text = fmt::format("{}:", plan->new_length);
    for (const auto& participant : plan->participants) {
      text += " " + participant.location.datanode.id.uuid;
    }
    return text;
  }

  RecoveryOrder order_{.block = TestBlock(kId),
                       .recovery_id = kRecoveryId,
                       .locations = {},
                       .truncate_to = std::nullopt,
                       .absent = AbsentReplicas::kNone};
  std::vector<RecoveryCandidate> found_;
};

TEST_F(PlanRecoveryTest, FinalizedWinsAndTakesRbwsOfItsLengthAlong) {
  Found(kRbw, 100);
  Found(kFinalized, 100);
  Found(kRbw, 90);
  Found(kRbw, 110, kStamp + 1);
  Found(kRwr, 100);
  EXPECT_EQ(Outcome(), "100: dn0 dn1");
}

// Its machine died after it was finalized and before all of it was on the disk. The block was cut
// to what was left there, or its recovery went wrong for ever.
TEST_F(PlanRecoveryTest, AFinalizedReplicaThatIsShorterThanAnotherOfItsStampHasLostBytes) {
  Found(kFinalized, 100);
  Found(kRbw, 110);
  Found(kRbw, 105);
  EXPECT_EQ(Outcome(), "105: dn1 dn2");
  Found(kFinalized, 110);
  EXPECT_EQ(Outcome(), "110: dn1 dn3");
  found_.clear();
  Found(kFinalized, 100);
  Found(kRwr, 110);
  EXPECT_EQ(Outcome(), "110: dn1");
}

TEST_F(PlanRecoveryTest, FinalizedReplicasOfDifferentStampsMustAgree) {
  Found(kFinalized, 100);
  Found(kFinalized, 101, kStamp + 1);
  EXPECT_NE(std::string(Plan().status().message()).find("Inconsistent size of finalized replicas"),
            std::string::npos);
}

TEST_F(PlanRecoveryTest, OfRbwsTheShortestCountsAndRwrsAreLeftOut) {
  Found(kRbw, 120);
  Found(kRbw, 100);
  Found(kRwr, 50);
  Found(kRwr, 500);
  EXPECT_EQ(Outcome(), "100: dn0 dn1");
}

TEST_F(PlanRecoveryTest, OfRwrsTheShortestCounts) {
  Found(kRwr, 120);
  Found(kRwr, 100);
  EXPECT_EQ(Outcome(), "100: dn0 dn1");
}

TEST_F(PlanRecoveryTest, EmptyAndStaleReplicasDoNotCount) {
  Found(kRbw, 0);
  Found(kFinalized, 500, kStamp - 1);
  Found(kRwr, 70);
  Found(kRwr, 60, kStamp + 1);
  EXPECT_EQ(Outcome(), "60: dn2 dn3");
}

TEST_F(PlanRecoveryTest, ReplicasOfNoUsableStateAreNoReasonToDelete) {
  Found(ReplicaState::kTemporary, 100);
  EXPECT_NE(std::string(Plan().status().message()).find("none is in RWR or better state"),
            std::string::npos);
}

TEST_F(PlanRecoveryTest, WithoutAByteAnywhereTheBlockGoes) {
  EXPECT_EQ(Outcome(), "delete");
  Found(kRwr, 0);
  EXPECT_EQ(Outcome(), "delete");
}

// A node that is away for a moment may have the acknowledged bytes that another one lost.
TEST_F(PlanRecoveryTest, NothingIsDeletedWhileANodeThatMayHaveDataIsSilent) {
  EXPECT_EQ(Outcome(/*unanswered=*/1), "error");
  Found(kRwr, 0);
  EXPECT_EQ(Outcome(1), "error");
  Found(kRbw, 0, kStamp - 1);  // of an earlier pipeline: proves nothing
  EXPECT_EQ(Outcome(1), "error");
}

TEST_F(PlanRecoveryTest, AnEmptyReplicaThatWasAliveAllTheTimeProvesThatNothingWasAcknowledged) {
  Found(kRbw, 0);
  EXPECT_EQ(Outcome(/*unanswered=*/2), "delete");
}

TEST_F(PlanRecoveryTest, SilentNodesDoNotHoldUpThoseWithData) {
  Found(kRwr, 10);
  EXPECT_EQ(Outcome(/*unanswered=*/2), "10: dn0");
}

// Three processes died, and one disk lost bytes as well: the block was cut to what was left there.
TEST_F(PlanRecoveryTest, OfRwrsThoseThatMayHaveLostBytesDoNotDecide) {
  FoundSuspect(100);
  Found(kRwr, 500);
  Found(kRwr, 510);
  EXPECT_EQ(Outcome(), "500: dn1 dn2");
  FoundSuspect(505);
  EXPECT_EQ(Outcome(), "500: dn1 dn2 dn3") << "long enough: it takes part";
  EXPECT_EQ(Outcome(/*unanswered=*/1), "500: dn1 dn2 dn3");
  order_.absent = AbsentReplicas::kAwaited;
  EXPECT_EQ(Outcome(), "500: dn1 dn2 dn3") << "one that is whole is enough";
}

TEST_F(PlanRecoveryTest, AReplicaShorterThanWhatIsKnownHasLostBytes) {
  order_.block.block.num_bytes = 300;
  Found(kRwr, 100);
  Found(kRwr, 500);
  EXPECT_EQ(Outcome(), "500: dn1");
}

TEST_F(PlanRecoveryTest, WhereAllMayHaveLostBytesTheShortestOfTheKnownLengthCounts) {
  order_.block.block.num_bytes = 300;
  FoundSuspect(100);
  FoundSuspect(500);
  FoundSuspect(400);
  EXPECT_EQ(Outcome(), "400: dn1 dn2");
  order_.absent = AbsentReplicas::kDead;
  EXPECT_EQ(Outcome(), "400: dn1 dn2");
  EXPECT_EQ(Outcome(/*unanswered=*/1), "error") << "it may have been whole";
  order_.absent = AbsentReplicas::kAwaited;
  EXPECT_EQ(Outcome(), "error");
}

TEST_F(PlanRecoveryTest, KnownBytesAreGivenUpOnlyWhenEveryoneWasHeard) {
  order_.block.block.num_bytes = 300;
  Found(kRwr, 100);
  Found(kRwr, 200);
  EXPECT_EQ(Outcome(), "200: dn1") << "as much of it as is left";
  EXPECT_EQ(Outcome(/*unanswered=*/1), "error");
  order_.absent = AbsentReplicas::kDead;
  EXPECT_EQ(Outcome(), "error");
  found_.clear();
  EXPECT_EQ(Outcome(), "error") << "nor is the block removed";
  Found(kRbw, 0);
  EXPECT_EQ(Outcome(), "error") << "an empty replica does not prove the opposite of what is known";
  order_.absent = AbsentReplicas::kNone;
  EXPECT_EQ(Outcome(), "delete");
}

TEST_F(PlanRecoveryTest, KnownBytesAreNotCutWhateverTheStates) {
  order_.block.block.num_bytes = 300;
  order_.absent = AbsentReplicas::kDead;
  Found(kRbw, 200);
  EXPECT_EQ(Outcome(), "error");
  Found(kFinalized, 250);
  EXPECT_EQ(Outcome(), "error");
}

TEST_F(PlanRecoveryTest, WithoutDataTheBlockStaysWhileADataNodeIsAwaited) {
  order_.absent = AbsentReplicas::kAwaited;
  EXPECT_EQ(Outcome(), "error");
  order_.absent = AbsentReplicas::kDead;
  EXPECT_EQ(Outcome(), "delete");
}

TEST_F(PlanRecoveryTest, TruncationReplacesTheLengthOnly) {
  order_.truncate_to = 40;
  Found(kFinalized, 100);
  Found(kFinalized, 100);
  Found(kRwr, 100);
  EXPECT_EQ(Outcome(), "40: dn0 dn1");
}

TEST_F(PlanRecoveryTest, ATruncationThatGotHalfwayGoesOn) {
  order_.truncate_to = 40;
  Found(kFinalized, 40, kStamp + 3);
  Found(kFinalized, 100);
  EXPECT_EQ(Outcome(), "40: dn0 dn1");
  Found(kFinalized, 99, kStamp + 1);
  EXPECT_EQ(Outcome(), "error");
  order_.truncate_to = 100;
  found_.erase(found_.begin());
  found_.pop_back();
  EXPECT_EQ(Outcome(), "100: dn1");
}

// ---- The worker, over real stores.

// Leads to the stores of other nodes, as far as the test lets it.
class StorePeer : public RecoveryPeer {
 public:
  absl::StatusOr<std::optional<ReplicaRecoveryInfo>> InitReplicaRecovery(
      const DatanodeId& node, const ExtendedBlock& block, GenerationStamp recovery_id) override {
    if (hangs.contains(node.uuid)) {
      MutexLock lock(mu_);
      while (!ended_) changed_.Wait(mu_);
      return absl::DeadlineExceededError("no answer");
    }
    if (init_errors.contains(node.uuid)) return init_errors.at(node.uuid);
    return stores.at(node.uuid)->InitReplicaRecovery(block.block, recovery_id);
  }
  absl::StatusOr<std::string> UpdateReplicaUnderRecovery(const DatanodeId& node,
                                                         const ExtendedBlock& old_block,
                                                         GenerationStamp recovery_id,
                                                         BlockId new_block_id,
                                                         int64_t new_length) override {
    EXPECT_EQ(new_block_id, old_block.block.id);
    if (update_errors.contains(node.uuid)) return update_errors.at(node.uuid);
    return stores.at(node.uuid)->UpdateReplicaUnderRecovery(old_block.block, recovery_id,
                                                            new_length);
  }
  void Shutdown() override {
    MutexLock lock(mu_);
    ended_ = true;
    changed_.NotifyAll();
  }

  std::map<std::string, BlockStore*> stores;
  std::set<std::string> hangs;  // until Shutdown
  std::map<std::string, absl::Status> init_errors;
  std::map<std::string, absl::Status> update_errors;

 private:
  Mutex mu_;
  CondVar changed_;
  bool ended_ GUARDED_BY(mu_) = false;
};

class RecoveryWorkerTest : public ::testing::Test {
 protected:
  RecoveryWorkerTest() {
    for (TransferNode* node : {&a_, &b_, &c_}) {
      peer_.stores[node->store().datanode_uuid()] = &node->store();
      order_.locations.push_back({.datanode = node->info()});
    }
  }
  static std::string Uuid(TransferNode& node) { return node.store().datanode_uuid(); }

  // An RBW whose writer has gone without a word.
  void LeaveRbw(TransferNode& node, const std::string& data) {
    WriteRequest request;
    request.block = Block{kId, kStamp, 0};
    auto writer = node.store().CreateRbw(request);
    ASSERT_TRUE(writer.ok()) << writer.status();
    ASSERT_TRUE((*writer)->Write(0, data, request.checksum.Compute(data), true).ok());
  }
  // Runs the order at node a and waits for the end.
  void Recover() {
    RecoveryWorker worker(a_.store(), peer_, [this](const RecoveryResult& result) {
      MutexLock lock(mu_);
      results_.push_back(result);
      return commit_status_;
    });
    worker.Begin(order_);
    peer_.Shutdown();  // hanging calls come back, as after their timeout
    // Begin of another block would run beside; destruction would drop what waits.
    ASSERT_TRUE(Eventually([&] { return !worker.Recovering(kId); }));
  }
  std::vector<RecoveryResult> results() {
    MutexLock lock(mu_);
    return results_;
  }
  std::string Describe(TransferNode& node) {
    const auto info = node.store().Get(kId);
    if (!info.ok()) return "none";
    return fmt::format("{} {} {}", static_cast<int>(info->state), info->block.generation_stamp,
                       info->block.num_bytes);
  }

  TransferNode a_;
  TransferNode b_;
  TransferNode c_;
  StorePeer peer_;
  RecoveryOrder order_{.block = TestBlock(kId),
                       .recovery_id = kRecoveryId,
                       .locations = {},
                       .truncate_to = std::nullopt,
                       .absent = AbsentReplicas::kNone};
  absl::Status commit_status_;
  Mutex mu_;
  std::vector<RecoveryResult> results_ GUARDED_BY(mu_);
};

TEST_F(RecoveryWorkerTest, BringsReplicasToOneLengthUnderTheRecoveryId) {
  const std::string data = TestData(5'000);
  LeaveRbw(a_, data);
  LeaveRbw(b_, data.substr(0, 4'321));
  LeaveRbw(c_, data.substr(0, 4'500));
  Recover();
  ASSERT_EQ(results().size(), 1u);
  const RecoveryResult result = results()[0];
  EXPECT_EQ(result.block, order_.block);
  EXPECT_EQ(result.recovery_id, kRecoveryId);
  EXPECT_EQ(result.new_length, 4'321);
  EXPECT_FALSE(result.delete_block);
  ASSERT_EQ(result.locations.size(), 3u);
  for (TransferNode* node : {&a_, &b_, &c_}) {
    EXPECT_EQ(Describe(*node), "0 1005 4321");
    EXPECT_EQ(*ReadRange(*node, TestBlock(kId, 0, kRecoveryId), 0, 4'321), data.substr(0, 4'321));
  }
  EXPECT_EQ(result.locations[1].storage_id, b_.store().Get(kId)->storage_id);
}

TEST_F(RecoveryWorkerTest, StopsAWriterThatIsStillAttached) {
  WriteRequest request;
  request.block = Block{kId, kStamp, 0};
  std::atomic<bool> stop = false;
  request.stop_writer = [&] { stop = true; };
  auto writer = *b_.store().CreateRbw(request);
  ASSERT_TRUE(writer->Write(0, "data", request.checksum.Compute("data"), true).ok());
  std::thread leaver([&] {
    while (!stop) std::this_thread::yield();
    writer.reset();
  });
  Recover();
  leaver.join();
  ASSERT_EQ(results().size(), 1u);
  EXPECT_EQ(results()[0].locations.size(), 1u);
  EXPECT_EQ(Describe(b_), "0 1005 4");
}

TEST_F(RecoveryWorkerTest, ANodeThatDoesNotAnswerIsLeftOut) {
  LeaveRbw(a_, "data");
  LeaveRbw(c_, "data");
  peer_.hangs.insert(Uuid(b_));
  Recover();
  ASSERT_EQ(results().size(), 1u);
  EXPECT_EQ(results()[0].locations.size(), 2u);
}

TEST_F(RecoveryWorkerTest, AStaleReplicaIsLeftOutAndAMissingOneToo) {
  LeaveRbw(a_, "data");
  order_.block = TestBlock(kId, 0, kStamp);
  WriteRequest stale;
  stale.block = Block{kId, kStamp - 1, 0};
  auto writer = *b_.store().CreateRbw(stale);
  ASSERT_TRUE(writer->Write(0, "old data", stale.checksum.Compute("old data"), true).ok());
  writer.reset();
  Recover();
  ASSERT_EQ(results().size(), 1u);
  ASSERT_EQ(results()[0].locations.size(), 1u);
  EXPECT_EQ(results()[0].new_length, 4);
  EXPECT_EQ(Describe(b_), "1 1000 8");
}

TEST_F(RecoveryWorkerTest, ANodeThatFailsInTheSecondStepIsLeftOut) {
  for (TransferNode* node : {&a_, &b_, &c_}) LeaveRbw(*node, "data");
  peer_.update_errors[Uuid(c_)] = absl::UnavailableError("gone");
  Recover();
  ASSERT_EQ(results().size(), 1u);
  EXPECT_EQ(results()[0].locations.size(), 2u);
}

TEST_F(RecoveryWorkerTest, WhenAllFailInTheSecondStepNothingIsCommitted) {
  for (TransferNode* node : {&b_, &c_}) {
    LeaveRbw(*node, "data");
    peer_.update_errors[Uuid(*node)] = absl::UnavailableError("gone");
  }
  Recover();
  EXPECT_TRUE(results().empty());
}

TEST_F(RecoveryWorkerTest, ARecoveryAlreadyInProgressEndsTheAttempt) {
  for (TransferNode* node : {&a_, &b_, &c_}) LeaveRbw(*node, "data");
  ASSERT_TRUE(b_.store().InitReplicaRecovery(Block{kId, kStamp, 0}, kRecoveryId + 1).ok());
  Recover();
  EXPECT_TRUE(results().empty());
  // The later one goes on and gets everybody.
  order_.recovery_id = kRecoveryId + 2;
  Recover();
  ASSERT_EQ(results().size(), 1u);
  EXPECT_EQ(results()[0].locations.size(), 3u);
  EXPECT_EQ(Describe(c_), "0 1007 4");
}

TEST_F(RecoveryWorkerTest, WithoutReplicasTheBlockIsDeleted) {
  Recover();
  ASSERT_EQ(results().size(), 1u);
  EXPECT_TRUE(results()[0].delete_block);
  EXPECT_EQ(results()[0].new_length, 0);
  EXPECT_TRUE(results()[0].locations.empty());
}

TEST_F(RecoveryWorkerTest, WhenEveryNodeFailsNothingIsCommitted) {
  order_.locations.erase(order_.locations.begin());
  peer_.init_errors[Uuid(b_)] = absl::UnavailableError("gone");
  peer_.init_errors[Uuid(c_)] = errors::Io("disk");
  Recover();
  EXPECT_TRUE(results().empty());
}

TEST_F(RecoveryWorkerTest, TruncatesFinalizedReplicas) {
  const std::string data = TestData(2'000);
  ASSERT_TRUE(WriteWhole(TestBlock(kId), data, {&a_, &b_, &c_}).ok());
  order_.truncate_to = 777;
  Recover();
  ASSERT_EQ(results().size(), 1u);
  EXPECT_EQ(results()[0].new_length, 777);
  EXPECT_EQ(*ReadRange(b_, TestBlock(kId, 0, kRecoveryId), 0, 777), data.substr(0, 777));
}

TEST_F(RecoveryWorkerTest, ACommitThatFailedIsMadeGoodByTheNextAttempt) {
  for (TransferNode* node : {&a_, &b_, &c_}) LeaveRbw(*node, "data");
  commit_status_ = absl::UnavailableError("the NameNode is restarting");
  Recover();
  commit_status_ = absl::OkStatus();
  order_.recovery_id = kRecoveryId + 1;
  Recover();
  ASSERT_EQ(results().size(), 2u);
  EXPECT_EQ(results()[1].locations.size(), 3u);
  EXPECT_EQ(results()[1].new_length, 4);
}

TEST_F(RecoveryWorkerTest, ANodeNamedTwiceIsAskedOnce) {
  LeaveRbw(a_, "data");
  order_.locations = {order_.locations[0], order_.locations[0]};
  Recover();
  ASSERT_EQ(results().size(), 1u);
  EXPECT_EQ(results()[0].locations.size(), 1u);
}

TEST_F(RecoveryWorkerTest, EndsWhileANodeHangs) {
  LeaveRbw(a_, "data");
  peer_.hangs.insert(Uuid(b_));
  RecoveryWorker worker(a_.store(), peer_, [](const RecoveryResult&) { return absl::OkStatus(); });
  worker.Begin(order_);
  worker.Shutdown();
}

}  // namespace
}  // namespace cairn::datanode
