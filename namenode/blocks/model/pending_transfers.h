// Copies that were ordered and have not arrived yet.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/types/ids.h"
#include "namenode/blocks/model/datanode_registry.h"

namespace cairn::namenode {

// Thread-compatible. Times are monotonic milliseconds.
class PendingTransfers {
 public:
  static constexpr NodeIndex kNoSource = ~NodeIndex{0};

  // Notes that `targets` are to get the block from `source` (kNoSource: from its writer).
  void Add(BlockId block, NodeIndex source, const std::vector<NodeIndex>& targets, int64_t now_ms);
  // The block has arrived at `target`, or no longer will.
  void Remove(BlockId block, NodeIndex target);
  void Erase(BlockId block) { transfers_.erase(block); }
  int Count(BlockId block) const;
  bool Targets(BlockId block, NodeIndex node) const;
  std::vector<NodeIndex> TargetsOf(BlockId block) const;
  // Forgets what was begun before `before_ms`, and returns those blocks.
  std::vector<BlockId> Expire(int64_t before_ms);
  // Forgets everything from or to a dead node, and returns those blocks.
  std::vector<BlockId> DropNode(NodeIndex node);
  // Calls `visit(block, begun_ms, targets)` for up to `limit` blocks.
  template <typename Visit>
  void Scan(size_t limit, Visit visit) const {
    for (const auto& [block, transfers] : transfers_) {
      if (limit-- == 0) return;
      visit(block, transfers.front().begun_ms, static_cast<int>(transfers.size()));
    }
  }
  // Blocks with copies on their way.
  size_t size() const { return transfers_.size(); }

 private:
  struct Transfer {
    NodeIndex source = kNoSource;
    NodeIndex target = 0;
    int64_t begun_ms = 0;
  };
  template <typename Drop>
  std::vector<BlockId> DropIf(Drop drop);

  absl::flat_hash_map<BlockId, std::vector<Transfer>> transfers_;
};

}  // namespace cairn::namenode
