// The table that -storagepolicies adds: on which storage types blocks lie, and whether their
// policies want them there (Hadoop 3.4: StoragePolicySummary).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/types/block.h"

namespace cairn::namenode {

// Thread-compatible.
class StoragePolicySummary {
 public:
  // A block of a file with `policy` whose replicas are on storages of `types`.
  void Add(uint8_t policy, std::vector<StorageType> types);
  // The table, most frequent combinations first.
  std::string Text() const;

 private:
  // Wanted policy and types in Java's order → blocks.
  std::map<std::pair<uint8_t, std::vector<StorageType>>, int64_t> counts_;
  int64_t blocks_ = 0;
};

}  // namespace cairn::namenode
