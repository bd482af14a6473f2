// Replicas to be deleted, until their DataNodes are told.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "common/types/block.h"
#include "namenode/blocks/model/datanode_registry.h"

namespace cairn::namenode {

// One deletion that waits.
struct Invalidation {
  Block block;  // the replica's own generation stamp and length
  StorageIndex storage = kNoStorage;
  Txid txid = 0;  // not before this change is durable
};

// Deletions wait per node; each round lets some nodes' deletions out, and heartbeats take those.
// Until taken a deletion can be cancelled. Thread-compatible.
class InvalidationQueues {
 public:
  // Adds or replaces the deletion of this block on the node.
  void Add(NodeIndex node, const Invalidation& invalidation);
  // True if it had not been taken yet.
  bool Cancel(NodeIndex node, BlockId block);
  bool Contains(NodeIndex node, BlockId block) const;
  // Nothing of the node waits any more.
  void DropNode(NodeIndex node);
  // Lets up to `limit` deletions of each of `nodes` nodes out, in turn over all of them.
  void Release(size_t nodes, size_t limit);
  // Takes up to `limit` released deletions of the node whose cause is durable.
  std::vector<Invalidation> Take(NodeIndex node, size_t limit, Txid durable);
  // Calls `visit(node, block)` for up to `limit` deletions, node by node.
  template <typename Visit>
  void Scan(size_t limit, Visit visit) const {
    for (const auto& [node, queue] : queues_) {
      for (const auto& [id, invalidation] : queue.waiting) {
        if (limit-- == 0) return;
        visit(node, invalidation.block);
      }
    }
  }
  // Deletions that wait, released ones included.
  size_t size() const { return size_; }

 private:
  struct Queue {
    absl::btree_map<BlockId, Invalidation> waiting;
    size_t released = 0;  // how many may be taken
  };
  absl::btree_map<NodeIndex, Queue> queues_;
  NodeIndex cursor_ = 0;  // the next round begins at the first node at or after this one
  size_t size_ = 0;
};

}  // namespace cairn::namenode
