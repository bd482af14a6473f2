// What control needs of the data port.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "common/types/block.h"

namespace cairn::datanode {

// Thread-safe.
class DataPort {
 public:
  virtual ~DataPort() = default;
  // The TCP port that clients connect to.
  virtual int port() const = 0;
  // Operations running now.
  virtual int32_t xceiver_count() const = 0;
  // Copies a finalized replica with exactly the block's stamp to the targets, as one pipeline in
  // their order. Blocks until everything is sent; the end of the data port ends it early.
  virtual absl::Status Copy(const ExtendedBlock& block,
                            const std::vector<ReplicaLocation>& targets) = 0;
  // Bytes per second for all moves of balancers from now on; above 0.
  virtual void SetBalanceBandwidth(int64_t bytes_per_second) = 0;
};

}  // namespace cairn::datanode
