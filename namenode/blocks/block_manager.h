// Blocks and their replicas: which DataNode holds what, where new replicas go, which are copied or
// removed. All in RAM.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/types/block.h"
#include "common/types/file_status.h"
#include "common/types/ids.h"
#include "namenode/meta/rows.h"

namespace cairn::namenode {

// A change of one block's row, as committed by the namespace.
struct BlockChange {
  BlockId id = 0;
  std::optional<BlockRow> row;  // empty: the block is gone, its replicas are to be deleted
};

// A block's row with what the DataNodes told.
struct BlockView {
  BlockRow row;
  int live = 0;  // finalized, right length and stamp, on live DataNodes
  int corrupt = 0;
  int expected = 0;  // places of the pipeline while under construction
};

// What addBlock and getAdditionalDatanode ask of the placement policy.
struct PlacementRequest {
  std::string path;  // for the error message
  std::string client_address;
  int32_t replicas = 0;  // wanted in addition to `existing`
  int64_t block_size = 0;
  std::vector<DatanodeId> excluded;
  std::vector<std::string> favored;  // host:port
  std::vector<ReplicaLocation> existing;
  uint32_t flags = 0;  // kAddBlock… of requests.h
  uint8_t storage_policy = 0;
};

// One replica of a report or increment.
struct ReportedReplica {
  Block block;
  ReplicaState state = ReplicaState::kFinalized;
};

enum class ReplicaChangeKind : uint8_t { kReceiving = 1, kReceived = 2, kDeleted = 3 };

// One increment of a storage.
struct ReplicaChange {
  int64_t sequence = 0;  // one rising sequence per storage, shared with its full reports
  Block block;
  ReplicaChangeKind kind = ReplicaChangeKind::kReceived;
  std::string delete_hint;  // uuid of the DataNode to prefer when a replica is in excess
};

// A piece of a full report: all replicas of one storage with ids in [first_id, last_id], sorted.
struct ReportChunk {
  std::string storage_id;
  int64_t sequence = 0;  // of the report as a whole
  BlockId first_id = 0;
  BlockId last_id = 0;
  bool last_chunk = false;
  std::vector<ReportedReplica> replicas;
};

struct StorageUsage {
  std::string storage_id;
  StorageType type = StorageType::kDisk;
  bool failed = false;
  int64_t capacity = 0;
  int64_t dfs_used = 0;
  int64_t non_dfs_used = 0;
  int64_t remaining = 0;
};

struct DatanodeRegistration {
  DatanodeId id;  // ip_addr as seen by the NameNode
  std::string cluster_id;
  std::string block_pool_id;
  std::string software_version;
  std::vector<StorageUsage> storages;
};

struct HeartbeatRequest {
  std::string uuid;
  std::vector<StorageUsage> storages;
  int32_t xceivers = 0;
  int32_t transfers_in_progress = 0;
  int32_t failed_volumes = 0;
};

struct TransferCommand {
  ExtendedBlock block;
  std::vector<ReplicaLocation> targets;
};

// What a heartbeat answers.
struct DatanodeCommands {
  bool reregister = false;
  bool send_full_report = false;
  std::vector<TransferCommand> transfers;
  std::vector<Block> invalidate;
  int64_t balancer_bandwidth = 0;  // 0: unchanged
};

// Thread-safe: has a lock of its own, always taken after the namespace's, never around a call out
// of this class. Memory only.
class BlockManager {
 public:
  virtual ~BlockManager() = default;

  // -- from the namespace, under its lock
  // Takes over committed rows. Removals and lowered replication cause deletions that are handed out
  // once `txid` is durable.
  virtual void Apply(absl::Span<const BlockChange> changes, Txid txid) = 0;
  virtual std::optional<BlockView> Find(BlockId id) const = 0;
  // COMMITTED or COMPLETE with at least dfs.namenode.replication.min good replicas.
  virtual bool HasMinReplicas(BlockId id) const = 0;
  // The pipeline's places of a block under construction (RAM only: after a restart reports fill
  // them in).
  virtual void SetExpectedLocations(BlockId id, const std::vector<ReplicaLocation>& locations) = 0;
  virtual std::vector<ReplicaLocation> ExpectedLocations(BlockId id) const = 0;
  // The block with its places, nearest to `client_address` first, stale ones last. Corrupt replicas
  // are left out unless all are.
  virtual LocatedBlock Locate(BlockId id, int64_t offset_in_file,
                              std::string_view client_address) const = 0;

  // -- placement, without the namespace lock
  virtual absl::StatusOr<std::vector<ReplicaLocation>> ChooseTargets(
      const PlacementRequest& request) = 0;

  // -- loading at start: rows in any order, then LoadingDone. Until then safe mode stays on and
  // nothing is invalidated
  virtual void Load(absl::Span<const BlockRow> rows) = 0;
  virtual void LoadingDone() = 0;
  virtual bool loading() const = 0;

  // -- from DataNodes
  virtual absl::Status Register(const DatanodeRegistration& registration) = 0;
  virtual absl::StatusOr<DatanodeCommands> Heartbeat(const HeartbeatRequest& request) = 0;
  virtual absl::Status ReportChunkReceived(std::string_view uuid, const ReportChunk& chunk) = 0;
  virtual absl::Status ReplicasChanged(std::string_view uuid, std::string_view storage_id,
                                       absl::Span<const ReplicaChange> changes) = 0;
  // A replica found bad by a reader or a scanner. Unknown blocks and places are ignored.
  virtual void MarkCorrupt(const Block& block, std::string_view datanode_uuid,
                           std::string_view storage_id) = 0;

  // -- periodic work (monitors)
  // Liveness, pending timeouts and one round of replication and invalidation planning; `linked`
  // tells whether a block's file is still in the tree.
  virtual void Tick() = 0;

  // -- safe mode
  virtual bool InSafeMode() const = 0;
  // The text after the first line of a SafeModeException.
  virtual std::string SafeModeTip() const = 0;
  virtual void EnterSafeMode(bool for_lack_of_space) = 0;
  virtual absl::Status LeaveSafeMode(bool force) = 0;

  // -- views
  virtual FsStats Stats() const = 0;  // total_files is the namespace's to fill
  virtual std::vector<DatanodeInfo> Datanodes() const = 0;
};

}  // namespace cairn::namenode
