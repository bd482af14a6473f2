// HDFS 3.4's BlockStoragePolicySuite as a table.
#include "namenode/blocks/policy/storage_policies.h"

namespace cairn::namenode {

using enum StorageType;

std::vector<StorageType> PreferredTypes(uint8_t policy, int replica) {
  switch (policy) {
    case kColdPolicy:
      return {kArchive};
    case kWarmPolicy:
      return {replica == 0 ? kDisk : kArchive};
    case kOneSsdPolicy:
      return {replica == 0 ? kSsd : kDisk};
    case kAllSsdPolicy:
      return {kSsd};
    case kAllNvdimmPolicy:
      return {kNvdimm};
    case kLazyPersistPolicy:
      return {replica == 0 ? kRamDisk : kDisk};
    default:
      return {kDisk};
  }
}

std::vector<StorageType> FallbackTypes(uint8_t policy, int replica) {
  std::vector<StorageType> types = PreferredTypes(policy, replica);
  switch (policy) {
    case kColdPolicy:
      break;
    case kWarmPolicy:
      types.insert(types.end(), {kDisk, kArchive});
      break;
    case kOneSsdPolicy:
      types.insert(types.end(), {kSsd, kDisk});
      break;
    case kAllSsdPolicy:
    case kAllNvdimmPolicy:
    case kLazyPersistPolicy:
      types.push_back(kDisk);
      break;
    default:
      if (replica > 0) types.push_back(kArchive);  // replication falls back, creation does not
  }
  return types;
}

}  // namespace cairn::namenode
