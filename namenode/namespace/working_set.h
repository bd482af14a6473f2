// What an operation keeps from one attempt to the next: pinned cache nodes and loaded rows.
#pragma once

#include <optional>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/types/span.h"
#include "namenode/namespace/namespace_state.h"
#include "namenode/namespace/row_loader.h"

namespace cairn::namenode {

// Thread-compatible: guarded by the namespace lock. Must be released before it is destroyed.
class WorkingSet {
 public:
  // Keeps the node in the cache until Release.
  void Pin(NamespaceState& state, CacheNode* node);
  // Rows changed from now on stay pinned in the cache until Release, so that what a snapshot taken
  // later has is current wherever the cache knows nothing. `applied`: of the store, now.
  void BeginLoad(NamespaceState& state, Txid applied);
  // Takes over what a load has found.
  void Adopt(NamespaceState& state, BlockManager& blocks, LoadResult result);
  void Release(NamespaceState& state);

  // The loaded part of `directory` that has the first child after `after`; null when there is none.
  const LoadedRange* RangeFor(InodeId directory, std::string_view after) const;
  // An inode of a loaded range; null when there is none with that id.
  InodePtr InLoadedRange(InodeId id) const;
  bool BlockIsAbsent(BlockId id) const { return absent_blocks_.contains(id); }

 private:
  void AdoptRange(NamespaceState& state, LoadedRange range);

  absl::flat_hash_set<CacheNode*> nodes_;
  std::vector<InodeId> absent_ids_;
  std::vector<LoadedRange> ranges_;
  absl::flat_hash_set<BlockId> absent_blocks_;
  std::optional<Txid> load_;  // its entry in NamespaceState::loads
};

}  // namespace cairn::namenode
