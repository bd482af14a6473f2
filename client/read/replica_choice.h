// Which replica of a block to read, and what was found wrong with replicas.
#pragma once

#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "client/client_options.h"
#include "common/threads.h"
#include "common/types/block.h"

namespace cairn::client {

// The block's replicas in order of preference: those on options.local_host, those in
// options.network_location, then the rest; the NameNode's order (nearest first) within each.
std::vector<ReplicaLocation> NearestFirst(const LocatedBlock& block, const ClientOptions& options);

// DataNodes that failed one stream's reads. Thread-safe.
class DeadNodes {
 public:
  void Add(const std::string& datanode_uuid);
  bool Contains(const std::string& datanode_uuid) const;
  // Gives the block's nodes another chance.
  void Forget(const LocatedBlock& block);

 private:
  mutable Mutex mu_;
  absl::btree_set<std::string> uuids_ GUARDED_BY(mu_);
};

// Replicas whose bytes did not match their checksums, found during one read. Thread-compatible.
class BadReplicas {
 public:
  void Add(const LocatedBlock& block, const ReplicaLocation& replica);
  // What to tell the NameNode: each block with its bad replicas. A block with several replicas all
  // of which look bad is left out: then this machine is the likelier culprit (HDFS's rule).
  std::vector<LocatedBlock> ToReport() const;

 private:
  struct Entry {
    LocatedBlock block;  // its locations are the bad ones
    size_t replicas = 0;
  };
  absl::btree_map<BlockId, Entry> blocks_;
};

}  // namespace cairn::client
