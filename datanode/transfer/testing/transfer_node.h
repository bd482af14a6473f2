// For tests: a data port over a real block store in a temporary directory, and what the store told.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/random.h"
#include "common/testing/temp_dir.h"
#include "common/threads.h"
#include "datanode/store/block_store.h"
#include "datanode/transfer/transfer_server.h"

namespace cairn::datanode {

inline constexpr char kTestPool[] = "BP-1-127.0.0.1-1";

// Remembers events of a store. Thread-safe.
class RecordingListener : public StoreListener {
 public:
  void OnReplicaChange(const ReplicaChange& change) override {
    MutexLock lock(mu_);
    changes_.push_back(change);
  }
  void OnBadReplica(const Block& block, const std::string& storage_id,
                    const std::string& reason) override {
    MutexLock lock(mu_);
    bad_.push_back(block);
  }
  void OnVolumeFailure(const VolumeFailure& failure) override {}

  std::vector<ReplicaChange> changes() const {
    MutexLock lock(mu_);
    return changes_;
  }
  std::vector<Block> bad() const {
    MutexLock lock(mu_);
    return bad_;
  }

 private:
  mutable Mutex mu_;
  std::vector<ReplicaChange> changes_ GUARDED_BY(mu_);
  std::vector<Block> bad_ GUARDED_BY(mu_);
};

// One DataNode's store and data port on a free loopback port. Throws when it cannot start.
class TransferNode {
 public:
  explicit TransferNode(TransferOptions options = DefaultOptions());
  ~TransferNode();

  // Listens on loopback with short timeouts.
  static TransferOptions DefaultOptions();

  BlockStore& store() { return *store_; }
  TransferServer& server() { return *server_; }
  RecordingListener& listener() { return listener_; }
  int port() const { return server_->port(); }
  // As a target of a pipeline.
  DatanodeInfo info() const;
  // Ends the data port, as a crash of the process would.
  void StopServer() { server_->Stop(); }
  // Changes one byte of a replica's data on disk.
  void DamageData(BlockId id, int64_t offset);

 private:
  TempDir directory_;
  Random random_;
  RecordingListener listener_;
  std::unique_ptr<BlockStore> store_;
  std::unique_ptr<TransferServer> server_;
};

}  // namespace cairn::datanode
