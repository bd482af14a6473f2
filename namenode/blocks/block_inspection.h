// What is known of a block's replicas, for fsck.
#pragma once

#include <string_view>
#include <vector>

#include "common/types/block.h"
#include "namenode/meta/rows.h"

namespace cairn::namenode {

// One replica of a block on a live DataNode, as far as it is known.
struct ReplicaView {
  ReplicaLocation place;
  bool corrupt = false;
  bool excess = false;                   // its deletion was decided
  bool unsure = false;                   // its storage has not reported since its node registered
  std::string_view corrupt_reason = {};  // HDFS's name of why it is bad; static
};

// A block with everything known of its replicas.
struct BlockInspection {
  BlockRow row;
  int live = 0;
  int corrupt = 0;
  int excess = 0;
  int unsure = 0;
  int decommissioning = 0;  // good ones, not in `live`
  int decommissioned = 0;
  int entering_maintenance = 0;
  int in_maintenance = 0;  // also on a DataNode that is down
  int usable() const {
    return live + decommissioning + decommissioned + entering_maintenance + in_maintenance;
  }
  bool has_good() const { return usable() + excess > 0; }
  bool multi_rack = false;            // there were ever live DataNodes in two racks at once
  std::vector<ReplicaView> replicas;  // of an unfinished block: its pipeline's places
};

}  // namespace cairn::namenode
