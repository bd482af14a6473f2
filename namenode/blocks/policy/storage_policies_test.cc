// The table of storage policies.
#include "namenode/blocks/policy/storage_policies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::namenode {
namespace {

using enum StorageType;
using ::testing::ElementsAre;

TEST(StoragePolicies, AreInTheOrderOfTheirIds) {
  std::vector<std::string> names;
  int last = 0;
  for (const StoragePolicy& policy : StoragePolicies()) {
    EXPECT_GT(policy.id, last);
    last = policy.id;
    names.emplace_back(policy.name);
  }
  EXPECT_THAT(names, ElementsAre("PROVIDED", "COLD", "WARM", "HOT", "ONE_SSD", "ALL_SSD",
                                 "ALL_NVDIMM", "LAZY_PERSIST"));
}

TEST(StoragePolicies, TheLastTypeIsThatOfAllFurtherReplicas) {
  EXPECT_THAT(PreferredTypes(kOneSsdPolicy, 0), ElementsAre(kSsd));
  EXPECT_THAT(PreferredTypes(kOneSsdPolicy, 1), ElementsAre(kDisk));
  EXPECT_THAT(PreferredTypes(kOneSsdPolicy, 7), ElementsAre(kDisk));
  EXPECT_THAT(FallbackTypes(kOneSsdPolicy, 0), ElementsAre(kSsd, kSsd, kDisk));
}

TEST(StoragePolicies, OnlyCopiesOfHotBlocksFallBackToTheArchive) {
  for (const uint8_t policy : {uint8_t{0}, kHotPolicy, uint8_t{99}}) {
    EXPECT_THAT(FallbackTypes(policy, 0), ElementsAre(kDisk));
    EXPECT_THAT(FallbackTypes(policy, 1), ElementsAre(kDisk, kArchive));
  }
}

}  // namespace
}  // namespace cairn::namenode
