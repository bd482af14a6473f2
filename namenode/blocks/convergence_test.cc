// Simulated clusters in which nodes die, return, lose disks and grow bit rot while blocks are
// written, deleted and change their replication: nothing good is lost, and in the end every block
// is as it should be.
#include <deque>
#include <set>

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "namenode/blocks/testing/fake_cluster.h"

namespace cairn::namenode {
namespace {

constexpr size_t kNodes = 20;
constexpr int kRacks = 4;

BlockManagerOptions FastOptions() {
  BlockManagerOptions options;
  options.liveness.recheck_interval_ms = 15'000;  // dead after 60 s
  options.liveness.stale_interval_ms = 10'000;
  options.pace.pending_timeout_ms = 30'000;
  options.safe_mode_extension_ms = 0;
  options.lock_yield_items = 7;  // so that everything is done in several steps
  return options;
}

class Simulation {
 public:
  explicit Simulation(uint64_t seed) : cluster_(FastOptions(), seed), random_(seed ^ 0x5eed) {
    for (size_t i = 0; i < kNodes; ++i) cluster_.AddNode("/r" + std::to_string(i % kRacks));
    cluster_.Start();
    commands_.resize(kNodes);
  }

  void Run(int steps) {
    for (int step = 0; step < steps; ++step) {
      Disturb();
      OneRound(/*calm=*/false);
      if (testing::Test::HasFailure()) return;
    }
  }

  void CalmDown() {
    for (size_t i = 0; i < kNodes; ++i) {
      if (!cluster_.nodes[i].up) Return(i);
    }
    for (int round = 0; round < 400; ++round) OneRound(/*calm=*/true);
    for (size_t i = 0; i < kNodes; ++i) cluster_.FullReport(i);
    for (int round = 0; round < 60; ++round) OneRound(/*calm=*/true);
  }

  void CheckEverythingIsAsItShouldBe() {
    std::map<BlockId, std::set<std::string>> racks;
    std::map<BlockId, int> copies;
    for (const FakeDatanode& node : cluster_.nodes) {
      for (const auto& [id, block] : node.replicas) {
        EXPECT_TRUE(blocks_.contains(id)) << "blk_" << id << " was deleted, a replica is left";
        ++copies[id];
        racks[id].insert(cluster_.rack_of[node.registration.id.ip_addr]);
      }
    }
    for (const auto& [id, replication] : blocks_) {
      EXPECT_EQ(copies[id], replication) << "blk_" << id;
      EXPECT_EQ(cluster_.GoodOnDisk(id), replication) << "blk_" << id;
      EXPECT_EQ(cluster_.Live(id), replication) << "blk_" << id;
      EXPECT_GE(racks[id].size(), replication > 1 ? 2u : 1u) << "blk_" << id;
    }
    const FsStats stats = cluster_.manager->Stats();
    EXPECT_EQ(stats.under_replicated, 0);
    EXPECT_EQ(stats.missing_blocks, 0);
    EXPECT_EQ(stats.corrupt_blocks, 0);
    EXPECT_EQ(stats.pending_deletion_blocks, 0);
    EXPECT_EQ(stats.pending_replication_blocks, 0);
    EXPECT_EQ(stats.live_datanodes, static_cast<int64_t>(kNodes));
  }

 private:
  bool Chance(uint64_t percent) { return random_.Uniform(100) < percent; }

  void Disturb() {
    if (Chance(60)) Write();
    if (Chance(15)) ChangeReplication();
    if (Chance(15)) DeleteOne();
    if (Chance(20)) Rot();
    const size_t node = random_.Uniform(kNodes);
    if (cluster_.nodes[node].up && Chance(25) && UpNodes() > 14) {
      cluster_.nodes[node].up = false;
      commands_[node].clear();  // what it had taken and not done is lost
    } else if (!cluster_.nodes[node].up && Chance(50)) {
      Return(node);
    }
    const size_t reporter = random_.Uniform(kNodes);
    if (cluster_.nodes[reporter].up && Chance(30)) cluster_.FullReport(reporter);
  }

  size_t UpNodes() const {
    return static_cast<size_t>(std::count_if(cluster_.nodes.begin(), cluster_.nodes.end(),
                                             [](const FakeDatanode& node) { return node.up; }));
  }

  void Write() {
    const int replication = static_cast<int>(2 + random_.Uniform(4));
    std::vector<ReplicaLocation> places;
    const BlockId block = cluster_.Allocate(replication, "10.9.9.9", &places);
    ASSERT_NE(block, 0);
    BlockRow row = cluster_.Row(block);
    row.length = FakeCluster::kBlockSize;
    bool written = false;
    for (const ReplicaLocation& place : places) {  // nodes that are down unnoticed get nothing
      const size_t node = cluster_.NodeOf(place.datanode.id.uuid);
      if (!cluster_.nodes[node].up || !Known(node)) continue;
      cluster_.Received(node, {block, row.generation_stamp, row.length});
      written = true;
    }
    if (!written) return cluster_.Delete(block);
    row.state = BlockState::kComplete;
    cluster_.SetRow(row);
    blocks_[block] = replication;
  }

  // Whether the manager would take a message of the node now.
  bool Known(size_t node) const {
    return cluster_.manager
        ->CheckRegistration(cluster_.nodes[node].uuid(), cluster_.nodes[node].registration_id)
        .ok();
  }

  BlockId AnyBlock() {
    auto it = blocks_.begin();
    std::advance(it, static_cast<ptrdiff_t>(random_.Uniform(blocks_.size())));
    return it->first;
  }

  void ChangeReplication() {
    if (blocks_.empty()) return;
    const BlockId block = AnyBlock();
    BlockRow row = cluster_.Row(block);
    row.replication = static_cast<int>(2 + random_.Uniform(4));
    blocks_[block] = row.replication;
    cluster_.SetRow(row);
  }

  void DeleteOne() {
    if (blocks_.empty()) return;
    const BlockId block = AnyBlock();
    blocks_.erase(block);
    cluster_.Delete(block);
  }

  // One replica goes bad and is found out, if the block has at least two others, all of them good.
  void Rot() {
    if (blocks_.empty()) return;
    const BlockId block = AnyBlock();
    std::vector<size_t> holders;
    for (size_t i = 0; i < kNodes; ++i) {
      const FakeDatanode& node = cluster_.nodes[i];
      if (node.rotten.contains(block)) return;
      if (node.up && Known(i) && node.replicas.contains(block)) holders.push_back(i);
    }
    if (holders.size() < 3 || cluster_.Live(block) < 3) return;
    const size_t victim = holders[random_.Uniform(holders.size())];
    FakeDatanode& node = cluster_.nodes[victim];
    node.rotten[block] = true;
    cluster_.manager->MarkCorrupt(node.replicas[block], node.uuid(), node.storage_id());
  }

  void Return(size_t index) {
    FakeDatanode& node = cluster_.nodes[index];
    if (Chance(30) && NothingOnlyHere(index)) {  // with a new disk
      node.replicas.clear();
      node.rotten.clear();
    }
    cluster_.Register(index);
    // Its scanner finds rot again: nobody remembers for a node that was dead.
    for (const auto& [block, rotten] : node.rotten) {
      cluster_.manager->MarkCorrupt(node.replicas[block], node.uuid(), node.storage_id());
    }
  }

  bool NothingOnlyHere(size_t index) const {
    for (const auto& [id, block] : cluster_.nodes[index].replicas) {
      if (blocks_.contains(id) && cluster_.GoodOnDisk(id) == 0) return false;
    }
    return true;
  }

  // Good copies on all disks but one node's, those of nodes that are down included.
  int GoodElsewhere(BlockId block, size_t without) const {
    int good = 0;
    for (size_t i = 0; i < kNodes; ++i) {
      const FakeDatanode& node = cluster_.nodes[i];
      good += i != without && node.replicas.contains(block) && !node.rotten.contains(block);
    }
    return good;
  }

  void OneRound(bool calm) {
    cluster_.clock.Advance(3'000);
    for (size_t i = 0; i < kNodes; ++i) {
      if (!cluster_.nodes[i].up) continue;
      DatanodeCommands commands = cluster_.BeatOnly(i);
      EXPECT_LE(commands.transfers.size(), 4u) << "the hard limit of streams";
      EXPECT_LE(commands.invalidate.size(), 1'000u);
      commands_[i].push_back(std::move(commands));
      while (!commands_[i].empty() && (calm || Chance(70))) {  // slow nodes do things later
        Obey(i, commands_[i].front());
        commands_[i].pop_front();
      }
    }
    cluster_.manager->Tick();
    cluster_.Replicate();
  }

  void Obey(size_t index, const DatanodeCommands& commands) {
    for (const Block& block : commands.invalidate) {
      if (!blocks_.contains(block.id) || !cluster_.nodes[index].replicas.contains(block.id)) {
        continue;
      }
      EXPECT_GE(GoodElsewhere(block.id, index), 1)
          << "the last good replica of " << block.ToString() << " is deleted";
    }
    if (!Known(index) && !commands.reregister) return;  // it registers with its next heartbeat
    DatanodeCommands doable = commands;
    std::erase_if(doable.transfers, [&](TransferCommand& transfer) {
      std::erase_if(transfer.targets, [&](const ReplicaLocation& target) {
        return !Known(cluster_.NodeOf(target.datanode.id.uuid));
      });
      return Chance(5);  // some copies fail
    });
    cluster_.Obey(index, doable);
  }

  FakeCluster cluster_;
  Random random_;
  std::map<BlockId, int> blocks_;  // that exist → replication
  std::vector<std::deque<DatanodeCommands>> commands_;
};

TEST(Convergence, NothingGoodIsDeletedAndEveryBlockEndsWellReplicatedOverRacks) {
  spdlog::set_level(spdlog::level::err);
  const uint64_t first_seed = Random().Next64();
  for (uint64_t seed = first_seed; seed < first_seed + 5; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Simulation simulation(seed);
    simulation.Run(300);
    simulation.CalmDown();
    simulation.CheckEverythingIsAsItShouldBe();
    if (HasFailure()) break;
  }
  spdlog::set_level(spdlog::level::info);
}

}  // namespace
}  // namespace cairn::namenode
