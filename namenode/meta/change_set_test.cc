// Merging of changes.
#include "namenode/meta/change_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::namenode {
namespace {

TEST(ChangeSetTest, TheLastChangeOfAKeyIsKeptAndKnowsOfEarlierOnes) {
  std::string payload;
  AppendTransaction({{Table::kMeta, "b", "1"}, {Table::kMeta, "c", std::nullopt}}, payload);
  AppendTransaction({{Table::kMeta, "b", std::nullopt}, {Table::kMeta, "a", "2"}}, payload);
  ChangeSet changes;
  ASSERT_TRUE(changes.Add(payload, 7, 8).ok());
  EXPECT_EQ(changes.last_txid(), 8);
  const std::vector<ChangeView> sorted = changes.Sorted();
  ASSERT_EQ(sorted.size(), 3u);
  EXPECT_EQ(sorted[0].key, "a");
  EXPECT_FALSE(sorted[0].repeated);
  EXPECT_EQ(sorted[1].key, "b");
  EXPECT_EQ(sorted[1].txid, 8);
  EXPECT_FALSE(sorted[1].value.has_value());
  EXPECT_TRUE(sorted[1].repeated);
  EXPECT_EQ(sorted[2].key, "c");
  EXPECT_FALSE(sorted[2].repeated);
}

}  // namespace
}  // namespace cairn::namenode
