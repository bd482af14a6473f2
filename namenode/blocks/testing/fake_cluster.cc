// Simulated DataNodes.
#include "namenode/blocks/testing/fake_cluster.h"

#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace cairn::namenode {

FakeCluster::FakeCluster(BlockManagerOptions options, uint64_t seed) : random(seed) {
  options.cluster_id = "CID-1";
  options.block_pool_id = "BP-1";
  options.host_name = "nn";
  options.durable = [this] { return durable.load(); };
  options.highest_generation_stamp = [this] { return stamp; };
  auto resolver = RackResolver::Create(
      {.script_file = "racks"}, PosixFileSystem(),
      [this](const std::vector<std::string>& argv) -> absl::StatusOr<std::string> {
        const auto it = rack_of.find(argv[1]);
        return it == rack_of.end() ? std::string("/default-rack") : it->second;
      });
  racks = *std::move(resolver);
  manager = std::make_unique<BlockManagerImpl>(std::move(options), clock, random, *racks);
}

size_t FakeCluster::AddNode(const std::string& rack, bool up) {
  const size_t index = nodes.size();
  FakeDatanode& node = nodes.emplace_back();
  DatanodeId& id = node.registration.id;
  id.uuid = fmt::format("uuid-{}", index);
  id.ip_addr = fmt::format("10.0.{}.{}", index / 200, index % 200 + 1);
  id.host_name = fmt::format("dn{}", index);
  id.xfer_port = 9866;
  node.registration.cluster_id = "CID-1";
  node.registration.block_pool_id = "BP-1";
  StorageUsage usage;
  usage.storage_id = fmt::format("DS-{}", index);
  node.registration.storages = {usage};
  rack_of[id.ip_addr] = rack;
  node.up = up;
  if (!up) return index;
  Register(index);
  BeatOnly(index);
  return index;
}

void FakeCluster::Start() {
  manager->LoadingDone();
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].up) FullReport(i);
  }
  manager->Tick();
  for (int i = 0; i < 20 && manager->InSafeMode(); ++i) Round();
  EXPECT_FALSE(manager->InSafeMode()) << manager->SafeModeTip();
}

void FakeCluster::Register(size_t index) {
  FakeDatanode& node = nodes[index];
  node.up = true;
  node.sequence = 0;
  const auto id = manager->Register(node.registration);
  ASSERT_TRUE(id.ok()) << id.status();
  node.registration_id = *id;
  FullReport(index);
}

void FakeCluster::FullReport(size_t index, int64_t sequence) {
  FakeDatanode& node = nodes[index];
  ReportChunk chunk;
  chunk.storage_id = node.storage_id();
  chunk.sequence = sequence;
  chunk.first_id = std::numeric_limits<BlockId>::min();
  chunk.last_id = std::numeric_limits<BlockId>::max();
  chunk.last_chunk = true;
  for (const auto& [id, block] : node.replicas) {
    chunk.replicas.push_back({block, ReplicaState::kFinalized});
  }
  EXPECT_TRUE(manager->ReportChunkReceived(node.uuid(), chunk).ok());
}

DatanodeCommands FakeCluster::BeatOnly(size_t index) {
  const FakeDatanode& node = nodes[index];
  HeartbeatRequest request;
  request.uuid = node.uuid();
  StorageUsage usage = node.registration.storages[0];
  usage.capacity = int64_t{1} << 40;
  usage.dfs_used = static_cast<int64_t>(node.replicas.size()) * kBlockSize;
  usage.remaining = node.remaining;
  request.storages = {usage};
  request.xceivers = node.xceivers;
  request.failed_volumes = node.failed_volumes;
  return *manager->Heartbeat(request);
}

DatanodeCommands FakeCluster::Beat(size_t index) {
  const DatanodeCommands commands = BeatOnly(index);
  Obey(index, commands);
  return commands;
}

void FakeCluster::Obey(size_t index, const DatanodeCommands& commands) {
  if (commands.reregister) return Register(index);
  if (commands.send_full_report) FullReport(index);
  for (const TransferCommand& transfer : commands.transfers) {
    const Block& block = transfer.block.block;
    const auto it = nodes[index].replicas.find(block.id);
    if (it == nodes[index].replicas.end() || !(it->second == block)) continue;
    if (nodes[index].rotten.contains(block.id)) {  // a copy checks what it reads
      manager->MarkCorrupt(block, nodes[index].uuid(), nodes[index].storage_id());
      continue;
    }
    for (const ReplicaLocation& target : transfer.targets) {
      const size_t to = NodeOf(target.datanode.id.uuid);
      if (!nodes[to].up || nodes[to].replicas.contains(block.id)) continue;
      Received(to, block);
    }
  }
  for (const Block& block : commands.invalidate) {
    const auto it = nodes[index].replicas.find(block.id);
    if (it == nodes[index].replicas.end() ||
        it->second.generation_stamp != block.generation_stamp) {
      continue;
    }
    const Block gone = it->second;
    nodes[index].replicas.erase(it);
    nodes[index].rotten.erase(gone.id);
    Change(index, gone, ReplicaChangeKind::kDeleted);
  }
}

void FakeCluster::Replicate() {
  std::vector<BlockId> linked;
  for (const auto& candidate : manager->ReplicationCandidates()) linked.push_back(candidate.block);
  manager->ScheduleReplication(linked);
}

void FakeCluster::Round(int64_t ms) {
  clock.Advance(ms);
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].up) Beat(i);
  }
  manager->Tick();
  Replicate();
}

void FakeCluster::SetRow(const BlockRow& row) {
  manager->Apply(std::vector<BlockChange>{{row.id, row}}, ++txid);
  if (!hold_durable) durable = txid.load();
}

void FakeCluster::Delete(BlockId block) {
  manager->Apply(std::vector<BlockChange>{{block, std::nullopt}}, ++txid);
  if (!hold_durable) durable = txid.load();
}

BlockId FakeCluster::WriteRecoveredOn(size_t node) {
  std::vector<ReplicaLocation> places;
  const BlockId block = Allocate(3, "", &places);
  const Block stale{block, stamp, 10};
  for (const ReplicaLocation& place : places) {
    const size_t holder = NodeOf(place.datanode.id.uuid);
    nodes[holder].replicas[block] = stale;
    Change(holder, stale, ReplicaChangeKind::kReceiving);
  }
  BlockRow row = Row(block);
  row.generation_stamp = ++stamp;
  row.length = 10;
  SetRow(row);
  std::erase_if(
      places, [&](const ReplicaLocation& place) { return NodeOf(place.datanode.id.uuid) != node; });
  manager->SetExpectedLocations(block, places);
  nodes[node].replicas[block] = {block, stamp, 10};
  Received(node, {block, stamp, 10});
  row.state = BlockState::kComplete;
  SetRow(row);
  for (size_t other = 0; other < nodes.size(); ++other) {
    if (other != node) Register(other);
  }
  return block;
}

BlockId FakeCluster::Allocate(int replication, const std::string& client,
                              std::vector<ReplicaLocation>* places) {
  PlacementRequest request;
  request.path = "/f";
  request.client_address = client;
  request.replicas = replication;
  request.block_size = kBlockSize;
  auto chosen = manager->ChooseTargets(request);
  EXPECT_TRUE(chosen.ok()) << chosen.status();
  if (!chosen.ok()) return 0;
  *places = *std::move(chosen);
  const BlockId block = ++last_block;
  SetRow({block, kRootInodeId + block, ++stamp, 0, replication, BlockState::kUnderConstruction});
  manager->SetExpectedLocations(block, *places);
  return block;
}

void FakeCluster::Change(size_t index, const Block& block, ReplicaChangeKind kind,
                         const std::string& hint) {
  FakeDatanode& node = nodes[index];
  const ReplicaChange change{++node.sequence, block, kind, hint};
  EXPECT_TRUE(manager->ReplicasChanged(node.uuid(), node.storage_id(), std::vector{change}).ok());
}

void FakeCluster::Received(size_t index, const Block& block, const std::string& hint) {
  nodes[index].replicas[block.id] = block;
  Change(index, block, ReplicaChangeKind::kReceived, hint);
}

BlockId FakeCluster::Write(int replication, const std::string& client) {
  std::vector<ReplicaLocation> places;
  const BlockId block = Allocate(replication, client, &places);
  if (block == 0) return 0;
  BlockRow row = Row(block);
  row.length = kBlockSize;
  for (const ReplicaLocation& place : places) {
    Received(NodeOf(place.datanode.id.uuid), {block, row.generation_stamp, row.length});
  }
  row.state = BlockState::kCommitted;
  EXPECT_TRUE(manager->HasMinReplicas(row));
  SetRow(row);
  row.state = BlockState::kComplete;
  SetRow(row);
  return block;
}

size_t FakeCluster::NodeWithout(BlockId block) const {
  size_t node = 0;
  while (nodes[node].replicas.contains(block)) ++node;
  return node;
}

size_t FakeCluster::NodeOf(const std::string& uuid) const {
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].uuid() == uuid) return i;
  }
  ADD_FAILURE() << "no node " << uuid;
  return 0;
}

int FakeCluster::GoodOnDisk(BlockId block) const {
  int good = 0;
  for (const FakeDatanode& node : nodes) {
    good += node.up && node.replicas.contains(block) && !node.rotten.contains(block);
  }
  return good;
}

}  // namespace cairn::namenode
