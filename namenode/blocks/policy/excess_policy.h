// Which replicas of a block that has too many are deleted: HDFS's default policy.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cairn::namenode {

// A good replica that may be deleted.
struct ExcessCandidate {
  uint32_t storage = 0;
  std::string rack;
  int64_t last_heartbeat_ms = 0;  // monotonic, of its node
  int64_t remaining = 0;          // free bytes of its storage
  bool hinted = false;            // the balancer moved the block away from here
};

// The storages whose replicas are deleted so that `keep` (at least 1) of `replicas` remain. The
// hinted one goes first, unless that takes the block's second rack away. With replicas on exactly
// two racks, one of a rack that holds several; else any. Among those: the node not heard of for 4
// heartbeat intervals, oldest first; else the storage with least free space.
std::vector<uint32_t> ChooseExcess(std::vector<ExcessCandidate> replicas, size_t keep,
                                   int64_t now_ms, int64_t heartbeat_interval_ms);

}  // namespace cairn::namenode
