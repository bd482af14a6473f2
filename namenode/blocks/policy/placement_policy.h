// Which DataNodes get a block's replicas: HDFS's default policy.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "common/random.h"
#include "namenode/blocks/model/datanode_registry.h"

namespace cairn::namenode {

// What is to be placed, in the registry's numbers.
struct PlacementQuery {
  int wanted = 0;                 // replicas in addition to `existing`
  int64_t block_size = 0;         // bytes
  std::vector<NodeIndex> writer;  // DataNodes on the writer's machine; the first good one is local
  std::string writer_rack;        // of a writer that is no DataNode; empty: unknown
  bool avoid_local = false;       // NO_LOCAL_WRITE: not on the writer's machine
  std::vector<NodeIndex> existing;  // have a replica, the first is where the pipeline began
  absl::flat_hash_set<NodeIndex> excluded;
  std::vector<NodeIndex> favored;  // tried first, in order
  uint8_t storage_policy = 0;      // HDFS's id; 0: HOT
};

// Places in the order of the pipeline: each the nearest to the one before.
struct PlacementResult {
  std::vector<StorageIndex> chosen;
  // Why nodes were not good enough, in the last attempt → how many ("not enough space").
  std::map<std::string, int> rejected;
};

// First replica on the writer's node (else its rack, else anywhere), the second in another rack,
// the third in the second's rack, further ones anywhere; at most (replicas-1)/racks+2 in a rack
// (one less if that were all of them). A node must have room, not be overloaded and not be stale;
// nodes that fall short of the last two are taken when there are no others. Thread-compatible but
// for `random`.
class PlacementPolicy {
 public:
  struct Options {
    bool avoid_stale = true;
    bool consider_load = true;
    double load_factor = 2.0;
    int load_floor_xceivers = 16;
  };
  // `random` must outlive this.
  PlacementPolicy(const Options& options, Random& random) : options_(options), random_(random) {}

  // Chooses up to `wanted` places; changes nothing. `now_ms` is monotonic.
  PlacementResult Choose(const DatanodeRegistry& nodes, const PlacementQuery& query,
                         int64_t now_ms) const;

 private:
  const Options options_;
  Random& random_;
};

}  // namespace cairn::namenode
