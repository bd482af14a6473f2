// Plain values of the block store: options, requests, reports and events.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/data_checksum.h"
#include "common/file_system.h"
#include "common/random.h"
#include "common/types/block.h"

namespace cairn::datanode {

// One entry of dfs.datanode.data.dir, its "[SSD]"-like prefix already taken off.
struct VolumeOptions {
  std::string path;  // absolute; created when missing
  StorageType storage_type = StorageType::kDisk;
};

// Each field names its configuration key and carries its default.
struct StoreOptions {
  std::vector<VolumeOptions> volumes;     // dfs.datanode.data.dir
  int64_t reserved_bytes = 0;             // dfs.datanode.du.reserved, per volume
  int32_t failed_volumes_tolerated = -1;  // dfs.datanode.failed.volumes.tolerated; < 0: all but one
  int64_t stop_writer_timeout_ms = 60'000;          // dfs.datanode.xceiver.stop.timeout.millis
  int64_t scan_period_ms = 504LL * 3600 * 1000;     // dfs.datanode.scan.period.hours; <= 0: never
  int64_t scan_bytes_per_second = 1 << 20;          // dfs.block.scanner.volume.bytes.per.second
  int64_t directory_scan_interval_ms = 21'600'000;  // dfs.datanode.directoryscan.interval (s)
  int64_t directory_scan_entries_per_second = 20'000;  // bounds the load of a directory scan
  int64_t deletions_per_second = 1'000;                // per store
  bool background = true;                              // false: no scans by themselves (tests)
  // Which boot of the machine this is (MachineBootId); empty: not known, and no replica that was
  // being written is trusted to be whole.
  std::string boot_id;
};

// What the NameNode says it is (NamespaceInfo).
struct PoolIdentity {
  std::string cluster_id;  // CID-…
  std::string pool_id;     // BP-…
  int32_t namespace_id = 0;
  int64_t creation_time = 0;  // cTime of the NameNode's storage
};

// What the store stands on. All must outlive it.
struct StoreEnv {
  FileSystem& fs;
  const Clock& clock;
  Random& random;
};

// What an operation that writes a replica asks for; fields as in OpWriteBlockProto.
struct WriteRequest {
  Block block;  // num_bytes: the space to expect
  GenerationStamp latest_generation_stamp = 0;
  int64_t min_bytes_received = 0;
  int64_t max_bytes_received = 0;
  StorageType storage_type = StorageType::kDisk;  // wished; any is taken when none has room
  std::string storage_id;                         // wished; empty: any
  DataChecksum checksum;                          // the sender's
  bool is_transfer = false;  // TRANSFER_*: a FINALIZED replica of an older stamp gives way
  // Called at most once, from another thread, when a recovery wants the writer gone: make the
  // thread that holds it stop (shut its sockets) and return at once, calling neither the store nor
  // the writer. Null: the writer only finds
  // out with its next call.
  std::function<void()> stop_writer;
};

// A replica's way to another volume.
struct MoveRequest {
  Block block;
  StorageType storage_type = StorageType::kDisk;  // wished
  std::string storage_id;                         // wished; empty: any of the type
  std::function<void(int64_t bytes)> pace;        // called as bytes are copied; may wait
};

// One replica as lists and lookups tell it.
struct ReplicaInfo {
  Block block;  // num_bytes: bytes on disk
  ReplicaState state = ReplicaState::kFinalized;
  int64_t visible_length = 0;  // -1: not readable (RWR, TEMPORARY)
  std::string storage_id;
  StorageType storage_type = StorageType::kDisk;
};

// One entry of a full report, small because there are millions.
struct ReplicaEntry {
  Block block;
  ReplicaState state = ReplicaState::kFinalized;
};

// A full report of one storage.
struct ReplicaListing {
  uint64_t sequence = 0;  // above those of the changes contained and of earlier reports
  std::vector<ReplicaEntry> replicas;
};

// Answer to initReplicaRecovery.
struct ReplicaRecoveryInfo {
  Block block;  // num_bytes: bytes on disk
  ReplicaState original_state = ReplicaState::kFinalized;
  // Of an RWR: bytes that were acknowledged may be missing at its end, because the machine was
  // booted anew since they were written, or the files are damaged. Without this it has all of them.
  bool may_have_lost_bytes = false;
};

// Usage of one volume, in bytes. capacity and remaining leave reserved_bytes out.
struct StorageUsage {
  std::string storage_id;
  StorageType storage_type = StorageType::kDisk;
  std::string path;
  int64_t capacity = 0;
  int64_t dfs_used = 0;  // block and meta files
  int64_t non_dfs_used = 0;
  int64_t remaining = 0;
  int64_t num_blocks = 0;
};

// A volume that was dropped.
struct VolumeFailure {
  std::string path;
  std::string storage_id;  // empty when it never opened
  std::string reason;
  int64_t wall_ms = 0;
  int64_t lost_bytes = 0;  // capacity it had
};

// Numbers are HDFS's BlockStatus.
enum class ReplicaChangeKind : uint8_t { kReceiving = 1, kReceived = 2, kDeleted = 3 };

// One change of a storage. `sequence` is unique within the storage and rises with every change;
// events of one block arrive in its order, those of different blocks may not.
struct ReplicaChange {
  ReplicaChangeKind kind = ReplicaChangeKind::kReceived;
  std::string storage_id;
  uint64_t sequence = 0;
  Block block;
  std::string delete_hint;  // with kReceived
};

// Told of replicas that are no longer what they were; see BlockStore::WatchReplicas.
using ReplicaWatch = std::function<void(BlockId)>;

// Who wants to know. Called from many threads, also within calls of the store: return quickly and
// never call the store back from here.
class StoreListener {
 public:
  virtual ~StoreListener() = default;
  virtual void OnReplicaChange(const ReplicaChange& change) = 0;
  // A replica whose bytes or checksums are damaged (reportBadBlocks). Once per finding.
  virtual void OnBadReplica(const Block& block, const std::string& storage_id,
                            const std::string& reason) = 0;
  virtual void OnVolumeFailure(const VolumeFailure& failure) = 0;
};

}  // namespace cairn::datanode
