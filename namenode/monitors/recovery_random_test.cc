// The life of a file at random: writers, recoveries, truncations, DataNodes and a NameNode that
// come and go, messages that are late or lost.
#include <optional>

#include "common/random.h"
#include "namenode/monitors/testing/recovery_fixture.h"

namespace cairn::namenode {
namespace {

// One file and its writer, recoveries whose messages are late or lost, DataNodes and a NameNode
// that come and go. What was flushed is never lost, and nobody but the latest recovery or the
// writer who holds the lease decides what the file is.
class RandomLifeTest : public RecoveryTest {
 protected:
  void Live(uint64_t seed, int steps) {
    random_ = std::make_unique<Random>(seed);
    Clear();
    WriteClosed("/f", 100);
    low_ = high_ = 100;
    for (int step = 0; step < steps && !HasFailure(); ++step) {
      Step();
      CheckIfClosed();
    }
    for (size_t node = 0; node < 3; ++node) Up(node);
    Die();
    for (int i = 0; i < 3000 && !IsClosed("/f"); ++i) {
      (void)RecoverLease("/f");
      Round(10'000);
    }
    ASSERT_TRUE(IsClosed("/f"));
    CheckIfClosed();
  }

 private:
  // Another file system.
  void Clear() {
    Die();
    results_.clear();
    orders_.clear();
    stamps_.clear();
    disks_.assign(3, {});
    ns_.reset();
    monitor_.reset();
    store_.reset();
    SetUp();
  }
  void Step() {
    switch (random_->Uniform(14)) {
      case 0:
        return Begin();
      case 1:
      case 2:
      case 3:
        return Flush();
      case 4:
        return Finish();
      case 5:
        return (void)RecoverLease("/f");
      case 6:
        return Cut();
      case 7:
        return Beat();
      case 8:
        return Execute();
      case 9:
        return Tell();
      case 10:
        return random_->Uniform(4) == 0 ? RestartAll() : Beat(40'000);
      case 11:
        return Down(random_->Uniform(3));
      case 12:
        return Up(random_->Uniform(3));
      default:
        if (random_->Uniform(3) == 0) Die();
    }
  }

  void RestartAll() {
    for (size_t node = 0; node < 3; ++node) Up(node);
    Restart();
  }

  // -- the writer
  void Die() { nodes_.clear(); }
  void Begin() {
    if (!nodes_.empty()) return;
    const std::string holder = "writer" + std::to_string(++writers_);
    const auto appended = TestNamespace::Sync<AppendResult>([&](auto done) {
      ns_->Append(TestNamespace::Root(), {"/f", holder, false}, std::move(done));
    });
    if (!appended.ok() || !appended->block) return;
    holder_ = holder;
    block_ = appended->block->block;
    low_ = high_ = block_.block.num_bytes;
    for (const ReplicaLocation& place : appended->block->locations) {
      nodes_.insert(cluster_->NodeOf(place.datanode.id.uuid));
    }
    Rebuild();
  }
  // A new pipeline over those nodes that still have the writer's replica.
  void Rebuild() {
    const auto stamp = TestNamespace::Sync<LocatedBlock>([&](auto done) {
      ns_->UpdateBlockForPipeline(TestNamespace::Root(), block_, holder_, std::move(done));
    });
    if (!stamp.ok()) return Die();
    EXPECT_TRUE(stamps_.insert(stamp->block.block.generation_stamp).second);
    std::erase_if(nodes_, [&](size_t node) { return !HasReplica(node); });
    UpdatePipelineRequest update{holder_, block_, stamp->block, {}, {}};
    update.new_block.block.num_bytes = block_.block.num_bytes;
    for (const size_t node : nodes_) {
      update.new_nodes.push_back(cluster_->nodes[node].registration.id);
      update.storage_ids.push_back(cluster_->nodes[node].storage_id());
      disks_[node][block_.block.id] = {update.new_block.block};
    }
    if (nodes_.empty()) return;
    const absl::Status updated = TestNamespace::SyncVoid(
        [&](auto done) { ns_->UpdatePipeline(TestNamespace::Root(), update, std::move(done)); });
    if (!updated.ok()) return Die();
    block_ = update.new_block;
  }
  bool HasReplica(size_t node) const {
    const auto found = disks_[node].find(block_.block.id);
    return cluster_->nodes[node].up && found != disks_[node].end() &&
           found->second.block == block_.block &&
           found->second.state != ReplicaState::kWaitingToBeRecovered;
  }
  bool PipelineStands() const {
    return !nodes_.empty() &&
           std::all_of(nodes_.begin(), nodes_.end(), [&](size_t node) { return HasReplica(node); });
  }
  void Flush() {
    if (nodes_.empty()) return;
    if (!PipelineStands()) return Rebuild();
    block_.block.num_bytes += 1 + static_cast<int64_t>(random_->Uniform(1000));
    for (const size_t node : nodes_) disks_[node][block_.block.id] = {block_.block};
    low_ = high_ = block_.block.num_bytes;
  }
  void Finish() {
    if (!PipelineStands()) return;
    for (const size_t node : nodes_) {
      disks_[node][block_.block.id].state = ReplicaState::kFinalized;
      cluster_->Change(node, block_.block, ReplicaChangeKind::kReceived);
    }
    const auto closed = TestNamespace::Sync<bool>([&](auto done) {
      ns_->Complete(TestNamespace::Root(), {.path = "/f", .client_name = holder_, .last = block_},
                    std::move(done));
    });
    (void)closed;
    Die();
  }
  void Cut() {
    if (!nodes_.empty() || !IsClosed("/f")) return;
    const int64_t length = 1 + static_cast<int64_t>(random_->Uniform(Length()));
    const auto done = Truncate("/f", length);
    if (done.ok()) low_ = high_ = length;
  }

  // -- recoveries
  void Execute() {
    if (orders_.empty()) return;
    const size_t chosen = random_->Uniform(orders_.size());
    const Order order = orders_[chosen];
    orders_.erase(orders_.begin() + static_cast<ptrdiff_t>(chosen));
    if (cluster_->nodes[order.primary].up && random_->Uniform(5) != 0) {
      BlockSyncRequest result = Recover(order);
      if (!result.delete_block) results_.push_back(std::move(result));
    }
  }
  void Tell() {
    if (results_.empty()) return;
    const size_t chosen = random_->Uniform(results_.size());
    (void)Commit(results_[chosen]);
    if (random_->Uniform(2) == 0) {
      results_.erase(results_.begin() + static_cast<ptrdiff_t>(chosen));
    }
  }

  // -- DataNodes
  void Down(size_t node) {
    const auto up = std::count_if(cluster_->nodes.begin(), cluster_->nodes.end(),
                                  [](const FakeDatanode& other) { return other.up; });
    if (up < 3) return;
    cluster_->nodes[node].up = false;
    if (random_->Uniform(2) == 0) {
      cluster_->manager->DatanodeFailed(cluster_->nodes[node].uuid());
    }
  }
  void Up(size_t node) {
    if (cluster_->nodes[node].up) return;
    for (auto& [id, replica] : disks_[node]) {
      if (replica.state == ReplicaState::kBeingWritten) {
        replica.state = ReplicaState::kWaitingToBeRecovered;
      }
    }
    cluster_->Register(node);
    Report();
  }

  int64_t Length() {
    const auto status = TestNamespace::Sync<std::optional<FileStatus>>(
        [&](auto done) { ns_->GetFileInfo(TestNamespace::Root(), "/f", false, std::move(done)); });
    return (*status)->length;
  }
  void CheckIfClosed() {
    if (!IsClosed("/f")) return;
    EXPECT_GE(Length(), low_);
    EXPECT_LE(Length(), high_);
    const auto located = TestNamespace::Sync<LocatedBlocks>([&](auto done) {
      ns_->GetBlockLocations(TestNamespace::Root(), "/f", 0, INT64_MAX, std::move(done));
    });
    ASSERT_EQ(located->blocks.size(), 1u);
    const LocatedBlock& block = located->blocks[0];
    if (block.corrupt) return;
    for (const ReplicaLocation& place : block.locations) {
      const size_t node = cluster_->NodeOf(place.datanode.id.uuid);
      if (!cluster_->nodes[node].up) continue;
      EXPECT_EQ(disks_[node].at(block.block.block.id).block, block.block.block) << node;
    }
  }

  std::unique_ptr<Random> random_;
  std::string holder_;
  std::set<size_t> nodes_;  // the writer's pipeline; empty: there is no writer
  int writers_ = 0;
  std::vector<BlockSyncRequest> results_;  // not told yet, or told and told again
  int64_t low_ = 0, high_ = 0;             // what the file's length may be once it is closed
};

INSTANTIATE_TEST_SUITE_P(Caches, RandomLifeTest,
                         ::testing::Values(CacheSize::kNone, CacheSize::kDefault), CacheSizeName);

TEST_P(RandomLifeTest, NothingFlushedIsLostAndOnlyOneDecides) {
  for (uint64_t seed = 1; seed <= 20 && !HasFailure(); ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    Live(seed, 300);
  }
}

}  // namespace
}  // namespace cairn::namenode
