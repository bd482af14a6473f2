// What DataNodes tell the NameNode, and what it answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/types/block.h"
#include "common/types/file_status.h"
#include "common/types/ids.h"

namespace cairn::namenode {

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

// One storage of a heartbeat; sizes in bytes.
struct StorageUsage {
  std::string storage_id;
  StorageType type = StorageType::kDisk;
  bool failed = false;
  int64_t capacity = 0;
  int64_t dfs_used = 0;
  int64_t non_dfs_used = 0;
  int64_t remaining = 0;
};

// How a DataNode makes itself known.
struct DatanodeRegistration {
  DatanodeId id;
  bool ip_as_seen = false;  // it named no address of its own: id.ip_addr is where it called from
  std::string cluster_id;
  std::string block_pool_id;
  std::string software_version;
  std::vector<StorageUsage> storages;
};

// What a DataNode tells every few seconds.
struct HeartbeatRequest {
  std::string uuid;
  std::string seen_ip;  // where it called from
  std::vector<StorageUsage> storages;
  int32_t xceivers = 0;
  int32_t transfers_in_progress = 0;
  int32_t failed_volumes = 0;
};

// Copy a replica to the targets, in a chain.
struct TransferCommand {
  ExtendedBlock block;
  std::vector<ReplicaLocation> targets;
};

// How the DataNodes of a block's pipeline stand that are not to be asked in its recovery. Ordered:
// what holds of one of them holds of the recovery. Numbers are those of datanode.proto.
enum class AbsentReplicas : uint8_t {
  kAwaited = 0,  // one may have a replica and come back soon
  kDead = 1,     // one may have a replica, but is dead, or a reader found the replica damaged
  kNone = 2,     // each has reported that it has no replica, or one of an earlier stamp
};

// Bring the replicas of a block whose writer is gone to one length, as the primary.
struct RecoverCommand {
  ExtendedBlock block;  // with its stored stamp and length
  GenerationStamp recovery_id = 0;
  std::vector<ReplicaLocation> replicas;
  std::optional<int64_t> truncate_to;
  AbsentReplicas absent = AbsentReplicas::kAwaited;
};

// What a heartbeat answers.
struct DatanodeCommands {
  bool reregister = false;
  bool send_full_report = false;
  std::vector<RecoverCommand> recoveries;  // to be begun before anything else
  std::vector<TransferCommand> transfers;
  std::vector<Block> invalidate;
  int64_t balancer_bandwidth = 0;  // 0: unchanged
};

}  // namespace cairn::namenode
