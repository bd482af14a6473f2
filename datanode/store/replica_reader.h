// Opens pinned snapshots of replicas.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "datanode/store/block_store.h"
#include "datanode/store/store_core.h"

namespace cairn::datanode {

// See BlockStore::OpenReader. `core` must outlive the reader.
absl::StatusOr<std::unique_ptr<ReplicaReader>> OpenReplicaReader(StoreCore& core,
                                                                 const Block& block,
                                                                 int64_t wait_for_bytes);

// Whether readers may see a replica in this (original) state.
bool IsReadable(ReplicaState original_state);

}  // namespace cairn::datanode
