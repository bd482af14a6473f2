// The bounded write-through cache of directory entries and inodes.
#include "namenode/namespace/inode_cache.h"

#include <algorithm>
#include <utility>

#include "namenode/namespace/name_order.h"

namespace cairn::namenode {
namespace {

// A node's share of the hash tables, the ring and its directory's index.
constexpr int64_t kIndexBytes = 48;

// Nodes one Trim passes over because they were used since the last round: bounds its time under the
// lock.
constexpr int kSecondChances = 32;

int64_t HeapBytes(const std::string& text) {
  return text.capacity() > 15 ? static_cast<int64_t>(text.capacity()) + 1 : 0;
}

}  // namespace

// ---- ChildIndex

std::pair<size_t, size_t> ChildIndex::UpperBound(std::string_view name) const {
  if (name.empty()) return {0, 0};
  const auto after = [](std::string_view value, const CacheNode* node) {
    return NameLess(value, node->name());
  };
  const auto chunk = std::partition_point(
      chunks_.begin(), chunks_.end(),
      [&](const std::vector<CacheNode*>& c) { return !after(name, c.back()); });
  if (chunk == chunks_.end()) return {chunks_.size(), 0};
  const auto at = std::upper_bound(chunk->begin(), chunk->end(), name, after);
  return {chunk - chunks_.begin(), at - chunk->begin()};
}

void ChildIndex::Insert(CacheNode* node) {
  ++size_;
  if (chunks_.empty()) {
    chunks_.push_back({node});
    return;
  }
  auto [chunk, at] = UpperBound(node->name());
  if (chunk == chunks_.size()) {
    --chunk;
    at = chunks_[chunk].size();
    if (at >= kMaxChunk) {  // names that come in order fill their chunks
      chunks_.push_back({node});
      return;
    }
  }
  std::vector<CacheNode*>& nodes = chunks_[chunk];
  nodes.insert(nodes.begin() + at, node);
  if (nodes.size() <= kMaxChunk) return;
  std::vector<CacheNode*> upper(nodes.begin() + nodes.size() / 2, nodes.end());
  nodes.resize(nodes.size() / 2);
  chunks_.insert(chunks_.begin() + chunk + 1, std::move(upper));
}

void ChildIndex::Erase(const CacheNode* node) {
  const auto before = [](const CacheNode* a, std::string_view b) { return NameLess(a->name(), b); };
  const auto chunk = std::partition_point(
      chunks_.begin(), chunks_.end(),
      [&](const std::vector<CacheNode*>& c) { return before(c.back(), node->name()); });
  if (chunk == chunks_.end()) return;
  const auto at = std::lower_bound(chunk->begin(), chunk->end(), node->name(), before);
  if (at == chunk->end() || *at != node) return;
  chunk->erase(at);
  --size_;
  if (chunk->empty()) chunks_.erase(chunk);
}

int64_t ChildIndex::CountAfter(std::string_view name) const {
  auto [chunk, at] = UpperBound(name);
  if (chunk == chunks_.size()) return 0;
  int64_t count = static_cast<int64_t>(chunks_[chunk].size() - at);
  while (++chunk < chunks_.size()) count += static_cast<int64_t>(chunks_[chunk].size());
  return count;
}

// ---- InodeCache

InodeCache::~InodeCache() {
  for (CacheNode* node : nodes_) delete node;
}

int64_t InodeCache::BytesOf(const CacheNode& node) {
  int64_t bytes = sizeof(CacheNode) + kIndexBytes + HeapBytes(node.absent_name);
  if (!node.inode) return bytes;
  const Inode& inode = *node.inode;
  bytes += sizeof(Inode) + 16 + HeapBytes(inode.name) + HeapBytes(inode.owner) +
           HeapBytes(inode.group) + HeapBytes(inode.symlink_target) +
           static_cast<int64_t>(inode.blocks.capacity() * sizeof(BlockId));
  if (inode.under_construction) {
    bytes += HeapBytes(inode.under_construction->client_name) +
             HeapBytes(inode.under_construction->client_address);
  }
  return bytes;
}

CacheNode* InodeCache::Lookup(InodeId parent, std::string_view name) {
  const auto it = nodes_.find(Key{parent, name});
  return it == nodes_.end() ? nullptr : *it;
}

InodeCache::Found InodeCache::Find(InodeId parent, std::string_view name) {
  if (CacheNode* node = Lookup(parent, name); node != nullptr) {
    node->referenced = true;
    return {node->inode ? Presence::kPresent : Presence::kAbsent, node};
  }
  return {IsComplete(parent) ? Presence::kAbsent : Presence::kUnknown, nullptr};
}

InodeCache::Found InodeCache::FindById(InodeId id) {
  if (const auto it = by_id_.find(id); it != by_id_.end()) {
    it->second->referenced = true;
    return {Presence::kPresent, it->second};
  }
  return {absent_ids_.contains(id) ? Presence::kAbsent : Presence::kUnknown, nullptr};
}

bool InodeCache::IsComplete(InodeId directory) const {
  const auto it = directories_.find(directory);
  return it != directories_.end() && it->second.complete;
}

const ChildIndex* InodeCache::Children(InodeId directory) const {
  const auto it = directories_.find(directory);
  return it == directories_.end() ? nullptr : &it->second.children;
}

CacheNode* InodeCache::NewNode(InodeId parent, std::string_view name) {
  auto* node = new CacheNode;
  node->parent = parent;
  node->absent_name = std::string(name);
  nodes_.insert(node);
  bytes_ += BytesOf(*node);
  return node;
}

void InodeCache::Assign(CacheNode* node, InodePtr inode) {
  bytes_ -= BytesOf(*node);
  const bool was_present = node->inode != nullptr, is_present = inode != nullptr;
  const bool same_inode = was_present && is_present && node->inode->id == inode->id;
  if (was_present && !same_inode) {
    const auto it = by_id_.find(node->inode->id);
    if (it != by_id_.end() && it->second == node) by_id_.erase(it);
  }
  if (was_present && !is_present) {
    const auto parent = directories_.find(node->parent);
    if (parent != directories_.end()) {
      parent->second.children.Erase(node);
      if (!parent->second.complete) DropDirectoryIfEmpty(node->parent);
    }
    node->absent_name = node->inode->name;
  }
  node->inode = std::move(inode);
  if (is_present) {
    std::string().swap(node->absent_name);
    if (!same_inode) by_id_[node->inode->id] = node;
    if (!was_present) directories_[node->parent].children.Insert(node);
  }
  bytes_ += BytesOf(*node);
}

void InodeCache::Set(InodeId parent, std::string_view name, InodePtr inode, Txid txid) {
  CacheNode* node = Lookup(parent, name);
  if (node == nullptr) {
    node = NewNode(parent, name);
  } else if (node->next != nullptr) {
    LeaveRing(node);
  }
  Assign(node, std::move(inode));
  node->dirty_txid = txid;
  node->referenced = true;
  changes_.push_back({txid, node, 0});
  ++recent_changes_;
}

void InodeCache::SetIdAbsent(InodeId id, Txid txid) {
  absent_ids_[id].dirty_txid = txid;
  changes_.push_back({txid, nullptr, id});
  ++recent_changes_;
  DropDirectoryIfEmpty(id);
}

CacheNode* InodeCache::InsertLoaded(InodeId parent, std::string_view name, InodePtr inode) {
  if (CacheNode* known = Lookup(parent, name); known != nullptr) return known;
  if (IsComplete(parent)) return nullptr;
  CacheNode* node = NewNode(parent, name);
  if (inode) Assign(node, std::move(inode));
  EnterRingIfFree(node);
  return node;
}

void InodeCache::InsertWholeDirectory(InodeId directory, const std::vector<InodePtr>& children) {
  if (IsComplete(directory)) return;
  for (const InodePtr& child : children) InsertLoaded(directory, child->name, child);
  directories_[directory].complete = true;
}

void InodeCache::PinAbsentId(InodeId id) { ++absent_ids_[id].pins; }

void InodeCache::UnpinAbsentId(InodeId id) {
  const auto it = absent_ids_.find(id);
  if (it == absent_ids_.end()) return;
  if (--it->second.pins == 0 && it->second.dirty_txid == 0) absent_ids_.erase(it);
}

void InodeCache::Pin(CacheNode* node) {
  ++node->pins;
  if (node->next != nullptr) LeaveRing(node);
}

void InodeCache::Unpin(CacheNode* node) {
  --node->pins;
  EnterRingIfFree(node);
}

void InodeCache::Advance(Txid watermark, int64_t steps) {
  steps += 2 * std::exchange(recent_changes_, 0);
  while (steps-- > 0 && !changes_.empty() && changes_.front().txid <= watermark) {
    const Change change = changes_.front();
    changes_.pop_front();
    watermark_ = change.txid;
    if (change.node == nullptr) {
      const auto it = absent_ids_.find(change.absent_id);
      if (it == absent_ids_.end() || it->second.dirty_txid != change.txid) continue;
      it->second.dirty_txid = 0;
      if (it->second.pins == 0) absent_ids_.erase(it);
    } else if (change.node->dirty_txid == change.txid) {
      change.node->dirty_txid = 0;
      EnterRingIfFree(change.node);
    }
  }
  if (changes_.empty() || changes_.front().txid > watermark) {
    watermark_ = std::max(watermark_, watermark);
  }
}

void InodeCache::Trim() {
  int second_chances = kSecondChances;
  while (OverBounds() && hand_ != nullptr) {
    CacheNode* candidate = hand_;
    hand_ = candidate->next;
    if (candidate->referenced && second_chances-- > 0) {
      candidate->referenced = false;
      continue;
    }
    Drop(candidate);
  }
}

void InodeCache::Drop(CacheNode* node) {
  LeaveRing(node);
  bytes_ -= BytesOf(*node);
  nodes_.erase(node);
  if (node->inode) {
    const auto it = by_id_.find(node->inode->id);
    if (it != by_id_.end() && it->second == node) by_id_.erase(it);
    if (const auto parent = directories_.find(node->parent); parent != directories_.end()) {
      parent->second.children.Erase(node);
      parent->second.complete = false;
      DropDirectoryIfEmpty(node->parent);
    }
    if (node->inode->is_directory()) DropDirectoryIfEmpty(node->inode->id);
  }
  delete node;
}

void InodeCache::DropDirectoryIfEmpty(InodeId directory) {
  const auto it = directories_.find(directory);
  if (it != directories_.end() && it->second.children.size() == 0) directories_.erase(it);
}

void InodeCache::EnterRingIfFree(CacheNode* node) {
  if (node->pins > 0 || node->dirty_txid > 0 || node->next != nullptr) return;
  if (hand_ == nullptr) {
    hand_ = node->previous = node->next = node;
  } else {  // just behind the hand: the last to be looked at
    node->next = hand_;
    node->previous = hand_->previous;
    node->previous->next = node;
    hand_->previous = node;
  }
  ++ring_size_;
}

void InodeCache::LeaveRing(CacheNode* node) {
  if (node->next == node) {
    hand_ = nullptr;
  } else {
    node->previous->next = node->next;
    node->next->previous = node->previous;
    if (hand_ == node) hand_ = node->next;
  }
  node->previous = node->next = nullptr;
  --ring_size_;
}

}  // namespace cairn::namenode
