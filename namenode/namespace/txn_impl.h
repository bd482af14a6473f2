// The transaction of one attempt of one operation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "namenode/namespace/namespace_state.h"
#include "namenode/namespace/row_loader.h"
#include "namenode/namespace/txn.h"
#include "namenode/namespace/working_set.h"
#include "namenode/namespace/write_set.h"

namespace cairn::namenode {

// Lives for one critical section: runs under the namespace lock.
class TxnImpl : public Txn {
 public:
  // `owner`: whose marks do not stop this transaction. Reads that serve no change pass `mutation`
  // false and are never stopped.
  TxnImpl(const NamespaceDeps& deps, NamespaceState& state, const WorkingSet& work, bool mutation,
          const OpTask* owner)
      : deps_(deps),
        state_(state),
        work_(work),
        owner_(owner),
        watch_marks_(mutation && !state.marks.empty()),
        first_new_id_(state.counters.inode_id + 1) {}

  absl::StatusOr<InodePtr> Child(InodeId directory, std::string_view name) override;
  absl::StatusOr<InodePtr> ById(InodeId id) override;
  absl::StatusOr<std::vector<InodePtr>> Ancestors(const Inode& inode) override;
  absl::StatusOr<ChildPage> List(const Inode& directory, std::string_view start_after,
                                 int limit) override;
  absl::StatusOr<std::optional<BlockRow>> BlockById(BlockId id) override;
  void Prefetch(InodeId from, absl::Span<const std::string_view> names) override;

  void Put(Inode inode) override;
  void Remove(const Inode& inode) override;
  void Move(const Inode& from, Inode to) override;
  void PutBlock(BlockRow row) override;
  void RemoveBlock(BlockId id) override;
  void SetExpectedLocations(BlockId id, std::vector<ReplicaLocation> locations) override;
  void ReplicasRecovered(const Block& block, std::vector<ReplicaLocation> places) override;
  void AddLease(const std::string& holder, InodeId inode) override;
  void RemoveLease(const std::string& holder, InodeId inode) override;
  void AddPurge(const Inode& root) override;

  InodeId NewInodeId() override;
  BlockId NewBlockId() override;
  GenerationStamp NewGenerationStamp() override;
  GenerationStamp highest_generation_stamp() const override {
    return state_.counters.generation_stamp;
  }
  int64_t now_ms() const override {
    if (!now_ms_) now_ms_ = deps_.clock.WallMs();
    return *now_ms_;
  }

  // -- the runner's
  WriteSet& writes() { return writes_; }
  // What is to be loaded before the operation can go on; hints are added only when something
  // missed.
  LoadRequest TakeMisses();
  // The marked subtree the operation ran into; 0: none.
  InodeId blocked_on() const { return blocked_on_; }
  // Whether a status means that.
  static bool IsBlocked(const absl::Status& status);
  // Cached rows that were read; valid until the lock is left.
  const absl::InlinedVector<CacheNode*, 16>& touched() const { return touched_; }

 private:
  // A page of what is cached or loaded, without this transaction's writes.
  struct BasePage {
    std::vector<const Inode*> children;
    int64_t remaining = 0;
  };

  absl::StatusOr<InodePtr> Hand(CacheNode* node);
  absl::Status CheckMark(InodeId id);
  // The inode as stored, as far as the cache or a loaded range knows it.
  InodePtr Stored(InodeId id) const;
  BasePage ListWhole(InodeId directory, std::string_view start_after, int64_t limit) const;
  absl::StatusOr<BasePage> ListMerged(const Inode& directory, std::string_view start_after,
                                      int64_t limit);
  absl::Status MissRange(const Inode& directory, std::string_view after, int64_t limit);
  // Drops from a chain what the cache already has.
  bool AdvanceChain(LoadRequest::Chain& chain) const;

  const NamespaceDeps& deps_;
  NamespaceState& state_;
  const WorkingSet& work_;
  const OpTask* owner_;
  const bool watch_marks_;
  const InodeId first_new_id_;
  mutable std::optional<int64_t> now_ms_;  // once somebody has asked
  WriteSet writes_;
  LoadRequest misses_;
  std::vector<LoadRequest::Chain> hints_;
  InodeId blocked_on_ = 0;
  absl::InlinedVector<CacheNode*, 16> touched_;
};

}  // namespace cairn::namenode
