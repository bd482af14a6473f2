// A map that begins as a list.
#include "namenode/namespace/small_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "absl/hash/hash.h"

namespace cairn::namenode {
namespace {

TEST(SmallMapTest, FindsWhatWasAddedHoweverManyThereAre) {
  SmallMap<std::string, int, absl::Hash<std::string>, std::equal_to<std::string>> map;
  EXPECT_TRUE(map.empty());
  for (int i = 0; i < 100; ++i) {
    const std::string key = std::to_string(i);
    EXPECT_EQ(map.Find(key), nullptr);
    const auto [value, made] = map.Add(key);
    EXPECT_TRUE(made);
    EXPECT_EQ(value, 0);
    value = i + 1;
    for (int j = 0; j <= i; ++j) {
      const int* const found = map.Find(std::to_string(j));
      ASSERT_NE(found, nullptr) << j << " of " << i;
      EXPECT_EQ(*found, j + 1);
    }
    EXPECT_FALSE(map.Add(key).second);
  }
  int next = 0;
  for (const auto& [key, value] : map) EXPECT_EQ(key, std::to_string(next++));
  EXPECT_EQ(next, 100);
}

}  // namespace
}  // namespace cairn::namenode
