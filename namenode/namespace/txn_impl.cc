// Reads through write set and cache; writes into the write set.
#include "namenode/namespace/txn_impl.h"

#include <algorithm>
#include <utility>

#include "common/status_macros.h"
#include "namenode/namespace/name_order.h"

namespace cairn::namenode {
namespace {

constexpr char kMissMessage[] = "a row is not cached";
constexpr char kBlockedMessage[] = "below a subtree that is about to change";

// Files with at most this many blocks give them back in the transaction that removes the file.
constexpr size_t kInlinePurgeBlocks = 64;

// Directories up to this size are loaded whole by their first listing, if they take at most an
// eighth of the cache.
constexpr int64_t kWholeDirectoryChildren = 16384;
constexpr int64_t kTypicalNodeBytes = 640;

absl::Status Miss() { return {absl::StatusCode::kAborted, kMissMessage}; }

// Lays the written names over a page: replaces, removes and adds those in (after, last], or to the
// end.
std::vector<const Inode*> Overlay(const std::vector<const Inode*>& base,
                                  const std::vector<std::pair<std::string, InodePtr>>& names,
                                  std::string_view after, bool to_end) {
  std::vector<const Inode*> merged;
  auto next = names.begin();
  while (next != names.end() && !after.empty() && !NameLess(after, next->first)) ++next;
  for (const Inode* child : base) {
    for (; next != names.end() && NameLess(next->first, child->name); ++next) {
      if (next->second) merged.push_back(next->second.get());
    }
    if (next != names.end() && next->first == child->name) {
      if (next->second) merged.push_back(next->second.get());
      ++next;
    } else {
      merged.push_back(child);
    }
  }
  for (; to_end && next != names.end(); ++next) {
    if (next->second) merged.push_back(next->second.get());
  }
  return merged;
}

}  // namespace

bool Txn::IsMiss(const absl::Status& status) {
  return status.code() == absl::StatusCode::kAborted && status.message() == kMissMessage;
}

bool TxnImpl::IsBlocked(const absl::Status& status) {
  return status.code() == absl::StatusCode::kAborted && status.message() == kBlockedMessage;
}

// ---- reads

absl::Status TxnImpl::CheckMark(InodeId id) {
  if (!watch_marks_) return absl::OkStatus();
  const auto mark = state_.marks.find(id);
  if (mark == state_.marks.end() || mark->second.owner == owner_) return absl::OkStatus();
  blocked_on_ = id;
  return {absl::StatusCode::kAborted, kBlockedMessage};
}

absl::StatusOr<InodePtr> TxnImpl::Hand(CacheNode* node) {
  if (node == nullptr) return InodePtr();
  touched_.push_back(node);
  if (node->inode) RETURN_IF_ERROR(CheckMark(node->inode->id));
  return node->inode;
}

absl::StatusOr<InodePtr> TxnImpl::Child(InodeId directory, std::string_view name) {
  if (const auto written = writes_.FindName(directory, name)) return *written;
  const InodeCache::Found found = state_.cache.Find(directory, name);
  if (found.presence != Presence::kUnknown) return Hand(found.node);
  LoadRequest::Chain chain;
  chain.parent = directory;
  chain.names.emplace_back(name);
  misses_.chains.push_back(std::move(chain));
  return Miss();
}

absl::StatusOr<InodePtr> TxnImpl::ById(InodeId id) {
  if (const auto* written = writes_.FindId(id)) return InodePtr(*written);
  if (id <= 0 || id > state_.counters.inode_id) return InodePtr();
  const InodeCache::Found found = state_.cache.FindById(id);
  if (found.presence != Presence::kUnknown) return Hand(found.node);
  misses_.ids.push_back(id);
  return Miss();
}

absl::StatusOr<std::vector<InodePtr>> TxnImpl::Ancestors(const Inode& inode) {
  std::vector<InodePtr> chain;
  InodeId id = inode.id;
  while (id != 0) {
    ASSIGN_OR_RETURN(InodePtr link, ById(id));
    if (!link) return std::vector<InodePtr>();
    id = link->parent_id;
    chain.push_back(std::move(link));
  }
  std::reverse(chain.begin(), chain.end());
  return chain;
}

absl::StatusOr<ChildPage> TxnImpl::List(const Inode& directory, std::string_view start_after,
                                        int limit) {
  const auto own = writes_.NamesIn(directory.id);
  const int64_t want = int64_t{limit} + static_cast<int64_t>(own.size());
  BasePage base;
  if (state_.cache.IsComplete(directory.id) || directory.id >= first_new_id_) {
    base = ListWhole(directory.id, start_after, want);
  } else {
    ASSIGN_OR_RETURN(base, ListMerged(directory, start_after, want));
  }
  ChildPage page{std::move(base.children), base.remaining};
  if (!own.empty()) {
    page.children = Overlay(page.children, own, start_after, base.remaining == 0);
  }
  if (static_cast<int64_t>(page.children.size()) > limit) {
    page.remaining += static_cast<int64_t>(page.children.size()) - limit;
    page.children.resize(limit);
  }
  return page;
}

TxnImpl::BasePage TxnImpl::ListWhole(InodeId directory, std::string_view start_after,
                                     int64_t limit) const {
  BasePage page;
  const ChildIndex* children = state_.cache.Children(directory);
  if (children == nullptr) return page;
  page.children.reserve(
      static_cast<size_t>(std::min(limit, static_cast<int64_t>(children->size()))));
  children->ForEachAfter(start_after, [&](const CacheNode& node) {
    if (static_cast<int64_t>(page.children.size()) >= limit) return false;
    page.children.push_back(node.inode.get());
    return true;
  });
  const std::string_view last = page.children.empty() ? start_after : page.children.back()->name;
  page.remaining = children->CountAfter(last);
  return page;
}

absl::StatusOr<TxnImpl::BasePage> TxnImpl::ListMerged(const Inode& directory,
                                                      std::string_view start_after, int64_t limit) {
  const LoadedRange* range = work_.RangeFor(directory.id, start_after);
  if (range == nullptr) return MissRange(directory, start_after, limit + 1);

  // Cached children in the range, at most as many as the page can take.
  std::vector<const Inode*> cached;
  const size_t want = static_cast<size_t>(limit) + 1;
  if (const ChildIndex* children = state_.cache.Children(directory.id)) {
    children->ForEachAfter(start_after, [&](const CacheNode& node) {
      if (!range->to_end && NameLess(range->last, node.name())) return false;
      cached.push_back(node.inode.get());
      return cached.size() < want;
    });
  }
  auto row = range->rows.begin();
  while (row != range->rows.end() && !start_after.empty() && !NameLess(start_after, (*row)->name)) {
    ++row;
  }
  BasePage page;
  auto known = cached.begin();
  while (page.children.size() < want && (known != cached.end() || row != range->rows.end())) {
    if (row == range->rows.end() ||
        (known != cached.end() && !NameLess((*row)->name, (*known)->name))) {
      if (row != range->rows.end() && (*row)->name == (*known)->name) ++row;
      page.children.push_back(*known++);
    } else {
      // What the cache knows is newer than the snapshot: here only that the row is gone.
      const auto found = state_.cache.Find(directory.id, (*row)->name);
      if (found.presence == Presence::kUnknown) page.children.push_back(row->get());
      ++row;
    }
  }
  if (page.children.size() < want && !range->to_end) {
    return MissRange(directory, range->last, limit + 1);
  }
  if (page.children.size() == want) {
    page.children.pop_back();
    const int64_t shown = static_cast<int64_t>(page.children.size());
    page.remaining = start_after.empty() ? std::max<int64_t>(1, directory.child_count - shown) : 1;
  }
  return page;
}

absl::Status TxnImpl::MissRange(const Inode& directory, std::string_view after, int64_t limit) {
  LoadRequest::Range range;
  range.directory = directory.id;
  range.after = std::string(after);
  range.limit = limit;
  const InodeCache& cache = state_.cache;
  if (after.empty() && directory.child_count <= kWholeDirectoryChildren &&
      directory.child_count * kTypicalNodeBytes <= cache.max_bytes() / 8 &&
      directory.child_count <= cache.max_entries() / 8) {
    range.whole = true;
    range.limit = std::max(limit, directory.child_count + 1024);
  }
  misses_.ranges.push_back(std::move(range));
  return Miss();
}

absl::StatusOr<std::optional<BlockRow>> TxnImpl::BlockById(BlockId id) {
  if (const auto it = writes_.blocks.find(id); it != writes_.blocks.end()) return it->second;
  if (auto view = deps_.blocks.Find(id)) return std::optional<BlockRow>(std::move(view->row));
  const bool may_be_on_disk =
      state_.changed_while_loading && !state_.changed_while_loading->contains(id);
  if (!may_be_on_disk || work_.BlockIsAbsent(id)) return std::optional<BlockRow>();
  misses_.blocks.push_back(id);
  return Miss();
}

void TxnImpl::Prefetch(InodeId from, absl::Span<const std::string_view> names) {
  LoadRequest::Chain chain;
  chain.parent = from;
  for (const std::string_view name : names) chain.names.emplace_back(name);
  hints_.push_back(std::move(chain));
}

bool TxnImpl::AdvanceChain(LoadRequest::Chain& chain) const {
  size_t known = 0;
  for (; known < chain.names.size(); ++known) {
    const auto found = state_.cache.Find(chain.parent, chain.names[known]);
    if (found.presence == Presence::kUnknown) break;
    if (found.presence == Presence::kAbsent || !found.node->inode->is_directory()) return false;
    chain.parent = found.node->inode->id;
  }
  chain.names.erase(chain.names.begin(), chain.names.begin() + known);
  return !chain.names.empty();
}

LoadRequest TxnImpl::TakeMisses() {
  for (LoadRequest::Chain& hint : hints_) {
    if (!AdvanceChain(hint)) continue;
    std::erase_if(misses_.chains, [&](const LoadRequest::Chain& miss) {  // the hint begins with it
      return miss.parent == hint.parent && miss.names.size() == 1 &&
             miss.names.front() == hint.names.front();
    });
    misses_.chains.push_back(std::move(hint));
  }
  hints_.clear();
  return std::move(misses_);
}

// ---- writes

InodePtr TxnImpl::Stored(InodeId id) const {
  if (id >= first_new_id_) return nullptr;
  const auto found = state_.cache.FindById(id);
  if (found.presence == Presence::kPresent) return found.node->inode;
  return work_.InLoadedRange(id);
}

void TxnImpl::Put(Inode inode) {
  const InodePtr stored = Stored(inode.id);
  writes_.Put(std::move(inode), stored);
}

void TxnImpl::Remove(const Inode& inode) { writes_.Remove(inode, Stored(inode.id)); }

void TxnImpl::Move(const Inode& from, Inode to) { Put(std::move(to)); }

void TxnImpl::PutBlock(BlockRow row) { writes_.blocks[row.id] = row; }

void TxnImpl::RemoveBlock(BlockId id) { writes_.blocks[id] = std::nullopt; }

void TxnImpl::SetExpectedLocations(BlockId id, std::vector<ReplicaLocation> locations) {
  writes_.expected_locations.emplace_back(id, std::move(locations));
}

void TxnImpl::ReplicasRecovered(const Block& block, std::vector<ReplicaLocation> places) {
  writes_.recovered.emplace_back(block, std::move(places));
}

void TxnImpl::AddLease(const std::string& holder, InodeId inode) {
  writes_.leases.push_back({holder, inode, true});
}

void TxnImpl::RemoveLease(const std::string& holder, InodeId inode) {
  writes_.leases.push_back({holder, inode, false});
}

void TxnImpl::AddPurge(const Inode& root) {
  if (root.is_directory()) {
    if (root.child_count > 0) writes_.purges.push_back({root, ""});
    return;
  }
  if (root.under_construction) RemoveLease(root.under_construction->client_name, root.id);
  if (root.blocks.size() > kInlinePurgeBlocks) {
    writes_.purges.push_back({root, ""});
    return;
  }
  for (const BlockId block : root.blocks) RemoveBlock(block);
}

InodeId TxnImpl::NewInodeId() {
  writes_.ids_allocated = true;
  return ++state_.counters.inode_id;
}

BlockId TxnImpl::NewBlockId() {
  writes_.ids_allocated = true;
  return ++state_.counters.block_id;
}

GenerationStamp TxnImpl::NewGenerationStamp() {
  writes_.ids_allocated = true;
  const GenerationStamp stamp = ++state_.counters.generation_stamp;
  state_.PublishGenerationStamp();
  return stamp;
}

}  // namespace cairn::namenode
