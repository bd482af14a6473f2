// Every change of a block or of one of its replicas goes through here, so that counters, queues and
// the map always agree.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/clock.h"
#include "namenode/blocks/block_manager.h"
#include "namenode/blocks/model/cluster_state.h"
#include "namenode/blocks/options.h"

namespace cairn::namenode {

// Keeps after each change: a complete block with too few replicas is in `needed`, one with too many
// has the surplus marked excess and queued for deletion (or is `postponed` while a replica's
// storage is not sure), corrupt replicas are queued for deletion once enough good ones exist, and
// the last good replica is never deleted. Thread-compatible.
class ReplicaLedger {
 public:
  // All must outlive this.
  ReplicaLedger(const BlockManagerOptions& options, const Clock& clock, ClusterState& state)
      : options_(options), clock_(clock), state_(state) {}

  // -- blocks
  // Adds the block or gives it a new row; replicas found before the row became final are judged by
  // it.
  void PutBlock(const BlockRow& row);
  // Forgets the block; its replicas are to be deleted.
  void EraseBlock(BlockId block);
  void MarkUnlinked(BlockId block);
  // The pipeline of an unfinished block is on these storages now.
  void SetExpected(BlockId block, const std::vector<StorageIndex>& storages);
  // A recovery has left exactly these replicas of an unfinished block, finalized.
  void Recovered(const Block& block, const std::vector<StorageIndex>& storages);

  // -- replicas
  // Takes in what a report or an increment tells about a replica. `hint` names the node to prefer
  // if the block has too many replicas now.
  void Reported(StorageIndex storage, const ReportedReplica& replica,
                std::optional<NodeIndex> hint);
  // A replica has wrong bytes. Nothing if it is not known.
  void MarkCorrupt(const Block& block, StorageIndex storage);
  // The storage no longer has the replica.
  void Removed(BlockId block, StorageIndex storage);

  // Looks at a block again: queues it for what it needs.
  void Reevaluate(BlockId block, std::optional<NodeIndex> hint = std::nullopt);
  // Whether a queued deletion still makes sense now that its node asks; a pointless one is undone.
  bool StillToDelete(NodeIndex node, const Invalidation& invalidation);
  // No target for a copy is left but the holder of a corrupt replica: deletes that replica, if at
  // least two good ones exist.
  void MakeRoomForCopy(BlockId block);

  // Whether enough finalized replicas have the row's length and stamp; the row may be a commit that
  // PutBlock has not seen yet.
  bool HasMinReplicas(const BlockRow& row) const;

 private:
  // A place of a pipeline will not get the block it was chosen for: its room is free again.
  void NoLongerWriting(const OpenReplica& place);
  struct Totals {
    int64_t complete = 0;
    int64_t safe = 0;
  };
  Totals Contribution(BlockId block) const;
  // Runs `change` and books what it did to the totals.
  template <typename Change>
  void Book(BlockId block, Change change);

  void Reopen(BlockRecord& record, const BlockRow& old_row);
  void JudgeOpenReplicas(BlockId block);
  void JudgeUnfinished(BlockId block);
  void AwaitWriters(BlockId block);
  void AddGood(BlockId block, StorageIndex storage);
  void AddOpen(StorageIndex storage, const ReportedReplica& replica);
  // Whether the replica of that stamp, or of a later one, is known to have wrong bytes. Reports,
  // which know lengths and stamps only, do not make it good.
  bool HasWrongBytes(BlockId block, StorageIndex storage, GenerationStamp stamp) const;
  void AddCorrupt(const Block& reported, StorageIndex storage, CorruptReason reason);
  void DropFromMap(BlockId block, StorageIndex storage);
  void DropElsewhereOnNode(BlockId block, StorageIndex storage);
  void Invalidate(const Block& replica, StorageIndex storage);
  void StillCorrupt(BlockId block, StorageIndex storage);
  void TrimExcess(BlockId block, BlockRecord& record, std::optional<NodeIndex> hint);
  void CancelExcess(BlockId block, BlockRecord& record);
  bool IsAlive(const StoredReplica& replica) const;
  void DeleteCorrupt(BlockId block, BlockRecord& record);
  // A replica of an earlier generation is no second copy of what is left: one of them makes room
  // for a copy.
  void DeleteOneStale(BlockId block, BlockRecord& record);

  const BlockManagerOptions& options_;
  const Clock& clock_;
  ClusterState& state_;
};

}  // namespace cairn::namenode
