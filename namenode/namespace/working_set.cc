// Pins and loaded rows of one operation.
#include "namenode/namespace/working_set.h"

#include <utility>

#include "namenode/namespace/name_order.h"

namespace cairn::namenode {

void WorkingSet::Pin(NamespaceState& state, CacheNode* node) {
  if (nodes_.insert(node).second) state.cache.Pin(node);
}

void WorkingSet::BeginLoad(NamespaceState& state, Txid applied) {
  if (load_) return;  // the older one covers this load as well
  load_ = applied;
  ++state.loads[applied];
}

void WorkingSet::Adopt(NamespaceState& state, BlockManager& blocks, LoadResult result) {
  for (LoadedEntry& entry : result.entries) {
    CacheNode* node = state.cache.InsertLoaded(entry.parent, entry.name, std::move(entry.inode));
    if (node != nullptr) Pin(state, node);
  }
  for (const InodeId id : result.absent_ids) {
    if (state.cache.FindById(id).presence == Presence::kPresent) continue;
    state.cache.PinAbsentId(id);
    absent_ids_.push_back(id);
  }
  for (LoadedRange& range : result.ranges) AdoptRange(state, std::move(range));
  for (auto& [id, row] : result.blocks) {
    const bool changed = state.changed_while_loading && state.changed_while_loading->contains(id);
    if (changed || blocks.Find(id)) continue;
    if (row) {
      blocks.Load({&*row, 1});
    } else {
      absent_blocks_.insert(id);
    }
  }
}

void WorkingSet::AdoptRange(NamespaceState& state, LoadedRange range) {
  const bool known = state.cache.FindById(range.directory).presence == Presence::kPresent;
  if (known && range.whole && range.to_end && range.after.empty()) {
    state.cache.InsertWholeDirectory(range.directory, range.rows);
    return;
  }
  for (LoadedRange& earlier : ranges_) {
    if (earlier.directory != range.directory || earlier.last != range.after) continue;
    earlier.rows.insert(earlier.rows.end(), range.rows.begin(), range.rows.end());
    earlier.last = range.last;
    earlier.to_end = range.to_end;
    return;
  }
  ranges_.push_back(std::move(range));
}

void WorkingSet::Release(NamespaceState& state) {
  for (CacheNode* node : nodes_) state.cache.Unpin(node);
  for (const InodeId id : absent_ids_) state.cache.UnpinAbsentId(id);
  nodes_.clear();
  absent_ids_.clear();
  ranges_.clear();
  absent_blocks_.clear();
  if (!load_) return;
  const auto it = state.loads.find(*load_);
  if (--it->second == 0) state.loads.erase(it);
  load_.reset();
}

const LoadedRange* WorkingSet::RangeFor(InodeId directory, std::string_view after) const {
  for (const LoadedRange& range : ranges_) {
    if (range.directory != directory) continue;
    if (range.after != after && (!range.after.empty() && !NameLess(range.after, after))) continue;
    if (range.to_end || range.last == after || NameLess(after, range.last)) return &range;
  }
  return nullptr;
}

InodePtr WorkingSet::InLoadedRange(InodeId id) const {
  for (const LoadedRange& range : ranges_) {
    for (const InodePtr& row : range.rows) {
      if (row->id == id) return row;
    }
  }
  return nullptr;
}

}  // namespace cairn::namenode
