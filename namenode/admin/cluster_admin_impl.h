// The administration of a NameNode over its parts.
#pragma once

#include <string>
#include <vector>

#include "common/clock.h"
#include "common/threads.h"
#include "namenode/admin/cluster_admin.h"

namespace cairn::namenode {

// Thread-safe. What takes time runs on one thread of its own.
class ClusterAdminImpl final : public ClusterAdmin {
 public:
  // All must outlive this.
  ClusterAdminImpl(Namespace& names, BlockManager& blocks, const Clock& clock);
  // Stops.
  ~ClusterAdminImpl() override;

  // Ends what runs and answers everything else that it was asked. The namespace must still answer.
  void Stop();

  void GetBlocks(const Caller& caller, GetBlocksRequest request,
                 Done<std::vector<BlockPlaces>> done) override;
  absl::Status SetBalancerBandwidth(const Caller& caller, int64_t bytes_per_second) override;

 private:
  bool UsedSince(InodeId file, int64_t wall_ms);

  Namespace& names_;
  BlockManager& blocks_;
  const Clock& clock_;
  Executor worker_;
};

}  // namespace cairn::namenode
