// What the namespace reads when it is opened, and the scan of block rows that follows.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "namenode/meta/meta_store.h"
#include "namenode/namespace/namespace_state.h"
#include "namenode/namespace/op_runner.h"

namespace cairn::namenode {

// Fills counters, leases, remembered replies and the queue of purges. kDataLoss for damaged rows.
absl::Status RestoreState(const MetaSnapshot& snapshot, NamespaceState& state);

// Gives every block row to the block manager in pages, leaving out blocks changed since Restore
// (the block manager has those), then tells it that loading is done. Ends early without that when
// `stopping` becomes true.
absl::Status LoadBlockRows(const MetaSnapshot& snapshot, BlockManager& blocks, OpRunner& runner,
                           const std::atomic<bool>& stopping);

}  // namespace cairn::namenode
