// Merging of changes.
#include "namenode/meta/change_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

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

std::vector<std::string> KeysOf(const std::vector<ChangeView>& changes) {
  std::vector<std::string> keys;
  for (const ChangeView& change : changes) keys.emplace_back(change.key);
  return keys;
}

TEST(ChangeSetTest, KeysAreSortedAsBytesTableByTable) {
  using std::string_literals::operator""s;
  std::string payload;
  AppendTransaction({{Table::kMeta, "12345678b", "1"},
                     {Table::kMeta, "12345678", "2"},
                     {Table::kMeta, "12345678a", "3"},
                     {Table::kMeta, "\xff", "4"},
                     {Table::kMeta, "1\0"s, "5"},
                     {Table::kMeta, "1", "6"},
                     {Table::kMeta, "", "7"},
                     {Table::kLeases, "z", ""}},
                    payload);
  ChangeSet changes;
  ASSERT_TRUE(changes.Add(payload, 1, 1).ok());
  EXPECT_THAT(KeysOf(changes.Sorted()), testing::ElementsAre("z", "", "1", "1\0"s, "12345678",
                                                             "12345678a", "12345678b", "\xff"));
}

TEST(ChangeSetTest, AClearedSetIsAsNew) {
  std::string payload;
  AppendTransaction({{Table::kMeta, "a", "1"}}, payload);
  ChangeSet changes;
  ASSERT_TRUE(changes.Add(payload, 1, 1).ok());
  EXPECT_EQ(changes.Sorted().size(), 1u);
  changes.Clear();
  EXPECT_TRUE(changes.empty());
  EXPECT_TRUE(changes.Sorted().empty());
  ASSERT_TRUE(changes.Add(payload, 2, 2).ok());
  ASSERT_EQ(changes.Sorted().size(), 1u);
  EXPECT_FALSE(changes.Sorted()[0].repeated);
}

}  // namespace
}  // namespace cairn::namenode
