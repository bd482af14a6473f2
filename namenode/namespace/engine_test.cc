// The engine through whole operations: misses, races of loads with changes, restarts, exactly once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "namenode/namespace/testing/namespace_fixture.h"

namespace cairn::namenode {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EngineTest : public ::testing::TestWithParam<CacheSize> {
 protected:
  TestNamespace fs_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Caches, EngineTest,
                         ::testing::Values(CacheSize::kNone, CacheSize::k64Entries,
                                           CacheSize::kDefault),
                         CacheSizeName);

TEST_P(EngineTest, ATreeIsMadeAndRead) {
  ASSERT_TRUE(fs_.Mkdirs("/a/b/c").ok());
  ASSERT_TRUE(fs_.WriteFile("/a/b/f", 2).ok());
  const auto info = fs_.GetFileInfo("/a/b/f");
  ASSERT_TRUE(info.ok()) << info.status();
  ASSERT_TRUE(info->has_value());
  EXPECT_EQ((*info)->length, 2 << 20);
  EXPECT_THAT(fs_.List("/a/b"), ElementsAre("c", "f"));
  EXPECT_THAT(fs_.List("/a/b/c"), IsEmpty());
  EXPECT_EQ(fs_.InodeCount(), 5);
}

TEST_P(EngineTest, EverythingIsThereAfterARestart) {
  ASSERT_TRUE(fs_.Mkdirs("/a/b/c").ok());
  ASSERT_TRUE(fs_.WriteFile("/a/b/f", 2).ok());
  ASSERT_TRUE(fs_.Create("/a/open").ok());
  fs_.Restart();
  EXPECT_THAT(fs_.List("/a"), ElementsAre("b", "open"));
  EXPECT_THAT(fs_.List("/a/b"), ElementsAre("c", "f"));
  EXPECT_EQ(fs_.InodeCount(), 6);
  EXPECT_EQ(fs_.blocks().rows().size(), 2u);
  EXPECT_EQ(*fs_.Complete("/a/open", "writer"), true);
}

}  // namespace
}  // namespace cairn::namenode
