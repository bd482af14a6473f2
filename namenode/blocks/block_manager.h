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
#include "namenode/blocks/block_inspection.h"
#include "namenode/blocks/block_views.h"
#include "namenode/blocks/datanode_messages.h"
#include "namenode/meta/rows.h"

namespace cairn::namenode {

// A change of one block's row, as committed by the namespace.
struct BlockChange {
  BlockId id = 0;
  std::optional<BlockRow> row;  // empty: the block is gone, its replicas are to be deleted
};

// A block's part of its file.
struct BlockExtent {
  int64_t length = 0;  // bytes; of an unfinished block what fsync last told
  bool complete = false;
};

// A block's row with what the DataNodes told.
struct BlockView {
  BlockRow row;
  int live = 0;  // finalized, right length and stamp, on live DataNodes
  int corrupt = 0;
  int expected = 0;  // places of the pipeline while under construction
  int reported = 0;  // those of them on live DataNodes that have told of a replica
  // Under recovery: the row's recovery id is at work, or waits for a DataNode to work on it. Then
  // it is not to be replaced by a newer one.
  bool recovery_pending = false;
  // What a recovery waits for that cannot begin, for messages; empty otherwise.
  std::string recovery_waits_for;
  // Under recovery: every DataNode of the pipeline is one of those that the attempt was told to
  // ask, or has reported that it has no replica. What these do not have is lost.
  bool loss_is_certain = false;
  // No DataNode has this incomplete block, as far as this NameNode can know. Of one with a known
  // length: every DataNode of its pipeline has reported. Of one that was perhaps never written:
  // all have reported, one of its pipeline among them, and those that have not had time enough to
  // come back.
  bool unclaimed = false;
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

// A block that wants a new replica or has none, or whose recovery has come to a halt.
struct ReplicationCandidate {
  BlockId block = 0;
  InodeId inode = 0;
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
  // What a reader of the file has to know of a block's row; costs a fraction of Find.
  virtual std::optional<BlockExtent> Extent(BlockId id) const = 0;
  // Whether at least dfs.namenode.replication.min finalized replicas have the row's stamp and
  // length. `row` may be ahead of what Apply was given: a commit within the running transaction.
  virtual bool HasMinReplicas(const BlockRow& row) const = 0;
  // The pipeline's places of a block under construction (RAM only: after a restart reports fill
  // them in).
  virtual void SetExpectedLocations(BlockId id, const std::vector<ReplicaLocation>& locations) = 0;
  virtual std::vector<ReplicaLocation> ExpectedLocations(BlockId id) const = 0;
  // kIo unless these can be the places of a pipeline: at least one of the DataNodes is known, and
  // every known one has the storage named. (A DataNode that has not registered since the NameNode's
  // start will be found when it reports.)
  virtual absl::Status CheckPlaces(const std::vector<ReplicaLocation>& locations) const = 0;
  // A recovery has left exactly these replicas of the block, finalized. Told before the row that
  // ends the recovery; unknown places are ignored.
  virtual void ReplicasRecovered(const Block& block,
                                 const std::vector<ReplicaLocation>& places) = 0;
  // The block with its places, nearest to `client_address` first, stale ones last. Corrupt replicas
  // are left out unless all are.
  virtual LocatedBlock Locate(BlockId id, int64_t offset_in_file,
                              std::string_view client_address) const = 0;

  // The block with all its replicas on live DataNodes, in the order they became known.
  virtual std::optional<BlockInspection> Inspect(BlockId id) const = 0;

  // -- placement, without the namespace lock
  virtual absl::StatusOr<std::vector<ReplicaLocation>> ChooseTargets(
      const PlacementRequest& request) = 0;

  // -- loading at start: rows in any order, then LoadingDone. Until then safe mode stays on and
  // nothing is invalidated
  virtual void Load(absl::Span<const BlockRow> rows) = 0;
  virtual void LoadingDone() = 0;
  virtual bool loading() const = 0;

  // -- from DataNodes
  // Makes the DataNode known, or known anew, and returns the number of the registration (rising,
  // from 1). Resolves its rack, which may run a script: call it on a thread that may wait.
  // kIncorrectVersion when it belongs to another cluster or block pool (empty ids are not checked).
  virtual absl::StatusOr<uint64_t> Register(const DatanodeRegistration& registration) = 0;
  // kUnregisteredNode unless `registration` is the latest of a DataNode that is alive.
  virtual absl::Status CheckRegistration(std::string_view uuid, uint64_t registration) const = 0;
  // An unknown or dead DataNode is told to register again.
  virtual absl::StatusOr<DatanodeCommands> Heartbeat(const HeartbeatRequest& request) = 0;
  // Merges one chunk; chunks of a storage must come one at a time. kUnregisteredNode for an unknown
  // or dead DataNode. A chunk that is overtaken by newer knowledge is ignored and a fresh report
  // asked for with a heartbeat.
  virtual absl::Status ReportChunkReceived(std::string_view uuid, const ReportChunk& chunk) = 0;
  virtual absl::Status ReplicasChanged(std::string_view uuid, std::string_view storage_id,
                                       absl::Span<const ReplicaChange> changes) = 0;
  // A replica found bad by a reader or a scanner. Unknown blocks and places are ignored.
  virtual void MarkCorrupt(const Block& block, std::string_view datanode_uuid,
                           std::string_view storage_id) = 0;
  // None of its volumes works: it is dead at once.
  virtual void DatanodeFailed(std::string_view uuid) = 0;

  // -- periodic work (monitors)
  // Liveness, pending timeouts, one round of invalidation planning, and safe mode's conditions.
  virtual void Tick() = 0;
  // The blocks that want a new replica most, for one round (2 per live DataNode): the caller finds
  // out, without this lock, whether their files are still in the tree, and hands them to Schedule….
  // None in safe mode.
  virtual std::vector<ReplicationCandidate> ReplicationCandidates() = 0;
  // Chooses source and targets of each and queues the transfers for the heartbeats. A block that
  // has got enough replicas meanwhile is skipped.
  virtual void ScheduleReplication(absl::Span<const BlockId> linked) = 0;
  // Up to `limit` blocks under recovery of which nothing more is to be expected: the last attempt
  // was too long ago, was given to a DataNode that died since, or to an earlier NameNode. None in
  // safe mode.
  virtual std::vector<ReplicationCandidate> StalledRecoveries(size_t limit) const = 0;
  // Looks at blocks again that a check found badly placed; returns how many of them now wait for
  // another replica.
  virtual int64_t LookAgain(absl::Span<const BlockId> blocks) = 0;
  // Up to `limit` blocks without a good replica, with ids above `after`, ascending.
  virtual std::vector<ReplicationCandidate> MissingBlocks(BlockId after, size_t limit) const = 0;
  // Blocks of files out of the tree: neither replicated nor counted missing from now on.
  virtual void MarkUnlinked(absl::Span<const BlockId> blocks) = 0;

  // -- safe mode
  virtual bool InSafeMode() const = 0;
  // The text after the first line of a SafeModeException.
  virtual std::string SafeModeTip() const = 0;
  // By an administrator, or because the name directories are nearly full. Each lasts until it is
  // ended by its own call.
  virtual void EnterSafeMode(bool for_lack_of_space) = 0;
  // Ends the safe mode that lack of space began.
  virtual void SpaceReturned() = 0;
  // By an administrator: ends every kind. Refused (kIo) while blocks are being loaded, and without
  // `force` while replicas from a future generation are known.
  virtual absl::Status LeaveSafeMode(bool force) = 0;

  // -- views
  virtual FsStats Stats() const = 0;  // total_files is the namespace's to fill
  virtual std::vector<DatanodeInfo> Datanodes() const = 0;
  // The storages of one of them, as of its last heartbeat; none for an unknown node.
  virtual std::vector<StorageUsage> StoragesOf(std::string_view datanode_uuid) const = 0;
  // The next blocks of the walk: it looks at so many as the lock is held for at once. No blocks and
  // done() for an unknown DataNode.
  virtual std::vector<BlockPlaces> NextBlocks(BlockWalk& walk) const = 0;

  // What there is to do, at most `limit` blocks in each list.
  virtual BlockWork Work(size_t limit) const = 0;
  virtual std::optional<BlockDetail> Describe(BlockId id) const = 0;

  // -- administration
  // Tells every live DataNode with its next heartbeat how many bytes a second balancing may use; 0
  // changes nothing.
  virtual void SetBalancerBandwidth(int64_t bytes_per_second) = 0;
};

}  // namespace cairn::namenode
