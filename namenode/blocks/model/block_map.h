// The map of all blocks and of the replicas of each, compact: it is the largest thing in the
// NameNode's RAM. Measured over 1,000,000 blocks (block_map_test, glibc's overhead included): 84
// bytes a block with three replicas, ids given out in order. After random deletions the trees'
// nodes are less full, at worst half.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "common/types/ids.h"
#include "namenode/meta/rows.h"

namespace cairn::namenode {

// A storage (volume of a DataNode), numbered by the DatanodeRegistry; below 2^24.
using StorageIndex = uint32_t;
inline constexpr StorageIndex kNoStorage = 0xffffff;

// One replica of a block: its storage and its flags in 32 bits.
class StoredReplica {
 public:
  enum Flag : uint8_t {
    kCorrupt = 1,            // known to be bad; details in the CorruptTable
    kExcess = 2,             // its deletion was decided
    kUnderConstruction = 4,  // of an unfinished block; details in the OpenBlockTable
  };

  StoredReplica() = default;
  explicit StoredReplica(StorageIndex storage, uint8_t flags = 0)
      : bits_(storage | static_cast<uint32_t>(flags) << 24) {}

  StorageIndex storage() const { return bits_ & 0xffffff; }
  bool Has(Flag flag) const { return (bits_ >> 24 & flag) != 0; }
  // Good and to be kept: finalized, right length and generation stamp.
  bool good() const { return bits_ >> 24 == 0; }
  void Set(Flag flag) { bits_ |= static_cast<uint32_t>(flag) << 24; }
  void Clear(Flag flag) { bits_ &= ~(static_cast<uint32_t>(flag) << 24); }

 private:
  uint32_t bits_ = kNoStorage;
};

// What is kept of one block: its row and its replicas. Up to three replicas need no memory of their
// own. Movable only.
class BlockRecord {
 public:
  BlockRecord() = default;
  explicit BlockRecord(const BlockRow& row) { SetRow(row); }
  BlockRecord(BlockRecord&& other) noexcept { MoveFrom(other); }
  BlockRecord& operator=(BlockRecord&& other) noexcept;
  ~BlockRecord() { FreeHeap(); }

  InodeId inode() const { return inode_; }
  GenerationStamp generation_stamp() const { return generation_stamp_; }
  int64_t length() const { return length_; }
  int replication() const { return static_cast<int>(replication_); }
  BlockState state() const { return static_cast<BlockState>(state_); }
  bool complete() const { return state() == BlockState::kComplete; }
  // Committed or complete: length and generation stamp are final.
  bool committed() const { return complete() || state() == BlockState::kCommitted; }
  // The file is no longer in the tree: its blocks wait to be reclaimed.
  bool unlinked() const { return unlinked_ != 0; }
  void set_unlinked() { unlinked_ = 1; }

  BlockRow Row(BlockId id) const;
  void SetRow(const BlockRow& row);  // leaves the replicas as they are

  std::span<const StoredReplica> replicas() const { return {data(), count_}; }
  std::span<StoredReplica> replicas() { return {data(), count_}; }
  // The replica on `storage`; null if there is none.
  StoredReplica* Find(StorageIndex storage);
  const StoredReplica* Find(StorageIndex storage) const;
  void Add(StoredReplica replica);
  void Remove(StorageIndex storage);

 private:
  static constexpr uint32_t kInline = 3;

  StoredReplica* data();
  const StoredReplica* data() const { return const_cast<BlockRecord*>(this)->data(); }
  StoredReplica* heap() const;
  void FreeHeap();
  void MoveFrom(BlockRecord& other);

  InodeId inode_ = 0;
  GenerationStamp generation_stamp_ = 0;
  int64_t length_ = 0;
  // Up to kInline replicas themselves; with more, words 0 and 1 are a pointer, word 2 its capacity.
  std::array<StoredReplica, kInline> words_;
  uint32_t replication_ : 12 = 0;
  uint32_t count_ : 12 = 0;
  uint32_t state_ : 4 = 0;
  uint32_t unlinked_ : 1 = 0;
};
static_assert(sizeof(BlockRecord) == 40);

// All blocks by id, and per storage the ids of its replicas; the two views always agree.
// Thread-compatible. Pointers to records are valid until the next Put or Erase.
class BlockMap {
 public:
  BlockRecord* Find(BlockId id);
  const BlockRecord* Find(BlockId id) const;
  // Adds the block or replaces its row, keeping replicas.
  BlockRecord& Put(const BlockRow& row);
  // Removes the block and its replicas. False if there is none.
  bool Erase(BlockId id);

  // False if the block is unknown or has a replica there already.
  bool AddReplica(BlockId id, StoredReplica replica);
  // False if there is none.
  bool RemoveReplica(BlockId id, StorageIndex storage);
  // Ids of all replicas on `storage`, good or not, in order.
  const absl::btree_set<BlockId>& Stored(StorageIndex storage) const;

  size_t size() const { return blocks_.size(); }
  // Calls `visit(id, record)` for up to `limit` blocks with ids above `after`; returns the last id
  // visited, or `after` at the end.
  template <typename Visit>
  BlockId Scan(BlockId after, int limit, Visit visit) const {
    for (auto it = blocks_.upper_bound(after); it != blocks_.end() && limit > 0; ++it, --limit) {
      visit(it->first, it->second);
      after = it->first;
    }
    return after;
  }

 private:
  absl::btree_map<BlockId, BlockRecord> blocks_;
  std::vector<absl::btree_set<BlockId>> stored_;  // by StorageIndex
  const absl::btree_set<BlockId> none_;
};

}  // namespace cairn::namenode
