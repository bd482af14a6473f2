// Namespace, block manager and lease monitor together, over simulated DataNodes that recover blocks
// as their primary: for tests of files whose writer is gone.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/types/errors.h"
#include "namenode/blocks/testing/fake_cluster.h"
#include "namenode/monitors/lease_monitor.h"
#include "namenode/namespace/testing/namespace_fixture.h"

namespace cairn::namenode {

// A replica on the disk of a simulated DataNode.
struct Replica {
  Block block;
  ReplicaState state = ReplicaState::kBeingWritten;
};

// Thread-compatible. The DataNodes' disks outlive a restart of the NameNode.
class RecoveryTest : public ::testing::TestWithParam<CacheSize> {
 protected:
  void SetUp() override {
    disk_ = std::make_shared<MemoryDisk>();
    disk_->rows.Apply(NamespaceImpl::InitialRows("root", "supergroup", 1));
    options_ = OptionsFor(GetParam());
    Open();
  }

  void Open(bool report = true) {
    cluster_ = std::make_unique<FakeCluster>();
    cluster_->stamp = int64_t{1} << 40;  // no replica here is from the future
    store_ = std::make_unique<MemoryMetaStore>(disk_);
    auto ns = NamespaceImpl::Open({*store_, *cluster_->manager, cluster_->clock}, options_,
                                  [](const absl::Status& status) { FAIL() << status; });
    ASSERT_TRUE(ns.ok()) << ns.status();
    ns_ = *std::move(ns);
    ASSERT_TRUE(ns_->LoadBlocks().ok());
    monitor_ = std::make_unique<LeaseMonitor>(
        *cluster_->manager, [this](size_t limit) { return ns_->ExpiredLeases(limit); },
        [this](InodeId file, Done<bool> done) { ns_->ExpireLease(file, std::move(done)); });
    for (size_t i = 0; i < disks_.size(); ++i) {
      cluster_->AddNode("/r0", /*up=*/false);
      if (!away_.contains(i)) Register(i);
    }
    if (report) Report();
    for (int i = 0; i < 20 && cluster_->manager->InSafeMode(); ++i) Beat();
    ASSERT_FALSE(cluster_->manager->InSafeMode());
  }
  // As after SIGKILL of the NameNode. The DataNodes report when `report` says so.
  void Restart(bool report = true) {
    orders_.clear();
    monitor_->Drain();
    ns_.reset();
    monitor_.reset();
    store_.reset();
    Open(report);
  }
  // The DataNode comes, or comes anew, and has yet to report.
  void Register(size_t node) {
    FakeDatanode& datanode = cluster_->nodes[node];
    datanode.up = true;
    datanode.sequence = 0;
    ASSERT_TRUE(cluster_->manager->Register(datanode.registration).ok());
    cluster_->BeatOnly(node);
  }
  void Report() {
    for (size_t i = 0; i < disks_.size(); ++i) {
      if (!cluster_->nodes[i].up) continue;
      ReportChunk chunk{cluster_->nodes[i].storage_id(),
                        ++cluster_->nodes[i].sequence,
                        INT64_MIN,
                        INT64_MAX,
                        true,
                        {}};
      for (const auto& [id, replica] : disks_[i]) {
        chunk.replicas.push_back({replica.block, replica.state});
      }
      ASSERT_TRUE(cluster_->manager->ReportChunkReceived(cluster_->nodes[i].uuid(), chunk).ok());
    }
  }

  // -- time
  // A heartbeat of every node; what they are told is kept.
  void Beat(int64_t ms = 3'000) {
    cluster_->clock.Advance(ms);
    cluster_->durable = store_->durable();
    for (size_t i = 0; i < disks_.size(); ++i) {
      if (!cluster_->nodes[i].up) continue;
      for (RecoverCommand& command : cluster_->BeatOnly(i).recoveries) {
        EXPECT_TRUE(stamps_.insert(command.recovery_id).second)
            << "recovery id " << command.recovery_id << " was given out twice";
        orders_.push_back({i, std::move(command)});
      }
    }
    cluster_->manager->Tick();
    monitor_->RunOnce();
    monitor_->Drain();
  }
  // The same, and they do what they are told.
  void Round(int64_t ms = 3'000) {
    Beat(ms);
    for (const Order& order : std::exchange(orders_, {})) {
      if (!Refuses(order.command)) (void)Commit(Recover(order));
    }
  }
  void RoundsFor(int64_t ms) {
    for (int64_t passed = 0; passed < ms; passed += 30'000) Round(30'000);
  }

  // -- a DataNode as the primary of a recovery
  struct Order {
    size_t primary;
    RecoverCommand command;
  };
  // The replicas it finds at the places of the command, with those that lack known bytes only where
  // no other is left; and whether every place has answered.
  std::pair<std::vector<std::pair<ReplicaLocation, Replica*>>, bool> Find(
      const RecoverCommand& command) {
    const Block& block = command.block.block;
    std::vector<std::pair<ReplicaLocation, Replica*>> found;
    bool all_answer = true;
    bool any_whole = false;
    for (const ReplicaLocation& place : command.replicas) {
      const size_t node = cluster_->NodeOf(place.datanode.id.uuid);
      all_answer = all_answer && cluster_->nodes[node].up;
      const auto replica = disks_[node].find(block.id);
      if (!cluster_->nodes[node].up || replica == disks_[node].end() ||
          replica->second.block.generation_stamp < block.generation_stamp ||
          replica->second.block.generation_stamp >= command.recovery_id ||
          replica->second.block.num_bytes == 0) {
        continue;
      }
      found.emplace_back(place, &replica->second);
      any_whole = any_whole || replica->second.block.num_bytes >= block.num_bytes;
    }
    std::erase_if(found, [&](const auto& replica) {
      return any_whole && replica.second->block.num_bytes < block.num_bytes;
    });
    return {std::move(found), all_answer};
  }
  // A DataNode does not cut what another one may have.
  bool Refuses(const RecoverCommand& command) {
    const auto [found, all_answer] = Find(command);
    if (command.truncate_to || (command.absent == AbsentReplicas::kNone && all_answer))
      return false;
    return command.block.block.num_bytes > 0 &&
           std::none_of(found.begin(), found.end(), [&](const auto& replica) {
             return replica.second->block.num_bytes >= command.block.block.num_bytes;
           });
  }
  // Brings the replicas to one length and stamp; the result is still to be told.
  BlockSyncRequest Recover(const Order& order) {
    const RecoverCommand& command = order.command;
    const Block& block = command.block.block;
    BlockSyncRequest result{command.block, command.recovery_id, 0, false, {}};
    result.block.pool_id = store_->identity().block_pool_id;  // FakeCluster has its own
    std::vector<Replica*> replicas;
    int64_t length = INT64_MAX;
    for (const auto& [place, replica] : Find(command).first) {
      replicas.push_back(replica);
      length = std::min(length, replica->block.num_bytes);
      result.replicas.push_back(place);
    }
    if (replicas.empty()) {
      result.delete_block = true;
      return result;
    }
    result.new_length = command.truncate_to.value_or(length);
    for (Replica* replica : replicas) {
      *replica = {{block.id, command.recovery_id, result.new_length}, ReplicaState::kFinalized};
    }
    return result;
  }
  absl::Status Commit(const BlockSyncRequest& result) {
    return TestNamespace::SyncVoid(
        [&](auto done) { ns_->CommitBlockSynchronization(result, std::move(done)); });
  }

  // -- a writer
  // Creates a file whose first block has been hflushed on these nodes with `bytes`.
  void WriteOpen(const std::string& path, int64_t bytes, std::vector<size_t> nodes = {0, 1, 2}) {
    const auto created = TestNamespace::Sync<FileStatus>([&](auto done) {
      ns_->Create(TestNamespace::Root(),
                  {.path = path, .client_name = "writer", .replication = 3, .block_size = 1 << 20},
                  std::move(done));
    });
    ASSERT_TRUE(created.ok()) << created.status();
    const auto block = TestNamespace::Sync<LocatedBlock>([&](auto done) {
      ns_->AddBlock(TestNamespace::Root(), {.path = path, .client_name = "writer"},
                    std::move(done));
    });
    ASSERT_TRUE(block.ok()) << block.status();
    block_ = block->block;
    stamps_.insert(block_.block.generation_stamp);
    if (bytes == 0) return;
    block_.block.num_bytes = bytes;
    for (const size_t node : nodes) {
      disks_[node][block_.block.id] = {block_.block};
      cluster_->Change(node, block_.block, ReplicaChangeKind::kReceiving);
    }
  }
  // The same, finalized and closed.
  void WriteClosed(const std::string& path, int64_t bytes) {
    WriteOpen(path, bytes);
    for (size_t node = 0; node < 3; ++node) {
      disks_[node][block_.block.id].state = ReplicaState::kFinalized;
      cluster_->Change(node, block_.block, ReplicaChangeKind::kReceived);
    }
    const auto closed = TestNamespace::Sync<bool>([&](auto done) {
      ns_->Complete(TestNamespace::Root(), {.path = path, .client_name = "writer", .last = block_},
                    std::move(done));
    });
    ASSERT_TRUE(closed.ok() && *closed) << closed.status();
  }
  // The writer tells the length of the block written last, as its first hflush does.
  void Tell(const std::string& path, int64_t bytes) {
    const FsyncRequest request{.path = path, .client_name = "writer", .last_block_length = bytes};
    ASSERT_TRUE(TestNamespace::SyncVoid([&](auto done) {
                  ns_->Fsync(TestNamespace::Root(), request, std::move(done));
                }).ok());
  }
  absl::StatusOr<bool> RecoverLease(const std::string& path) {
    return TestNamespace::Sync<bool>([&](auto done) {
      ns_->RecoverLease(TestNamespace::Root(), path, "recoverer", std::move(done));
    });
  }
  absl::StatusOr<bool> Truncate(const std::string& path, int64_t length) {
    return TestNamespace::Sync<bool>([&](auto done) {
      ns_->Truncate(TestNamespace::Root(), {path, length, "cutter"}, std::move(done));
    });
  }
  bool IsClosed(const std::string& path) {
    return *TestNamespace::Sync<bool>(
        [&](auto done) { ns_->IsFileClosed(TestNamespace::Root(), path, std::move(done)); });
  }
  BlockRow Row() { return cluster_->manager->Find(block_.block.id)->row; }

  // The file is closed with `bytes`, and every good replica has exactly its stamp and length.
  void ExpectRecovered(const std::string& path, int64_t bytes, int replicas = 3) {
    EXPECT_TRUE(IsClosed(path));
    const auto located = TestNamespace::Sync<LocatedBlocks>([&](auto done) {
      ns_->GetBlockLocations(TestNamespace::Root(), path, 0, INT64_MAX, std::move(done));
    });
    ASSERT_TRUE(located.ok()) << located.status();
    EXPECT_EQ(located->file_length, bytes);
    ASSERT_EQ(located->blocks.size(), 1u);
    const LocatedBlock& block = located->blocks[0];
    EXPECT_EQ(static_cast<int>(block.locations.size()), replicas);
    EXPECT_FALSE(block.corrupt);
    for (const ReplicaLocation& place : block.locations) {
      const size_t node = cluster_->NodeOf(place.datanode.id.uuid);
      EXPECT_EQ(disks_[node].at(block.block.block.id).block, block.block.block) << node;
    }
  }

  std::vector<std::map<BlockId, Replica>> disks_{3};  // of the DataNodes
  std::set<size_t> away_;             // DataNodes that do not come when the NameNode starts
  std::set<GenerationStamp> stamps_;  // given to anyone so far
  std::vector<Order> orders_;
  ExtendedBlock block_;  // the one written last

  NamespaceOptions options_;
  std::shared_ptr<MemoryDisk> disk_;
  std::unique_ptr<FakeCluster> cluster_;
  std::unique_ptr<MemoryMetaStore> store_;
  std::unique_ptr<NamespaceImpl> ns_;
  std::unique_ptr<LeaseMonitor> monitor_;
};

}  // namespace cairn::namenode
