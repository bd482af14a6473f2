// Blocks under recovery, and how far the attempt of each has come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/types/ids.h"
#include "namenode/blocks/model/datanode_registry.h"
#include "namenode/meta/rows.h"

namespace cairn::namenode {

// One block under recovery.
struct BlockRecovery {
  // What its attempt, the one with its present recovery id, waits for.
  enum class Phase {
    kPrimary,    // a live DataNode that has a replica
    kHeartbeat,  // the primary to ask for its commands
    kResult,     // the primary to tell the result
    kLost,       // nothing: the primary died, or an earlier NameNode gave the id out
  };

  GenerationStamp id = 0;
  std::optional<int64_t> truncate_to;
  Txid txid = 0;  // not given out before this is durable
  Phase phase = Phase::kPrimary;
  NodeIndex primary = 0;         // in kHeartbeat and kResult
  int64_t since_ms = 0;          // monotonic; when kResult began
  std::vector<NodeIndex> tried;  // primaries of this and earlier attempts
  std::string waits_for;         // in kPrimary: why there is none yet
  bool loss_is_certain = false;  // see BlockView; as of when the primary was told
};

// Thread-compatible. Times are monotonic milliseconds.
class BlockRecoveries {
 public:
  // An attempt is given up when its result has not come for so long.
  void SetTimeout(int64_t timeout_ms) { timeout_ms_ = timeout_ms; }

  // The block's row, as committed by `txid`. One under recovery with another recovery id than
  // before begins a new attempt; one that is not under recovery is forgotten.
  void Put(const BlockRow& row, Txid txid);
  // The same for a row of an earlier NameNode: its attempt is lost.
  void Restore(const BlockRow& row);
  void Erase(BlockId block) { recoveries_.erase(block); }

  // Null for a block that is not under recovery.
  const BlockRecovery* Find(BlockId block) const;
  // The attempt waits for something that may still come.
  bool Pending(BlockId block, int64_t now_ms) const;
  const absl::flat_hash_map<BlockId, BlockRecovery>& all() const { return recoveries_; }

  // Makes `node` the primary of an attempt in kPrimary.
  void Assign(BlockId block, NodeIndex node);
  // Notes what an attempt in kPrimary waits for; false when that is known.
  bool Waits(BlockId block, std::string what);
  // Notes what the primary is told of replicas that it does not ask.
  void SetLossIsCertain(BlockId block, bool certain);
  // Forgets which primaries were tried: every one has been.
  void ForgetTried(BlockId block);
  // The blocks whose commands the node gets now that it asks; `durable` as in InvalidationQueues.
  std::vector<BlockId> Take(NodeIndex node, Txid durable, int64_t now_ms);
  // The node is dead or has begun anew: what it was told is lost, what not is another's to do.
  void DropNode(NodeIndex node);

 private:
  int64_t timeout_ms_ = 90'000;
  absl::flat_hash_map<BlockId, BlockRecovery> recoveries_;
};

}  // namespace cairn::namenode
