// Whether a DataNode lost from a pipeline is replaced. A pure decision.
#pragma once

#include <cstddef>
#include <cstdint>

#include "client/client_options.h"

namespace cairn::client {

// True when a pipeline of `remaining` good nodes for a file of `replication` copies gets another
// node. `appended`: the block was reopened; `hflushed`: the writer was promised durability.
// Source: ReplaceDatanodeOnFailure of Hadoop 3.4.
inline bool ShouldReplaceDatanode(ReplaceDatanodePolicy policy, int32_t replication,
                                  size_t remaining, bool appended, bool hflushed) {
  const auto wanted = static_cast<size_t>(replication);
  if (policy == ReplaceDatanodePolicy::kNever || remaining == 0 || remaining >= wanted) {
    return false;
  }
  if (policy == ReplaceDatanodePolicy::kAlways) return true;
  return replication >= 3 && (remaining <= wanted / 2 || appended || hflushed);
}

}  // namespace cairn::client
