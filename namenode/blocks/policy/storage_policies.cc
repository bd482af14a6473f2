// HDFS 3.4's BlockStoragePolicySuite as a table.
#include "namenode/blocks/policy/storage_policies.h"

#include <algorithm>
#include <array>

namespace cairn::namenode {
namespace {

using enum StorageType;

constexpr std::array kDisks = {kDisk};
constexpr std::array kSsds = {kSsd};
constexpr std::array kArchives = {kArchive};
constexpr std::array kNvdimms = {kNvdimm};
constexpr std::array kDiskThenArchive = {kDisk, kArchive};
constexpr std::array kSsdThenDisk = {kSsd, kDisk};
constexpr std::array kRamThenDisk = {kRamDisk, kDisk};
constexpr std::array kProvidedThenDisk = {kProvided, kDisk};

constexpr StoragePolicy kPolicies[] = {
    {kProvidedPolicy, "PROVIDED", kProvidedThenDisk, kProvidedThenDisk, kProvidedThenDisk},
    {kColdPolicy, "COLD", kArchives, {}, {}},
    {kWarmPolicy, "WARM", kDiskThenArchive, kDiskThenArchive, kDiskThenArchive},
    {kHotPolicy, "HOT", kDisks, {}, kArchives},
    {kOneSsdPolicy, "ONE_SSD", kSsdThenDisk, kSsdThenDisk, kSsdThenDisk},
    {kAllSsdPolicy, "ALL_SSD", kSsds, kDisks, kDisks},
    {kAllNvdimmPolicy, "ALL_NVDIMM", kNvdimms, kDisks, kDisks},
    {kLazyPersistPolicy, "LAZY_PERSIST", kRamThenDisk, kDisks, kDisks},
};

const StoragePolicy* Find(uint8_t id) {
  const auto* found = std::ranges::find(kPolicies, id, &StoragePolicy::id);
  return found == std::end(kPolicies) ? nullptr : found;
}

}  // namespace

std::span<const StoragePolicy> StoragePolicies() { return kPolicies; }

const StoragePolicy& StoragePolicyOf(uint8_t id) {
  const StoragePolicy* found = Find(id);
  return found != nullptr ? *found : *Find(kHotPolicy);
}

std::vector<StorageType> PreferredTypes(uint8_t policy, int replica) {
  const auto& types = StoragePolicyOf(policy).types;
  return {types[std::min(static_cast<size_t>(replica), types.size() - 1)]};
}

std::vector<StorageType> FallbackTypes(uint8_t policy, int replica) {
  std::vector<StorageType> types = PreferredTypes(policy, replica);
  const StoragePolicy& row = StoragePolicyOf(policy);
  const auto& more = replica == 0 ? row.creation_fallbacks : row.replication_fallbacks;
  types.insert(types.end(), more.begin(), more.end());
  return types;
}

}  // namespace cairn::namenode
