// A block manager with simulated DataNodes that obey it, for tests: no threads, no disks, time
// moved by hand.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/random.h"
#include "common/testing/manual_clock.h"
#include "namenode/blocks/block_manager_impl.h"

namespace cairn::namenode {

// One simulated DataNode with one storage.
struct FakeDatanode {
  DatanodeRegistration registration;
  std::map<BlockId, Block> replicas;  // finalized, on its disk
  std::map<BlockId, bool> rotten;     // replicas with wrong bytes
  int64_t sequence = 0;
  int64_t remaining = int64_t{1} << 40;
  int32_t xceivers = 0;
  int32_t failed_volumes = 0;
  bool up = true;
  uint64_t registration_id = 0;

  const std::string& uuid() const { return registration.id.uuid; }
  const std::string& storage_id() const { return registration.storages[0].storage_id; }
};

// Thread-compatible.
class FakeCluster {
 public:
  static constexpr int64_t kBlockSize = 1 << 20;

  explicit FakeCluster(BlockManagerOptions options = {}, uint64_t seed = 1);

  // Starts a DataNode at 10.0.0.<number+1>:9866 in `rack`, registered and with its full report
  // made; or, when not `up`, one that has yet to come.
  size_t AddNode(const std::string& rack, bool up = true);
  // Ends loading, and waits until safe mode is off.
  void Start();
  // Registers the node and sends its full report.
  void Register(size_t node);
  void FullReport(size_t node, int64_t sequence);
  void FullReport(size_t node) { FullReport(node, ++nodes[node].sequence); }
  // Sends a heartbeat and does everything the answer says, transfers included.
  DatanodeCommands Beat(size_t node);
  // Sends a heartbeat; the commands are only returned.
  DatanodeCommands BeatOnly(size_t node);
  // Carries out commands of `node`.
  void Obey(size_t node, const DatanodeCommands& commands);
  // All nodes that are up beat, after `ms`; then one round of the monitors.
  void Round(int64_t ms = 3'000);
  // A round of replication in which every file is linked.
  void Replicate();

  // A block of a new file, written by `client` to its end. Returns its id.
  BlockId Write(int replication, const std::string& client = "10.9.9.9");
  // A complete block of three replicas of which a recovery has left the one on `node`; the other
  // nodes have stale ones, and have registered anew.
  BlockId WriteRecoveredOn(size_t node);
  // The steps of a write: a new unfinished block with its places; the replica at one of them is
  // done.
  BlockId Allocate(int replication, const std::string& client,
                   std::vector<ReplicaLocation>* places);
  void Received(size_t node, const Block& block, const std::string& hint = "");
  void Change(size_t node, const Block& block, ReplicaChangeKind kind,
              const std::string& hint = "");
  void SetRow(const BlockRow& row);
  void Delete(BlockId block);

  size_t NodeOf(const std::string& uuid) const;
  // The first node that has no replica of the block.
  size_t NodeWithout(BlockId block) const;
  int Live(BlockId block) const { return manager->Find(block)->live; }
  BlockRow Row(BlockId block) const { return manager->Find(block)->row; }
  // Replicas on the disks of nodes that are up, of the right stamp and not rotten.
  int GoodOnDisk(BlockId block) const;

  ManualClock clock;
  Random random;
  std::atomic<Txid> txid = 0;
  std::atomic<Txid> durable = 0;  // follows txid unless `hold_durable`
  bool hold_durable = false;
  GenerationStamp stamp = 1000;
  BlockId last_block = kLastReservedBlockId;
  std::unique_ptr<RackResolver> racks;
  std::unique_ptr<BlockManagerImpl> manager;
  std::vector<FakeDatanode> nodes;
  std::map<std::string, std::string> rack_of;  // by address
};

}  // namespace cairn::namenode
