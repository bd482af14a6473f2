// The part of the tree that is in RAM: a bounded write-through cache of directory entries with
// their inodes, of absences, and of which directories are held whole.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "common/types/ids.h"
#include "namenode/meta/rows.h"
#include "namenode/namespace/txn.h"

namespace cairn::namenode {

// One cached (parent, name): an inode, or the knowledge that there is none. Owned by the cache;
// stays where it is while it is pinned.
struct CacheNode {
  InodePtr inode;  // null: there is no such entry
  InodeId parent = 0;
  std::string absent_name;  // the name while `inode` is null
  Txid dirty_txid = 0;      // above 0: changed by this transaction and not yet released by Advance
  uint32_t pins = 0;        // by operations
  bool referenced = false;  // since the clock hand passed
  CacheNode* previous = nullptr;  // the clock's ring; null while pinned
  CacheNode* next = nullptr;

  std::string_view name() const { return inode ? std::string_view(inode->name) : absent_name; }
};

// The cached children of one directory in the NameNode's order: a vector of small sorted chunks, so
// that a position's rank costs one addition per chunk. Thread-compatible.
class ChildIndex {
 public:
  void Insert(CacheNode* node);
  void Erase(const CacheNode* node);
  size_t size() const { return size_; }
  // How many children come after `name`.
  int64_t CountAfter(std::string_view name) const;
  // Calls `visit(CacheNode&)` for children after `name` (empty: all), until it returns false.
  template <typename Visit>
  void ForEachAfter(std::string_view name, Visit visit) const {
    auto [chunk, at] = UpperBound(name);
    for (; chunk < chunks_.size(); ++chunk, at = 0) {
      for (; at < chunks_[chunk].size(); ++at) {
        if (!visit(*chunks_[chunk][at])) return;
      }
    }
  }

 private:
  static constexpr size_t kMaxChunk = 256;

  // The first child after `name`; an empty name is before all.
  std::pair<size_t, size_t> UpperBound(std::string_view name) const;

  std::vector<std::vector<CacheNode*>> chunks_;  // none is empty
  size_t size_ = 0;
};

// What the cache knows of one key.
enum class Presence { kUnknown, kAbsent, kPresent };

// Thread-compatible: guarded by the namespace lock. Never touches the disk.
//
// What may be dropped: nodes that no operation pins and whose last change is at or below the
// watermark given to Advance. The watermark is the smaller of what RocksDB has applied and what the
// oldest running load may not have seen. So whatever a load finds in its snapshot is current unless
// the cache knows the key, and a key the cache knows is never overwritten by a load.
//
// Memory bounds hold after Trim; pinned nodes count but cannot be dropped.
class InodeCache {
 public:
  InodeCache(int64_t max_bytes, int64_t max_entries)
      : max_bytes_(max_bytes), max_entries_(max_entries) {}
  ~InodeCache();
  InodeCache(const InodeCache&) = delete;
  InodeCache& operator=(const InodeCache&) = delete;

  // -- reads
  struct Found {
    Presence presence = Presence::kUnknown;
    CacheNode* node = nullptr;  // null when unknown, or absent from a directory held whole
  };
  Found Find(InodeId parent, std::string_view name);
  // kAbsent has no node.
  Found FindById(InodeId id);
  // Whether every child of the directory is cached.
  bool IsComplete(InodeId directory) const;
  // The cached children; null when there are none.
  const ChildIndex* Children(InodeId directory) const;

  // -- changes of committed transactions; ids in rising order
  // The entry's new inode, or (null) its removal.
  void Set(InodeId parent, std::string_view name, InodePtr inode, Txid txid);
  // The inode is gone from the index. Call after the Set of its entry.
  void SetIdAbsent(InodeId id, Txid txid);
  // A directory just made by Set has no children on disk.
  void MarkComplete(InodeId directory) { directories_[directory].complete = true; }

  // -- rows loaded from a snapshot that is not older than the watermark at the time the load began
  // Caches the row unless the key is known; returns the key's node (null: absent from a directory
  // held whole).
  CacheNode* InsertLoaded(InodeId parent, std::string_view name, InodePtr inode);
  // A listing that began at the first child and ended at the last: inserts all, marks the directory
  // whole.
  void InsertWholeDirectory(InodeId directory, const std::vector<InodePtr>& children);
  // Pins the absence of an inode id, found in a snapshot, unless the id is known.
  void PinAbsentId(InodeId id);
  void UnpinAbsentId(InodeId id);

  // -- keeping and dropping
  void Pin(CacheNode* node);
  void Unpin(CacheNode* node);
  // Releases nodes changed at or before `watermark`: at most `steps` changes, and twice as many as
  // were made since the last call, so that it keeps up and catches up.
  void Advance(Txid watermark, int64_t steps);
  // Drops unpinned nodes until the bounds hold.
  void Trim();

  int64_t max_bytes() const { return max_bytes_; }
  int64_t max_entries() const { return max_entries_; }
  int64_t bytes() const { return bytes_; }
  int64_t entries() const { return static_cast<int64_t>(nodes_.size()); }
  // Nodes that Trim may drop.
  int64_t droppable() const { return ring_size_; }
  // The transaction up to which changes were released.
  Txid watermark() const { return watermark_; }
  // RAM of one cached inode with its node and its places in the indexes; an estimate.
  static int64_t BytesOf(const CacheNode& node);

 private:
  struct Key {
    InodeId parent;
    std::string_view name;
  };
  struct NodeHash {
    using is_transparent = void;
    size_t operator()(const Key& key) const {
      return absl::HashOf(key.parent, absl::string_view(key.name.data(), key.name.size()));
    }
    size_t operator()(const CacheNode* node) const {
      return (*this)(Key{node->parent, node->name()});
    }
  };
  struct NodeEq {
    using is_transparent = void;
    static Key KeyOf(const Key& key) { return key; }
    static Key KeyOf(const CacheNode* node) { return {node->parent, node->name()}; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      const Key left = KeyOf(a), right = KeyOf(b);
      return left.parent == right.parent && left.name == right.name;
    }
  };
  struct Directory {
    ChildIndex children;
    bool complete = false;
  };
  struct AbsentId {
    Txid dirty_txid = 0;
    uint32_t pins = 0;
  };
  struct Change {
    Txid txid;
    CacheNode* node;  // null: of an absent id
    InodeId absent_id;
  };

  CacheNode* Lookup(InodeId parent, std::string_view name);
  CacheNode* NewNode(InodeId parent, std::string_view name);
  // Replaces what the node holds, in all indexes.
  void Assign(CacheNode* node, InodePtr inode);
  void Drop(CacheNode* node);
  void DropDirectoryIfEmpty(InodeId directory);
  void EnterRingIfFree(CacheNode* node);
  void LeaveRing(CacheNode* node);
  bool OverBounds() const { return bytes_ > max_bytes_ || entries() > max_entries_; }

  const int64_t max_bytes_;
  const int64_t max_entries_;
  absl::flat_hash_set<CacheNode*, NodeHash, NodeEq> nodes_;
  absl::flat_hash_map<InodeId, CacheNode*> by_id_;
  absl::flat_hash_map<InodeId, AbsentId> absent_ids_;  // only while changed or pinned
  absl::flat_hash_map<InodeId, Directory> directories_;
  std::deque<Change> changes_;  // not yet released, in order
  CacheNode* hand_ = nullptr;   // the clock's next candidate
  int64_t ring_size_ = 0;
  int64_t bytes_ = 0;
  Txid watermark_ = 0;
  int64_t recent_changes_ = 0;  // since the last Advance
};

}  // namespace cairn::namenode
