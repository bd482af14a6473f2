// Packing of block records and the two views of the replicas.
#include "namenode/blocks/model/block_map.h"

#include <bit>
#include <cstring>

namespace cairn::namenode {

BlockRecord& BlockRecord::operator=(BlockRecord&& other) noexcept {
  if (this != &other) {
    FreeHeap();
    MoveFrom(other);
  }
  return *this;
}

void BlockRecord::MoveFrom(BlockRecord& other) {
  inode_ = other.inode_;
  generation_stamp_ = other.generation_stamp_;
  length_ = other.length_;
  words_ = other.words_;
  replication_ = other.replication_;
  count_ = other.count_;
  state_ = other.state_;
  unlinked_ = other.unlinked_;
  other.count_ = 0;  // what it pointed to is ours now
}

BlockRow BlockRecord::Row(BlockId id) const {
  return {id, inode_, generation_stamp_, length_, replication(), state()};
}

void BlockRecord::SetRow(const BlockRow& row) {
  inode_ = row.inode;
  generation_stamp_ = row.generation_stamp;
  length_ = row.length;
  replication_ = static_cast<uint32_t>(row.replication);
  state_ = static_cast<uint32_t>(row.state);
}

StoredReplica* BlockRecord::heap() const {
  StoredReplica* pointer = nullptr;
  std::memcpy(&pointer, words_.data(), sizeof(pointer));
  return pointer;
}

StoredReplica* BlockRecord::data() { return count_ > kInline ? heap() : words_.data(); }

void BlockRecord::FreeHeap() {
  if (count_ > kInline) delete[] heap();
}

StoredReplica* BlockRecord::Find(StorageIndex storage) {
  for (StoredReplica& replica : replicas()) {
    if (replica.storage() == storage) return &replica;
  }
  return nullptr;
}

const StoredReplica* BlockRecord::Find(StorageIndex storage) const {
  return const_cast<BlockRecord*>(this)->Find(storage);
}

void BlockRecord::Add(StoredReplica replica) {
  const uint32_t count = count_;
  if (count < kInline) {
    words_[count] = replica;
  } else {
    uint32_t capacity = 0;
    if (count > kInline) std::memcpy(&capacity, &words_[2], sizeof(capacity));
    if (count >= capacity) {
      const uint32_t grown_capacity = std::bit_ceil(count + 1);
      auto* grown = new StoredReplica[grown_capacity];
      std::memcpy(grown, data(), count * sizeof(StoredReplica));
      FreeHeap();
      std::memcpy(static_cast<void*>(words_.data()), &grown, sizeof(grown));
      std::memcpy(&words_[2], &grown_capacity, sizeof(grown_capacity));
    }
    heap()[count] = replica;
  }
  count_ = count + 1;
}

void BlockRecord::Remove(StorageIndex storage) {
  StoredReplica* found = Find(storage);
  if (found == nullptr) return;
  StoredReplica* all = data();
  *found = all[count_ - 1];
  if (count_ == kInline + 1) {  // back into the record
    std::array<StoredReplica, kInline> rest;
    std::memcpy(rest.data(), all, sizeof(rest));
    delete[] all;
    words_ = rest;
  }
  count_ = count_ - 1;
}

BlockRecord* BlockMap::Find(BlockId id) {
  const auto it = blocks_.find(id);
  return it == blocks_.end() ? nullptr : &it->second;
}

const BlockRecord* BlockMap::Find(BlockId id) const {
  return const_cast<BlockMap*>(this)->Find(id);
}

BlockRecord& BlockMap::Put(const BlockRow& row) {
  auto [it, inserted] = blocks_.try_emplace(row.id, row);
  if (!inserted) it->second.SetRow(row);
  return it->second;
}

bool BlockMap::Erase(BlockId id) {
  const auto it = blocks_.find(id);
  if (it == blocks_.end()) return false;
  for (const StoredReplica& replica : it->second.replicas()) stored_[replica.storage()].erase(id);
  blocks_.erase(it);
  return true;
}

bool BlockMap::AddReplica(BlockId id, StoredReplica replica) {
  BlockRecord* record = Find(id);
  if (record == nullptr || record->Find(replica.storage()) != nullptr) return false;
  record->Add(replica);
  if (stored_.size() <= replica.storage()) stored_.resize(replica.storage() + 1);
  stored_[replica.storage()].insert(id);
  return true;
}

bool BlockMap::RemoveReplica(BlockId id, StorageIndex storage) {
  BlockRecord* record = Find(id);
  if (record == nullptr || record->Find(storage) == nullptr) return false;
  record->Remove(storage);
  stored_[storage].erase(id);
  return true;
}

const absl::btree_set<BlockId>& BlockMap::Stored(StorageIndex storage) const {
  return storage < stored_.size() ? stored_[storage] : none_;
}

}  // namespace cairn::namenode
