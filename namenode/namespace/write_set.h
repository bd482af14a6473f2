// What one operation has written so far, and how that becomes one transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "common/types/block.h"
#include "common/types/ids.h"
#include "namenode/meta/rows.h"
#include "namenode/namespace/namespace_state.h"
#include "namenode/namespace/small_map.h"
#include "namenode/namespace/txn.h"

namespace cairn::namenode {

// A change of one inode.
struct InodeWrite {
  InodePtr before;               // as stored; null: it is new
  std::shared_ptr<Inode> after;  // null: it is gone
};

// Thread-compatible.
class WriteSet {
 public:
  // -- inodes. `stored` is the inode as the cache has it, null for a new one; only used the first
  // time an id is written
  void Put(Inode inode, const InodePtr& stored);
  void Remove(const Inode& inode, const InodePtr& stored);

  // Null: not written. Otherwise the inode as it will be (null within: gone).
  const std::shared_ptr<Inode>* FindId(InodeId id) const;
  // The same by place; a name that only lost its inode is found as null within.
  std::optional<InodePtr> FindName(InodeId parent, std::string_view name) const;
  // Names written in a directory, with their inodes (null: gone), in the NameNode's order.
  std::vector<std::pair<std::string, InodePtr>> NamesIn(InodeId directory) const;

  // -- everything else, read by Commit as it is
  absl::btree_map<BlockId, std::optional<BlockRow>> blocks;  // empty: removed
  std::vector<std::pair<BlockId, std::vector<ReplicaLocation>>> expected_locations;
  std::vector<std::pair<Block, std::vector<ReplicaLocation>>> recovered;  // with `blocks`
  struct LeaseWrite {
    std::string holder;
    InodeId inode;
    bool add;
  };
  std::vector<LeaseWrite> leases;  // in order
  std::vector<PurgeRow> purges;    // new subtrees to reclaim
  std::vector<PurgeRow> purge_progress;
  std::vector<InodeId> purges_done;
  std::vector<Txid> retries_expired;
  bool ids_allocated = false;

  // Whether a transaction is needed.
  bool empty() const;

 private:
  friend Txid Commit(const NamespaceDeps& deps, NamespaceState& state, WriteSet& writes,
                     const std::optional<RetryRow>& reply);
  struct Place {
    InodeId parent;
    std::string name;
  };
  struct PlaceView {
    InodeId parent;
    std::string_view name;
  };
  struct PlaceHash {
    using is_transparent = void;
    size_t operator()(const PlaceView& p) const {
      return absl::HashOf(p.parent, absl::string_view(p.name.data(), p.name.size()));
    }
    size_t operator()(const Place& p) const { return (*this)(PlaceView{p.parent, p.name}); }
  };
  struct PlaceEq {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return a.parent == b.parent && a.name == b.name;
    }
  };

  InodeWrite& WriteOf(InodeId id, const InodePtr& stored);
  // The inode no longer is where `write` has it.
  void LeavePlace(const InodeWrite& write, InodeId id);
  void ApplyToCache(InodeCache& cache, Txid txid) const;

  SmallMap<InodeId, InodeWrite, absl::Hash<InodeId>, std::equal_to<InodeId>> inodes_;
  SmallMap<Place, InodeId, PlaceHash, PlaceEq> names_;  // 0: nobody
};

// Makes everything in `writes` one transaction of the store and carries it out in RAM. Must not be
// empty. Runs under the namespace lock. `reply` goes into the same transaction.
Txid Commit(const NamespaceDeps& deps, NamespaceState& state, WriteSet& writes,
            const std::optional<RetryRow>& reply);

}  // namespace cairn::namenode
