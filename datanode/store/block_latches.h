// One operation at a time on each block, without holding a lock while it works on the disk.
#pragma once

#include <array>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "common/threads.h"
#include "common/types/ids.h"

namespace cairn::datanode {

// The set of blocks that an operation is changing (or opening) right now. Thread-safe.
class BlockLatches {
 public:
  // Releases its block at the end of its scope. Movable.
  class Latch {
   public:
    Latch() = default;
    Latch(Latch&& other) noexcept { *this = std::move(other); }
    Latch& operator=(Latch&& other) noexcept {
      Release();
      latches_ = std::exchange(other.latches_, nullptr);
      id_ = other.id_;
      return *this;
    }
    ~Latch() { Release(); }
    void Release() {
      if (latches_ != nullptr) std::exchange(latches_, nullptr)->Release(id_);
    }

   private:
    friend class BlockLatches;
    Latch(BlockLatches* latches, BlockId id) : latches_(latches), id_(id) {}
    BlockLatches* latches_ = nullptr;
    BlockId id_ = 0;
  };

  // Waits until no other operation holds `id`. Not reentrant; a thread holds one latch at a time.
  Latch Acquire(BlockId id) {
    Shard& shard = ShardOf(id);
    MutexLock lock(shard.mu);
    while (!shard.busy.insert(id).second) shard.released.Wait(shard.mu);
    return Latch(this, id);
  }

 private:
  struct Shard {
    Mutex mu;
    CondVar released;
    absl::flat_hash_set<BlockId> busy GUARDED_BY(mu);
  };

  Shard& ShardOf(BlockId id) { return shards_[static_cast<uint64_t>(id) % shards_.size()]; }
  void Release(BlockId id) {
    Shard& shard = ShardOf(id);
    MutexLock lock(shard.mu);
    shard.busy.erase(id);
    shard.released.NotifyAll();
  }

  std::array<Shard, 64> shards_;
};

}  // namespace cairn::datanode
