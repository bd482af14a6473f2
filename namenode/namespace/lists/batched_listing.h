// getBatchedListing.
#pragma once

#include "namenode/namespace/namespace.h"
#include "namenode/namespace/namespace_options.h"

namespace cairn::namenode {

// Lists one path after another until dfs.ls.limit entries are found. What is wrong with a path is
// its entry's; only what concerns the call as a whole fails it. `names` and `options` must outlive
// the call.
void ListBatch(Namespace& names, const NamespaceOptions& options, const Caller& caller,
               BatchedListRequest request, Done<BatchedListing> done);

}  // namespace cairn::namenode
