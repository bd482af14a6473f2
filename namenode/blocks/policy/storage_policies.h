// Storage types of HDFS's built-in storage policies.
#pragma once

#include <cstdint>
#include <vector>

#include "common/types/block.h"

namespace cairn::namenode {

// Ids of the built-in policies (HdfsConstants.StoragePolicy). 0 means HOT.
inline constexpr uint8_t kColdPolicy = 2;
inline constexpr uint8_t kWarmPolicy = 5;
inline constexpr uint8_t kHotPolicy = 7;
inline constexpr uint8_t kOneSsdPolicy = 10;
inline constexpr uint8_t kAllSsdPolicy = 12;
inline constexpr uint8_t kAllNvdimmPolicy = 14;
inline constexpr uint8_t kLazyPersistPolicy = 15;

// The types that replica number `replica` (from 0) should be on. Unknown policies are HOT.
std::vector<StorageType> PreferredTypes(uint8_t policy, int replica);
// The same with the types that do when there is no room on those.
std::vector<StorageType> FallbackTypes(uint8_t policy, int replica);

}  // namespace cairn::namenode
