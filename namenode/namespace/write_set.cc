// Collected writes and their commit.
#include "namenode/namespace/write_set.h"

#include <spdlog/spdlog.h>
#include <algorithm>
#include <cstdlib>

#include "namenode/meta/row_codec.h"
#include "namenode/meta/schema.h"
#include "namenode/namespace/name_order.h"

namespace cairn::namenode {
namespace {

constexpr size_t kTypicalRows = 12;

// Counters that differ from what the table has.
void EncodeCounters(const Counters& now, const Counters& stored, RowChanges& out) {
  const auto put = [&](std::string_view key, int64_t value, int64_t known) {
    if (value != known) out.push_back(CounterChange(key, value));
  };
  put(meta_key::kLastInodeId, now.inode_id, stored.inode_id);
  put(meta_key::kLastBlockId, now.block_id, stored.block_id);
  put(meta_key::kLastGenerationStamp, now.generation_stamp, stored.generation_stamp);
  put(meta_key::kInodeCount, now.inode_count, stored.inode_count);
}

// Rows other than inodes and counters.
void EncodeOthers(const WriteSet& writes, Txid txid, const std::optional<RetryRow>& reply,
                  RowChanges& out) {
  for (const auto& [id, row] : writes.blocks) {
    if (row) {
      EncodeBlock(*row, out);
    } else {
      EncodeBlockRemoval(id, out);
    }
  }
  for (const WriteSet::LeaseWrite& lease : writes.leases) {
    if (lease.add) {
      EncodeLease(lease.holder, lease.inode, out);
    } else {
      EncodeLeaseRemoval(lease.holder, lease.inode, out);
    }
  }
  for (const PurgeRow& purge : writes.purges) EncodePurge(purge, out);
  for (const PurgeRow& purge : writes.purge_progress) EncodePurge(purge, out);
  for (const InodeId root : writes.purges_done) EncodePurgeRemoval(root, out);
  for (const Txid expired : writes.retries_expired) EncodeRetryRemoval(expired, out);
  if (reply) EncodeRetry(txid, *reply, out);
}

void ApplyToBlocks(const WriteSet& writes, Txid txid, BlockManager& blocks, NamespaceState& state) {
  std::vector<BlockChange> changes;
  changes.reserve(writes.blocks.size());
  for (const auto& [id, row] : writes.blocks) {
    changes.push_back({id, row});
    if (state.changed_while_loading) state.changed_while_loading->insert(id);
  }
  if (!changes.empty()) blocks.Apply(changes, txid);
}

}  // namespace

InodeWrite& WriteSet::WriteOf(InodeId id, const InodePtr& stored) {
  auto [write, fresh] = inodes_.Add(id);
  if (fresh) write.before = stored;
  return write;
}

void WriteSet::LeavePlace(const InodeWrite& write, InodeId id) {
  const Inode* place = write.after ? write.after.get() : write.before.get();
  if (place == nullptr) return;
  InodeId& owner = names_.Add(Place{place->parent_id, place->name}).first;  // 0 when it is new
  if (owner == id) owner = 0;
}

void WriteSet::Put(Inode inode, const InodePtr& stored) {
  InodeWrite& write = WriteOf(inode.id, stored);
  const Inode* place = write.after ? write.after.get() : write.before.get();
  if (place != nullptr && (place->parent_id != inode.parent_id || place->name != inode.name)) {
    LeavePlace(write, inode.id);
  }
  names_.Add(Place{inode.parent_id, inode.name}).first = inode.id;
  write.after = std::make_shared<Inode>(std::move(inode));
}

void WriteSet::Remove(const Inode& inode, const InodePtr& stored) {
  const bool known = inodes_.Find(inode.id) != nullptr;
  InodeWrite& write = WriteOf(inode.id, stored);
  if (!known && !write.before) write.before = std::make_shared<const Inode>(inode);
  LeavePlace(write, inode.id);
  write.after = nullptr;
}

const std::shared_ptr<Inode>* WriteSet::FindId(InodeId id) const {
  const InodeWrite* const write = inodes_.Find(id);
  return write == nullptr ? nullptr : &write->after;
}

std::optional<InodePtr> WriteSet::FindName(InodeId parent, std::string_view name) const {
  if (names_.empty()) return std::nullopt;
  const InodeId* const id = names_.Find(PlaceView{parent, name});
  if (id == nullptr) return std::nullopt;
  if (*id == 0) return InodePtr();
  return InodePtr(inodes_.Find(*id)->after);
}

std::vector<std::pair<std::string, InodePtr>> WriteSet::NamesIn(InodeId directory) const {
  std::vector<std::pair<std::string, InodePtr>> names;
  for (const auto& [place, id] : names_) {
    if (place.parent != directory) continue;
    names.emplace_back(place.name, id == 0 ? InodePtr() : InodePtr(inodes_.Find(id)->after));
  }
  std::sort(names.begin(), names.end(),
            [](const auto& a, const auto& b) { return NameLess(a.first, b.first); });
  return names;
}

bool WriteSet::empty() const {
  return inodes_.empty() && blocks.empty() && leases.empty() && purges.empty() &&
         purge_progress.empty() && purges_done.empty() && retries_expired.empty() && !ids_allocated;
}

void WriteSet::ApplyToCache(InodeCache& cache, Txid txid) const {
  for (const auto& [place, id] : names_) {  // names that nobody has any more
    if (id == 0) cache.Set(place.parent, place.name, nullptr, txid);
  }
  for (const auto& [id, write] : inodes_) {
    if (write.after) {
      cache.Set(write.after->parent_id, write.after->name, write.after, txid);
      if (!write.before && write.after->is_directory()) cache.MarkComplete(id);
    }
  }
  for (const auto& [id, write] : inodes_) {
    if (!write.after && write.before) cache.SetIdAbsent(id, txid);
  }
}

Txid Commit(const NamespaceDeps& deps, NamespaceState& state, WriteSet& writes,
            const std::optional<RetryRow>& reply) {
  const Txid txid = deps.store.last_appended() + 1;
  RowChanges changes;
  changes.reserve(kTypicalRows);
  for (const auto& [id, write] : writes.inodes_) {
    if (write.after) {
      write.after->changed_txid = txid;
      EncodeInodeChange(write.before.get(), *write.after, changes);
      if (!write.before) ++state.counters.inode_count;
    } else if (write.before) {
      EncodeInodeRemoval(*write.before, changes);
      --state.counters.inode_count;
    }
  }
  // A name left by one inode and taken by another must end up with the latter.
  std::partition(changes.begin(), changes.end(),
                 [](const RowChange& change) { return !change.value.has_value(); });
  EncodeOthers(writes, txid, reply, changes);
  EncodeCounters(state.counters, state.stored, changes);
  state.stored = state.counters;
  const Txid appended = deps.store.Append(std::move(changes));
  if (appended != txid) {
    spdlog::critical("transaction {} was appended as {}: appends are not serialised", txid,
                     appended);
    std::abort();
  }

  writes.ApplyToCache(state.cache, txid);
  // Before the row that makes the block complete, which judges the replicas known by then.
  for (const auto& [block, places] : writes.recovered) {
    deps.blocks.ReplicasRecovered(block, places);
  }
  ApplyToBlocks(writes, txid, deps.blocks, state);
  for (auto& [id, locations] : writes.expected_locations) {
    deps.blocks.SetExpectedLocations(id, locations);
  }
  for (const WriteSet::LeaseWrite& lease : writes.leases) {
    if (lease.add) {
      state.leases.Add(lease.holder, lease.inode);
    } else {
      state.leases.Remove(lease.holder, lease.inode);
    }
  }
  for (const PurgeRow& purge : writes.purges) state.purge_queue.push_back(purge.root.id);
  return txid;
}

}  // namespace cairn::namenode
