// Opens data directories: locks them, formats new ones, refuses those of another cluster.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "datanode/store/store_types.h"
#include "datanode/store/volume.h"

namespace cairn::datanode {

// What OpenVolumes found.
struct OpenedVolumes {
  std::string datanode_uuid;  // from the directories; new when all are
  std::vector<std::shared_ptr<Volume>> volumes;
  std::vector<VolumeFailure> failures;  // directories whose disk fails
};

// Opens all of `options.volumes` for `pool`; their replicas are not loaded yet. Errors (errors.h,
// naming directory and id): a directory of another cluster, pool, namespace or DataNode, one of
// another layout version, one in use by another process, one whose VERSION is missing or malformed.
// `datanode_uuid`: the DataNode's, when other directories are in service already.
absl::StatusOr<OpenedVolumes> OpenVolumes(const StoreOptions& options, const PoolIdentity& pool,
                                          const StoreEnv& env,
                                          const std::string& datanode_uuid = "");

}  // namespace cairn::datanode
