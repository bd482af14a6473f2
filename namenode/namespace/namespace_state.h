// Everything the namespace lock guards, and what the engine's parts share.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "common/clock.h"
#include "common/types/ids.h"
#include "namenode/blocks/block_manager.h"
#include "namenode/meta/meta_store.h"
#include "namenode/namespace/inode_cache.h"
#include "namenode/namespace/lease_manager.h"
#include "namenode/namespace/namespace_options.h"
#include "namenode/namespace/retry_cache.h"

namespace cairn::namenode {

// What the namespace stands on; all outlive it.
struct NamespaceDeps {
  MetaStore& store;
  BlockManager& blocks;
  const Clock& clock;
  // Where the highest generation stamp handed out is shown to those that may not take the namespace
  // lock (the block manager); may be null.
  std::atomic<GenerationStamp>* highest_generation_stamp = nullptr;
};

// The last ids handed out and the number of inodes.
struct Counters {
  InodeId inode_id = 0;
  BlockId block_id = 0;
  GenerationStamp generation_stamp = 0;
  int64_t inode_count = 0;
};

// A subtree that a whole-tree change is about to be made to: other mutations wait.
struct SubtreeMark {
  const OpTask* owner = nullptr;
  std::vector<std::shared_ptr<OpTask>> waiters;
};

// Thread-compatible: guarded by the namespace lock.
struct NamespaceState {
  NamespaceState(const NamespaceOptions& options, const Clock& clock)
      : cache(options.cache_bytes, options.cache_entries),
        leases(clock, options.lease_soft_limit_ms, options.lease_hard_limit_ms),
        retries(clock, options.retry_expiry_ms, options.max_retry_entries) {}

  // Shows counters.generation_stamp to the outside.
  void PublishGenerationStamp() const {
    if (highest_generation_stamp != nullptr) {
      highest_generation_stamp->store(counters.generation_stamp);
    }
  }

  InodeCache cache;
  LeaseManager leases;
  RetryCache retries;
  Counters counters;
  std::atomic<GenerationStamp>* highest_generation_stamp = nullptr;  // see NamespaceDeps
  Counters stored;  // as of the last transaction appended
  std::deque<InodeId> purge_queue;
  absl::flat_hash_map<InodeId, SubtreeMark> marks;
  // Blocks changed since the scan of all block rows began; empty once it has ended.
  std::optional<absl::flat_hash_set<BlockId>> changed_while_loading;
  // For each running load, what RocksDB had applied when it began (with a count).
  std::map<Txid, int> loads;
};

}  // namespace cairn::namenode
