// For tests of files whose writer is gone, and of truncations: their blocks and recoveries.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "namenode/namespace/ops/testing/ops_test.h"

namespace cairn::namenode {

// Thread-compatible.
class RecoveryOps : public OpsTest {
 protected:
  static constexpr int64_t kBlock = 1 << 20;

  // Writes a file of these blocks; closed unless `close` is false, then the last block has been
  // written without being committed.
  void Write(const std::string& path, const std::vector<int64_t>& lengths, bool close = true,
             const std::string& holder = "writer") {
    ASSERT_TRUE(root().Create(path, kCreateFlagCreate, holder).ok());
    std::optional<ExtendedBlock> previous;
    for (const int64_t length : lengths) {
      const auto next =
          root().AddBlock({.path = path, .client_name = holder, .previous = previous});
      ASSERT_TRUE(next.ok()) << next.status();
      previous = next->block;
      previous->block.num_bytes = length;
    }
    if (close) {
      ASSERT_TRUE(*root().Complete({.path = path, .client_name = holder, .last = previous}));
    } else {
      blocks().SetReplicated(previous->block.id, false);
    }
  }
  // The last block's row.
  BlockRow Last(const std::string& path) {
    const LocatedBlocks located = *root().GetBlockLocations(path, 0, INT64_MAX);
    return blocks().rows().at(located.blocks.back().block.block.id);
  }
  ExtendedBlock Extended(const BlockRow& row) {
    return {fs().store().identity().block_pool_id, {row.id, row.generation_stamp, row.length}};
  }
  // The result of the recovery that is under way on the last block of `path`.
  BlockSyncRequest SyncOf(const std::string& path, int64_t length) {
    const BlockRow row = Last(path);
    ReplicaLocation place;
    place.datanode.id.uuid = "dn-0";
    place.storage_id = "DS-0";
    return {Extended(row), row.recovery_id, length, false, {place}};
  }
  // What the block manager is to say of the last block of `path`.
  void SetView(const std::string& path, bool pending, bool unclaimed = false, int reported = 0) {
    BlockView view;
    view.recovery_pending = pending;
    view.unclaimed = unclaimed;
    view.reported = reported;
    blocks().SetView(Last(path).id, view);
  }
  int64_t LengthOf(const std::string& path) { return (*root().Stat(path))->length; }
  bool ExpireLease(InodeId file) {
    return *TestNamespace::Sync<bool>(
        [&](auto done) { fs().ns().ExpireLease(file, std::move(done)); });
  }
  InodeId IdOf(const std::string& path) { return (*root().Stat(path))->file_id; }
};

}  // namespace cairn::namenode
