// HDFS's built-in storage policies: which types of storage replicas go to.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/types/block.h"

namespace cairn::namenode {

// Their ids (HdfsConstants.StoragePolicy). 0 means HOT.
inline constexpr uint8_t kProvidedPolicy = 1;
inline constexpr uint8_t kColdPolicy = 2;
inline constexpr uint8_t kWarmPolicy = 5;
inline constexpr uint8_t kHotPolicy = 7;
inline constexpr uint8_t kOneSsdPolicy = 10;
inline constexpr uint8_t kAllSsdPolicy = 12;
inline constexpr uint8_t kAllNvdimmPolicy = 14;
inline constexpr uint8_t kLazyPersistPolicy = 15;

// One policy.
struct StoragePolicy {
  uint8_t id = 0;
  std::string_view name;
  std::span<const StorageType> types;  // of the replicas, the last one for all that follow
  std::span<const StorageType> creation_fallbacks;     // of the first replica, when those are full
  std::span<const StorageType> replication_fallbacks;  // of the others
};

// All of them, by id.
std::span<const StoragePolicy> StoragePolicies();
// The one with this id; HOT for an unknown one.
const StoragePolicy& StoragePolicyOf(uint8_t id);

// The types that replica number `replica` (from 0) should be on. Unknown policies are HOT.
std::vector<StorageType> PreferredTypes(uint8_t policy, int replica);
// The same with the types that do when there is no room on those.
std::vector<StorageType> FallbackTypes(uint8_t policy, int replica);

}  // namespace cairn::namenode
