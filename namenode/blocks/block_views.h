// What the block manager shows of its blocks to administrators and the balancer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/types/block.h"
#include "common/types/ids.h"

namespace cairn::namenode {

// Where one replica is.
struct ReplicaPlace {
  std::string datanode_uuid;
  std::string storage_id;
  StorageType storage_type = StorageType::kDisk;
};

// A finished block with the places of its good replicas.
struct BlockPlaces {
  Block block;
  InodeId inode = 0;
  std::vector<ReplicaPlace> places;
};

// A walk over the finished blocks that have a good replica on one DataNode, once around from a
// random one. Storages that have not reported since their DataNode registered are left out, as in
// HDFS.
struct BlockWalk {
  std::string datanode_uuid;
  std::optional<StorageType> storage_type;  // empty: all
  int64_t min_block_bytes = 0;              // smaller blocks are passed over

  // Of the block manager: what is still to be visited, and whether the walk has begun.
  struct Range {
    uint32_t storage = 0;
    BlockId begin = 0;
    BlockId end = 0;  // exclusive
  };
  std::vector<Range> left;
  bool begun = false;
  bool done() const { return begun && left.empty(); }
};

// One replica of a block, for administrators.
struct ReplicaDetail {
  std::string datanode;  // ip:port
  std::string storage_id;
  bool storage_failed = false;
  bool unsure = false;   // its storage has not reported since its DataNode registered
  bool excess = false;   // its deletion was decided
  bool corrupt = false;  // it is bad:
  std::string reason;    // why
};

// A block with all its replicas.
struct BlockDetail {
  Block block;
  InodeId inode = 0;
  int live = 0;
  int leaving = 0;  // on DataNodes that are out of service or on the way there
  int corrupt = 0;
  int excess = 0;
  std::vector<ReplicaDetail> replicas;
};

// What there is to do. The lists may be cut, the numbers count everything.
struct BlockWork {
  struct Copy {
    BlockId block = 0;
    int64_t begun_ms = 0;  // monotonic
    int targets = 0;
  };
  struct Deletions {
    std::string datanode;  // ip:port
    std::vector<Block> blocks;
  };
  std::vector<BlockId> waiting;  // for copies
  size_t waiting_count = 0;
  std::vector<BlockId> missing;  // without a good replica
  size_t missing_count = 0;
  std::vector<BlockId> postponed;  // in excess, but some replica's storage is not sure yet
  std::vector<Copy> copying;
  size_t copying_count = 0;
  std::vector<Deletions> deletions;
  size_t deletions_count = 0;
  std::vector<BlockId> corrupt;
};

}  // namespace cairn::namenode
